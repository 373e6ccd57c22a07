"""Reads of the SLA floor: queues, the unrouted list, the two-sided board, the balance of turns."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Count, DateTimeField, F, OuterRef, Q, QuerySet, Subquery, Value, Window
from django.db.models.functions import Coalesce, RowNumber

from revops.foundation.kept_queries import KeptQuery, any_of, blank
from revops.foundation.models import User
from revops.foundation.policy import visibility
from sla.business_time import BusinessHours, from_microseconds, to_microseconds
from sla.calendars import hours_of
from sla.clock_state import Reading, read_clock
from sla.clocks import spans_of
from sla.fair_turns import TURN
from sla.models import (
    Agreement,
    AgreementSignature,
    AgreementState,
    Assignment,
    CalendarVersion,
    Clause,
    Clock,
    HandOff,
    Measure,
    TurnEntry,
    TurnReason,
)
from sla.routing import turns_owed

WORST = 5
"""So many overdue promises of a clause are named on the board."""
_CARD = ("lead__person", "lead__account", "lead__source", "owner")


def open_handoffs_for(user: User) -> QuerySet[HandOff]:
    """Open hand-offs `user` may know of: a rep's own and those nobody has yet; everybody's for the others."""
    handoffs = HandOff.objects.open().select_related(*_CARD)
    match visibility(user, "lead"):
        case "all":
            return handoffs
        case "own" | "team":
            return handoffs.filter(Q(owner=user) | Q(owner__isnull=True))
        case _:
            return handoffs.none()


def work_queue(user: User, now: datetime) -> QuerySet[HandOff]:
    """What `user` has to answer, most urgent first: broken promises, then by deadline, tier, priority and age."""
    awake = Q(snoozed_until__isnull=True) | Q(snoozed_until__lte=now)
    return HandOff.objects.open().filter(awake, owner=user).select_related(*_CARD).in_queue_order()


def snoozed_handoffs(user: User, now: datetime) -> QuerySet[HandOff]:
    """What `user` put off, in the order in which it comes back."""
    asleep = HandOff.objects.open().filter(owner=user, snoozed_until__gt=now)
    return asleep.select_related(*_CARD).order_by("snoozed_until", "id")


def count_unrouted() -> int:
    """How many open hand-offs nobody could take. One query."""
    return _UNROUTED.count()


_UNROUTED = KeptQuery(HandOff.objects.open().filter(owner__isnull=True).order_by().values_list("pk", flat=True))


def unrouted() -> QuerySet[HandOff]:
    """Open hand-offs that nobody could take, oldest first, each with `unrouted_reason`."""
    return HandOff.objects.unrouted().select_related(*_CARD)


def promises_of(user: User) -> QuerySet[Clock]:
    """Clocks `user` is responsible for, accepted leads included, the next deadline first."""
    return Clock.objects.open().filter(user=user).select_related("clause", "lead__person").order_by("due_at", "id")


def clocks_of_leads(lead_ids: Iterable[UUID]) -> dict[UUID, list[Clock]]:
    """All clocks of each lead in the order they started, those an undo replaced left out. One query."""
    found: dict[UUID, list[Clock]] = defaultdict(list)
    for clock in _CLOCKS.fetch(leads=list(lead_ids)):
        found[clock.lead_id].append(clock)
    return dict(found)


_CLOCKS = KeptQuery(
    Clock.objects.filter(lead=any_of("leads"), replaced_by__isnull=True)
    .select_related("clause", "user", "calendar_version")
    .order_by("started_at", "id")
)


def agreement_hours() -> BusinessHours | None:
    """The hours of the live agreement itself: they count what no person keeps alone. None without one. One query."""
    newest = _LIVE_CALENDAR.first()
    return hours_of(newest) if newest else None


_LIVE_CALENDAR = KeptQuery(
    CalendarVersion.objects.filter(calendar__agreements__state=AgreementState.LIVE).order_by("-version")[:1]
)


def live_target(clause_code: str) -> Decimal | None:
    """The number a count clause of the live agreement promises; None if it has none. One query."""
    clauses = Clause.objects.filter(agreement__state=AgreementState.LIVE, code=clause_code)
    return clauses.values_list("target", flat=True).first()


def agreed_since() -> datetime | None:
    """When the first agreement took effect. One query."""
    return _AGREED_SINCE.first()


_AGREED_SINCE = KeptQuery(
    Agreement.objects.filter(effective_at__isnull=False)
    .order_by("effective_at")
    .values_list("effective_at", flat=True)[:1]
)


def heads_of(agreement_id: UUID) -> dict[str, User]:
    """Who signed for each side: they answer for its promises. One query."""
    return {row.side: row.user for row in _SIGNATURES.fetch(agreement=agreement_id)}


_SIGNATURES = KeptQuery(
    AgreementSignature.objects.filter(agreement=blank("agreement")).select_related("user").order_by("signed_at", "id")
)


def reading_of(clock: Clock, now: datetime) -> Reading:
    """The state of a clock and the time left, in business time where its clause counts so. No query if
    `calendar_version` is loaded.
    """
    hours = hours_of(clock.calendar_version, spans_of(clock.away)) if clock.calendar_version else None
    return read_clock(clock, now, hours)


def closed_hours_of(clock: Clock, now: datetime, most: int = 60) -> list[tuple[datetime, datetime]]:
    """When a clock stood still because its calendar was closed or its owner away: nights, weekends, holidays.

    From its start until it ended, or is due. Empty for plain time. No query if `calendar_version` is loaded.
    """
    if clock.calendar_version is None:
        return []
    hours = hours_of(clock.calendar_version, spans_of(clock.away))
    first = to_microseconds(clock.started_at)
    last = to_microseconds(clock.met_at or clock.cancelled_at or max(now, clock.due_at))
    open_time = hours.open_time(first, last)
    at = bisect_right(open_time.ends, first)  # the first opening that ends after the start
    found: list[tuple[datetime, datetime]] = []
    closed = first
    while closed < last and len(found) < most and at < len(open_time.starts):
        opens = min(open_time.starts[at], last)
        if opens > closed:
            found.append((from_microseconds(closed), from_microseconds(opens)))
        closed = open_time.ends[at]
        at += 1
    return found


@dataclass(slots=True)
class ClauseRow:
    """One clause on the board. A count clause has no clocks: whoever knows the number fills it in.

    `worst` are the open clocks that are latest. `clause` is of the newest agreement that has this code.
    """

    clause: Clause
    kept: int = 0
    late: int = 0
    pending: int = 0
    worst: list[Clock] = field(default_factory=list)

    @property
    def n(self) -> int:
        """Promises decided either way."""
        return self.kept + self.late

    @property
    def is_clock(self) -> bool:
        return self.clause.measure == Measure.CLOCK

    @property
    def share(self) -> float | None:
        """Share of promises kept, 0 to 1; None if none is decided."""
        return self.kept / self.n if self.n else None


def clause_board(
    week_start: datetime,
    week_end: datetime,
    now: datetime,
    *,
    worst_since: datetime | None = None,
    counted: Mapping[str, Mapping[str, int]] | None = None,
) -> list[ClauseRow]:
    """Both sides' promises that fall due from `week_start` until before `week_end`, per clause. Three queries.

    `counted` are the numbers by clause if they are known; then two queries.

    Kept: closed in time. Late: closed late, or open and overdue. Pending: still in time. Clocks called off in time
    or taken back by an undo do not count. Clauses of the live agreement, and older ones that have clocks. The worst
    are those of the week, or of a longer time that begins at `worst_since`.
    """
    if counted is None:
        counted = _counted_between(week_start, week_end, now)
    clauses: dict[str, Clause] = {}
    for clause in _RELEVANT.fetch(codes=list(counted)):
        clauses.setdefault(clause.code, clause)
    rows = [
        ClauseRow(clause, found["kept"], found["late"], found["pending"])
        for clause in clauses.values()
        for found in [counted.get(clause.code, _NOTHING)]
    ]
    worst = _worst(worst_since or week_start, week_end, now)
    for row in rows:
        row.worst = worst.get(row.clause.code, [])
    return sorted(rows, key=lambda row: (row.clause.side, row.clause.position))


_RELEVANT = KeptQuery(
    Clause.objects.filter(Q(agreement__state="live") | Q(agreement__state="superseded", code=any_of("codes")))
    .select_related("agreement")
    .order_by("-agreement__version", "side", "position")
)


def _counted_between(start: datetime, end: datetime, now: datetime) -> dict[str, Mapping[str, int]]:
    return {
        row["clause__code"]: {verdict: row[verdict] for verdict in ("kept", "late", "pending")}
        for row in _due_between(start, end)
        .annotate(judged_at=_judged_at(now))
        .values("clause__code")
        .order_by("clause__code")
        .annotate(
            late=Count("id", filter=Q(due_at__lt=F("judged_at"))),
            kept=Count("id", filter=Q(due_at__gte=F("judged_at"), met_at__isnull=False)),
            pending=Count("id", filter=Q(due_at__gte=F("judged_at"), met_at__isnull=True)),
        )
    }


_NOTHING = {"kept": 0, "late": 0, "pending": 0}


def clocks_behind(
    clause_code: str, week_start: datetime, week_end: datetime, now: datetime, outcome: str = ""
) -> QuerySet[Clock]:
    """The clocks behind a number of `clause_board`; `outcome` is kept, late, pending or empty for all."""
    clocks = (
        _due_between(week_start, week_end)
        .filter(clause__code=clause_code)
        .annotate(judged_at=_judged_at(now))
        .select_related("clause", "lead__person", "lead__account", "user", "calendar_version")
        .order_by("due_at", "id")
    )
    match outcome:
        case "late":
            return clocks.filter(due_at__lt=F("judged_at"))
        case "kept":
            return clocks.filter(due_at__gte=F("judged_at"), met_at__isnull=False)
        case "pending":
            return clocks.filter(due_at__gte=F("judged_at"), met_at__isnull=True)
        case _:
            return clocks


@dataclass(frozen=True, slots=True)
class Balance:
    """How many turns somebody is owed (above zero) or ahead (below), and what they can take."""

    user: User
    turns: float
    units: int
    weight: int
    open_work: int
    capacity: int | None
    is_routable: bool


def fairness_balance() -> list[Balance]:
    """Everybody's balance of turns, those owed most first; the units sum to zero. Two queries."""
    owed = turns_owed()
    open_work = HandOff.objects.open().filter(owner=OuterRef("pk")).order_by().values("owner").annotate(n=Count("*"))
    people = (
        User.objects.filter(rep_profile__isnull=False)
        .select_related("rep_profile", "team")
        .annotate(open_work=Coalesce(Subquery(open_work.values("n")), 0))
    )
    rows = [
        Balance(
            user=person,
            turns=round(owed.get(person.pk, 0) / TURN, 2),
            units=owed.get(person.pk, 0),
            weight=person.rep_profile.weight,
            open_work=person.open_work,
            capacity=person.rep_profile.capacity,
            is_routable=person.is_active and person.rep_profile.is_routable,
        )
        for person in people
    ]
    return sorted(rows, key=lambda row: (-row.units, row.user.name))


