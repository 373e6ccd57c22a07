"""Starts, meets, cancels, pauses and resumes clocks. Every change is compare-and-set on a clock that is open."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from leads.models import Attempt
from revops.foundation.bulk import insert_rows
from revops.foundation.ids import new_ids
from sla.business_time import NoBusinessHours, due_at, due_many, elapsed
from sla.calendars import hours_of
from sla.clock_state import counts_at
from sla.models import Clause, Clock
from sla.routing import Hours

WARN_AFTER = 0.75
"""A clock warns when so much of its promise is used up."""


@dataclass(frozen=True, slots=True)
class ClockStart:
    """One promise to start. `hours` is needed where the clause counts business time.

    With `met_at` the promise was kept (or missed) already: the clock starts closed, for the record.
    """

    clause: Clause
    lead_id: UUID
    started_at: datetime
    handoff_id: UUID | None = None
    user_id: UUID | None = None
    hours: Hours | None = None
    met_at: datetime | None = None
    met_by_kind: str = ""
    met_by_id: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What meets a promise: when it counts, and which row shows it."""

    lead_id: UUID
    at: datetime
    by_kind: str
    by_id: str = ""


def start_clocks(starts: Sequence[ClockStart], *, now: datetime) -> list[Clock]:
    """Starts clocks with their deadlines, in the order given. One query. Imported history must never come here."""
    promises: dict[tuple[int, int], list[int]] = defaultdict(list)
    for at, start in enumerate(starts):
        promises[start.clause.pk, id(start.hours)].append(at)
    deadlines: dict[int, tuple[datetime, datetime]] = {}
    for places in promises.values():
        first = starts[places[0]]
        begins = [starts[at].started_at for at in places]
        warned, due = _deadlines(begins, first.clause, first.hours)
        deadlines.update(zip(places, zip(warned, due, strict=True), strict=True))
    clocks = [
        Clock(
            id=identifier,
            clause=start.clause,
            lead_id=start.lead_id,
            handoff_id=start.handoff_id,
            side=start.clause.side,
            user_id=start.user_id,
            calendar_version=start.hours.version if start.hours and start.clause.business_time else None,
            started_at=start.started_at,
            warn_at=deadlines[at][0],
            due_at=deadlines[at][1],
            met_at=start.met_at and max(start.met_at, start.started_at),
            met_by_kind=start.met_by_kind,
            met_by_id=start.met_by_id,
        )
        for at, (start, identifier) in enumerate(zip(starts, new_ids(len(starts), now), strict=True))
    ]
    insert_rows(Clock, clocks)
    return clocks


def meet_clocks(clause_code: str, evidence: Sequence[Evidence | Attempt], *, now: datetime) -> list[UUID]:
    """Meets the open clocks of one clause, of any agreement version, for the leads in `evidence`.

    The earliest evidence per lead counts, never before the clock started; an attempt counts by its evidence grade.
    Returns the ids of the clocks met. Three queries at most.
    """
    first: dict[UUID, Evidence] = {}
    for item in evidence:
        known = evidence_of(item) if isinstance(item, Attempt) else item
        if known.lead_id not in first or known.at < first[known.lead_id].at:
            first[known.lead_id] = known
    if not first:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE sla_clock clock SET met_at = GREATEST(clock.started_at, LEAST(evidence.at, %s)),"
            " met_by_kind = evidence.by_kind, met_by_id = evidence.by_id"
            " FROM unnest(%s::uuid[], %s::timestamptz[], %s::text[], %s::text[])"
            " AS evidence (lead_id, at, by_kind, by_id), sla_clause clause"
            " WHERE clause.id = clock.clause_id AND clause.code = %s AND clock.lead_id = evidence.lead_id"
            " AND clock.met_at IS NULL AND clock.cancelled_at IS NULL"
            " RETURNING clock.id, clock.handoff_id",
            [
                now,
                list(first),
                [item.at for item in first.values()],
                [item.by_kind for item in first.values()],
                [item.by_id for item in first.values()],
                clause_code,
            ],
        )
        met = cursor.fetchall()
    refresh_deadlines([handoff_id for _, handoff_id in met if handoff_id is not None])
    return [clock_id for clock_id, _ in met]


def evidence_of(attempt: Attempt) -> Evidence:
    """An attempt as evidence: grade C counts from when it was written down."""
    at = counts_at(attempt.occurred_at, attempt.recorded_at, attempt.grade)
    return Evidence(attempt.lead_id, at, "attempt", str(attempt.pk))


def cancel_clocks(clock_ids: Sequence[UUID], *, at: datetime, reason: str) -> int:
    """Calls clocks off. One that is late by then stays breached. Returns how many were open."""
    return Clock.objects.open().filter(pk__in=clock_ids).update(cancelled_at=at, cancel_reason=reason)


