"""Judges a list without importing it: manage.py vet FILE --json|--csv."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError

from leads.files import csv_lines
from leads.models import Source
from revops.portal.imports.at_once import ImportStopped, read_mapping
from revops.portal.vetting.judging import COLUMNS, MappingError, UnreadableFile, Vetting, answers_of


class Command(BaseCommand):
    help = (
        "The rows of a list with the gate's verdict, match, tier, axes, priority and the sentence why. Writes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--mapping", type=Path, help="JSON; else a remembered or suggested mapping is used")
        parser.add_argument("--source", help="key of the source it would come from; else one of its own")
        form = parser.add_mutually_exclusive_group()
        form.add_argument("--json", action="store_true", help="one JSON object a row (NDJSON)")
        form.add_argument("--csv", action="store_true", help="the list as it came, with what was found beside each row")

    def handle(self, **options: Any) -> None:
        try:
            vetting = self._vetting(options)
        except (UnreadableFile, MappingError, ImportStopped) as problem:
            if not options["json"]:
                raise CommandError(str(problem)) from problem
            code = getattr(problem, "code", "mapping")
            self.stdout.write(json.dumps({"error": {"code": code, "detail": str(problem)}}))
            sys.exit(1)
        if options["csv"]:
            self._print_csv(vetting)
        elif options["json"]:
            for rows in vetting.rows():
                for row in rows:
                    self.stdout.write(orjson.dumps(row.as_json()).decode())
        else:
            self._print(vetting)

    def _vetting(self, options: dict[str, Any]) -> Vetting:
        path: Path = options["file"]
        if not path.is_file():
            raise CommandError(f"There is no file {path}.")
        source = None
        if options["source"]:
            source = Source.objects.filter(key=options["source"]).first()
            if source is None:
                raise CommandError(f"There is no source “{options['source']}”.")
        mapping = read_mapping(options["mapping"]) if options["mapping"] else None
        return Vetting(path, mapping=mapping, source=source)

    def _print_csv(self, vetting: Vetting) -> None:
        header: list[object] = [*vetting.headers, *(f"_{name}" for name in COLUMNS)]
        self.stdout.write("".join(csv_lines([header])), ending="")
        width = len(vetting.headers)
        for rows in vetting.rows():
            lines: list[list[object]] = []
            for row in rows:
                cells = [*row.cells[:width], *[""] * (width - len(row.cells))]
                lines.append([*cells, *answers_of(row.as_json())])
            self.stdout.write("".join(csv_lines(lines)), ending="")

    def _print(self, vetting: Vetting) -> None:
        for rows in vetting.rows():
            for row in rows:
                tier = f"tier {row.tier}" if row.tier else row.verdict
                self.stdout.write(f"{row.line:>6}  {tier:<12} {row.match:<12} {row.why or row.sentence}")
        counts = vetting.counts
        self.stdout.write(
            f"{counts['rows']} rows: {counts['let_in']} let in, {counts['quarantined']} quarantined, "
            f"{counts['refused']} refused; tier 1: {counts['tier_1']}, tier 2: {counts['tier_2']}, "
            f"tier 3: {counts['tier_3']}. Nothing was written."
        )
