"""Measures routing: a backlog among fifty reps beside one set-based statement, and what one hand-off adds at intake."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection, transaction

from leads.models import Account, Lead, Person, Source
from revops.foundation.ids import new_ids
from revops.foundation.models import Role, Team, User
from revops.foundation.round_trips import one_round_trip, plans_kept
from sla.candidates import RouteRequest
from sla.handoffs import HandOffRequest, hand_off_leads, route_waiting
from sla.models import HandOff, RepProfile, RoutingRules
from sla.routing import requests_of_leads, route_leads
from sla.starter import save_rep_profile, write_office_hours

REPS = 50
CHUNK = 1000
WARM_UP = 20
R = TypeVar("R")
_COUNTRIES = ("DE", "AT", "CH", "FR", "NL", "SE", "US", "CA")


def hire_reps() -> None:
    """Fifty reps in two teams, weights one to three, some with capacity, and three territory rules."""
    now = datetime.now(UTC) - timedelta(days=60)
    hours = write_office_hours(now, zone="Europe/Berlin")
    teams = [Team.objects.create(name=f"Backlog {part}", side="sales") for part in ("East", "West")]
    for number in range(REPS):
        email = f"backlog{number}@bench.invalid"
        rep = User.objects.create_user(email, name=f"Rep {number}", role=Role.REP, team=teams[number % 2])
        capacity = 10_000_000 if number % 4 == 0 else None
        save_rep_profile(rep, hours, now=now, weight=1 + number % 3, capacity=capacity)
    RepProfile.objects.exclude(user__email__startswith="backlog").update(is_routable=False)
    RoutingRules.objects.create(
        version=1,
        created_at=now,
        rules=[
            {"key": "big", "name": "Enterprise", "when": {"employees": {"from": 1000}}, "teams": [str(teams[0].pk)]},
            {"key": "na", "name": "North America", "when": {"country": ["US", "CA"]}, "teams": [str(teams[1].pk)]},
            {"key": "dach", "name": "DACH", "when": {"country": ["DE", "AT", "CH"]},
             "teams": [str(team.pk) for team in teams]},
        ],
    )  # fmt: skip


def new_leads(count: int) -> list[HandOffRequest]:
    """So many new leads of companies never seen before, and the requests that hand them to sales."""
    now = datetime.now(UTC)
    source, _ = Source.objects.get_or_create(key="backlog", defaults={"name": "Backlog", "created_at": now})
    accounts = Account.objects.bulk_create(
        Account(name="Backlog", employees=number % 3000, country=_COUNTRIES[number % len(_COUNTRIES)],
                created_at=now, updated_at=now)
        for number in range(count)
    )  # fmt: skip
    people = Person.objects.bulk_create(
        Person(first_name="Ada", account=account, country=account.country, created_at=now, updated_at=now)
        for account in accounts
    )
    leads = Lead.objects.bulk_create(
        Lead(person=person, account=account, source=source, stage_at=now, received_at=now, occurred_at=now)
        for person, account in zip(people, accounts, strict=True)
    )
    return [
        HandOffRequest(
            lead_id=lead.pk, from_stage="new", tier=1, priority=1, qualified_at=now, at=now, account_id=account.pk,
            account_owner_id=None, country=account.country, score_decision_id=None, details_complete=True,
            cause_kind="submission", cause_id="bench", employees=account.employees, source="backlog",
        )
        for lead, account in zip(leads, accounts, strict=True)
    ]  # fmt: skip


def one_hand_off(rounds: int = 200) -> float:
    """Milliseconds that handing one new lead to sales takes inside the intake's transaction: the median."""
    return _median(lambda request, now: hand_off_leads([request], now=now), new_leads(rounds + WARM_UP))


def one_route(rounds: int = 200) -> float:
    """Milliseconds of it that routing takes: roster, rules, capacity, absences, turns, a trace; the median."""
    requests = new_leads(rounds + WARM_UP)
    _leave_unrouted(requests)
    asked = requests_of_leads([request.lead_id for request in requests], at=datetime.now(UTC))
    return _median(_route_one, asked)


def _route_one(request: RouteRequest, now: datetime) -> None:
    """Without waiting for what is written, as a hand-off does it."""
    with one_round_trip():
        route_leads([request], now=now)


def _median(work: Callable[[R, datetime], object], requests: Sequence[R]) -> float:
    times = []
    for request in requests:
        with transaction.atomic(), plans_kept():
            began = time.perf_counter()
            work(request, datetime.now(UTC))
            times.append(time.perf_counter() - began)
    return 1000 * median(times[WARM_UP:])


def routing_alone(count: int) -> float:
    """Leads a second that get an owner: facts read, rules, capacity, absences, turns, a trace each, durable."""
    _leave_unrouted(new_leads(count))
    ids = list(HandOff.objects.unrouted().values_list("lead_id", flat=True)[:count])
    began = time.perf_counter()
    for start in range(0, count, CHUNK):
        now = datetime.now(UTC)
        with transaction.atomic():
            route_leads(requests_of_leads(ids[start : start + CHUNK], at=now), now=now)
    return count / (time.perf_counter() - began)


def backlog(count: int) -> float:
    """Leads a second that `route_waiting` gives to somebody, hand-offs, leads and both clocks of each included."""
    _leave_unrouted(new_leads(count))
    began = time.perf_counter()
    done = 0
    while done < count:
        with transaction.atomic():
            done += len(route_waiting(now=datetime.now(UTC), limit=CHUNK))
    return count / (time.perf_counter() - began)


def set_based(count: int) -> float:
    """Baseline: one statement a thousand leads deals them out in turn, with an audit row each; it knows no rules."""
    requests = new_leads(count)
    reps = list(User.objects.filter(email__startswith="backlog").values_list("pk", flat=True))
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS bench_dealt (id uuid PRIMARY KEY, lead_id uuid, user_id uuid,"
                       " dealt_at timestamptz)")  # fmt: skip
    began = time.perf_counter()
    for start in range(0, count, CHUNK):
        _deal([request.lead_id for request in requests[start : start + CHUNK]], reps)
    return count / (time.perf_counter() - began)


def _deal(leads: Sequence[UUID], reps: Sequence[UUID]) -> None:
    values: list[Any] = [list(leads), list(new_ids(len(leads))), len(reps), list(reps)]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "WITH dealt AS (UPDATE leads_lead lead SET owner_id = rep.user_id, version = lead.version + 1"
            " FROM unnest(%s::uuid[], %s::uuid[]) WITH ORDINALITY AS turn (lead_id, dealt_id, place)"
            " JOIN LATERAL (SELECT (turn.place %% %s)::int + 1 AS seat) seat ON true"
            " JOIN LATERAL (SELECT (%s::uuid[])[seat.seat] AS user_id) rep ON true"
            " WHERE lead.id = turn.lead_id RETURNING turn.dealt_id, lead.id, rep.user_id)"
            " INSERT INTO bench_dealt SELECT dealt_id, id, user_id, now() FROM dealt",
            values,
        )


def _leave_unrouted(requests: Sequence[HandOffRequest]) -> None:
    """Hands leads off while nobody takes any, as after a night without anybody."""
    routable = list(RepProfile.objects.filter(is_routable=True).values_list("pk", flat=True))
    RepProfile.objects.update(is_routable=False)
    for start in range(0, len(requests), CHUNK):
        with transaction.atomic():
            hand_off_leads(requests[start : start + CHUNK], now=datetime.now(UTC))
    RepProfile.objects.filter(pk__in=routable).update(is_routable=True)
    assert HandOff.objects.unrouted().count() >= len(requests)  # noqa: S101 - a measurement of nothing would lie
