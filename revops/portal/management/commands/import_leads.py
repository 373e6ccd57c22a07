"""Imports a file of leads: manage.py import_leads FILE --source NAME."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from leads.models.imports import LegalBasis
from revops.portal.imports.at_once import ImportStopped, Report, Wish, import_at_once, read_mapping


class Command(BaseCommand):
    help = "Import leads from CSV, TSV, NDJSON or XLSX. Every row gets one outcome; the same file twice is one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--source", required=True, help="key or name; an unknown one is registered as inbound")
        parser.add_argument("--mapping", type=Path, help="JSON; else a remembered or suggested mapping is used")
        parser.add_argument("--dry-run", action="store_true", help="count what would happen and write nothing")
        when = parser.add_mutually_exclusive_group()
        when.add_argument("--history", action="store_true", default=None, help="past facts: no clock starts")
        when.add_argument("--live", dest="history", action="store_false", help="work for sales now")
        parser.add_argument("--legal-basis", choices=LegalBasis.values, default=LegalBasis.LEGITIMATE_INTEREST)
        parser.add_argument("--json", action="store_true", help="print the report as JSON")

    def handle(self, **options: Any) -> None:
        try:
            report = import_at_once(
                Wish(
                    options["file"],
                    options["source"],
                    mapping=read_mapping(options["mapping"]) if options["mapping"] else None,
                    is_history=options["history"],
                    is_dry_run=options["dry_run"],
                    legal_basis=options["legal_basis"],
                )
            )
        except ImportStopped as problem:
            self._stop(problem, as_json=options["json"])
        if options["json"]:
            self.stdout.write(json.dumps(report.as_json(is_dry_run=options["dry_run"])))
        else:
            self._print(report, is_dry_run=options["dry_run"])

    def _stop(self, problem: ImportStopped, *, as_json: bool) -> None:
        if not as_json:
            raise CommandError(str(problem)) from problem
        self.stdout.write(json.dumps({"error": {"code": problem.code, "detail": str(problem)}}))
        sys.exit(1)

    def _print(self, report: Report, *, is_dry_run: bool) -> None:
        for words in report.notes:
            self.stdout.write(words)
        if report.source_is_new:
            done = "would be" if is_dry_run else "was"
            self.stdout.write(f"The source “{report.run.source}” is new and {done} registered as inbound.")
        counts = report.counts
        verb = "would be" if is_dry_run else "are"
        parts = ", ".join(f"{counts[name]} {name}" for name in counts if name not in {"rows", "notes"} and counts[name])
        self.stdout.write(f"{counts['rows']} rows {verb} read: {parts or 'nothing'}.")
        for note in counts["notes"][:20]:
            self.stdout.write(f"  {note['rows']} cells of “{note['column']}” were kept as facts ({note['code']}).")
