"""Fills an empty portal with the demo company."""

import gc
import json
import os
import sys
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from revops.portal.demo.people import COMPANY
from revops.portal.demo.seeding import (
    PortalNotEmptyError,
    clear_unfinished,
    is_unfinished,
    seed_company,
    write_credentials,
)

DEFAULT_LEADS = 20_000
DEFAULT_SEED = 7
MOST_LEADS = 1_000_000


class Command(BaseCommand):
    help = "Fills an empty portal with a demo company: a year of leads, produced by the real journey."
    requires_system_checks: list[str] = []  # a page that does not load must not keep the data out

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--leads", type=int, default=None, help="how many (default: DEMO_LEADS, else 20000)")
        parser.add_argument("--seed", type=int, default=DEFAULT_SEED, help="another seed, another company")
        parser.add_argument("--if-empty", action="store_true", help="say nothing is wrong if the portal has data")
        parser.add_argument("--json", action="store_true", help="print what was made as JSON")

    def handle(self, *args: Any, leads: int | None, seed: int, **options: Any) -> None:
        size = leads if leads is not None else self._from_environment()
        if not 30 <= size <= MOST_LEADS:
            raise CommandError(f"Choose between 30 and {MOST_LEADS:,} leads, like --leads 2000.")
        self.quiet, self.shown, started = options["json"], -1, time.monotonic()
        gc.set_threshold(100_000, 50, 50)  # a year of planned acts stays: looking through it again and again is vain
        try:
            if is_unfinished():
                self.stderr.write("The demo company was stopped half-way last time; it is made anew.")
                clear_unfinished()
            made = seed_company(size, seed, timezone.now(), self._tell)
        except PortalNotEmptyError as refusal:
            if not options["if_empty"] or is_unfinished():
                raise CommandError(str(refusal)) from refusal
            self.stdout.write(json.dumps({"made": False}) if self.quiet else "The portal has data; it stays as it is.")
            return
        demo = made.pop("demo")
        file = write_credentials(demo)
        seconds = round(time.monotonic() - started, 1)
        if self.quiet:
            self.stdout.write(json.dumps({"made": True, "seconds": seconds, "counts": made, **demo}, indent=2))
            return
        self.stdout.write(
            f"\n{COMPANY} is ready after {seconds} s: {made['new']:,} leads, {made['hand-offs']:,} hand-offs, "
            f"{made['won']:,} customers.\n{json.dumps(demo, indent=2, ensure_ascii=False)}\nAlso in {file}"
        )

    def _from_environment(self) -> int:
        text = os.environ.get("DEMO_LEADS", "")
        if text and not text.isdecimal():
            raise CommandError(f"DEMO_LEADS is “{text}”; write a number like DEMO_LEADS=2000.")
        return int(text) if text else DEFAULT_LEADS

    def _tell(self, done: int, words: str) -> None:
        """One line that is written over on a terminal, a line each tenth in a log."""
        if self.quiet:
            return
        if sys.stdout.isatty():
            self.stdout.write(f"\rMaking a year of {COMPANY} … {done:3d} %  {words}   ", ending="")
            self.stdout.flush()
        elif done // 10 > self.shown:
            self.shown = done // 10
            self.stdout.write(f"Making a year of {COMPANY} … {done} %  {words}")
            self.stdout.flush()
