"""Gives backtests the past of a database that is older than they are: manage.py backfill_cases."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from feedback.past_cases import backfill_cases


class Command(BaseCommand):
    help = "Opens and packs the cases of hand-offs, answered history and running leads that have none; safe to repeat."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, **options: Any) -> None:
        found = backfill_cases(now=timezone.now())
        if options["json"]:
            self.stdout.write(json.dumps(asdict(found)))
        elif not any(asdict(found).values()):
            self.stdout.write("Nothing was missing.")
        else:
            self.stdout.write(
                f"Opened {found.handoffs} cases of hand-offs and {found.history} of history, marked {found.leads} "
                f"running leads, packed {found.packed}."
            )
