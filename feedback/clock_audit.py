"""Works every clock out again from raw facts by a second, slow way, and says where the stored one differs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from feedback.models import Disposition
from leads.models import Attempt
from sla.clocks import WARN_AFTER, spans_of
from sla.models import Clock
from sla.recomputing import pauses_of
from sla.wall_clock import WallClock

CHUNK = 2000
MOST_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a clock is not what its raw facts say. `what` is due_at, warn_at, met_at, verdict or evidence."""

    clock_id: str
    clause: str
    what: str
    stored: str
    expected: str


@dataclass(slots=True)
class Audit:
    """How many clocks were worked out again, how they stand, and the first differences."""

    checked: int = 0
    kept: int = 0
    late: int = 0
    other: int = 0
    n_differences: int = 0
    differences: list[Difference] = field(default_factory=list)

    def add(self, found: Sequence[Difference]) -> None:
        self.n_differences += len(found)
        self.differences += found[: max(0, MOST_SHOWN - len(self.differences))]


def audit_clocks(*, now: datetime, sample: int | None = None) -> Audit:
    """Works clocks out again: all, or a sample spread evenly over all. Reads only; a few queries for each 2,000.

    A deadline comes from start, promise, calendar, absences and pauses, minute by minute on the wall clock; the end of
    a clock from the attempt or the answer that it names; whether it was kept from both. A clock that still runs must
    have no such fact.
    """
    audit = Audit()
    walls: dict[int, WallClock] = {}
    for clocks in _chunks(_chosen(sample)):
        facts = _Facts.of(clocks)
        for clock in clocks:
            _check(clock, facts, walls, audit, now)
    return audit


def _chosen(sample: int | None) -> Iterator[UUID]:
    ids = list(Clock.objects.order_by("pk").values_list("pk", flat=True))
    step = 1 if not sample or sample >= len(ids) else len(ids) / sample
    return (ids[int(place * step)] for place in range(len(ids) if step == 1 else int(sample or 0)))


def _chunks(ids: Iterable[UUID]) -> Iterator[list[Clock]]:
    waiting: list[UUID] = []
    for pk in ids:
        waiting.append(pk)
        if len(waiting) == CHUNK:
            yield _load(waiting)
            waiting = []
    if waiting:
        yield _load(waiting)


def _load(ids: Sequence[UUID]) -> list[Clock]:
    return list(Clock.objects.filter(pk__in=ids).select_related("clause", "calendar_version", "handoff").order_by("pk"))


@dataclass(frozen=True, slots=True)
class _Facts:
    """The raw rows behind some clocks."""

    pauses: Mapping[UUID, tuple[tuple[datetime, datetime], ...]]
    attempts: Mapping[str, Attempt]
    by_lead: Mapping[UUID, list[Attempt]]
    answers: Mapping[UUID, list[Disposition]]

    @classmethod
    def of(cls, clocks: Sequence[Clock]) -> _Facts:
        attempts = list(Attempt.objects.filter(lead__in={clock.lead_id for clock in clocks}))
        by_lead: dict[UUID, list[Attempt]] = {}
        for attempt in attempts:
            by_lead.setdefault(attempt.lead_id, []).append(attempt)
        answers: dict[UUID, list[Disposition]] = {}
        handoffs = {clock.handoff_id for clock in clocks if clock.handoff_id}
        for row in Disposition.objects.filter(handoff__in=handoffs).select_related("undone_by"):
            if row.handoff_id and row.kind != "undone":
                answers.setdefault(row.handoff_id, []).append(row)
        return cls(
            pauses_of([clock.pk for clock in clocks]),
            {str(attempt.pk): attempt for attempt in attempts},
            by_lead,
            answers,
        )


