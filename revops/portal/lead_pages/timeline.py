"""Everything that happened to one lead, merged, newest first, in pages that start after the last event shown."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db.models import DateTimeField, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from feedback.models import Disposition, DispositionKind, Outcome
from leads.lifecycle import Stage
from leads.models import Attempt, Lead, LifecycleEvent, PersonMerge, Signal, SubmissionOutcome
from scoring.models import ScoreDecision
from sla.models import Assignment

PAGE = 30
UNDATED = datetime(1, 1, 1, tzinfo=UTC)
"""Undated history sorts after everything that has a date."""


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the timeline. `at` is None for what nobody dated."""

    title: str
    at: datetime | None
    icon: str
    tone: str = ""
    text: str = ""
    by: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """One sort of event: where its rows are, which instant orders them, and how a row reads.

    Rows are those of a lead, and perhaps of those that were merged into it: their ids come with it first.
    """

    code: str
    label: str | Promise
    rows: Callable[[Sequence[UUID]], QuerySet[Any]]
    at: str
    tell: Callable[[Any], Event]
    is_long: bool = False
    """There may be ten thousand: they are read in the order of their index, those without a date apart."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """One page of events; `older` is the cursor of the next page, empty on the last."""

    events: list[Event]
    older: str


def timeline_of(lead: Lead, kind: str = "", cursor: str = "", size: int = PAGE) -> Timeline:
    """A page of the lead's events, of one kind or of all: a query or two per kind, however many events there are."""
    ids = [lead.pk, *Lead.objects.filter(merged_into=lead).values_list("pk", flat=True)]
    kinds = [one for one in KINDS if one.code == kind] or list(KINDS)
    after = _read(cursor)
    found: list[tuple[datetime, int, Any, Event]] = []
    for rank, one in enumerate(KINDS):
        if one in kinds:
            found += [(at, rank, pk, event) for at, pk, event in _rows(one, rank, ids, after, size)]
    found.sort(key=lambda entry: str(entry[2]), reverse=True)
    found.sort(key=lambda entry: entry[1])
    found.sort(key=lambda entry: entry[0], reverse=True)
    page = found[:size]
    older = _write(*page[-1][:3]) if len(found) > size else ""
    return Timeline([event for *_order, event in page], older)


def _rows(
    kind: Kind, rank: int, ids: Sequence[UUID], after: tuple[datetime, int, str] | None, size: int
) -> Iterable[tuple[datetime, Any, Event]]:
    undated = Value(UNDATED, output_field=DateTimeField())
    if kind.is_long:
        return [(at, row.pk, kind.tell(row)) for at, row in _long_rows(kind, rank, ids, after, size)]
    rows = kind.rows(ids).annotate(sorted_at=Coalesce(kind.at, undated)).order_by("-sorted_at", "-pk")
    if after is not None:
        at, after_rank, pk = after
        condition = Q(sorted_at__lt=at)
        if rank > after_rank:
            condition |= Q(sorted_at=at)
        elif rank == after_rank:
            condition |= Q(sorted_at=at, pk__lt=pk)
        rows = rows.filter(condition)
    return [(row.sorted_at, row.pk, kind.tell(row)) for row in rows[: size + 1]]


def _long_rows(
    kind: Kind, rank: int, ids: Sequence[UUID], after: tuple[datetime, int, str] | None, size: int
) -> list[tuple[datetime, Any]]:
    """Rows by their own index: those with a date, then those without. Two queries."""
    rows = kind.rows(ids)
    dated = rows.filter(**{f"{kind.at}__isnull": False}).order_by(f"-{kind.at}", "-pk")
    undated = rows.filter(**{f"{kind.at}__isnull": True}).order_by("-pk")
    if after is not None:
        at, after_rank, pk = after
        condition = Q(**{f"{kind.at}__lt": at})
        if rank > after_rank:
            condition |= Q(**{kind.at: at})
        elif rank == after_rank:
            condition |= Q(**{kind.at: at}, pk__lt=pk)
        dated = dated.filter(condition, **{f"{kind.at}__lte": at})
        if at == UNDATED and rank <= after_rank:
            undated = undated.filter(pk__lt=pk) if rank == after_rank else undated.none()
    found = [(getattr(row, kind.at), row) for row in dated[: size + 1]]
    found += [(UNDATED, row) for row in undated[: size + 1]]
    return found[: size + 1]


