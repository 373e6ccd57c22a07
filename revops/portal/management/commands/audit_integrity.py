"""Proves with plain SQL that nothing was lost, doubled or half done: manage.py audit_integrity [--json]."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from revops.portal.auditor import audit


class Command(BaseCommand):
    help = "Asks the tables, in SQL of its own, whether everything is accounted for; ends with 1 if something is not."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--receipts", type=Path, help="a file of receipts that senders hold, one a line")
        parser.add_argument("--json", action="store_true", help="print the findings as JSON")

    def handle(self, **options: Any) -> None:
        report = audit(timezone.now(), _receipts(options["receipts"]))
        if options["json"]:
            self.stdout.write(json.dumps(report.as_json()))
        else:
            for finding in report.findings:
                self.stdout.write(f"{'ok ' if finding.ok else 'NOT'} {finding.sentence}")
                for subject, detail in finding.examples:
                    self.stdout.write(f"      {subject}: {detail}")
            words = "Everything is accounted for." if report.ok else "Something is not as it must be."
            self.stdout.write(words)
        if not report.ok:
            sys.exit(1)


def _receipts(path: Path | None) -> list[str]:
    if path is None:
        return []
    try:
        return path.read_text("utf-8").split()
    except (OSError, UnicodeDecodeError) as problem:
        raise CommandError(f"The receipts in {path} cannot be read: {problem}") from problem
