"""Measures the portal against a bare baseline in the same run; docs/benchmarks.md explains the figures."""

from __future__ import annotations

import json
import os
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from revops.portal.benchmarking import importing, matching, measures, memory, past, promises, routing
from revops.portal.benchmarking.load import Load
from revops.portal.benchmarking.server import open_company, own_database, web_server

WARM_UP = 6.0
"""Seconds under load before anything is measured: rules compiled, and plans kept by each of some twenty connections."""


class Command(BaseCommand):
    help = "Measures intake, lists, deadlines and scoring, as ratios to a bare baseline of the same run."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON document")
        parser.add_argument("--cases", type=int, default=1_000_000, help="how many past cases and running leads")
        parser.add_argument("--import", dest="rows", type=int, metavar="ROWS", help="measure only an import of so many")
        parser.add_argument("--seconds", type=float, default=5.0, help="length of each measurement")
        parser.add_argument("--workers", type=int, default=int(os.environ.get("WEB_WORKERS", "2")))
        parser.add_argument("--threads", type=int, default=int(os.environ.get("WEB_THREADS", "8")))

    def handle(self, *args: Any, seconds: float, workers: int, threads: int, cases: int, **options: Any) -> None:
        self.rows: list[dict[str, Any]] = []
        self.is_quiet = options["json"]
        with own_database() as database:
            key = open_company()
            with web_server(database, workers, threads) as port:
                if options["rows"]:
                    importing.measure(port, options["rows"], seconds, self._note)
                else:
                    self._measure_http(port, key, seconds)
            if not options["rows"]:
                self._measure_inside(seconds)
                self._measure_matching()
                self._measure_routing()
                self._measure_promises()
                self._measure_past(cases)
                self._measure_memory(cases, database, key, threads)
        if options["json"]:
            about = {"workers": workers, "threads": threads, "cpus": os.cpu_count(), "seconds": seconds}
            self.stdout.write(json.dumps({"about": about, "results": self.rows}, indent=2))

    def _measure_http(self, port: int, key: str, seconds: float) -> None:
        measures.bare(port, 8, 1.0)
        measures.single(port, 8, WARM_UP, key)
        for connections in (4, 32):
            bare = self._load(f"bare insert, {connections} connections", measures.bare, port, connections, seconds)
            name = f"submission, {connections} connections"
            self._load(name, measures.single, port, connections, seconds, key, baseline=bare.rate)
        bulk = measures.bare_bulk(min(seconds, 2.0))
        self._note("bare bulk_create of 1,000", bulk, "rows/s")
        for connections in (1, 4):
            load = measures.batches(port, connections, seconds, key)
            self._check(load)
            name = f"batches of 1,000, {connections} connection{'s' if connections > 1 else ''}"
            rate, p95 = load.rate * measures.BATCH, load.percentile(0.95)
            self._note(name, rate, "leads/s", baseline=bulk, p95=p95)
        self._load("list of 50 leads, 4 connections", measures.lists, port, 4, seconds, key)

    def _measure_matching(self) -> None:
        """How many people a second are compared, and how right the proposals are, beside similar text alone."""
        with transaction.atomic():
            ours, alike = matching.measure_both(4000, 11, timezone.now())
            transaction.set_rollback(True)
        baseline = alike.people / alike.seconds
        for name, found in (("people beside similar text alone", alike), ("people matched", ours)):
            rate = found.people / found.seconds
            self._note(name, rate, "people/s", baseline=baseline if found is ours else None)
            self.rows[-1] |= {"precision": round(found.precision, 4), "recall": round(found.recall, 4)}
            if not self.is_quiet:
                self.stdout.write(f"{'':38} precision {found.precision:.4f}, recall {found.recall:.4f}")

    def _measure_inside(self, seconds: float) -> None:
        self._note("deadlines in business time", measures.deadlines(min(seconds, 2.0)), "deadlines/s")
        self._note("rescoring, evaluation only", measures.evaluations(min(seconds, 2.0)), "leads/s")
        self._note("stored decisions made again", past.replaying(2_000), "decisions/s")

    def _measure_routing(self) -> None:
        routing.hire_reps()
        self._note("one hand-off at intake", 1000 / routing.one_hand_off(), "hand-offs/s")
        self._note("routing in it", 1000 / routing.one_route(), "leads/s")
        dealt = routing.set_based(10_000)
        self._note("leads dealt by one statement", dealt, "leads/s")
        for count in (5_000, 20_000):
            self._note(f"routing {count:,} among 50", routing.routing_alone(count), "leads/s", baseline=dealt)
        self._note("backlog, with owners and clocks", routing.backlog(5_000), "leads/s", baseline=dealt)

    def _measure_promises(self, count: int = 2_000) -> None:
        """The ladder over hand-offs that nobody answered, then sixteen people who take them from the pool."""
        promises.leave_unanswered(count)
        scanned = promises.bare_scan()
        self._note("overdue clocks, bare scan", scanned, "clocks/s")
        self._note("ladder, steps taken and told", promises.first_sweep(), "steps/s")
        self._note("ladder, a sweep that finds nothing", promises.idle_sweep(), "clocks/s", baseline=scanned)
        bare, times = promises.bare_claim(count)
        self._note("rows claimed by 16 at once", bare, "rows/s", p95=percentile(times, 0.95),
                   p50=percentile(times, 0.5))  # fmt: skip
        rate, times = promises.get_next()
        self._note("“Get next”, 16 at once", rate, "leads/s", baseline=bare, p95=percentile(times, 0.95),
                   p50=percentile(times, 0.5))  # fmt: skip

    def _measure_past(self, cases: int) -> None:
        """Backtest and rescoring, beside grouped SQL and one wide UPDATE over as many rows."""
        if not cases:
            return
        past.make_past(cases)
        sql = min(past.grouped_sql(cases) for _round in range(2))
        self._note("grouped SQL over wide rows", cases / sql, "cases/s", took=sql * 1000)
        for name, measure in (
            ("backtest, quick answer of a cold process", past.quick_backtest),
            ("backtest, exact, cold", past.cold_backtest),
            ("backtest, another change", past.next_backtests),
            ("backtest, asked again", past.same_backtest),
        ):
            seconds = measure()
            self._note(name, cases / seconds, "cases/s", baseline=cases / sql, took=seconds * 1000)
        past.make_leads(cases)
        wide = past.wide_update()
        self._note("one wide UPDATE", wide, "leads/s")
        self._note("rescoring, nothing packed before", past.rescoring(), "leads/s", baseline=wide)
        self._note("rescoring, packed by the sweeps", past.rescoring(), "leads/s", baseline=wide)

    def _measure_memory(self, cases: int, database: str, key: str, threads: int) -> None:
        """What a web worker and a task worker take at most on the largest questions."""
        if not cases:
            return
        with web_server(database, 1, threads) as port:
            took = memory.ask_over_http(port, key)
            self._note("backtest over HTTP, nothing started", cases / took, "cases/s", took=took * 1000)
            worker, helper = memory.web_workers()
        self._note("web worker that asked, at most", worker, "MB")
        self._note("its helper, at most", helper, "MB")
        rate, peak = memory.rescoring_apart()
        self._note("rescoring in a task worker", rate, "leads/s")
        self._note("task worker that rescored, at most", peak, "MB")

    def _load(self, name: str, measure: Callable[..., Load], *arguments: Any, baseline: float | None = None) -> Load:
        load = measure(*arguments)
        self._check(load)
        self._note(
            name, load.rate, "requests/s", baseline=baseline, p95=load.percentile(0.95), p50=load.percentile(0.5)
        )
        return load

    def _check(self, load: Load) -> None:
        if load.failures:
            raise CommandError(f"Requests failed, so the figure would mean nothing: {load.statuses}")

    def _note(self, name: str, rate: float, unit: str, baseline: float | None = None, **milliseconds: float) -> None:
        row: dict[str, Any] = {"name": name, "rate": round(rate, 1), "unit": unit}
        row["ratio"] = round(rate / baseline, 2) if baseline else None
        row |= {f"{name}_ms": round(value, 1) for name, value in milliseconds.items()}
        self.rows.append(row)
        if not self.is_quiet:
            ratio = f"{row['ratio']:.2f} × baseline" if row["ratio"] is not None else ""
            times = "  ".join(f"{name} {value:.1f} ms" for name, value in milliseconds.items())
            self.stdout.write(f"{name:38} {rate:12,.0f} {unit:12} {ratio:17} {times}")
            self.stdout.flush()


def percentile(times: list[float], share: float) -> float:
    return sorted(times)[min(len(times) - 1, int(share * len(times)))]
