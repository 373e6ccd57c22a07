"""Takes the first answer to each hand-off, tells the others who was quicker, and undoes answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Q

from revops.foundation.kept_queries import KeptQuery, any_of
from sla.clocks import refresh_deadlines, replace_clocks
from sla.models import Clock, HandOff
from sla.routing import charge_turns_again, give_turns_back

ANSWER = "answer"
"""What closed a clock when sales answered; an undo looks for it."""


@dataclass(frozen=True, slots=True)
class HandOffAnswer:
    """Sales' answer: accepted, rejected, returned or withdrawn; a valid rejection gives the turn back."""

    handoff_id: UUID
    state: str
    user_id: UUID
    at: datetime
    gives_turn_back: bool = False


@dataclass(frozen=True, slots=True)
class AnswerResult:
    """Whose answer counted; for the others the hand-off as somebody else left it (with `answered_by`)."""

    won: list[UUID]
    lost: dict[UUID, HandOff]


def latest_handoffs(lead_ids: Sequence[UUID]) -> dict[UUID, HandOff]:
    """The newest hand-off of each lead that had one, with owner and `answered_by`. One query."""
    return {handoff.lead_id: handoff for handoff in _NEWEST.fetch(leads=list(lead_ids))}


_NEWEST = KeptQuery(
    HandOff.objects.filter(lead=any_of("leads"))
    .select_related("owner", "answered_by")
    .order_by("lead_id", "-number")
    .distinct("lead_id")
)


def answer_handoffs(answers: Sequence[HandOffAnswer], *, now: datetime) -> AnswerResult:
    """Records answers to open hand-offs, closes their clocks and settles turns. The first answer wins.

    An answer meets the decision clock; a rejected, returned or withdrawn lead no longer needs the other clocks.
    Whoever accepts is responsible for those that go on. The lead itself is moved by the caller.
    """
    if not answers:
        return AnswerResult([], {})
    wanted = {answer.handoff_id: answer for answer in reversed(answers)}
    columns: tuple[list[UUID], list[str], list[UUID], list[datetime]] = (
        list(wanted),
        [answer.state for answer in wanted.values()],
        [answer.user_id for answer in wanted.values()],
        [answer.at for answer in wanted.values()],
    )
    with connection.cursor() as cursor:
        cursor.execute(_ANSWER, columns)
        won = {row[0] for row in cursor.fetchall()}
        if won:
            cursor.execute(_CLOSE, [*columns, list(won)])
    give_turns_back([pk for pk in wanted if pk in won and wanted[pk].gives_turn_back], now=now)
    lost = [pk for pk in wanted if pk not in won]
    others = HandOff.objects.filter(pk__in=lost).select_related("answered_by") if lost else []
    return AnswerResult([pk for pk in wanted if pk in won], {handoff.pk: handoff for handoff in others})


def reopen_handoffs(handoff_ids: Sequence[UUID], *, now: datetime) -> list[UUID]:
    """Takes answers back: the hand-offs are open again and the clocks run on with their old deadlines.

    A hand-off stays closed if its lead was handed off anew. Returns the ids of those open again.
    """
    if not handoff_ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_REOPEN, [list(handoff_ids)])
        reopened = [row[0] for row in cursor.fetchall()]
    if not reopened:
        return []
    closed = Clock.objects.filter(handoff_id__in=reopened, replaced_by__isnull=True).filter(
        Q(met_by_kind=ANSWER) | Q(cancel_reason=ANSWER)
    )
    replace_clocks(list(closed.order_by("pk")), now=now)
    with connection.cursor() as cursor:
        cursor.execute(_RETURN_CLOCKS, [reopened])
    refresh_deadlines(reopened)
    charge_turns_again(reopened, now=now)
    return reopened


_ANSWER = """
UPDATE sla_handoff handoff
SET state = answer.state, answered_at = answer.at, answered_by_id = answer.user_id, snoozed_until = NULL,
    snooze_reason = '', version = handoff.version + 1,
    owner_id = CASE WHEN answer.state = 'accepted' THEN COALESCE(handoff.owner_id, answer.user_id)
                    ELSE handoff.owner_id END
FROM unnest(%s::uuid[], %s::text[], %s::uuid[], %s::timestamptz[])
    AS answer (handoff_id, state, user_id, at)
WHERE handoff.id = answer.handoff_id AND handoff.state = 'open'
RETURNING handoff.id
"""
_CLOSE = """
UPDATE sla_clock clock
SET met_at = CASE WHEN meets THEN closes_at END,
    met_by_kind = CASE WHEN meets THEN 'answer' ELSE '' END,
    met_by_id = CASE WHEN meets THEN clock.handoff_id::text ELSE '' END,
    cancelled_at = CASE WHEN NOT meets AND state <> 'accepted' THEN closes_at END,
    cancel_reason = CASE WHEN NOT meets AND state <> 'accepted' THEN 'answer' ELSE '' END,
    user_id = CASE WHEN NOT meets AND state = 'accepted' AND side = 'sales' THEN closing.answered_by
                   ELSE clock.user_id END
FROM (
    SELECT running.id AS clock_id, answer.state, answer.user_id AS answered_by,
           GREATEST(running.started_at, answer.at) AS closes_at,
           clause.code = 'decision' AND answer.state <> 'withdrawn' AS meets
    FROM unnest(%s::uuid[], %s::text[], %s::uuid[], %s::timestamptz[])
    AS answer (handoff_id, state, user_id, at)
    JOIN sla_clock running ON running.handoff_id = answer.handoff_id
    JOIN sla_clause clause ON clause.id = running.clause_id
    WHERE answer.handoff_id = ANY(%s) AND running.met_at IS NULL AND running.cancelled_at IS NULL
) closing
WHERE clock.id = closing.clock_id
"""
_REOPEN = """
UPDATE sla_handoff handoff
SET state = 'open', answered_at = NULL, answered_by_id = NULL, version = version + 1
WHERE handoff.id = ANY(%s) AND handoff.state IN ('accepted', 'rejected', 'returned')
AND NOT EXISTS (
    SELECT 1 FROM sla_handoff newer WHERE newer.lead_id = handoff.lead_id AND newer.number > handoff.number
)
RETURNING handoff.id
"""
_RETURN_CLOCKS = """
UPDATE sla_clock clock SET user_id = handoff.owner_id
FROM sla_handoff handoff
WHERE handoff.id = clock.handoff_id AND handoff.id = ANY(%s) AND clock.side = 'sales'
AND clock.met_at IS NULL AND clock.cancelled_at IS NULL AND clock.user_id IS DISTINCT FROM handoff.owner_id
"""
