"""A small company with a past: leads handed off, answered, concluded; and ways to bend its rules."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone

from feedback.dispositions import Answer
from feedback.outcomes import Result
from leads.intake import Item
from leads.models import Lead
from revops.portal import journey
from scoring.backtest import Backtest, pack_everything, run_backtest
from scoring.backtest.store import Store
from scoring.models import Rulebook
from tests.factories import item
from tests.portal.desk import READY, Office


def live_definition() -> dict[str, Any]:
    definition: dict[str, Any] = copy.deepcopy(Rulebook.objects.get(state="live").definition)
    return definition


def changed(**points: int) -> dict[str, Any]:
    """The live rulebook with other points for some of its rules, in whole points."""
    definition = live_definition()
    for rule in definition["rules"]:
        if rule["key"] in points:
            rule["points"] = points.pop(rule["key"]) * 1000
    assert not points, f"no such rules: {points}"
    return definition


def stricter(axis: str, least: int) -> dict[str, Any]:
    """The live rulebook with more points asked of one axis for tier 1."""
    definition = live_definition()
    definition["tiers"]["1"]["minimum"][axis] = least * 1000
    return definition


def sent(office: Office, number: int, **facts: Any) -> Item:
    """A sales-ready submission of somebody at a company of its own."""
    return item(
        office.source, f"ada@firm-{number}.com", **{**READY, "company": f"Firm {number}", **facts}
    )  # fmt: skip


def admit(office: Office, items: list[Item], at: datetime) -> list[Lead]:
    receipts = journey.admit([Item(**{**_fields(one), "received_at": at}) for one in items], now=at)
    leads = Lead.objects.in_bulk([receipt.lead_id for receipt in receipts])
    return [leads[receipt.lead_id] for receipt in receipts if receipt.lead_id]


def _fields(one: Item) -> dict[str, Any]:
    return {name: getattr(one, name) for name in one.__dataclass_fields__}


def accept(lead: Lead, user_id: UUID, at: datetime) -> Any:
    return journey.decide([Answer(lead.pk, user_id, "accepted", at)], now=at)[0]


def reject(lead: Lead, user_id: UUID, at: datetime, reason: str = "not_decision_maker") -> Any:
    return journey.decide([Answer(lead.pk, user_id, "rejected", at, reason, "The CFO decides, not she")], now=at)[0]


def conclude(lead: Lead, kind: str, at: datetime, amount: int | None = None) -> Any:
    result = Result(
        lead.pk, kind, at, amount=None if amount is None else Decimal(amount), currency="EUR" if amount else "",
        reason="Price" if kind == "lost" else "",
    )  # fmt: skip
    return journey.conclude([result], now=at)[0]


WEEK = timedelta(days=7)


def packed(definition: Any, **options: Any) -> Backtest:
    """What a draft would have done to the past as it is now, read anew."""
    pack_everything(now=timezone.now())
    return run_backtest(definition, cases=Store(), **options)


def varied(office: Office, week: int) -> Iterator[Any]:
    acts = ("demo_request", "content_download", "pricing_request", "webinar_attended")
    for n in range(12):
        number = 100 * week + n
        yield sent(
            office, number, employees=str(5 + 37 * n), act=acts[n % 4],
            title=("VP Sales", "Clerk", "Head of IT")[n % 3],
            signals=[{"kind": "pricing_page_visit"}] * (n % 3) + [{"kind": "blog_visit", "topic": "routing"}],
            country=("DE", "BR", "US")[n % 3], timeline_on="2030-04-15" if n % 2 else "",
        )  # fmt: skip
