"""The measurements, each a few seconds long: over HTTP through the portal's own server, and inside this process."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

import numpy as np
from django.db import transaction

from leads.models import Lead
from revops.portal.benchmarking.load import Load, drive, request
from revops.portal.benchmarking.site import BareLead
from scoring.engine import evaluate
from scoring.facts import load_facts
from scoring.publishing import live_rulebook
from sla.business_time import due_many
from sla.calendars import hours_of
from sla.models import RepProfile

BATCH = 1000
EVALUATED = 100_000
DEADLINES = 200_000
_RUN = uuid4().hex[:8]


def person(number: int) -> dict[str, Any]:
    """A believable submission; one in three asks for a demo, three work for each company, a hundred apart: colleagues
    who write within the same hundredth of a second wait for each other, and hardly ever do so."""
    company = number // 300 * 100 + number % 100
    return {
        "email": f"person{number}@company{_RUN}{company}.com", "first_name": "Ada", "last_name": f"Number{number}",
        "title": "VP Sales", "company": f"Company {_RUN} {company}", "country": "DE", "employees": 200,
        "industry": "Software", "need": "Routing for twelve reps", "timeline_on": "2030-04-15",
        "act": "demo_request" if number % 3 == 0 else "content_download", "signals": [{"kind": "pricing_page_visit"}],
    }  # fmt: skip


def bare(port: int, connections: int, seconds: float) -> Load:
    """Baseline: a ModelSerializer inserts one row."""

    def make(number: int) -> bytes:
        body = {"name": "Ada", "email": f"p{number}@x.com", "company": "X", "title": "VP", "country": "DE", "need": "n"}
        return request("POST", "/bare/", json.dumps(body).encode())

    return drive(port, connections, seconds, make)


_numbers = count()


def single(port: int, connections: int, seconds: float, key: str) -> Load:
    """One submission a request, with key and Idempotency-Key, the whole journey, durable before the answer."""

    def make(_number: int) -> bytes:
        number = next(_numbers)
        body = json.dumps({"source": "website", **person(number)}).encode()
        headers = (f"Authorization: Bearer {key}", f"Idempotency-Key: {_RUN}-{number}")
        return request("POST", "/api/v1/submissions/", body, *headers)

    return drive(port, connections, seconds, make)


def batches(port: int, connections: int, seconds: float, key: str) -> Load:
    """A thousand submissions a request; rate and times are those of the requests."""

    def make(_number: int) -> bytes:
        items = [person(next(_numbers)) for _ in range(BATCH)]
        body = json.dumps({"source": "website", "items": items}).encode()
        return request("POST", "/api/v1/submissions/batch/", body, f"Authorization: Bearer {key}")

    return drive(port, connections, seconds, make)


def lists(port: int, connections: int, seconds: float, key: str) -> Load:
    """The newest fifty leads."""
    asked = request("GET", "/api/v1/leads/?limit=50", b"", f"Authorization: Bearer {key}")
    return drive(port, connections, seconds, lambda number: asked)


def bare_bulk(seconds: float) -> float:
    """Baseline: rows a second by bulk_create, a thousand a commit."""

    def insert() -> int:
        rows = [BareLead(name="Ada", email=f"p{n}@x.com", created_at=datetime.now(UTC)) for n in range(BATCH)]
        with transaction.atomic():
            BareLead._default_manager.bulk_create(rows)
        return BATCH

    return _rate(insert, seconds)


def deadlines(seconds: float) -> float:
    """Deadlines a second in the business time of a calendar."""
    hours = hours_of(RepProfile.objects.select_related("calendar")[0].calendar.versions.latest("pk"))
    start = datetime(2026, 1, 1, tzinfo=UTC)
    starts = [start + timedelta(minutes=7 * number) for number in range(DEADLINES)]
    return _rate(lambda: len(due_many(starts, timedelta(hours=4), hours)), seconds)


def evaluations(seconds: float) -> float:
    """Leads a second that the live rulebook judges, explanation included."""
    compiled, now = live_rulebook().compiled, datetime.now(UTC)
    ids = list(Lead.objects.values_list("pk", flat=True)[:5000])
    frame = load_facts(ids, compiled, as_of={}, now=now).frame
    many = frame.take((np.arange(EVALUATED) % len(ids)).tolist())
    return _rate(lambda: len(evaluate(compiled, many).tier), seconds)


def _rate(work: Callable[[], int], seconds: float) -> float:
    work()  # once to warm up
    done, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        done += work()
    return done / (time.perf_counter() - began)
