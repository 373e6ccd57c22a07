"""Keeps proposals: asked once for each pair, brought up to date until somebody decides, never asked again then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, TypeAlias
from uuid import UUID

from django.db import connection
from django.db.models import Q

from leads.models import AccountProposal, PersonProposal, ProposalOrigin, ProposalState
from revops.foundation.ids import new_ids
from revops.foundation.models import User

AnyProposal: TypeAlias = PersonProposal | AccountProposal

MODELS: dict[str, type[PersonProposal | AccountProposal]] = {
    "people": PersonProposal,
    "accounts": AccountProposal,
}


class Found(NamedTuple):
    """Two that may be one; `first` is the smaller id."""

    first: UUID
    second: UUID
    score: int
    reasons: tuple[str, ...]


def keep_proposals(kind: str, found: Sequence[Found], *, looked_at: Sequence[UUID], now: datetime) -> int:
    """Writes what was found about the rows looked at; open questions about them that no longer hold are dropped.

    A pair that somebody decided stays decided. Two statements. Returns how many proposals were written or refreshed.
    """
    table = connection.ops.quote_name(MODELS[kind]._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE {table} SET state = 'moot', decided_at = %s
             WHERE state = 'open' AND origin = 'matching'
               AND (first_id = ANY(%s::uuid[]) OR second_id = ANY(%s::uuid[]))
               AND (first_id, second_id) NOT IN (SELECT a, b FROM unnest(%s::uuid[], %s::uuid[]) AS pair (a, b))
            """,  # noqa: S608 - the name of our own table
            [now, list(looked_at), list(looked_at), [one.first for one in found], [one.second for one in found]],
        )
        if not found:
            return 0
        cursor.execute(
            f"""
            INSERT INTO {table} AS known (id, first_id, second_id, score, reasons, origin, state, found_at)
            SELECT id, a, b, score, to_jsonb(string_to_array(reasons, ' ')), 'matching', 'open', %s
              FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::int[], %s::text[]) AS new (id, a, b, score, reasons)
            ON CONFLICT (first_id, second_id) DO UPDATE
               SET score = greatest(excluded.score, CASE WHEN known.origin = 'sales' THEN known.score END),
                   reasons = CASE WHEN known.origin = 'sales' THEN known.reasons ELSE excluded.reasons END,
                   state = 'open', decided_at = NULL
             WHERE known.state = 'moot' OR (known.state = 'open' AND known.score <> excluded.score)
            """,  # noqa: S608
            [
                now, new_ids(len(found), now), [one.first for one in found], [one.second for one in found],
                [one.score for one in found], [" ".join(one.reasons) for one in found],
            ],
        )  # fmt: skip
        return int(cursor.rowcount)


def name_duplicate(first: UUID, second: UUID, *, now: datetime) -> PersonProposal | None:
    """Somebody says that two people are one: the same question, marked as theirs. None if it was decided before."""
    first, second = sorted((first, second))
    proposal, is_new = PersonProposal.objects.get_or_create(
        first_id=first,
        second_id=second,
        defaults={"score": 90, "reasons": ["by_sales"], "origin": ProposalOrigin.SALES, "found_at": now},
    )
    if is_new:
        return proposal
    if proposal.state not in (ProposalState.OPEN, ProposalState.MOOT):
        return None
    proposal.reasons = ["by_sales", *(code for code in proposal.reasons if code != "by_sales")]
    proposal.score, proposal.origin = max(proposal.score, 90), ProposalOrigin.SALES
    proposal.state, proposal.decided_at = ProposalState.OPEN, None
    proposal.save(update_fields=["reasons", "score", "origin", "state", "decided_at"])
    return proposal


def refuse_proposal(proposal: AnyProposal, by: User, *, now: datetime) -> bool:
    """They are not the same: remembered, never asked again. False if it was decided before."""
    return _settle(proposal, ProposalState.REFUSED, by, now)


def reopen_proposal(proposal: AnyProposal) -> bool:
    """The answer “not the same” is taken back."""
    rows = type(proposal)._default_manager.filter(pk=proposal.pk, state=ProposalState.REFUSED)
    return bool(rows.update(state=ProposalState.OPEN, decided_at=None, decided_by=None))


def settle_merged(proposal: AnyProposal, by: User, *, now: datetime) -> bool:
    """They were merged."""
    return _settle(proposal, ProposalState.MERGED, by, now)


def drop_questions_about(kind: str, pk: UUID, *, now: datetime) -> list[UUID]:
    """Open questions about somebody who is merged into somebody else now; their ids, for an undo."""
    rows = MODELS[kind]._default_manager.filter(Q(first_id=pk) | Q(second_id=pk), state=ProposalState.OPEN)
    ids = list(rows.order_by("pk").values_list("pk", flat=True))
    rows.update(state=ProposalState.MOOT, decided_at=now)
    return ids


def ask_again(kind: str, ids: Sequence[UUID]) -> None:
    """Questions that a merge had dropped stand again; the one that led to it, too."""
    rows = MODELS[kind]._default_manager.filter(pk__in=ids)
    rows.filter(state__in=[ProposalState.MOOT, ProposalState.MERGED]).update(
        state=ProposalState.OPEN, decided_at=None, decided_by=None
    )


def _settle(proposal: AnyProposal, state: ProposalState, by: User, now: datetime) -> bool:
    rows = type(proposal)._default_manager.filter(pk=proposal.pk, state=ProposalState.OPEN)
    return bool(rows.update(state=state, decided_at=now, decided_by=by))
