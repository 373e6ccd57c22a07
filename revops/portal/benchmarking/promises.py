"""Measures the ladder of promises that run out, and sixteen people who press “Get next” at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from revops.foundation.models import User
from revops.portal import journey
from revops.portal.benchmarking.routing import CHUNK, new_leads
from sla.handoffs import hand_off_leads
from sla.models import Clock, HandOff

AT_ONCE = 16
PRESSES = 50
AGO = timedelta(days=14)
"""Long enough that every rung of the ladder is due whatever weekday it is."""


def leave_unanswered(count: int) -> None:
    """So many hand-offs of two weeks ago that nobody answered."""
    at = datetime.now(UTC) - AGO
    requests = [replace(request, at=at, qualified_at=at) for request in new_leads(count)]
    for start in range(0, count, CHUNK):
        with transaction.atomic():
            hand_off_leads(requests[start : start + CHUNK], now=at)


def first_sweep() -> float:
    """Steps of the ladder a second: found, confirmed from raw events, claimed, told through the outbox."""
    began, taken = time.perf_counter(), 0
    while done := journey.escalate(now=datetime.now(UTC)):
        taken += done
    return taken / (time.perf_counter() - began)


def idle_sweep() -> float:
    """Running clocks a second that a sweep looks at and finds nothing new on, as every minute."""
    clocks = Clock.objects.open().count()
    began = time.perf_counter()
    assert journey.escalate(now=datetime.now(UTC)) == 0  # noqa: S101 - a measurement of something else would lie
    return clocks / (time.perf_counter() - began)


def bare_scan() -> float:
    """Baseline: overdue clocks a second that one statement reads with their hand-offs, in pages of nothing else."""
    began = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT clock.id, clock.due_at, handoff.owner_id FROM sla_clock clock JOIN sla_handoff handoff"
            " ON handoff.id = clock.handoff_id WHERE clock.met_at IS NULL AND clock.cancelled_at IS NULL"
            " AND clock.due_at < %s ORDER BY clock.due_at, clock.id",
            [datetime.now(UTC)],
        )
        rows = len(cursor.fetchall())
    return rows / (time.perf_counter() - began)


def get_next() -> tuple[float, list[float]]:
    """Leads a second that sixteen reps take from the pool at once, and how long each press took, in ms.

    They stop after PRESSES each, because the pool also holds what other measurements left there. Raises AssertionError
    if two of them got one lead.
    """
    reps = list(User.objects.filter(email__startswith="backlog").values_list("pk", flat=True)[:AT_ONCE])

    def press(rep: UUID) -> UUID | None:
        taken = journey.pull_next(rep, now=datetime.now(UTC))
        return taken.handoff_id if taken else None

    return _at_once(reps, press, most=PRESSES)


def bare_claim(count: int) -> tuple[float, list[float]]:
    """Baseline: sixteen connections that each claim a row of a bare table with SKIP LOCKED, durable."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_pool (id serial PRIMARY KEY, taken_by uuid)")
        cursor.execute("INSERT INTO bench_pool SELECT generate_series(1, %s)", [count])
        cursor.execute("CREATE INDEX ON bench_pool (id) WHERE taken_by IS NULL")

    def claim(rep: UUID) -> UUID | None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "UPDATE bench_pool SET taken_by = %s WHERE id = (SELECT id FROM bench_pool WHERE taken_by IS NULL"
                " ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id",
                [rep],
            )
            row = cursor.fetchone()
            return UUID(int=row[0]) if row else None

    return _at_once(list(HandOff.objects.values_list("pk", flat=True)[:AT_ONCE]), claim)


def _at_once(
    people: list[UUID], act: Callable[[UUID], UUID | None], most: int = 1_000_000
) -> tuple[float, list[float]]:
    """Everybody acts again and again, `most` times or until nothing is left; what was got a second, each act's ms."""
    gate = threading.Barrier(len(people) + 1)

    def run(person: UUID) -> tuple[list[UUID], list[float]]:
        got: list[UUID] = []
        times: list[float] = []
        gate.wait()
        while len(got) < most:
            began = time.perf_counter()
            try:
                one = act(person)
            finally:
                connection.close()  # back into the pool, which has fewer than people, as after a request
            times.append(1000 * (time.perf_counter() - began))
            if one is None:
                break
            got.append(one)
        return got, times

    with ThreadPoolExecutor(len(people)) as pool:
        futures = [pool.submit(run, person) for person in people]
        gate.wait()
        began = time.perf_counter()
        done = [future.result() for future in futures]
        seconds = time.perf_counter() - began
    taken = [one for got, _times in done for one in got]
    assert len(taken) == len(set(taken))  # noqa: S101 - a lead that two people got is no speed
    return len(taken) / seconds, [took for _got, times in done for took in times]
