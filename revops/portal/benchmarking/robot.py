"""A robot rep: decides leads in a real browser by keys alone, while the server may be killed under its hands."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import connection
from django.test import Client

from feedback.models import Disposition
from leads.intake import Item
from leads.models import Source
from leads.models.submissions import Channel
from revops.foundation.models import User
from revops.foundation.web_server import gunicorn_command
from revops.portal import journey
from sla.models import RepProfile

if TYPE_CHECKING:
    from playwright.sync_api import Page

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATIENCE_MS = 60_000
KEYS = {
    "accepted": ("a",),
    "rejected": ("x", "2", "1", "Grace Hopper", "Enter"),
    "returned": ("n", "Enter"),
}
"""What the robot presses for each answer; a word is typed."""
PLAN = ("accepted", "rejected", "accepted", "returned", "accepted")

WATCH = """
(() => {
  const name = () => [...document.querySelectorAll("#detail .lead-title h2")]
    .find((one) => one.checkVisibility())?.textContent || "";
  const robot = window.robot = { pressed: 0, painted: 0, before: "", focusLost: 0, name };
  addEventListener("keydown", () => { robot.pressed = performance.now(); }, true);
  const look = () => {
    if (robot.before && !robot.painted && name() !== robot.before) robot.painted = performance.now();
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
  robot.arm = () => { robot.before = name(); robot.painted = 0; return robot.before; };
  robot.settled = () => robot.painted && !document.querySelector(".card-ahead") && name() !== robot.before
    && !document.querySelector("#detail form[hx-post]:not([data-htmx-powered])");
})();
"""


class RobotServer:
    """The portal's web server on one database and one port; it can be killed and comes back."""

    def __init__(self, database: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.database = database
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "revops.portal.benchmarking.settings",
            "BENCH_DATABASE": self.database,
            "SECRET_KEY": settings.SECRET_KEY,
            "PUBLIC_URL": f"http://127.0.0.1:{self.port}",
            "DEMO_MODE": "1",
        }
        command = gunicorn_command(f"127.0.0.1:{self.port}", workers=1, log_level="critical")
        self.process = subprocess.Popen(
            command, env=environment, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def wait(self) -> None:
        """Until it answers; a minute at most."""
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.1)
        raise RuntimeError("The web server did not start.")

    def kill(self) -> None:
        """kill -9 of master and workers at once."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)

    def kill_and_restart(self) -> None:
        self.kill()
        self.start()


@dataclass(slots=True)
class Shift:
    """What a robot did: milliseconds from the deciding key to the next lead painted, and what each lead was given."""

    painted_ms: list[float] = field(default_factory=list)
    expected: dict[str, str] = field(default_factory=dict)
    kills: int = 0
    focus_losses: int = 0

    def percentile(self, share: float) -> float:
        ordered = sorted(self.painted_ms)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


@dataclass(frozen=True, slots=True)
class Account:
    """How the decisions of a shift stand in the database."""

    decided: int
    lost: int
    doubled: int
    different: int


def open_leads(rep: User, count: int, now: datetime) -> None:
    """So many sales-ready leads of one rep, each of its own company, due one after the other."""
    source = Source.objects.order_by("created_at")[0]
    RepProfile.objects.exclude(user=rep).update(is_routable=False)
    RepProfile.objects.filter(user=rep).update(capacity=None)
    shift = f"{now:%j%H%M}"
    for number in range(count):
        at = now - timedelta(days=2) + timedelta(seconds=number)
        journey.admit([Item(source.pk, Channel.API, _ready(f"{shift}-{number}"), received_at=at)], now=at)


def _ready(number: str) -> dict[str, Any]:
    return {
        "email": f"robot{number}@robot-lead-{number}.example", "first_name": "Ada", "last_name": f"Robot {number}",
        "title": "VP Sales", "company": f"Robot Lead {number}", "country": "DE", "employees": "300",
        "industry": "Software", "act": "demo_request", "need": "We need routing this quarter",
        "phone": "+493012345678", "signals": [{"kind": "pricing_page_visit"}, {"kind": "pricing_page_visit"}],
    }  # fmt: skip


def session_of(rep: User) -> str:
    """A session of this person. Asked before a browser runs: beside its event loop Django refuses the database."""
    client = Client()
    client.force_login(rep, backend=settings.AUTHENTICATION_BACKENDS[0])
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def sign_in(page: Page, session: str, port: int) -> None:
    """Gives the browser a session."""
    name = settings.SESSION_COOKIE_NAME
    page.context.add_cookies([{"name": name, "value": session, "url": f"http://127.0.0.1:{port}"}])


def work(page: Page, server: RobotServer, decisions: int, kills: int, rng: Random) -> Shift:
    """Decides so many leads by keys alone; during `kills` of them the server is killed at a random moment."""
    shift = Shift()
    page.add_init_script(WATCH)
    page.set_default_timeout(PATIENCE_MS)
    page.goto(f"http://127.0.0.1:{server.port}/queue/")
    killed = set(rng.sample(range(decisions), kills))
    for number in range(decisions):
        page.locator("#detail .lead-title h2").wait_for()
        page.wait_for_timeout(rng.uniform(400, 700))  # a person reads; the next card is fetched meanwhile
        kind = PLAN[number % len(PLAN)]
        name = page.evaluate("robot.arm()")
        shift.expected[name] = kind
        timer = None
        if number in killed:
            timer = threading.Timer(rng.uniform(0.0, 0.08), server.kill_and_restart)
            timer.start()
            shift.kills += 1
        for key in KEYS[kind]:
            page.keyboard.press(key) if len(key) == 1 or key == "Enter" else page.keyboard.type(key)
        _wait_until_settled(page)
        if timer is not None:
            timer.join()
        else:
            shift.painted_ms.append(page.evaluate("robot.painted - robot.pressed"))
        shift.focus_losses += page.evaluate("document.activeElement === document.body ? 1 : 0")
    return shift


def _wait_until_settled(page: Page) -> None:
    """Asks again and again: the page's content policy lets no condition be evaluated inside it."""
    until = time.monotonic() + PATIENCE_MS / 1000
    while not page.evaluate("robot.settled()"):
        if time.monotonic() > until:
            raise TimeoutError("The desk did not show the next card.")
        page.wait_for_timeout(20)


def audit(shift: Shift) -> Account:
    """Compares what was pressed with what is in the database, read anew."""
    connection.close()
    rows = Disposition.objects.filter(lead__account__name__in=shift.expected).values_list("lead__account__name", "kind")
    found: dict[str, list[str]] = {}
    for name, kind in rows:
        found.setdefault(name, []).append(kind)
    counts = Counter(len(found.get(name, [])) for name in shift.expected)
    different = sum(1 for name, kind in shift.expected.items() if found.get(name, [kind])[0] != kind)
    doubled = sum(number for times, number in counts.items() if times > 1)
    return Account(len(shift.expected), counts[0], doubled, different)


def browser_path() -> str:
    """The installed Chromium; the variable CHROMIUM names another one. Raises RuntimeError without one."""
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        raise RuntimeError("No Chromium found. Install one, or set CHROMIUM to its path.")
    return path


ARGUMENTS: Sequence[str] = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