def _check(clock: Clock, facts: _Facts, walls: dict[int, WallClock], audit: Audit, now: datetime) -> None:
    due, warn = _deadlines(clock, facts.pauses.get(clock.pk, ()), walls)
    met = _met_at(clock, facts)
    verdict = _verdict(clock, due, met, now)
    found = [
        Difference(clock.public_id, clock.clause.code, what, str(stored), str(expected))
        for what, stored, expected in (
            ("due_at", clock.due_at, due),
            ("warn_at", clock.warn_at, warn),
            ("met_at", clock.met_at, met),
            ("evidence", _is_open(clock), _is_open(clock) and not _should_be_met(clock, facts)),
            ("verdict", _verdict(clock, clock.due_at, clock.met_at, now), verdict),
        )
        if stored != expected
    ]
    audit.checked += 1
    audit.kept += verdict == "kept"
    audit.late += verdict == "late"
    audit.other += verdict == "other"
    audit.add(found)


def _deadlines(
    clock: Clock, pauses: Sequence[tuple[datetime, datetime]], walls: dict[int, WallClock]
) -> tuple[datetime | None, datetime | None]:
    promise = clock.clause.promise or timedelta()
    version = clock.calendar_version
    if version is None:
        return _in_plain_time(clock.started_at, promise, pauses), _in_plain_time(
            clock.started_at, promise * WARN_AFTER, pauses
        )
    if version.pk not in walls:
        walls[version.pk] = WallClock(version.zone, version.spec)
    wall = walls[version.pk]
    stops = (*spans_of(clock.away), *pauses)
    return wall.due_at(clock.started_at, promise, stops), wall.due_at(clock.started_at, promise * WARN_AFTER, stops)


def _in_plain_time(start: datetime, promise: timedelta, pauses: Sequence[tuple[datetime, datetime]]) -> datetime:
    due = start + promise
    for since, until in sorted(pauses):
        if since < due:
            due += until - since
    return due


def _met_at(clock: Clock, facts: _Facts) -> datetime | None:
    """When a clock was met by the row it names; None if that row does not show it."""
    if clock.met_at is None:
        return None
    match clock.met_by_kind:
        case "attempt":
            attempt = facts.attempts.get(clock.met_by_id)
            if attempt is None or attempt.is_automatic or attempt.lead_id != clock.lead_id:
                return None
            said = attempt.recorded_at if attempt.grade == "C" else min(attempt.occurred_at, attempt.recorded_at)
            return max(clock.started_at, said)
        case "answer":
            answers = facts.answers.get(clock.handoff_id, []) if clock.handoff_id else []
            times = [max(clock.started_at, row.decided_at) for row in answers if row.decided_at]
            return clock.met_at if clock.met_at in times else None
        case "handoff":
            return max(clock.started_at, clock.handoff.handed_off_at) if clock.handoff else None
        case _:
            return clock.met_at


def _is_open(clock: Clock) -> bool:
    return clock.met_at is None and clock.cancelled_at is None


def _should_be_met(clock: Clock, facts: _Facts) -> bool:
    """Whether raw rows show that an open clock was kept already, or too late."""
    if clock.clause.code == "first_contact":
        return any(
            not attempt.is_automatic and attempt.occurred_at >= clock.started_at
            for attempt in facts.by_lead.get(clock.lead_id, ())
        )
    if clock.clause.code == "decision" and clock.handoff_id:
        return any(getattr(row, "undone_by", None) is None for row in facts.answers.get(clock.handoff_id, ()))
    return False


def _verdict(clock: Clock, due: datetime | None, met: datetime | None, now: datetime) -> str:
    if due is None:
        return "late"
    if (clock.paused_at or met or clock.cancelled_at or now) > due:
        return "late"
    return "kept" if met else "other"


def as_dict(audit: Audit) -> dict[str, Any]:
    """Plain values for a program that reads the result."""
    return {
        "checked": audit.checked,
        "kept": audit.kept,
        "late": audit.late,
        "other": audit.other,
        "differences": audit.n_differences,
        "first": [
            {
                "clock": one.clock_id,
                "clause": one.clause,
                "what": one.what,
                "stored": one.stored,
                "expected": one.expected,
            }
            for one in audit.differences
        ],
    }
