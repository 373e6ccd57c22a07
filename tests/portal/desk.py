"""A portal in operation, now: two reps, a head of each side, live rules and agreement, and leads to answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from leads.models import Lead, Source
from revops.foundation.models import User
from revops.portal import journey
from revops.portal.queue.tokens import sign_card
from scoring.starter import publish_starter
from sla.models import HandOff, RepProfile
from sla.starter import publish_starter_agreement, save_rep_profile, write_office_hours
from tests.factories import SourceFactory, TeamFactory, UserFactory, item

READY: dict[str, Any] = {
    "first_name": "Ada", "last_name": "Lovelace", "title": "VP Sales", "company": "Acme Works", "country": "DE",
    "employees": "300", "industry": "Software", "act": "demo_request", "need": "We need routing this quarter",
    "phone": "+493012345678", "signals": [{"kind": "pricing_page_visit"}, {"kind": "pricing_page_visit"}],
}  # fmt: skip
"""Facts that the starter rulebook finds sales-ready."""


@dataclass
class Office:
    """Who works here, and where leads come from."""

    rep: User
    colleague: User
    sales_head: User
    marketer: User
    admin: User
    source: Source

    def lead(self, number: int = 0, *, owner: User | None = None, at: datetime | None = None, **facts: Any) -> Lead:
        """A sales-ready lead, routed to `owner` (the rep, unless said) as the only one who takes leads then."""
        at = at or timezone.now()
        named = {"company": f"Company {number}", **facts}
        sent = item(self.source, f"ada@company-{number}.com", **{**READY, **named}, _received_at=at)
        RepProfile.objects.exclude(user=owner or self.rep).update(is_routable=False)
        (receipt,) = journey.admit([sent], now=at)
        RepProfile.objects.update(is_routable=True)
        return Lead.objects.select_related("person", "account").get(pk=receipt.lead_id)


def open_office() -> Office:
    long_ago = timezone.now() - timedelta(days=60)
    sales, marketing = TeamFactory.create(), TeamFactory.create(side="marketing")
    sales_head = UserFactory.create(role="sales_manager", team=sales, name="Sam Head")
    marketing_head = UserFactory.create(role="marketing_manager", team=marketing, name="Mia Head")
    admin = UserFactory.create(role="admin", name="Ari Admin")
    publish_starter(admin, marketing_head, sales_head, long_ago)
    publish_starter_agreement(marketing_head, sales_head, long_ago)
    hours = write_office_hours(long_ago, zone="UTC")
    rep = UserFactory.create(team=sales, name="Rita Rep")
    colleague = UserFactory.create(team=sales, name="Carl Colleague")
    for person in (rep, colleague):
        save_rep_profile(person, hours, now=long_ago)
    marketer = UserFactory.create(role="marketer", team=marketing, name="Max Marketer")
    return Office(rep, colleague, sales_head, marketer, admin, SourceFactory.create(key="website", name="Website"))


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text(response: Any) -> str:
    return response.content.decode()


def card_url(lead: Lead, action: str) -> str:
    return f"/queue/{lead.public_id}/{action}/"


def fields(user: User, lead: Lead, /, **more: Any) -> dict[str, Any]:
    """What a form of this lead's card carries when `user` looks at it now."""
    handoff = HandOff.objects.filter(lead=lead).order_by("-number").first()
    version = handoff.version if handoff else 0
    return {
        "card": sign_card(user, lead.pk, version, timezone.now()),
        "idempotency_key": "token-1",
        "from": "queue",
        **more,
    }
