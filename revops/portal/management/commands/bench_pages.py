"""Measures pages among a crowd of leads: manage.py bench_pages [--leads N] [--database NAME] [--only WORD]."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from revops.portal.benchmarking import pages
from revops.portal.benchmarking.server import open_large_company, own_database, web_server
from revops.portal.benchmarking.site import BareLead


class Command(BaseCommand):
    help = "Measures how long pages take at 4 connections among a million leads, and what they cost in processor time."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--leads", type=int, default=1_000_000)
        parser.add_argument("--acts", type=int, default=10, help="how many acts each of them has")
        parser.add_argument("--database", default="", help="keep what was made under this name, and use it again")
        parser.add_argument("--connections", type=int, default=4)
        parser.add_argument("--seconds", type=float, default=4.0, help="how long each page is asked for")
        parser.add_argument("--only", default="", help="only pages whose name contains this")
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(
        self, *args: Any, leads: int, acts: int, database: str, connections: int, seconds: float, only: str,
        **options: Any,
    ) -> None:  # fmt: skip
        rows: list[dict[str, Any]] = []
        with own_database(database) as name:
            open_large_company(leads, acts)
            _lay_bare_rows()
            people = pages.people()
            cookies = {role: pages.cookie_of(user) for role, user in people.items()}
            with web_server(name, 2, 8) as port:
                bare, *others = pages.pages(people)
                for page in (bare, *(one for one in others if only in one.name)):
                    cost = pages.ask(page, cookies[page.role], port, connections, seconds)
                    rows.append(_told(page, cost, rows))
                    if not options["json"]:
                        self.stdout.write(_line(rows[-1]))
                        self.stdout.flush()
        if options["json"]:
            self.stdout.write(json.dumps({"leads": leads, "connections": connections, "pages": rows}, indent=2))


def _lay_bare_rows() -> None:
    """Fifty rows for the bare list, the baseline."""
    rows = BareLead._default_manager
    missing = 50 - rows.count()
    rows.bulk_create(BareLead(name="Ada", email=f"p{n}@x.com", company="X", country="DE") for n in range(missing))


def _told(page: pages.Page, cost: pages.Cost, before: list[dict[str, Any]]) -> dict[str, Any]:
    p95 = cost.load.percentile(0.95)
    return {
        "name": page.name, "path": page.path, "failures": cost.load.failures,
        "requests": len(cost.load.times), "p50_ms": cost.load.percentile(0.5),
        "p95_ms": p95, "ratio": p95 / before[0]["p95_ms"] if before else 1.0, "web_cpu_ms": cost.web_ms,
        "database_cpu_ms": cost.database_ms,
    }  # fmt: skip


def _line(row: dict[str, Any]) -> str:
    if row["failures"]:  # its times would mean nothing
        return f"{row['name']:30} failed {row['failures']} of {row['requests']} requests"
    return (
        f"{row['name']:30} {row['requests']:5} requests  p50 {row['p50_ms']:7.1f}  p95 {row['p95_ms']:7.1f} ms"
        f"  {row['ratio']:5.2f} × bare  processor {row['web_cpu_ms']:6.1f} + {row['database_cpu_ms']:6.1f} ms"
    )
