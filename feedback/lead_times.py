"""How long each step of a lead took, and whose time it was: the machine's, marketing's, the rep's or the buyer's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from uuid import UUID

from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from revops.foundation.round_trips import plans_kept


class Step(StrEnum):
    RECEIVED = "received"
    QUALIFIED = "qualified"
    ASSIGNED = "assigned"
    NOTIFIED = "notified"
    DETAILS = "details"
    FIRST_ATTEMPT = "first_attempt"
    CONTACT = "contact"
    CONVERSATION = "conversation"
    MEETING = "meeting"


class Whose(StrEnum):
    MACHINE = "machine"
    MARKETING = "marketing"
    REP = "rep"
    BUYER = "buyer"


LABELS: dict[Step, str | Promise] = {
    Step.RECEIVED: _("Received"),
    Step.QUALIFIED: _("Qualified"),
    Step.ASSIGNED: _("Assigned"),
    Step.NOTIFIED: _("Owner notified"),
    Step.DETAILS: _("Details complete"),
    Step.FIRST_ATTEMPT: _("First attempt"),
    Step.CONTACT: _("Contact"),
    Step.CONVERSATION: _("Conversation"),
    Step.MEETING: _("Meeting"),
}
WHOSE_LABELS: dict[Whose, str | Promise] = {
    Whose.MACHINE: _("Machine"),
    Whose.MARKETING: _("Marketing"),
    Whose.REP: _("Rep"),
    Whose.BUYER: _("Buyer"),
}
_UP_TO: dict[Step, Whose] = {
    Step.QUALIFIED: Whose.MARKETING,
    Step.ASSIGNED: Whose.MACHINE,
    Step.NOTIFIED: Whose.MACHINE,
    Step.DETAILS: Whose.MARKETING,
    Step.FIRST_ATTEMPT: Whose.REP,
    Step.CONTACT: Whose.BUYER,
    Step.CONVERSATION: Whose.BUYER,
    Step.MEETING: Whose.BUYER,
}
"""Whose time passes until a step is reached. Until it is qualified a lead is marketing's; a rep who waits for details
that marketing promised does not wait on their own account.
"""


@dataclass(frozen=True, slots=True)
class Reached:
    """One step of a lead: when, how long it took since the step before, and whose time that was (first: nobody's)."""

    step: Step
    at: datetime
    took: timedelta | None
    whose: Whose | None

    @property
    def label(self) -> str:
        return str(LABELS[self.step])

    @property
    def whose_label(self) -> str:
        return str(WHOSE_LABELS[self.whose]) if self.whose else ""


@dataclass(frozen=True, slots=True)
class LeadTimes:
    """The steps a lead reached, in the order of time, about its newest hand-off."""

    steps: list[Reached]

    def time_of(self, whose: Whose) -> timedelta:
        """How much of the time so far was the machine's, marketing's, the rep's or the buyer's."""
        return sum((one.took for one in self.steps if one.whose == whose and one.took), timedelta())

    @property
    def shares(self) -> list[tuple[str, timedelta]]:
        """Everybody's time in words, those without any left out."""
        return [(str(WHOSE_LABELS[whose]), spent) for whose in Whose if (spent := self.time_of(whose))]


def times_of(lead_ids: Sequence[UUID]) -> dict[UUID, LeadTimes]:
    """The steps of each lead. Attempts of machines are none; a person's word counts from when it was written down.

    One query.
    """
    if not lead_ids:
        return {}
    with plans_kept(len(lead_ids)), connection.cursor() as cursor:
        cursor.execute(_TIMES, [list(lead_ids)])
        rows = cursor.fetchall()
    return {row[0]: LeadTimes(_steps(dict(zip(Step, row[1:], strict=True)))) for row in rows}


def _steps(at: dict[Step, datetime | None]) -> list[Reached]:
    """In the order of time; a step that lies before the one it follows took no time."""
    assigned, details = at[Step.ASSIGNED], at[Step.DETAILS]
    if details is not None and (assigned is None or details <= assigned):
        at[Step.DETAILS] = None  # complete at the hand-off: nothing was waited for
    known = sorted(((when, list(Step).index(step), step) for step, when in at.items() if when is not None))
    if not known:
        return []
    first = Reached(known[0][2], known[0][0], None, None)
    return [
        first,
        *(
            Reached(step, when, when - before, _UP_TO.get(step, Whose.MARKETING))
            for (before, _, _), (when, _, step) in pairwise(known)
        ),
    ]


_FIRST = """(
    SELECT min(CASE WHEN attempt.grade = 'C' THEN attempt.recorded_at ELSE attempt.occurred_at END)
    FROM leads_attempt attempt
    WHERE attempt.lead_id = lead.id AND NOT attempt.is_automatic AND attempt.occurred_at >= handoff.handed_off_at{}
)"""
_TIMES = f"""
SELECT lead.id, lead.received_at, handoff.qualified_at,
    (SELECT min(given.assigned_at) FROM sla_assignment given
     WHERE given.handoff_id = handoff.id AND given.user_id IS NOT NULL),
    (SELECT min(notice.created_at) FROM foundation_notice notice
     WHERE notice.subject_id = lead.id AND notice.kind = 'lead.assigned'
     AND notice.created_at >= handoff.handed_off_at),
    (SELECT min(clock.met_at) FROM sla_clock clock JOIN sla_clause clause ON clause.id = clock.clause_id
     WHERE clock.handoff_id = handoff.id AND clause.code = 'details_within'),
    {_FIRST.format("")},
    {_FIRST.format(" AND attempt.result IN ('contact', 'conversation')")},
    {_FIRST.format(" AND attempt.result = 'conversation'")},
    (SELECT min(outcome.occurred_at) FROM feedback_outcome outcome
     WHERE outcome.lead_id = lead.id AND outcome.kind = 'meeting' AND outcome.occurred_at >= handoff.handed_off_at)
FROM leads_lead lead
LEFT JOIN LATERAL (
    SELECT newest.id, newest.qualified_at, newest.handed_off_at FROM sla_handoff newest
    WHERE newest.lead_id = lead.id ORDER BY newest.number DESC LIMIT 1
) handoff ON true
WHERE lead.id = ANY(%s) AND NOT lead.is_history
"""  # noqa: S608 - put together from constants
