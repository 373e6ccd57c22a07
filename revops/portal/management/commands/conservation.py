"""Proves that nothing was lost: manage.py conservation [--day D]."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from leads.queries import conservation

FIRST, LAST = date(1970, 1, 1), date(2999, 12, 31)


class Command(BaseCommand):
    help = "received = new + attached + quarantined + refused + withdrawn + pending, per day and source; exit 1 if not."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--day", help="one day (UTC) as YYYY-MM-DD; without it all days")
        parser.add_argument("--json", action="store_true", help="print the balances as JSON")

    def handle(self, **options: Any) -> None:
        first, last = _days(options["day"])
        balances = conservation(first, last)
        unbalanced = [balance for balance in balances if balance.missing]
        if options["json"]:
            rows = [{**asdict(b), "day": b.day.isoformat(), "missing": b.missing} for b in balances]
            self.stdout.write(json.dumps({"balanced": not unbalanced, "rows": rows}))
        else:
            for b in balances:
                sign = "=" if not b.missing else "≠"
                self.stdout.write(
                    f"{b.day} {b.source_key}: {b.received} received {sign} {b.new} new + {b.attached} attached + "
                    f"{b.quarantined} quarantined + {b.refused} refused + {b.withdrawn} withdrawn + {b.pending} pending"
                )
            words = "Everything received is accounted for." if not unbalanced else "Something is unaccounted for."
            self.stdout.write(words if balances else "Nothing was received.")
        if unbalanced:
            sys.exit(1)


def _days(text: str | None) -> tuple[date, date]:
    if not text:
        return FIRST, LAST
    try:
        day = date.fromisoformat(text)
    except ValueError as problem:
        raise CommandError(f"“{text}” is not a day; write it like 2026-05-31.") from problem
    return day, day
