"""manage.py explain LEAD: why a lead is where it is, in the words of the page and the API."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from leads.models import Lead
from leads.source_limits import limit_words
from revops.foundation.ids import decode
from revops.portal.api.leads import explained
from scoring.explanation import explain_lead, usual_stage


class Command(BaseCommand):
    help = "Explains a lead's score: the reasons of each axis, what is missing for tier 1, one sentence."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("lead", help="The lead's id (lead_…) or the e-mail address of its person.")
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *args: Any, **options: Any) -> None:
        lead = Lead.objects.select_related("source").filter(pk=self._lead_id(options["lead"])).first()
        explanation = explain_lead(lead.pk) if lead else None
        if lead is None or explanation is None:
            raise CommandError("This lead was never scored: no rulebook was live when it came in.")
        if options["as_json"]:
            self.stdout.write(json.dumps(explained(explanation, lead), default=str))
            return
        self.stdout.write(explanation.summary)
        source = lead.source
        if limit := limit_words(source.name, explanation.tier, lead.stage, source.allowed_tiers):
            self.stdout.write(limit)
        for axis in explanation.axes:
            self.stdout.write(f"\n{axis.axis.value.title()}: {axis.shown_total}")
            for reason in axis.reasons:
                self.stdout.write(f"  {reason.shown_points:>6}  {reason.sentence} ({reason.evidence})")
        if stage := explanation.stage or usual_stage(source.readiness, source.name):
            self.stdout.write(f"\nTheir own evaluation: {stage.label} ({stage.evidence})")
        if explanation.missing:
            self.stdout.write("\nMissing for tier 1:")
            for sentence in explanation.missing:
                self.stdout.write(f"  - {sentence}")

    def _lead_id(self, text: str) -> UUID:
        if "@" in text:
            lead = Lead.objects.shown().filter(person__email=text).order_by("-received_at").first()
            if lead is None:
                raise CommandError(f"Nobody with the address {text} has a lead.")
            return lead.pk
        try:
            return decode("lead", text)
        except ValueError as error:
            raise CommandError(str(error)) from None
