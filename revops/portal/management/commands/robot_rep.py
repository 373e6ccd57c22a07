"""A robot rep decides leads by keys in a real browser: manage.py robot_rep [--leads N] [--decisions N] [--kills N]."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import UTC, datetime
from random import Random
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from revops.foundation.models import Role, User
from revops.portal.benchmarking import robot
from revops.portal.benchmarking.server import open_large_company, own_database


class Command(BaseCommand):
    help = (
        "Measures key to next lead in Chromium among a crowd of leads, and proves that kills lose and double nothing."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--leads", type=int, default=1_000_000, help="how many leads are there besides")
        parser.add_argument("--acts", type=int, default=10, help="how many acts each of them has")
        parser.add_argument("--database", default="", help="keep what was made under this name, and use it again")
        parser.add_argument("--only-prepare", action="store_true", help="make the database and end")
        parser.add_argument("--decisions", type=int, default=200)
        parser.add_argument("--kills", type=int, default=20, help="during so many of them the server is killed")
        parser.add_argument("--seed", type=int, default=7)
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, leads: int, decisions: int, kills: int, seed: int, **options: Any) -> None:
        with own_database(options["database"]) as database:
            open_large_company(leads, options["acts"])
            if not options["only_prepare"]:
                self._work(database, leads, decisions, kills, seed, as_json=options["json"])

    def _work(self, database: str, leads: int, decisions: int, kills: int, seed: int, *, as_json: bool) -> None:
        try:
            from playwright.sync_api import sync_playwright  # a tool of development, not of the product
        except ImportError:
            raise CommandError("Playwright is missing. Run 'make setup', which installs it.") from None
        rep = User.objects.filter(role=Role.REP).order_by("email")[0]
        robot.open_leads(rep, decisions + 1, datetime.now(UTC))
        session = robot.session_of(rep)
        server = robot.RobotServer(database)
        server.start()
        try:
            server.wait()
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path=robot.browser_path(), headless=True, args=list(robot.ARGUMENTS)
                )
                page = browser.new_page(viewport={"width": 1280, "height": 800})
                robot.sign_in(page, session, server.port)
                chance = Random(seed)  # noqa: S311 - when a robot presses is no secret
                shift = robot.work(page, server, decisions, min(kills, decisions), chance)
                browser.close()
        finally:
            server.kill()
        account = robot.audit(shift)
        self._tell(leads, shift, account, as_json=as_json)
        if account.lost or account.doubled or account.different:
            raise CommandError(f"{account.lost} lost, {account.doubled} doubled, {account.different} different.")

    def _tell(self, leads: int, shift: robot.Shift, account: robot.Account, *, as_json: bool) -> None:
        report = {
            "leads": leads,
            "decisions": account.decided,
            "kills": shift.kills,
            "lost": account.lost,
            "doubled": account.doubled,
            "different": account.different,
            "focus_losses": shift.focus_losses,
            "key_to_next_lead_ms": {f"p{share}": round(shift.percentile(share / 100), 1) for share in (50, 95, 99)},
        }
        if as_json:
            self.stdout.write(json.dumps(report, indent=2))
            return
        times = ", ".join(f"{name} {value} ms" for name, value in report["key_to_next_lead_ms"].items())  # type: ignore[attr-defined]
        self.stdout.write(
            f"{account.decided} decisions among {leads:,} leads, the server killed during {shift.kills}: "
            f"{account.lost} lost, {account.doubled} doubled, {account.different} different, "
            f"{shift.focus_losses} times without focus.\nKey to next lead painted: {times}"
        )
