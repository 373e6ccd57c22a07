"""Joins a file of deals to known leads: manage.py import_outcomes FILE --source NAME --key COLUMN."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from leads.models import ImportKind
from revops.portal.imports.at_once import ImportStopped, Wish, import_at_once, read_mapping

from .import_leads import Command as ImportLeads


class Command(ImportLeads):
    help = "Record deals and other outcomes on leads that were imported before, joined by the source's own id."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--source", required=True, help="the source the leads came from")
        parser.add_argument("--key", required=True, help="column that holds the source's id of the lead")
        parser.add_argument("--mapping", type=Path, help="JSON; else a remembered or suggested mapping is used")
        parser.add_argument("--dry-run", action="store_true", help="count what would happen and write nothing")
        parser.add_argument("--json", action="store_true", help="print the report as JSON")

    def handle(self, **options: Any) -> None:
        try:
            report = import_at_once(
                Wish(
                    options["file"],
                    options["source"],
                    kind=ImportKind.OUTCOMES,
                    mapping=read_mapping(options["mapping"]) if options["mapping"] else None,
                    key_column=options["key"],
                    is_history=True,
                    is_dry_run=options["dry_run"],
                )
            )
        except ImportStopped as problem:
            self._stop(problem, as_json=options["json"])
        if options["json"]:
            self.stdout.write(json.dumps(report.as_json(is_dry_run=options["dry_run"])))
        else:
            self._print(report, is_dry_run=options["dry_run"])
