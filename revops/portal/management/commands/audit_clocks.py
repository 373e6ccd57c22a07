"""manage.py audit_clocks: works clocks out again from raw facts by a second, slow way, and says where they differ."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from feedback.clock_audit import as_dict, audit_clocks


class Command(BaseCommand):
    help = "Works clocks out again from attempts, answers, calendars and pauses; ends with 1 if any differs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--sample", type=int, help="So many clocks, spread evenly over all; without it all.")
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *args: Any, **options: Any) -> None:
        audit = audit_clocks(now=timezone.now(), sample=options["sample"])
        if options["as_json"]:
            self.stdout.write(json.dumps(as_dict(audit)))
        else:
            words = f"{audit.checked:,} clocks: {audit.kept:,} kept, {audit.late:,} late, {audit.other:,} open or off."
            self.stdout.write(words)
            for one in audit.differences:
                self.stdout.write(f"{one.clock_id} {one.clause}: {one.what} is {one.stored}, should be {one.expected}")
            self.stdout.write(f"{audit.n_differences:,} differences.")
        if audit.n_differences:
            sys.exit(1)
