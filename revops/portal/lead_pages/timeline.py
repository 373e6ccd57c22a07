"""Everything that happened to one lead, merged, newest first, in pages that start after the last event shown."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from operator import attrgetter
from typing import Any, TypeAlias

from django.core.exceptions import ValidationError
from django.db.models import DateTimeField, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from feedback.models import Disposition, DispositionKind, Outcome
from leads.lifecycle import Stage
from leads.models import Attempt, Lead, LifecycleEvent, PersonMerge, Signal, SubmissionOutcome
from revops.foundation.kept_queries import KeptQuery, any_of, blank, fetch_kept
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

    The rows of a lead have the blank `lead`; those also of leads that were merged into it have the blank `leads`.
    """

    code: str
    label: str | Promise
    rows: QuerySet[Any]
    at: str
    tell: Callable[[Any], Event]
    is_long: bool = False
    """There may be ten thousand: they are read in the order of their index, lead by lead, those without a date apart.

    The blank of such rows is `lead`.
    """

    def instant(self, row: Any) -> datetime:
        """When a row happened; the beginning of time if nobody dated it."""
        return attrgetter(self.at.replace("__", "."))(row) or UNDATED


Cursor: TypeAlias = tuple[datetime, int, Any]
"""Instant, rank of the kind, and id of the event that a page starts after."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """One page of events; `older` is the cursor of the next page, empty on the last."""

    events: list[Event]
    older: str


def timeline_of(lead: Lead, kind: str = "", cursor: str = "", size: int = PAGE) -> Timeline:
    """A page of the lead's events, of one kind or of all: a query or two per kind, however many events there are.

    After the first, which asks who was merged into the lead, they go to the server together.
    """
    ids = [lead.pk, *_MERGED.fetch(lead=lead.pk)]
    after = _read(cursor)
    known = {"leads": ids, "most": size + 1, **({"at": after[0], "pk": after[2]} if after else {})}
    asked = [
        (rank, rows, {**known, "lead": one})
        for rank, sort in enumerate(KINDS)
        if kind == sort.code or kind not in _CODES
        for rows in _rows(rank, after)
        for one in (ids if sort.is_long else ids[:1])
    ]
    answers = fetch_kept(*((rows, values) for _rank, rows, values in asked))
    found = [
        (KINDS[rank].instant(row), rank, row.pk, row)
        for (rank, _rows_of, _values), rows in zip(asked, answers, strict=True)
        for row in rows
    ]
    found.sort(key=lambda entry: str(entry[2]), reverse=True)
    found.sort(key=lambda entry: entry[1])
    found.sort(key=lambda entry: entry[0], reverse=True)
    page = found[:size]
    older = _write(*page[-1][:3]) if len(found) > size else ""
    return Timeline([KINDS[rank].tell(row) for _at, rank, _pk, row in page], older)


_MERGED = KeptQuery(Lead.objects.filter(merged_into=blank("lead")).values_list("pk", flat=True))


class Beside(Enum):
    """Where a kind of event stands beside the one that a page starts after; at the same instant kinds have an order."""

    NO_CURSOR = 0
    BEFORE_IT = 1
    THE_SAME = 2
    AFTER_IT = 3


def _rows(rank: int, after: Cursor | None) -> list[KeptQuery[Any]]:
    """What to read of one kind: its rows in their order, of a long kind those without a date apart."""
    if after is None:
        beside = Beside.NO_CURSOR
    elif rank == after[1]:
        beside = Beside.THE_SAME
    else:
        beside = Beside.AFTER_IT if rank > after[1] else Beside.BEFORE_IT
    if not KINDS[rank].is_long:
        return [_in_order(rank, beside)]
    if after is None or after[0] != UNDATED:
        return [_dated(rank, beside), _undated(rank, Beside.NO_CURSOR)]
    return [] if beside is Beside.BEFORE_IT else [_undated(rank, beside)]


@cache
def _in_order(rank: int, beside: Beside) -> KeptQuery[Any]:
    kind = KINDS[rank]
    rows = kind.rows.alias(sorted_at=Coalesce(kind.at, Value(UNDATED, output_field=DateTimeField())))
    return KeptQuery(_following(rows, "sorted_at", beside).order_by("-sorted_at", "-pk"))


@cache
def _dated(rank: int, beside: Beside) -> KeptQuery[Any]:
    """Rows in the order of their own index."""
    at = KINDS[rank].at
    rows = KINDS[rank].rows.filter(**{f"{at}__isnull": False})
    bound = {} if beside is Beside.NO_CURSOR else {f"{at}__lte": blank("at")}
    return KeptQuery(_following(rows, at, beside).filter(**bound).order_by(f"-{at}", "-pk"))


@cache
def _undated(rank: int, beside: Beside) -> KeptQuery[Any]:
    rows = KINDS[rank].rows.filter(**{f"{KINDS[rank].at}__isnull": True})
    return KeptQuery((rows.filter(pk__lt=blank("pk")) if beside is Beside.THE_SAME else rows).order_by("-pk"))


def _following(rows: QuerySet[Any], at: str, beside: Beside) -> QuerySet[Any]:
    if beside is Beside.NO_CURSOR:
        return rows
    earlier = Q(**{f"{at}__lt": blank("at")})
    if beside is Beside.AFTER_IT:
        earlier |= Q(**{at: blank("at")})
    elif beside is Beside.THE_SAME:
        earlier |= Q(**{at: blank("at"), "pk__lt": blank("pk")})
    return rows.filter(earlier)


def _write(at: datetime, rank: int, pk: Any) -> str:
    return urlsafe_b64encode(f"{at.isoformat()}|{rank}|{pk}".encode()).decode().rstrip("=")


def _read(cursor: str) -> Cursor | None:
    try:
        at, rank, pk = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().split("|")
        key: Any = KINDS[int(rank)].rows.model._meta.pk
        return datetime.fromisoformat(at), int(rank), key.to_python(pk)
    except (ValueError, IndexError, ValidationError):
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


_LEAD, _LEADS = {"lead": blank("lead")}, {"lead": any_of("leads")}
_SIGNALS = Signal.objects.filter(**_LEAD).select_related("kind", "source")
_MOVES = LifecycleEvent.objects.filter(**_LEAD).select_related("actor")
_ATTEMPTS = Attempt.objects.filter(**_LEADS).select_related("user")
_ANSWERS = Disposition.objects.filter(**_LEAD).select_related("reason", "user")
_ASSIGNMENTS = Assignment.objects.filter(handoff__lead=blank("lead")).select_related("user")
_OUTCOMES = Outcome.objects.filter(**_LEAD).select_related("recorded_by")
_SCORES = ScoreDecision.objects.filter(**_LEAD).select_related("rulebook").defer("inputs", "rulebook__definition")
_SUBMISSIONS = SubmissionOutcome.objects.filter(**_LEADS).select_related("submission__source")
_MERGES = PersonMerge.objects.filter(Q(kept_lead=blank("lead")) | Q(merged_lead=blank("lead")))

KINDS: Sequence[Kind] = (
    Kind("signal", gettext_lazy("Signals"), _SIGNALS, "occurred_at", _signal, is_long=True),
    Kind("stage", gettext_lazy("Stages"), _MOVES, "occurred_at", _move),
    Kind("attempt", gettext_lazy("Attempts"), _ATTEMPTS, "occurred_at", _attempt),
    Kind("answer", gettext_lazy("Answers"), _ANSWERS, "decided_at", _answer),
    Kind("assignment", gettext_lazy("Routing"), _ASSIGNMENTS, "assigned_at", _assignment),
    Kind("outcome", gettext_lazy("Outcomes"), _OUTCOMES, "occurred_at", _outcome),
    Kind("score", gettext_lazy("Scores"), _SCORES, "decided_at", _score),
    Kind("submission", gettext_lazy("Submissions"), _SUBMISSIONS, "submission__received_at", _submission),
    Kind("merge", gettext_lazy("Merges"), _MERGES.select_related("merged", "merged_by"), "merged_at", _merge),
)
"""In this order at the same instant."""
_CODES = {kind.code for kind in KINDS}
