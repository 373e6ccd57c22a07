"""Starts, meets, cancels, pauses and resumes clocks. Every change is compare-and-set on a clock that is open."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from leads.models import Attempt
from revops.foundation.bulk import insert_rows, new_rows, update_rows
from revops.foundation.ids import new_ids
from sla.business_time import BusinessHours, NoBusinessHours, due_at, due_many, elapsed, from_microseconds
from sla.calendars import hours_of
from sla.clock_state import counts_at
from sla.models import Absence, Clause, ClauseSide, Clock, ClockEvent, ClockEventKind
from sla.routing import Hours

CONTEST_CLAUSES = {"marketing": "contests_of_sales", "sales": "contests_of_marketing"}
"""The clause under which the judges of a side decide what the other side contests."""
WARN_AFTER = 0.75
"""A clock warns when so much of its promise is used up."""
DETAILS_MISSING = "details"
"""Why sales' clocks stand still: marketing has not told what it promised to tell."""

Spans = tuple[tuple[datetime, datetime], ...]


@dataclass(frozen=True, slots=True)
class ClockStart:
    """One promise to start. `hours` is needed where the clause counts business time.

    With `met_at` the promise was kept (or missed) already: the clock starts closed, for the record. With a
    `pause_reason` it stands still from its start.
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
    pause_reason: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What meets a promise: when it counts, and which row shows it."""

    lead_id: UUID
    at: datetime
    by_kind: str
    by_id: str = ""


def start_clocks(starts: Sequence[ClockStart], *, now: datetime) -> list[Clock]:
    """Starts clocks with their deadlines, in the order given. One query, two if some stand still from their start.

    Imported history must never come here.
    """
    promises: dict[tuple[int, int], list[int]] = defaultdict(list)
    for at, start in enumerate(starts):
        promises[start.clause.pk, id(start.hours)].append(at)
    deadlines: dict[int, tuple[datetime, datetime, list[datetime]]] = {}
    for places in promises.values():
        first = starts[places[0]]
        begins = [starts[at].started_at for at in places]
        deadlines.update(zip(places, _deadlines(begins, first.clause, first.hours), strict=True))
    clocks = new_rows(
        Clock,
        [
            {
                "id": identifier,
                "clause_id": start.clause.pk,
                "lead_id": start.lead_id,
                "handoff_id": start.handoff_id,
                "side": start.clause.side,
                "user_id": start.user_id,
                "calendar_version_id": start.hours.version.pk if start.hours and start.clause.business_time else None,
                "away": deadlines[at][2],
                "started_at": start.started_at,
                "warn_at": deadlines[at][0],
                "due_at": deadlines[at][1],
                "paused_at": start.started_at if start.pause_reason else None,
                "met_at": start.met_at and max(start.met_at, start.started_at),
                "met_by_kind": start.met_by_kind,
                "met_by_id": start.met_by_id,
            }
            for at, (start, identifier) in enumerate(zip(starts, new_ids(len(starts), now), strict=True))
        ],
    )
    insert_rows(Clock, clocks)
    insert_rows(
        ClockEvent,
        [
            ClockEvent(clock_id=clock.pk, kind=ClockEventKind.PAUSED, at=clock.started_at, reason=start.pause_reason)
            for clock, start in zip(clocks, starts, strict=True)
            if start.pause_reason
        ],
    )
    return clocks


def meet_clocks(clause_code: str, evidence: Sequence[Evidence | Attempt], *, now: datetime) -> list[UUID]:
    """Meets the open clocks of one clause, of any agreement version, for the leads in `evidence`.

    The earliest evidence per lead counts, never before the clock started; an attempt counts by its evidence grade,
    and not at all if a machine made it. Returns the ids of the clocks met. Three queries at most.
    """
    first: dict[UUID, Evidence] = {}
    for item in evidence:
        if isinstance(item, Attempt) and item.is_automatic:
            continue
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
    """Calls off all open clocks of leads that need no more work: lost, taken back after an accept, withdrawn.

    A contest about such a lead still waits for its judge, so that clock runs on.
    """
    needless = Clock.objects.open().filter(lead_id__in=lead_ids).exclude(clause__code__in=CONTEST_CLAUSES.values())
    return needless.update(cancelled_at=at, cancel_reason=reason)


