"""What the lead page shows beyond the context card: scores then and now, routing, outcomes, and the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from feedback.models import Disposition, DispositionKind
from leads.models import Lead
from revops.foundation.kept_queries import KeptQuery, any_of, blank
from revops.foundation.models import LedgerEntry, User
from revops.foundation.pages.charts import Bar, Chart, contributions
from revops.portal.lead_pages.outcomes import OutcomeRow, outcome_rows
from revops.portal.lead_pages.privacy import Privacy, privacy_of
from revops.portal.lead_pages.timeline import Timeline, timeline_of
from revops.portal.lead_pages.touches import Touches, touches_of_lead
from revops.portal.queue.card import Card, card_for
from scoring.explanation import AxisBeside, Explanation, explain_decision, side_by_side
from scoring.rules import plain_points
from sla.fair_turns import TURN
from sla.handoffs import latest_handoffs
from sla.models import Assignment, HandOff
from sla.routing import read_trace

LEDGER_SHOWN = 20


@dataclass(frozen=True, slots=True)
class AxisPair:
    """One axis when it was handed off (None if it never was) and now; rules that moved, with their points."""

    name: str
    then: Chart | None
    now: Chart | None
    change: str
    moved: list[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class CandidateRow:
    """One person routing looked at: the first test they failed, and their turns before."""

    name: str
    test: str
    balance: int | None
    is_chosen: bool

    @property
    def turns(self) -> str:
        """The balance in turns."""
        return "–" if self.balance is None else f"{self.balance / TURN:+.1f}"


@dataclass(frozen=True, slots=True)
class RoutingRow:
    """One assignment with all its candidates."""

    assignment: Assignment
    candidates: list[CandidateRow]


@dataclass(slots=True)
class LeadView:
    """The whole lead page."""

    card: Card
    then: Explanation | None
    axes: list[AxisPair]
    timeline: Timeline
    routing: list[RoutingRow]
    outcomes: list[OutcomeRow]
    answers: list[Disposition]
    ledger: Sequence[LedgerEntry]
    privacy: Privacy
    touches: Touches

    @property
    def last_answer(self) -> Disposition | None:
        """The answer that counts now, if one does."""
        return next((row for row in self.answers if row.kind != DispositionKind.UNDONE and not _is_undone(row)), None)


def lead_view(
    lead: Lead, user: Any, now: datetime, *, kind: str = "", cursor: str = "", sees_ledger: bool = False
) -> LeadView:
    """Everything about one lead. A fixed number of queries, however much happened to it."""
    handoff = latest_handoffs([lead.pk]).get(lead.pk)
    card = card_for(lead, handoff, user, now)
    then = _explained(handoff)
    return LeadView(
        card=card,
        then=then,
        axes=_axes(then, card.explanation),
        timeline=timeline_of(lead, kind, cursor),
        routing=_routing(lead),
        outcomes=outcome_rows(lead),
        answers=_ANSWERS.fetch(lead=lead.pk),
        ledger=_LEDGER.fetch(lead=lead.pk) if sees_ledger else [],
        privacy=privacy_of(lead),
        touches=touches_of_lead(lead),
    )


def _explained(handoff: HandOff | None) -> Explanation | None:
    """The score as it was at the hand-off."""
    if handoff is None or handoff.score_decision_id is None:
        return None
    return explain_decision(handoff.lead_id, handoff.score_decision_id)


def _axes(then: Explanation | None, now: Explanation | None) -> list[AxisPair]:
    return [
        AxisPair(
            pair.axis.value.capitalize(), _chart(pair.then, _("At hand-off")), _chart(pair.now, _("Now")),
            _change(pair), [(words, plain_points(had), plain_points(has)) for words, had, has in pair.moved],
        )
        for pair in side_by_side(then, now)
    ]  # fmt: skip


def _change(pair: AxisBeside) -> str:
    if pair.then is None or pair.now is None:
        return ""
    if not pair.is_changed:
        return _("unchanged since the hand-off")
    return _("%(name)s then %(then)s, now %(now)s") % {
        "name": pair.axis.value.capitalize(), "then": pair.then.shown_total, "now": pair.now.shown_total,
    }  # fmt: skip


def _chart(part: Any, when: str) -> Chart | None:
    if part is None:
        return None
    bars = [Bar(reason.evidence or reason.sentence, reason.points / 1000, reason.note) for reason in part.reasons]
    title = _("%(when)s: %(axis)s %(total)s of %(cap)s") % {
        "when": when, "axis": part.axis.value, "total": part.shown_total, "cap": part.shown_cap,
    }  # fmt: skip
    return contributions(title, bars, total_label=_("Sum"))


def _routing(lead: Lead) -> list[RoutingRow]:
    """Who could have had the lead and the first test each failed. Two queries."""
    assignments = _ASSIGNMENTS.fetch(lead=lead.pk)
    traces = {assignment.pk: read_trace(assignment) for assignment in assignments}
    people = {user_id for trace in traces.values() for user_id, _test, _balance in trace}
    names = dict(_NAMES.fetch(people=list(people)))
    return [
        RoutingRow(
            assignment,
            [
                CandidateRow(names.get(user_id, _("Somebody")), test, balance, user_id == assignment.user_id)
                for user_id, test, balance in sorted(
                    traces[assignment.pk], key=lambda row: (row[0] != assignment.user_id, names.get(row[0], ""))
                )
            ],
        )
        for assignment in assignments
    ]


_ASSIGNMENTS = KeptQuery(
    Assignment.objects.filter(handoff__lead=blank("lead"))
    .select_related("user", "turn", "handoff")
    .order_by("-assigned_at", "-pk")[:5]
)
_NAMES = KeptQuery(User.objects.filter(pk=any_of("people")).values_list("pk", "name"))
_ANSWERS = KeptQuery(
    Disposition.objects.filter(lead=blank("lead"), is_history=False)
    .select_related("user", "reason", "undone_by")
    .order_by("-recorded_at", "-pk")[:20]
)
_LEDGER = KeptQuery(
    LedgerEntry.objects.filter(subject_kind="lead", subject_id=blank("lead")).order_by("-id")[:LEDGER_SHOWN]
)


def _is_undone(row: Disposition) -> bool:
    return getattr(row, "undone_by", None) is not None