def cancel_clocks_of_leads(lead_ids: Sequence[UUID], *, at: datetime, reason: str) -> int:
    """Calls off all open clocks of leads that need no more work: lost, taken back after an accept, withdrawn."""
    return Clock.objects.open().filter(lead_id__in=lead_ids).update(cancelled_at=at, cancel_reason=reason)


def pause_clocks(clock_ids: Sequence[UUID], *, at: datetime) -> int:
    """Stops the time of open clocks. Returns how many were running."""
    return (
        Clock.objects.open().filter(pk__in=clock_ids, paused_at__isnull=True, started_at__lte=at).update(paused_at=at)
    )


def resume_clocks(clock_ids: Sequence[UUID], *, at: datetime) -> int:
    """Lets paused clocks run on: what was left at the pause is left now, in the clock's own kind of time."""
    paused = (
        Clock.objects.open()
        .filter(pk__in=clock_ids, paused_at__isnull=False, paused_at__lte=at)
        .select_related("calendar_version")
        .select_for_update(of=("self",))
        .order_by("pk")
    )
    resumed = [_resumed(clock, at) for clock in paused]
    Clock.objects.bulk_update(resumed, ["due_at", "warn_at", "paused_at", "paused_total"], batch_size=1000)
    refresh_deadlines([clock.handoff_id for clock in resumed if clock.handoff_id is not None])
    return len(resumed)


def refresh_deadlines(handoff_ids: Sequence[UUID]) -> None:
    """Sets the deadline of open hand-offs to the earliest of sales' open clocks. One query."""
    if not handoff_ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE sla_handoff handoff SET due_at = earliest.due_at, version = handoff.version + 1"
            " FROM (SELECT handoff_id, min(due_at) AS due_at FROM sla_clock"
            "       WHERE handoff_id = ANY(%s) AND side = 'sales' AND met_at IS NULL AND cancelled_at IS NULL"
            "       GROUP BY handoff_id) earliest"
            " WHERE handoff.id = earliest.handoff_id AND handoff.state = 'open'"
            " AND handoff.due_at IS DISTINCT FROM earliest.due_at",
            [list(handoff_ids)],
        )


def replace_clocks(clocks: Sequence[Clock], *, now: datetime) -> list[Clock]:
    """Runs closed clocks on, with their own start and deadline, because what closed them was undone."""
    again = [
        Clock(
            id=identifier,
            clause_id=clock.clause_id,
            lead_id=clock.lead_id,
            handoff_id=clock.handoff_id,
            side=clock.side,
            user_id=clock.user_id,
            calendar_version_id=clock.calendar_version_id,
            started_at=clock.started_at,
            warn_at=clock.warn_at,
            due_at=clock.due_at,
            paused_total=clock.paused_total,
            replaces=clock,
        )
        for clock, identifier in zip(clocks, new_ids(len(clocks), now), strict=True)
    ]
    insert_rows(Clock, again)
    return again


def move_clocks(clock_ids: Sequence[UUID], user_id: UUID) -> int:
    """Makes somebody else responsible for open clocks; the deadlines stay, they were promised to the buyer."""
    return Clock.objects.open().filter(pk__in=clock_ids).update(user_id=user_id)


def _deadlines(
    begins: Sequence[datetime], clause: Clause, hours: Hours | None
) -> tuple[list[datetime], list[datetime]]:
    """When clocks of one clause that start then warn, and when they are due."""
    promise = clause.promise or timedelta()
    warning = promise * WARN_AFTER
    if not clause.business_time:
        return [begin + warning for begin in begins], [begin + promise for begin in begins]
    if hours is None:
        raise ValueError(f"The clause {clause.code} counts business time, so it needs somebody's hours.")
    try:
        return due_many(begins, warning, hours.hours), due_many(begins, promise, hours.hours)
    except NoBusinessHours:  # away for good: the promise still runs, in the hours of the calendar
        standard = hours_of(hours.version)
        return due_many(begins, warning, standard), due_many(begins, promise, standard)


def _resumed(clock: Clock, at: datetime) -> Clock:
    paused_at = clock.paused_at or at
    hours = hours_of(clock.calendar_version) if clock.calendar_version else None

    def shifted(deadline: datetime) -> datetime:
        if deadline <= paused_at:
            return deadline
        if hours is None:
            return at + (deadline - paused_at)
        return max(due_at(at, elapsed(paused_at, deadline, hours), hours), deadline)

    clock.warn_at, clock.due_at = shifted(clock.warn_at), shifted(clock.due_at)
    clock.paused_total += at - paused_at if hours is None else elapsed(paused_at, at, hours)
    clock.paused_at = None
    return clock
