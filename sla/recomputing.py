"""Works open clocks out anew when the agreement, a calendar or an absence changed; closed ones stay as they are."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from revops.foundation import ledger
from revops.foundation.bulk import insert_rows
from revops.foundation.ids import new_ids
from revops.foundation.models import LedgerEntry, User
from sla.business_time import NoBusinessHours, due_at
from sla.calendars import hours_of, newest_versions
from sla.clock_state import is_late
from sla.clocks import (
    WARN_AFTER,
    Spans,
    absences_of,
    away_from,
    away_until,
    cancel_clocks,
    refresh_deadlines,
    spans_of,
)
from sla.models import (
    Agreement,
    AgreementState,
    CalendarVersion,
    Clause,
    Clock,
    ClockEvent,
    ClockEventKind,
    Measure,
    RepProfile,
)

RECOMPUTED = "recomputed"
"""Why a clock was closed that another one replaces: what its deadline was worked out from has changed."""


@dataclass(frozen=True, slots=True)
class Change:
    """What changed, for the ledger: "agreement", "calendar" or "absence", its id, and who did it (None: the portal)."""

    kind: str
    id: UUID
    by: User | None = None


@dataclass(frozen=True, slots=True)
class Recomputed:
    """Ids of the clocks that run with a new deadline; how many stayed, because theirs has passed or would have."""

    changed: list[UUID]
    kept: int


def recompute_open_clocks(
    change: Change,
    *,
    now: datetime,
    calendar_ids: Collection[UUID] | None = None,
    user_ids: Collection[UUID] | None = None,
) -> Recomputed:
    """Runs open clocks on under what counts now: the live agreement, the newest calendars, today's absences.

    `calendar_ids` or `user_ids` narrow it to clocks in those calendars or of those people. Each clock that changes is
    closed and replaced by one with the same start, in one audited event. Nobody is made late, nor excused, by a
    change: a clock whose deadline has passed stays, and so does one whose new deadline would lie before `now`. What an
    absence covered before `now` stays as it was, from now on the absences known today count. A constant number of
    queries.
    """
    clocks = _open_clocks(calendar_ids, user_ids)
    running = [clock for clock in clocks if not is_late(clock, now)]
    if not running:
        return Recomputed([], len(clocks))
    rules = _rules_for(running, now)
    fresh: list[Clock] = []
    for clock in running:
        again = _again(clock, rules, now)
        if again is not None:
            fresh.append(again)
    for clock, identifier in zip(fresh, new_ids(len(fresh), now), strict=True):
        clock.id = identifier
    replaced = [clock.replaces_id for clock in fresh if clock.replaces_id]
    cancel_clocks(replaced, at=now, reason=RECOMPUTED)
    insert_rows(Clock, fresh)
    refresh_deadlines([clock.handoff_id for clock in fresh if clock.handoff_id is not None])
    kept = len(clocks) - len(fresh)
    if fresh:
        _write_down(change, len(fresh), kept, now)
    return Recomputed([clock.pk for clock in fresh], kept)


def _open_clocks(calendar_ids: Collection[UUID] | None, user_ids: Collection[UUID] | None) -> list[Clock]:
    clocks = Clock.objects.open()
    if calendar_ids is not None:
        clocks = clocks.filter(calendar_version__calendar_id__in=calendar_ids)
    if user_ids is not None:
        clocks = clocks.filter(user_id__in=user_ids)
    return list(clocks.select_related("clause", "calendar_version").select_for_update(of=("self",)).order_by("pk"))


@dataclass(frozen=True, slots=True)
class _Rules:
    """What counts now, and what each clock went through."""

    clauses: Mapping[str, Clause]
    versions: Mapping[UUID, CalendarVersion]
    usual: UUID | None
    calendars: Mapping[UUID, UUID]
    away: Mapping[UUID, Spans]
    pauses: Mapping[UUID, Spans]

    def version_for(self, clock: Clock, clause: Clause) -> CalendarVersion | None:
        """The newest version of the calendar a clock runs in, or would run in if its clause counted business time."""
        if not clause.business_time:
            return None
        if clock.calendar_version is not None:
            return self.versions[clock.calendar_version.calendar_id]
        calendar_id = self.calendars.get(clock.user_id, self.usual) if clock.user_id else self.usual
        return self.versions.get(calendar_id) if calendar_id else None


def _rules_for(clocks: Sequence[Clock], now: datetime) -> _Rules:
    live = Agreement.objects.filter(state=AgreementState.LIVE).first()
    clauses = Clause.objects.filter(agreement=live, measure=Measure.CLOCK) if live else Clause.objects.none()
    people = {clock.user_id for clock in clocks if clock.user_id}
    calendars = dict(RepProfile.objects.filter(user__in=people).values_list("user_id", "calendar_id"))
    own = {clock.calendar_version.calendar_id for clock in clocks if clock.calendar_version}
    usual = live.calendar_id if live else None
    return _Rules(
        clauses={clause.code: clause for clause in clauses},
        versions=newest_versions({*own, *calendars.values(), *([usual] if usual else [])}),
        usual=usual,
        calendars=calendars,
        away=absences_of(people, since=now),
        pauses=pauses_of([clock.pk for clock in clocks]),
    )


def pauses_of(clock_ids: Sequence[UUID]) -> dict[UUID, Spans]:
    """When each clock stood still and ran on since; what the clocks it replaced went through is its own too.

    Two queries, and one for each time a clock was replaced.
    """
    earlier: dict[UUID, UUID] = {}
    asked = set(clock_ids)
    while asked:
        rows = Clock.objects.filter(pk__in=asked, replaces__isnull=False).values_list("pk", "replaces_id")
        found = {pk: before for pk, before in rows if before is not None}
        asked = set(found.values()) - earlier.keys()
        earlier |= found
    events: dict[UUID, list[ClockEvent]] = {}
    for event in ClockEvent.objects.filter(clock__in={*clock_ids, *earlier.values()}).order_by("id"):
        events.setdefault(event.clock_id, []).append(event)
    return {pk: _spans([event for one in _line(pk, earlier) for event in events.get(one, ())]) for pk in clock_ids}


def events_of(clock: Clock) -> list[ClockEvent]:
    """Every stop and start of a clock and of those it replaced, the oldest first. Two queries, more per replacement."""
    line, asked = [clock.pk], clock.replaces_id
    while asked is not None:
        line.append(asked)
        asked = Clock.objects.filter(pk=asked).values_list("replaces_id", flat=True).get()
    return list(ClockEvent.objects.filter(clock__in=line).order_by("id"))


def _line(clock_id: UUID, earlier: Mapping[UUID, UUID]) -> list[UUID]:
    """A clock after those it replaced, the first one first."""
    line = [clock_id]
    while line[-1] in earlier:
        line.append(earlier[line[-1]])
    return line[::-1]


def _spans(events: Sequence[ClockEvent]) -> Spans:
    spans, since = [], None
    for event in events:
        if event.kind == ClockEventKind.PAUSED:
            since = event.at
        elif since is not None:
            spans.append((since, event.at))
            since = None
    return tuple(spans)


def _again(clock: Clock, rules: _Rules, now: datetime) -> Clock | None:
    """The clock as it would run by what counts now; None if nothing changes, or if it would be late at once."""
    clause = rules.clauses.get(clock.clause.code, clock.clause)
    version = rules.version_for(clock, clause)
    if clause.business_time and version is None:
        return None
    promise, pauses = clause.promise or timedelta(), rules.pauses.get(clock.pk, ())
    if version is None:
        stood = sum((end - since for since, end in pauses), timedelta())
        due, warn, away = clock.started_at + promise + stood, clock.started_at + promise * WARN_AFTER + stood, []
    else:
        before = away_until(spans_of(clock.away), now)
        still = (*spans_of(before), *pauses)
        later = rules.away.get(clock.user_id, ()) if clock.user_id else ()
        ahead = tuple((max(since, now), end) for since, end in later)
        try:
            hours = hours_of(version).without((*still, *ahead))
            due = due_at(clock.started_at, promise, hours)
        except NoBusinessHours:  # away for good: the promise still runs, in the hours of the calendar
            ahead, hours = (), hours_of(version).without(still)
            due = due_at(clock.started_at, promise, hours)
        warn = due_at(clock.started_at, promise * WARN_AFTER, hours)
        away = before + away_from(ahead, now, due)
    same = (clause.pk, version and version.pk, due, warn) == (
        clock.clause_id, clock.calendar_version_id, clock.due_at, clock.warn_at,
    )  # fmt: skip
    if same or (due < now and clock.paused_at is None):
        return None
    return Clock(
        clause=clause,
        lead_id=clock.lead_id,
        handoff_id=clock.handoff_id,
        side=clock.side,
        user_id=clock.user_id,
        calendar_version=version,
        away=away,
        started_at=clock.started_at,
        warn_at=min(warn, due),
        due_at=due,
        paused_at=clock.paused_at,
        paused_total=clock.paused_total,
        replaces=clock,
    )


def _write_down(change: Change, changed: int, kept: int, now: datetime) -> None:
    """One entry of the ledger, however many clocks."""
    ledger.record(
        [
            LedgerEntry(
                occurred_at=now,
                action="clocks.recomputed",
                subject_kind=change.kind,
                subject_id=change.id,
                actor=change.by,
                actor_label="" if change.by else "system: clocks",
                after={"clocks": changed, "kept": kept},
            )
        ]
    )
