"""Opens contests: finds what is contested as it was, names the judge and starts the judge's clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count
from django.utils.translation import gettext as _

from feedback.contests.rules import (
    DECIDED_WITHIN,
    OTHER,
    SIDES,
    WRONGS,
    Candidate,
    choose_judge,
    side_of,
)
from feedback.models import Contest, Disposition, DispositionKind
from leads.models import Lead, SubmissionOutcome
from revops.foundation import ledger
from revops.foundation.ids import new_id
from revops.foundation.models import LedgerEntry, Role, User
from scoring.models import ScoreDecision
from sla.business_time import NoBusinessHours, due_at
from sla.clock_state import is_late
from sla.clocks import CONTEST_CLAUSES, ClockStart, start_clocks
from sla.handoffs import latest_handoffs
from sla.handoffs.giving import live_clauses
from sla.models import Absence, Assignment, Clock
from sla.presence import hours_for

MOST_WORDS = 2000


@dataclass(frozen=True, slots=True)
class ContestRequest:
    """What somebody says is wrong. `subject_id` names the thing; empty for the latest of its kind of this lead.

    `key` names the rule of a score that misjudges; everything else brings its own.
    """

    about: str
    lead_id: UUID
    user: User
    wrong: str
    words: str = ""
    subject_id: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Contested:
    """The contest, or why there is none: `code` is one of unknown_subject, not_yours, unknown_wrong, contested,
    no_judge, and `refusal` says it in words.
    """

    contest: Contest | None
    code: str = ""
    refusal: str = ""


@dataclass(slots=True)
class _Subject:
    """The contested thing: fields of the contest that point at it."""

    id: str
    key: str = ""
    concerns_id: UUID | None = None
    fields: dict[str, Any] = field(default_factory=dict)


def open_contest(request: ContestRequest, *, now: datetime) -> Contested:
    """Opens one contest. The lead is locked, so a thing is contested once by a side and one at a time about a lead."""
    side = side_of(request.user.role)
    if side not in SIDES.get(request.about, ()):
        return Contested(None, "not_yours", _("Your team cannot contest this."))
    if request.wrong not in dict(WRONGS[request.about]):
        return Contested(None, "unknown_wrong", _("Say what is wrong: choose one of the list."))
    lead = Lead.objects.filter(pk=request.lead_id).select_for_update(of=("self",)).first()
    subject = _subject(request, lead, side, now) if lead is not None else None
    if lead is None or subject is None:
        return Contested(None, "unknown_subject", _NOTHING[request.about])
    earlier = Contest.objects.filter(about=request.about, subject_id=subject.id, side=side).exists()
    if earlier:
        return Contested(None, "contested", _("Your team contested this already; a verdict is final."))
    if Contest.objects.filter(lead=lead, side=side, verdict__isnull=True).exists():
        words = _("Your team contests something about this lead already. Wait for that verdict first.")
        return Contested(None, "contested", words)
    chosen = choose_judge(_candidates(now), OTHER[side], (request.user.pk, subject.concerns_id))
    if chosen is None:
        return Contested(None, "no_judge", _("Nobody who could judge is here. Try again when somebody is back."))
    contest = _contest(request, side, subject, chosen, now)
    contest.save(force_insert=True)
    ledger.record([_entry(contest, request.user, now)])
    return Contested(contest)


_NOTHING = {
    "score": _("This lead was not scored."),
    "tier": _("This lead was not scored."),
    "route": _("Nobody was chosen for this lead."),
    "breach": _("There is no broken promise of your team here."),
    "duplicate": _("Nothing was attached to this lead."),
    "rejection": _("There is no rejection of this lead that stands."),
}


def _contest(request: ContestRequest, side: str, subject: _Subject, chosen: tuple[UUID, str], now: datetime) -> Contest:
    judge_id, reason = chosen
    hours = hours_for(judge_id, now)
    clause = live_clauses().get(CONTEST_CLAUSES[OTHER[side]])
    clock = None
    if clause is not None and hours is not None:
        start = ClockStart(clause, request.lead_id, now, user_id=judge_id, hours=hours)
        (clock,) = start_clocks([start], now=now)
    try:
        due = clock.due_at if clock else due_at(now, DECIDED_WITHIN, hours.hours) if hours else now + DECIDED_WITHIN
    except NoBusinessHours:
        due = now + DECIDED_WITHIN
    return Contest(
        id=new_id(now),
        about=request.about,
        subject_id=subject.id,
        key=subject.key[:80],
        lead_id=request.lead_id,
        wrong=request.wrong,
        words=request.words.strip()[:MOST_WORDS],
        side=side,
        contested_by=request.user,
        concerns_id=subject.concerns_id,
        judge_id=judge_id,
        judge_reason=reason,
        contested_at=now,
        due_at=due,
        judges_clock=clock,
        **subject.fields,
    )


def _candidates(now: datetime) -> list[Candidate]:
    """Everybody whose role may judge, with absences and open contests. Three queries."""
    roles = [Role.SALES_MANAGER, Role.MARKETING_MANAGER, Role.MARKETER, Role.ADMIN]
    people = list(User.objects.filter(is_active=True, role__in=roles))
    counted = Contest.objects.filter(verdict__isnull=True).order_by().values_list("judge")
    has_open = dict(counted.annotate(n=Count("pk")))
    away = set(Absence.objects.filter(starts_at__lte=now, ends_at__gt=now).values_list("user", flat=True))
    return [Candidate(one.pk, one.role, has_open.get(one.pk, 0), one.date_joined, one.pk in away) for one in people]


# --- what is contested -----------------------------------------------------------------------------------------------
def _subject(request: ContestRequest, lead: Lead, side: str, now: datetime) -> _Subject | None:
    match request.about:
        case "score" | "tier":
            return _decision(request, lead)
        case "route":
            return _route(request, lead)
        case "breach":
            return _breach(request, lead, side, now)
        case "duplicate":
            return _duplicate(request, lead)
        case _:
            return _rejection(request, lead)


def _decision(request: ContestRequest, lead: Lead) -> _Subject | None:
    """The decision under which the lead was handed off, else its latest."""
    handoff = latest_handoffs([lead.pk]).get(lead.pk)
    wanted = _number(request.subject_id) if request.subject_id else (handoff.score_decision_id if handoff else None)
    decisions = ScoreDecision.objects.filter(lead=lead).order_by("-pk")
    row = (decisions.filter(pk=wanted or 0) if wanted or request.subject_id else decisions).first()
    if row is None:
        return None
    key = f"tier {row.tier}" if request.about == "tier" else request.key
    return _Subject(str(row.pk), key, None, {"decision": row, "handoff": handoff})


def _route(request: ContestRequest, lead: Lead) -> _Subject | None:
    rows = Assignment.objects.filter(handoff__lead=lead, user__isnull=False).select_related("handoff").order_by("-pk")
    row = (rows.filter(pk=_number(request.subject_id)) if request.subject_id else rows).first()
    if row is None:
        return None
    return _Subject(str(row.pk), row.reason, row.user_id, {"assignment": row, "handoff": row.handoff})


def _breach(request: ContestRequest, lead: Lead, side: str, now: datetime) -> _Subject | None:
    """A broken promise of one's own side that still counts."""
    clocks = Clock.objects.counted().filter(lead=lead, side=side).select_related("clause", "handoff")
    if request.subject_id:
        clocks = clocks.filter(pk=_uuid(request.subject_id))
    row = next((one for one in clocks.order_by("-due_at") if is_late(one, now)), None)
    if row is None:
        return None
    return _Subject(str(row.pk), row.clause.code, row.user_id, {"clock": row, "handoff": row.handoff})


