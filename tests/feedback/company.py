"""A small company at work: two reps, both heads, a live rulebook and agreement, and leads that reached sales."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from feedback.dispositions import Answer, Answered
from feedback.models import Disposition
from leads.models import Lead, Source
from revops.foundation.models import User
from revops.portal import journey
from scoring.starter import publish_starter
from sla.models import HandOff
from sla.starter import publish_starter_agreement, save_rep_profile, write_office_hours
from tests.factories import SourceFactory, TeamFactory, UserFactory, item

READY: dict[str, Any] = {
    "first_name": "Ada", "last_name": "Lovelace", "title": "VP Sales", "company": "", "country": "DE",
    "employees": "300", "industry": "Software", "act": "demo_request", "need": "We need routing this quarter",
    "signals": [{"kind": "pricing_page_visit"}, {"kind": "pricing_page_visit"}],
}  # fmt: skip
"""Facts that the starter rulebook finds sales-ready; `timeline_on` is added."""


@dataclass
class Company:
    """The people and sources of a test; `at` is the instant at which things happen unless another is given."""

    at: datetime
    reps: list[User]
    sales_head: User
    marketing_head: User
    admin: User
    sources: list[Source]

    def hand_off(self, number: int, *, at: datetime | None = None, source: int = 0, **facts: Any) -> list[Lead]:
        """So many new leads that reach sales."""
        at = at or self.at
        first = Lead.objects.count()
        items = [
            item(
                self.sources[source],
                f"p{first + n}@firm{first + n}.com",
                **{**READY, "timeline_on": (at + timedelta(days=40)).date().isoformat(), "_received_at": at, **facts},
            )
            for n in range(number)
        ]
        ids = [receipt.lead_id for receipt in journey.admit(items, now=at)]
        leads = {lead.pk: lead for lead in Lead.objects.filter(pk__in=ids)}
        return [leads[pk] for pk in ids if pk is not None]

    def answer(self, lead: Lead, kind: str = "accepted", *, at: datetime | None = None, **more: Any) -> Answered:
        """One answer by whoever has the lead."""
        at = at or self.at + timedelta(minutes=30)
        (answered,) = journey.decide([Answer(lead.pk, self.owner_of(lead).pk, kind, at, **more)], now=at)
        return answered

    def reject(self, lead: Lead, reason: str = "no_budget", evidence: str = "3000 EUR", **more: Any) -> Disposition:
        row = self.answer(lead, "rejected", reason=reason, evidence=evidence, **more).disposition
        assert row is not None
        return row

    def accept(self, lead: Lead, **more: Any) -> Disposition:
        row = self.answer(lead, **more).disposition
        assert row is not None
        return row

    def owner_of(self, lead: Lead) -> User:
        owner = HandOff.objects.filter(lead=lead).order_by("-number").values_list("owner", flat=True).first()
        return next((rep for rep in self.reps if rep.pk == owner), self.reps[0])

    def undo(self, disposition_id: UUID, *, at: datetime) -> Answered:
        (undone,) = journey.undo([disposition_id], self.reps[0].pk, now=at)
        return undone


def found_company(at: datetime) -> Company:
    """Everything in operation for two months at `at`."""
    long_ago = at - timedelta(days=60)
    team = TeamFactory.create()
    sales_head = UserFactory.create(role="sales_manager", team=team)
    marketing_head = UserFactory.create(role="marketing_manager", team=TeamFactory.create(side="marketing"))
    admin = UserFactory.create(role="admin")
    publish_starter(admin, marketing_head, sales_head, long_ago)
    publish_starter_agreement(marketing_head, sales_head, long_ago)
    hours = write_office_hours(long_ago, zone="UTC")
    reps = [UserFactory.create(team=team) for _ in range(2)]
    for rep in reps:
        save_rep_profile(rep, hours, now=long_ago)
    sources = [SourceFactory.create(key=key, name=key.title()) for key in ("website", "webinar", "fair")]
    return Company(at, reps, sales_head, marketing_head, admin, sources)
