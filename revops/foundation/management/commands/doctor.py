"""Looks at everything the portal needs and says, line by line, ok or what to do."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from revops.foundation import health


class Command(BaseCommand):
    help = "Looks at versions, disk, services, migrations, queues and clock; each line is ok or says what to do."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, json: bool, **options: Any) -> None:
        found: list[health.Check] = []
        for check in health.examine():
            found.append(check)
            if not json:
                self.stdout.write(self._line(check))
        sick = [check.name for check in found if not check.ok]
        if json:
            self._write_json(found, ok=not sick)
        if sick:
            raise CommandError(f"To be repaired: {', '.join(sick)}.", returncode=1)

    def _line(self, check: health.Check) -> str:
        if check.ok:
            return f"ok    {check.name:11} {check.finding}"
        return self.style.ERROR(f"do    {check.name:11} {check.finding}. {check.action}")

    def _write_json(self, found: list[health.Check], *, ok: bool) -> None:
        self.stdout.write(json.dumps({"ok": ok, "checks": [check.as_json() for check in found]}, indent=2))
