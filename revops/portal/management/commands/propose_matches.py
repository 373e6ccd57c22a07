"""Compares people and accounts that changed and asks who may be the same: manage.py propose_matches [--measure N]."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from leads.matching.sweeping import sweep_all
from leads.models import AccountProposal, PersonProposal
from revops.portal.benchmarking.matching import Measured, measure_both


class Command(BaseCommand):
    help = "Proposes who may be the same among what changed since the last time. It never merges."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--measure", type=int, metavar="N", help="judge N invented people whose truth is known")
        parser.add_argument("--seed", type=int, default=11, help="which invented people")
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, **options: Any) -> None:
        if options["measure"]:
            ours, alike = self._measured(options["measure"], options["seed"])
            words = f"{_words(ours)}\nSimilar text alone: {_words(alike)}"
            self._print({**_document(ours), "similar_text_alone": _document(alike)}, options["json"], words)
            return
        now, looked_at = timezone.now(), 0
        while swept := sweep_all(now=now):
            looked_at += swept
        counts = {
            "looked_at": looked_at,
            "people_to_decide": PersonProposal.objects.filter(state="open").count(),
            "accounts_to_decide": AccountProposal.objects.filter(state="open").count(),
        }
        words = (
            f"{looked_at} changed people and accounts were compared. To decide: {counts['people_to_decide']} pairs of "
            f"people, {counts['accounts_to_decide']} pairs of accounts."
        )
        self._print(counts, options["json"], words)

    def _measured(self, people: int, seed: int) -> tuple[Measured, Measured]:
        """Within a transaction that is rolled back: nothing of it stays."""
        with transaction.atomic():
            found = measure_both(people, seed, timezone.now())
            transaction.set_rollback(True)
        return found

    def _print(self, document: dict[str, Any], as_json: bool, words: str) -> None:
        self.stdout.write(json.dumps(document, indent=2) if as_json else words)


def _document(found: Measured) -> dict[str, Any]:
    return {
        "people": found.people, "true_pairs": found.true_pairs, "proposed": found.proposed, "right": found.right,
        "precision": round(found.precision, 4), "recall": round(found.recall, 4), "missed": found.missed,
        "people_per_second": round(found.people / found.seconds) if found.seconds else None,
    }  # fmt: skip


def _words(found: Measured) -> str:
    speed = found.people / (found.seconds or 1)
    return (
        f"{found.people} people written down, {found.true_pairs} pairs of them the same. Proposed {found.proposed}: "
        f"precision {found.precision:.4f}, recall {found.recall:.4f}, {speed:,.0f} people/s."
    )