@dataclass(frozen=True, slots=True)
class Turns:
    """Turns somebody took since a time, and how many of their turns were credited back since then."""

    taken: int
    credited: int


def turns_since(start: datetime) -> dict[UUID, Turns]:
    """Turns by person. Two queries."""
    taken = dict(
        Assignment.objects.filter(assigned_at__gte=start, trace__turn=True, user__isnull=False)
        .order_by()
        .values_list("user_id")
        .annotate(n=Count("pk"))
    )
    charged = Assignment.objects.filter(trace__turn=True, handoff=OuterRef("handoff")).order_by("-pk")
    credited = dict(
        TurnEntry.objects.filter(decided_at__gte=start, reason=TurnReason.CREDIT_BACK)
        .annotate(credited_user=Subquery(charged.values("user_id")[:1]))
        .order_by()
        .values_list("credited_user")
        .annotate(n=Count("pk"))
    )
    return {pk: Turns(taken.get(pk, 0), credited.get(pk, 0)) for pk in taken.keys() | credited.keys() if pk}


def _due_between(start: datetime, end: datetime) -> QuerySet[Clock]:
    return Clock.objects.counted().filter(due_at__gte=start, due_at__lt=end)


def _judged_at(now: datetime) -> Coalesce:
    """The comparison of `clock_state.judged_at`, in SQL."""
    return Coalesce("paused_at", "met_at", "cancelled_at", Value(now, output_field=DateTimeField()))


def _worst(start: datetime, end: datetime, now: datetime) -> dict[str, list[Clock]]:
    """The open clocks of each clause that are overdue longest."""
    ids = _OVERDUE.fetch(start=start, end=min(end, now))  # first which, then all that is shown of them
    found: dict[str, list[Clock]] = defaultdict(list)
    for clock in _NAMED.fetch(ids=ids) if ids else ():
        if len(found[clock.clause.code]) < WORST:  # one code has a clause in each agreement
            found[clock.clause.code].append(clock)
    return dict(found)


_OVERDUE = KeptQuery(  # what is open was not replaced, and nobody called it off
    Clock.objects.open()
    .filter(paused_at__isnull=True, excuse__isnull=True, due_at__gte=blank("start"), due_at__lt=blank("end"))
    .annotate(place=Window(RowNumber(), partition_by=F("clause"), order_by=[F("due_at").asc(), F("id").asc()]))
    .filter(place__lte=WORST)
    .values_list("pk", flat=True)
)
_NAMED = KeptQuery(
    Clock.objects.filter(pk=any_of("ids"))
    .select_related("clause", "lead__person", "lead__account", "user", "calendar_version")
    .order_by("due_at", "id")
)
