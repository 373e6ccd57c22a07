"""Measures pages as a slow phone shows them: manage.py bench_feel [--leads N] [--database NAME] [--rounds N]."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.test import override_settings

from revops.portal.benchmarking import feel, pages, robot
from revops.portal.benchmarking.server import open_large_company, own_database, web_server
from sla.models import HandOff


class Command(BaseCommand):
    help = "Measures first paint, jumps and answers to keys on a slow phone, and fails where a budget is exceeded."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--leads", type=int, default=20_000)
        parser.add_argument("--acts", type=int, default=10, help="how many acts each of them has")
        parser.add_argument("--database", default="", help="keep what was made under this name, and use it again")
        parser.add_argument("--rounds", type=int, default=5, help="first visits of each page; the middle one counts")
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, leads: int, acts: int, database: str, rounds: int, **options: Any) -> None:
        try:
            from playwright.sync_api import sync_playwright  # a tool of development, not of the product
        except ImportError:
            raise CommandError("Playwright is missing. Run 'make setup', which installs it.") from None
        found: list[feel.Feel] = []
        with own_database(database) as name, TemporaryDirectory() as static:
            open_large_company(leads, acts)
            with override_settings(STATIC_ROOT=static):
                call_command("collectstatic", interactive=False, verbosity=0)
            people = pages.people()
            sessions = {role: robot.session_of(user) for role, user in people.items()}
            lead = HandOff.objects.open().filter(owner=people["rep"]).in_queue_order()[0].lead.public_id
            addresses = [
                ("rep", "/queue/", feel.KEYS), ("rep", f"/leads/{lead}/", ()), ("sales_manager", "/leads/", ()),
                ("sales_manager", "/rejections/", ()), ("sales_manager", "/review/", ()),
                ("sales_manager", "/sla/", ()),
            ]  # fmt: skip
            with web_server(name, 2, 8, static) as port, sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path=robot.browser_path(), headless=True, args=list(robot.ARGUMENTS)
                )
                home = f"http://127.0.0.1:{port}"
                for role, place, keys in addresses:
                    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": sessions[role], "url": home}
                    feel.visit(browser, home + place, cookie, 1)  # both workers have rendered it once
                    found.append(feel.visit(browser, home + place, cookie, rounds, keys))
                    if not options["json"]:
                        self._tell(place, found[-1])
                browser.close()
        if options["json"]:
            rows = [
                {"address": one.address, "lcp_ms": one.paint, "cls": one.shift, "inp_ms": one.answer} for one in found
            ]
            self.stdout.write(json.dumps(rows, indent=2))
        beyond = [one.address for one in found if not one.is_within]
        if beyond:
            raise CommandError(f"Beyond the budget: {', '.join(beyond)}")

    def _tell(self, place: str, one: feel.Feel) -> None:
        answer = f"  INP p75 {one.answer:.0f} ms" if one.answer is not None else ""
        self.stdout.write(f"{place:45} LCP {one.paint:6.0f} ms  CLS {one.shift:.3f}{answer}")
        self.stdout.flush()
