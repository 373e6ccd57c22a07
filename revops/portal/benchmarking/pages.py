"""The pages people work with, asked over HTTP: how long they take, and what each costs the portal and PostgreSQL."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from feedback.metrics import Week, organisation_zone
from leads.models import Lead
from revops.foundation.models import Role, User
from revops.portal.benchmarking.load import Load, drive, request
from revops.portal.benchmarking.memory import children_of
from revops.portal.benchmarking.robot import session_of
from sla.models import HandOff

_TICKS = os.sysconf("SC_CLK_TCK")
_HTMX = ("HX-Request: true", "HX-Target: detail")


@dataclass(frozen=True, slots=True)
class Page:
    """One page as one person asks for it."""

    name: str
    role: str
    path: str
    headers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cost:
    """What a run of requests showed, with processor milliseconds a request of web workers and of the database.

    Processor times are 0 where the system does not tell.
    """

    load: Load
    web_ms: float
    database_ms: float


def pages(people: Mapping[str, User]) -> list[Page]:
    """What reps, managers and programs ask for most, each with what makes it hard."""
    longest = _longest_lead()
    waiting = HandOff.objects.open().filter(owner=people["rep"]).in_queue_order()[1].lead.public_id
    found = [
        Page("bare list of 50 (baseline)", "rep", "/bare/"),
        Page("home", "rep", "/"),
        Page("queue", "rep", "/queue/"),
        Page("queue, next card ahead", "rep", f"/queue/?lead={waiting}&part=detail", _HTMX),
        Page("queue, accepted leads", "rep", "/queue/?show=accepted"),
        Page("queue of the team", "sales_manager", "/queue/?owner=team"),
        Page("lead of 10,000 acts", "sales_manager", f"/leads/{longest.public_id}/"),
        Page("leads", "sales_manager", "/leads/"),
        Page("leads of a rep", "rep", "/leads/?owner=me"),
    ]
    filters = {
        "by stage": "stage=accepted", "by tier": "sort=tier", "by tier, filtered": "tier=1&sort=tier",
        "by source": "source=website", "by country": "country=DE", "by day": "received_from=2026-06-01&sort=received",
        "rejected": "rejected=any", "of nobody": "owner=nobody&stage=accepted",
        "named, one": "q=p77777%40crowd.example", "named, many": "q=crowd", "named, none": "q=zebra",
        "live only": "is_history=no",
    }  # fmt: skip
    found += [Page(f"leads {name}", "sales_manager", f"/leads/?{query}") for name, query in filters.items()]
    shared = {
        "accounts": "/accounts/", "account search": "/accounts/?q=company+77777", "sources": "/sources/",
        "review": _review(), "rejections": "/rejections/", "rejections, year": "/rejections/?weeks=52&by=rep",
        "SLA": "/sla/", "search": "/search/?q=crowd+company+77777",
    }  # fmt: skip
    found += [Page(name, "sales_manager", path) for name, path in shared.items()]
    api = {
        "leads": "/leads/?limit=50", "leads by tier": "/leads/?limit=50&tier=1",
        "one lead": f"/leads/{longest.public_id}/",
        "leads named": "/leads/?q=p77777%40crowd.example", "accounts": "/accounts/?limit=50",
    }  # fmt: skip
    return [*found, *(Page(f"API {name}", "sales_manager", f"/api/v1{path}") for name, path in api.items())]


def cookie_of(user: User) -> str:
    """The header with which a browser of this person comes."""
    return f"Cookie: {settings.SESSION_COOKIE_NAME}={session_of(user)}"


def people() -> dict[str, User]:
    """Somebody of each role; the rep is one with a full queue."""
    return {
        "rep": User.objects.filter(role=Role.REP).order_by("email")[1],
        "sales_manager": User.objects.filter(role=Role.SALES_MANAGER)[0],
    }


def ask(page: Page, cookie: str, port: int, connections: int, seconds: float) -> Cost:
    """One page again and again; what the browser would keep is asked for each time."""
    asked = request("GET", page.path, b"", cookie, "Accept: text/html,application/json", *page.headers)
    drive(port, connections, min(1.0, seconds / 4), lambda number: asked)  # plans and compiled rules are there
    web, database = _taken(_web_workers()), _taken(_backends())
    load = drive(port, connections, seconds, lambda number: asked)
    done = max(1, len(load.times))
    return Cost(load, 1000 * (_taken(_web_workers()) - web) / done, 1000 * (_taken(_backends()) - database) / done)


def _longest_lead() -> Lead:
    """The newest lead that waits with somebody: a crowd's longest history, see crowd_work."""
    return HandOff.objects.filter(pk__lt="00000000-0000-7000-80ef-000000000000").latest("pk").lead


def _review() -> str:
    """The address of the review of the running week; the short one only leads there."""
    return reverse("review-week", args=[Week.of(timezone.now(), organisation_zone()).name])


def _web_workers() -> Iterator[int]:
    for master in children_of(os.getpid()):
        yield from children_of(master)


def _backends() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
        return [pid for (pid,) in cursor.fetchall()]


def _taken(pids: Iterator[int] | list[int]) -> float:
    """Processor seconds that some processes took so far."""
    total = 0
    for pid in pids:
        with suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
    return total / _TICKS
