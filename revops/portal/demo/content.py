"""The content of the demo company: what it shows the world at which addresses, and its campaigns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from random import Random

from leads.models import Asset, Campaign, Source
from leads.models.assets import COLD_AFTER_DAYS, USUALLY_COLD_AFTER_DAYS
from revops.foundation.models import User
from revops.portal.demo.catalogue import Profile
from revops.portal.demo.people import DOMAIN

_PATHS = {
    "blog_visit": "/blog/{topic}",
    "content_download": "/guides/{topic}.pdf",
    "webinar_attended": "/webinars/{topic}",
    "case_study_view": "/customers/{topic}",
    "product_page_visit": "/product/{topic}",
    "pricing_page_visit": "/pricing",
    "roi_calculator": "/tools/route-cost-calculator",
}

_ASSETS = (
    ("planning-guide", "The planning guide", "ebook", "planning", "decision_makers", "practice", ("/guides/planning*",),
     ("title", "abstract", "structure")),
    ("compliance-guide", "Working time rules in the field", "ebook", "compliance", "everybody", "introduction",
     ("/guides/compliance*",), ("level",)),
    ("dispatch-blog", "Blog: dispatch", "blog", "dispatch", "users", "introduction", ("/blog/dispatch*",), ()),
    ("routing-blog", "Blog: routing", "blog", "routing", "users", "introduction", ("/blog/routing*",), ("level",)),
    ("planning-webinar", "Webinar: planning without spreadsheets", "webinar", "planning", "recommenders", "practice",
     ("/webinars/planning*", "/webinars/dispatch*"), ("title", "abstract", "level")),
    ("customer-stories", "Customer stories", "case_study", "", "decision_makers", "decision", ("/customers/*",),
     ("title", "abstract", "structure", "level", "next_step")),
    ("cost-calculator", "Route cost calculator", "tool", "routing", "decision_makers", "decision",
     ("/tools/route-cost-calculator*",), ("title", "structure", "level", "next_step")),
    ("pricing", "Pricing page", "product", "pricing", "decision_makers", "decision", ("/pricing*",),
     ("title", "structure", "next_step")),
)  # fmt: skip

_KINDS = {
    "webinar": "webinar", "organic": "content", "paid-social": "social", "content-syndication": "content",
    "events": "event", "partner": "partner", "outbound": "outbound",
}  # fmt: skip

STRAY_CAMPAIGN = "lf-test-2"
"""What somebody at the agency put into a link without telling anybody."""


def address_of(kind: str, topic: str) -> str:
    """Where on the company's site such an act happens; empty for acts elsewhere."""
    path = _PATHS.get(kind)
    return f"https://www.{DOMAIN}{path.format(topic=topic)}" if path else ""


def register_assets(users: Mapping[str, User], begins: datetime) -> None:
    """The assets that marketing registered at the beginning."""
    Asset.objects.bulk_create(
        Asset(
            key=key, name=name, kind=kind, topic=topic, audience=audience, level=level, url_patterns=list(patterns),
            cold_after_days=COLD_AFTER_DAYS.get(kind, USUALLY_COLD_AFTER_DAYS), checks=list(checks),
            owner=users[f"marketer{1 + number % 3}"], created_at=begins,
        )
        for number, (key, name, kind, topic, audience, level, patterns, checks) in enumerate(_ASSETS)
    )  # fmt: skip


def describe_campaigns(
    profiles: Sequence[Profile], sources: Mapping[str, Source], users: Mapping[str, User], begins: datetime
) -> None:
    """The campaigns of each source, with owner, days, budget and the UTM values that belong to them."""
    rng = Random("campaigns")  # noqa: S311 - a story, not a secret
    Campaign.objects.bulk_create(
        Campaign(
            source=sources[profile.key], key=key, name=key.replace("-", " ").capitalize(),
            kind=_KINDS.get(profile.key, "search" if "search" in key else "other"),
            owner=users[f"marketer{1 + number % 3}"],
            starts_on=begins.date() + timedelta(days=rng.randrange(0, 60)) if "on" not in key else None,
            budget_minor=round(profile.monthly_spend * 15 / len(profile.campaigns)) * 100 or None,
            currency="EUR" if profile.monthly_spend else "",
            match=[{"utm_campaign": f"{key}-*"}], created_at=begins, described_at=begins,
        )
        for profile in profiles
        for number, key in enumerate(profile.campaigns)
    )  # fmt: skip