def pause_clocks(clock_ids: Sequence[UUID], *, at: datetime, reason: str = "") -> int:
    """Stops the time of open clocks that run. Returns how many were running. Two queries and the hand-offs'."""
    with connection.cursor() as cursor:
        cursor.execute(_PAUSE, [at, list(clock_ids), at])
        paused = cursor.fetchall()
    insert_rows(
        ClockEvent,
        [ClockEvent(clock_id=pk, kind=ClockEventKind.PAUSED, at=at, reason=reason[:200]) for pk, _ in paused],
    )
    refresh_deadlines([handoff_id for _, handoff_id in paused if handoff_id is not None])
    return len(paused)


_PAUSE = """
UPDATE sla_clock SET paused_at = %s
WHERE id = ANY(%s) AND met_at IS NULL AND cancelled_at IS NULL AND paused_at IS NULL AND started_at <= %s
RETURNING id, handoff_id
"""


def resume_clocks(clock_ids: Sequence[UUID], *, at: datetime) -> int:
    """Lets paused clocks run on: what was left at the pause is left now, in the clock's own kind of time.

    Absences that were entered meanwhile count from now on. A constant number of queries.
    """
    paused = list(
        Clock.objects.open()
        .filter(pk__in=clock_ids, paused_at__isnull=False, paused_at__lte=at)
        .select_related("calendar_version")
        .select_for_update(of=("self",))
        .order_by("pk")
    )
    away = absences_of({clock.user_id for clock in paused if clock.user_id and clock.calendar_version_id}, since=at)
    for clock in paused:
        _run_on(clock, at, away.get(clock.user_id, ()) if clock.user_id else ())
    update_rows(Clock, paused, ["away", "due_at", "warn_at", "paused_at", "paused_total"])
    insert_rows(ClockEvent, [ClockEvent(clock_id=clock.pk, kind=ClockEventKind.RESUMED, at=at) for clock in paused])
    refresh_deadlines([clock.handoff_id for clock in paused if clock.handoff_id is not None])
    return len(paused)


def resume_for_details(handoff_ids: Sequence[UUID], *, at: datetime) -> int:
    """Lets sales' clocks run that stood still because marketing's details were missing. They are there at `at`."""
    if not handoff_ids:
        return 0
    waiting = Clock.objects.open().filter(
        handoff_id__in=handoff_ids, side=ClauseSide.SALES, paused_at__isnull=False, paused_at__lte=at
    )
    return resume_clocks(list(waiting.values_list("pk", flat=True)), at=at)


def absences_of(user_ids: Collection[UUID], *, since: datetime) -> dict[UUID, Spans]:
    """When these people are away from `since` on, in order. One query if anybody is asked for."""
    if not user_ids:
        return {}
    found: dict[UUID, list[tuple[datetime, datetime]]] = defaultdict(list)
    rows = Absence.objects.filter(user_id__in=user_ids, ends_at__gt=since).order_by("starts_at", "pk")
    for user_id, starts_at, ends_at in rows.values_list("user_id", "starts_at", "ends_at"):
        found[user_id].append((starts_at, ends_at))
    return {user_id: tuple(spans) for user_id, spans in found.items()}


def refresh_deadlines(handoff_ids: Sequence[UUID]) -> None:
    """Sets the deadline of open hand-offs to the earliest of sales' open clocks that run; none if all stand still.

    One query.
    """
    if not handoff_ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE sla_handoff handoff SET due_at = earliest.due_at, version = handoff.version + 1"
            " FROM (SELECT handoff_id, min(due_at) FILTER (WHERE paused_at IS NULL) AS due_at FROM sla_clock"
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
            away=clock.away,
            started_at=clock.started_at,
            warn_at=clock.warn_at,
            due_at=clock.due_at,
            paused_at=clock.paused_at,
            paused_total=clock.paused_total,
            replaces=clock,
        )
        for clock, identifier in zip(clocks, new_ids(len(clocks), now), strict=True)
    ]
    insert_rows(Clock, again)
    resume_for_details(_complete([clock.handoff_id for clock in again if clock.paused_at and clock.handoff_id]), at=now)
    return again


