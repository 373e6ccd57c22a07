"""Gives leads of an older database what nobody could read of them, as it was sent: manage.py backfill_unread."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from leads.unread import keep_unread_facts


class Command(BaseCommand):
    help = "Keeps unreadable phone numbers, countries and dates of leads beside the empty fact; safe to repeat."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, **options: Any) -> None:
        changed = keep_unread_facts()
        if options["json"]:
            self.stdout.write(json.dumps({"leads": changed}))
        elif changed:
            self.stdout.write(f"{changed} leads show what could not be read of them, as it was sent.")
        else:
            self.stdout.write("Nothing was missing.")
