"""Measures an import by the way people take: the file, the wizard's job, a worker's process; beside a bare COPY."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.db.models import Count
from django.utils import timezone

from leads.intake import Item
from leads.models import Source
from revops.foundation import doorbell
from revops.foundation.models import Job, User
from revops.portal import journey
from revops.portal.benchmarking.load import Load, drive, request
from revops.portal.imports import wizard
from revops.portal.imports.uploads import begin_import, store_file
from sla.models import HandOff

T = TypeVar("T")

HEADER = "Email,Name,Company,Title,Employees,Country,utm_campaign\n"


@dataclass(slots=True)
class Imported:
    """What an import of so many rows came to. `memory` is the most the worker held, in MB."""

    rows: int
    seconds: float
    memory: int
    counts: dict[str, Any] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        return self.rows / self.seconds


def write_people(path: Path, rows: int) -> None:
    """A file of people nobody knows, three to a company, with few campaigns."""
    stamp = f"{int(time.time()):x}"
    firms = rows // 3 + 1
    with path.open("w") as file:
        file.write(HEADER)
        for number in range(rows):
            firm = number % firms
            file.write(
                f"p{number}x{stamp}@firm{firm}-{stamp}.com,Person {number},Firm {firm},Operations Manager,"
                f"{number % 900},DE,camp-{number % 5}\n"
            )


def run_import(rows: int, folder: Path) -> Imported:
    """Imports a new file in a process of its own, as a worker does, and watches how much memory that takes."""
    path = folder / f"people-{rows}.csv"
    write_people(path, rows)
    now = timezone.now()
    source, _is_new = Source.objects.get_or_create(key="bench", defaults={"name": "Bench", "created_at": now})
    run = begin_import(store_file(path, None, now), None, now)
    path.unlink()
    wizard.choose_mapping(run, wizard.offered_mapping(run), None, now)
    wizard.set_rules(run, source=source, legal_basis="consent", is_history=False)
    with doorbell.muffled():
        job = wizard.start_run(run, None, now)
    worker = _worker(job)
    memory = 0
    while worker.poll() is None:
        memory = max(memory, _megabytes(worker.pid))
        time.sleep(0.1)
    job.refresh_from_db()
    if worker.returncode or job.state != "done":
        raise RuntimeError(job.error or f"The worker ended with {worker.returncode}.")
    if job.started_at is None or job.finished_at is None:
        raise RuntimeError("The job has no times.")
    return Imported(rows, (job.finished_at - job.started_at).total_seconds(), memory, job.result)


def _worker(job: Job) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "BENCH_DATABASE": str(connection.settings_dict["NAME"]),
        "VAR_DIR": str(settings.VAR_DIR),
        "DJANGO_SETTINGS_MODULE": "revops.portal.benchmarking.settings",
    }
    code = (
        "import sys, django; django.setup()\n"
        "from django.utils import timezone\n"
        "from revops.foundation import jobs\n"
        "from revops.foundation.processes import work_in_the_background\n"
        "import revops.portal.journey\n"
        "work_in_the_background()\n"
        "sys.exit(0 if jobs.run(sys.argv[1], timezone.now) == 'done' else 1)\n"
    )
    return subprocess.Popen([sys.executable, "-c", code, str(job.pk)], env=environment, cwd=settings.BASE_DIR)


def _megabytes(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    for line in status.splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) // 1024
    return 0


def copy_into_six_indexes(rows: int) -> float:
    """Baseline: rows a second that COPY writes into a bare table of the same columns with six indexes."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bench_people")
        cursor.execute(
            "CREATE TABLE bench_people (id uuid PRIMARY KEY, email text, name text, company text, title text,"
            " employees int, country text, campaign text)"
        )
        for column in ("email", "name", "company", "country", "campaign"):
            cursor.execute(f"CREATE INDEX ON bench_people ({column})")
        began = time.perf_counter()
        with cursor.copy("COPY bench_people FROM STDIN") as copy:
            for number in range(rows):
                firm, campaign = number % 9_973, f"camp-{number % 5}"
                copy.write_row(
                    (f"{number:032x}", f"p{number}@firm{firm}.com", f"Person {number}", f"Firm {firm}", "Manager",
                     number % 900, "DE", campaign)
                )  # fmt: skip
        seconds = time.perf_counter() - began
        cursor.execute("DROP TABLE bench_people")
    return rows / seconds


def fill_queue() -> bytes:
    """Gives the reps leads to work on; answers with the request for the queue of one of them, signed in."""
    from revops.portal.benchmarking.measures import person  # brings a table that only measured databases have

    source = Source.objects.get(key="website")
    journey.admit(
        [Item(source_id=source.pk, channel="api", payload=person(10_000_000 + number)) for number in range(300)],
        now=timezone.now(),
    )
    busiest = HandOff.objects.open().exclude(owner=None).values("owner").annotate(n=Count("pk")).order_by("-n")
    rep = User.objects.get(pk=busiest[0]["owner"])
    session = SessionStore()
    session[SESSION_KEY], session[HASH_SESSION_KEY] = str(rep.pk), rep.get_session_auth_hash()
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session.create()
    return request("GET", "/queue/", b"", f"Cookie: {settings.SESSION_COOKIE_NAME}={session.session_key}")


@dataclass(slots=True)
class Watched:
    """A page that one person asks for again and again while something else goes on."""

    port: int
    asked: bytes
    times: list[float] = field(default_factory=list)
    failures: int = 0

    def during(self, work: Callable[[], T]) -> T:
        """Does the work while the page is asked for; answers with what the work gave."""
        is_over = threading.Event()
        asking = threading.Thread(target=self._ask, args=(is_over,))
        asking.start()
        try:
            return work()
        finally:
            is_over.set()
            asking.join()

    def _ask(self, is_over: threading.Event) -> None:
        while not is_over.is_set():
            load = drive(self.port, 1, 0.5, lambda _number: self.asked)
            self.times += load.times
            self.failures += load.failures + load.statuses.get(302, 0)

    @property
    def p95(self) -> float:
        """In milliseconds."""
        return Load(0.0, self.times).percentile(0.95)


def measure(port: int, rows: int, idle_seconds: float, note: Callable[..., None]) -> None:
    """Baseline, queue at rest, import of a tenth and of all rows with the queue asked for meanwhile."""
    copied = copy_into_six_indexes(rows)
    note("COPY into a table of six indexes", copied, "rows/s")
    asked = fill_queue()
    Watched(port, asked).during(lambda: time.sleep(2))
    idle = Watched(port, asked)
    idle.during(lambda: time.sleep(idle_seconds))
    note("queue at rest", 1000 / idle.p95, "pages/s", p95=idle.p95)
    with tempfile.TemporaryDirectory(prefix="bench-import-") as name:
        for count in (max(rows // 10, 1), rows):
            busy = Watched(port, asked)
            done = busy.during(lambda count=count: run_import(count, Path(name)))  # type: ignore[misc]
            note(f"import of {count:,} rows, {done.seconds:.0f} s, worker {done.memory} MB", done.rate, "rows/s",
                 baseline=copied)  # fmt: skip
            words = f"queue meanwhile, {busy.p95 / idle.p95:.1f} × at rest"
            note(words, 1000 / busy.p95, "pages/s", p95=busy.p95)
            if idle.failures or busy.failures:
                raise RuntimeError(f"The queue failed {idle.failures + busy.failures} times.")