def _write(at: datetime, rank: int, pk: Any) -> str:
    return urlsafe_b64encode(f"{at.isoformat()}|{rank}|{pk}".encode()).decode().rstrip("=")


def _read(cursor: str) -> tuple[datetime, int, str] | None:
    try:
        at, rank, pk = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().split("|")
        return datetime.fromisoformat(at), int(rank), pk
    except ValueError:
        return None


# --- how each kind of row reads --------------------------------------------------------------------------------------
_STRENGTH_MARKS = {"hand_raise": ("hand-stop", "strong"), "high": ("flame", "note")}
_MOVE_MARKS = {
    Stage.ACCEPTED: ("check", "good"),
    Stage.REJECTED: ("thumb-down", "bad"),
    Stage.WON: ("star", "good"),
    Stage.LOST: ("circle-x", "bad"),
    Stage.HANDED_OFF: ("inbox", "warn"),
    Stage.OPPORTUNITY: ("target", "note"),
}
_CAUSES = {
    "time": gettext_lazy("time passed"),
    "signal": gettext_lazy("a new signal"),
    "submission": gettext_lazy("a submission"),
    "rulebook": gettext_lazy("a new rulebook"),
    "disposition": gettext_lazy("sales' answer"),
    "history": gettext_lazy("an import of history"),
    "merge": gettext_lazy("a merge"),
}
_CHANNELS = {"call": "phone", "email": "mail", "message": "message", "meeting": "users"}
_OUTCOME_MARKS = {"meeting": ("calendar-event", "note"), "opportunity": ("target", "note"), "won": ("star", "good")}


def _signal(row: Signal) -> Event:
    icon, tone = _STRENGTH_MARKS.get(row.kind.strength, ("activity", ""))
    times = f" ×{row.quantity}" if row.quantity > 1 else ""
    parts = [row.topic, row.source.name, row.url]
    return Event(f"{row.kind.name}{times}", row.occurred_at, icon, tone, " · ".join(filter(None, parts)))


def _move(row: LifecycleEvent) -> Event:
    icon, tone = _MOVE_MARKS.get(Stage(row.to_stage), ("circle-dot", ""))
    to = Stage(row.to_stage).label
    title = _("%(from)s → %(to)s") % {"from": Stage(row.from_stage).label, "to": to} if row.from_stage else str(to)
    cause = _("because of %(cause)s") % {"cause": _CAUSES.get(row.cause_kind, row.cause_kind.replace("_", " "))}
    return Event(title, row.occurred_at, icon, tone, cause, row.actor.name if row.actor else "")


def _attempt(row: Attempt) -> Event:
    title = f"{row.get_channel_display()}: {row.get_result_display()}"
    tone = "good" if row.result in ("contact", "conversation") else ""
    proof = _("evidence %(grade)s: %(words)s") % {"grade": row.grade, "words": row.get_grade_display().lower()}
    return Event(
        title, row.occurred_at, _CHANNELS[row.channel], tone, " · ".join(filter(None, [row.note, proof])), row.user.name
    )


def _answer(row: Disposition) -> Event:
    by = row.user.name if row.user else ""
    if row.kind == DispositionKind.UNDONE:
        return Event(_("Answer taken back"), row.decided_at, "arrow-back-up", "", "", by)
    if row.kind == DispositionKind.REJECTED and row.reason:
        words = " · ".join(filter(None, [f"“{row.evidence}”", row.note]))
        return Event(f"{row.get_kind_display()}: {row.reason.label}", row.decided_at, "thumb-down", "bad", words, by)
    icon, tone = ("check", "good") if row.kind == DispositionKind.ACCEPTED else ("recycle", "")
    return Event(row.get_kind_display(), row.decided_at, icon, tone, row.note, by)


def _assignment(row: Assignment) -> Event:
    title = _("Given to %(name)s") % {"name": row.user.name} if row.user else _("Nobody could take it")
    return Event(title, row.assigned_at, "route", "" if row.user else "warn", row.reason, row.get_kind_display())