def _duplicate(request: ContestRequest, lead: Lead) -> _Subject | None:
    rows = SubmissionOutcome.objects.filter(lead=lead, kind="attached").order_by("-pk")
    row = (rows.filter(pk=_number(request.subject_id)) if request.subject_id else rows).first()
    return _Subject(str(row.pk), "attached") if row else None


def _rejection(request: ContestRequest, lead: Lead) -> _Subject | None:
    rows = Disposition.objects.filter(
        lead=lead, kind=DispositionKind.REJECTED, is_history=False, undone_by__isnull=True
    ).select_related("handoff")
    if request.subject_id:
        rows = rows.filter(pk=_uuid(request.subject_id))
    row = rows.order_by("-recorded_at").first()
    if row is None:
        return None
    decision = row.handoff.score_decision_id if row.handoff else None
    fields = {"disposition": row, "handoff": row.handoff, "decision_id": decision}
    return _Subject(str(row.pk), row.reason_id or "", row.user_id, fields)


def _number(text: str) -> int:
    return int(text) if text.isdigit() and len(text) < 19 else 0


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)


def _entry(contest: Contest, actor: User, now: datetime) -> LedgerEntry:
    after = {
        "about": contest.about,
        "wrong": contest.wrong,
        "judge": str(contest.judge_id),
        "lead": str(contest.lead_id),
    }
    return LedgerEntry(
        occurred_at=now, actor=actor, action="contest.opened", subject_kind="contest", subject_id=contest.pk,
        after=after,
    )  # fmt: skip