def _complete(handoff_ids: Sequence[UUID]) -> list[UUID]:
    """Which of these hand-offs wait for no details. One query if any is asked for."""
    if not handoff_ids:
        return []
    waiting = Clock.objects.open().filter(handoff_id__in=handoff_ids, side=ClauseSide.MARKETING)
    return sorted(set(handoff_ids) - set(waiting.values_list("handoff_id", flat=True)))


def move_clocks(clock_ids: Sequence[UUID], user_id: UUID) -> int:
    """Makes somebody else responsible for open clocks; the deadlines stay, they were promised to the buyer."""
    return Clock.objects.open().filter(pk__in=clock_ids).update(user_id=user_id)


def spans_of(away: Sequence[datetime]) -> Spans:
    """Absences as a clock keeps them (from, until, from, until …) in pairs."""
    return tuple(zip(away[::2], away[1::2], strict=True))


def _deadlines(
    begins: Sequence[datetime], clause: Clause, hours: Hours | None
) -> list[tuple[datetime, datetime, list[datetime]]]:
    """When clocks of one clause that start then warn and are due, and the absences that moved that."""
    promise = clause.promise or timedelta()
    warning = promise * WARN_AFTER
    if not clause.business_time:
        return [(begin + warning, begin + promise, []) for begin in begins]
    if hours is None:
        raise ValueError(f"The clause {clause.code} counts business time, so it needs somebody's hours.")
    try:
        warned, due = due_many(begins, warning, hours.hours), due_many(begins, promise, hours.hours)
    except NoBusinessHours:  # away for good: the promise still runs, in the hours of the calendar
        standard = hours_of(hours.version)
        warned, due = due_many(begins, warning, standard), due_many(begins, promise, standard)
        return [(warns, ends, []) for warns, ends in zip(warned, due, strict=True)]
    return [
        (warns, ends, _within(hours.hours, begin, ends)) for begin, warns, ends in zip(begins, warned, due, strict=True)
    ]


def _within(hours: BusinessHours, begin: datetime, end: datetime) -> list[datetime]:
    """The absences that touch a stretch of time."""
    return [
        instant
        for since, until in hours.absences
        if from_microseconds(since) < end and from_microseconds(until) > begin
        for instant in (from_microseconds(since), from_microseconds(until))
    ]


def _run_on(clock: Clock, at: datetime, away: Spans) -> None:
    """Moves the deadlines of a paused clock that runs on at `at`; `away` are the absences that count from then on."""
    paused_at = clock.paused_at or at
    version, before = clock.calendar_version, spans_of(clock.away)
    if version is None:
        stood = at - paused_at
        clock.paused_total += stood
        clock.warn_at = clock.warn_at if clock.warn_at <= paused_at else clock.warn_at + stood
        clock.due_at = clock.due_at if clock.due_at <= paused_at else clock.due_at + stood
    else:
        hours = hours_of(version, before)
        clock.paused_total += elapsed(paused_at, at, hours)
        if clock.due_at > paused_at:
            warns_in, due_in = elapsed(paused_at, clock.warn_at, hours), elapsed(paused_at, clock.due_at, hours)
            try:
                due = due_at(at, due_in, hours_of(version, away))
            except NoBusinessHours:  # away for good: what is left runs in the hours of the calendar
                away = ()
                due = due_at(at, due_in, hours_of(version))
            if clock.warn_at > paused_at:
                clock.warn_at = due_at(at, warns_in, hours_of(version, away))
            clock.away = away_until(before, paused_at) + away_from(away, at, due)
            clock.due_at = due
    clock.paused_at = None


def away_until(spans: Spans, until: datetime) -> list[datetime]:
    """The part of absences before an instant, as a clock keeps them."""
    return [instant for since, end in spans if since < until for instant in (since, min(end, until))]


def away_from(spans: Spans, since: datetime, until: datetime) -> list[datetime]:
    """The part of absences after an instant that begins before another, as a clock keeps them."""
    return [instant for begin, end in spans if end > since and begin < until for instant in (max(begin, since), end)]