def _submission(row: SubmissionOutcome) -> Event:
    channel = row.submission.get_channel_display()
    title = _("%(channel)s from %(source)s") % {"channel": channel, "source": row.submission.source.name}
    return Event(
        title,
        row.submission.received_at,
        "file-import",
        "",
        " · ".join(filter(None, [row.get_kind_display(), row.detail, row.submission.receipt])),
    )


def _outcome(row: Outcome) -> Event:
    icon, tone = _OUTCOME_MARKS.get(row.kind, ("circle-x", "bad"))
    amount = f"{row.amount:,.0f} {row.currency}" if row.amount is not None else ""
    by = row.recorded_by.name if row.recorded_by else ""
    return Event(
        row.get_kind_display(), row.occurred_at, icon, tone, " · ".join(filter(None, [amount, row.reason])), by
    )


def _score(row: ScoreDecision) -> Event:
    points = _("fit %(fit)s, intent %(intent)s, timing %(timing)s") % {
        "fit": row.fit // 1000, "intent": row.intent // 1000, "timing": row.timing // 1000,
    }  # fmt: skip
    title = _("Judged: tier %(tier)s") % {"tier": row.tier}
    text = _("%(points)s · rulebook v%(version)s, after %(cause)s") % {
        "points": points, "version": row.rulebook.version, "cause": _CAUSES.get(row.cause_kind, row.cause_kind),
    }  # fmt: skip
    return Event(title, row.decided_at, "adjustments", "strong" if row.tier == 1 else "", text)


def _merge(row: PersonMerge) -> Event:
    title = _("Merged: %(name)s is the same person") % {"name": row.merged.name}
    undone = _("Taken back on %(day)s") % {"day": f"{row.undone_at:%-d %b %Y}"} if row.undone_at else ""
    return Event(title, row.merged_at, "git-merge", "note", undone, row.merged_by.name)


def _merges(ids: Sequence[UUID]) -> QuerySet[Any]:
    return PersonMerge.objects.filter(Q(kept_lead=ids[0]) | Q(merged_lead=ids[0])).select_related("merged", "merged_by")


def _signals(ids: Sequence[UUID]) -> QuerySet[Any]:
    return Signal.objects.filter(lead__in=ids).select_related("kind", "source")


def _moves(ids: Sequence[UUID]) -> QuerySet[Any]:
    return LifecycleEvent.objects.filter(lead=ids[0]).select_related("actor")


def _attempts(ids: Sequence[UUID]) -> QuerySet[Any]:
    return Attempt.objects.filter(lead__in=ids).select_related("user")


def _answers(ids: Sequence[UUID]) -> QuerySet[Any]:
    return Disposition.objects.filter(lead=ids[0]).select_related("reason", "user")


def _assignments(ids: Sequence[UUID]) -> QuerySet[Any]:
    return Assignment.objects.filter(handoff__lead=ids[0]).select_related("user")


def _outcomes(ids: Sequence[UUID]) -> QuerySet[Any]:
    return Outcome.objects.filter(lead=ids[0]).select_related("recorded_by")


def _scores(ids: Sequence[UUID]) -> QuerySet[Any]:
    rows = ScoreDecision.objects.filter(lead=ids[0]).select_related("rulebook")
    return rows.defer("inputs", "rulebook__definition")


def _submissions(ids: Sequence[UUID]) -> QuerySet[Any]:
    return SubmissionOutcome.objects.filter(lead__in=ids).select_related("submission__source")


KINDS: Sequence[Kind] = (
    Kind("signal", gettext_lazy("Signals"), _signals, "occurred_at", _signal, is_long=True),
    Kind("stage", gettext_lazy("Stages"), _moves, "occurred_at", _move),
    Kind("attempt", gettext_lazy("Attempts"), _attempts, "occurred_at", _attempt),
    Kind("answer", gettext_lazy("Answers"), _answers, "decided_at", _answer),
    Kind("assignment", gettext_lazy("Routing"), _assignments, "assigned_at", _assignment),
    Kind("outcome", gettext_lazy("Outcomes"), _outcomes, "occurred_at", _outcome),
    Kind("score", gettext_lazy("Scores"), _scores, "decided_at", _score),
    Kind("submission", gettext_lazy("Submissions"), _submissions, "submission__received_at", _submission),
    Kind("merge", gettext_lazy("Merges"), _merges, "merged_at", _merge),
)
"""In this order at the same instant."""
