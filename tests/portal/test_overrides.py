"""An override: a reason, an author and an end; who acts follows it while it lasts, the score never does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from leads.models import Lead
from revops.foundation.models import LedgerEntry
from revops.portal import journey
from revops.portal.overrides import acting
from scoring.models import LeadScore, ScoreDecision, TierOverride
from scoring.overrides import OverrideRefused, active_overrides
from sla.handoffs import latest_handoffs
from tests.conftest import NOW
from tests.factories import item

pytestmark = pytest.mark.django_db
WEEK = NOW + timedelta(days=7)


@pytest.fixture
def lead(company: Any) -> Lead:
    """A lead that the rules leave to marketing."""
    (receipt,) = journey.admit([item(company["source"], act="content_download")], now=NOW)
    return Lead.objects.get(pk=receipt.lead_id)


def stage(lead: Lead) -> str:
    return Lead.objects.get(pk=lead.pk).stage


def test_a_lead_that_is_overridden_to_tier_1_goes_to_sales_and_its_score_stays(company: Any, lead: Lead) -> None:
    before = LeadScore.objects.get(lead=lead)
    acting.grant([lead.pk], 1, "The board met their founder", company["admin"], WEEK, NOW)
    assert stage(lead) == "handed_off"
    after = LeadScore.objects.get(lead=lead)
    assert (after.tier, after.decision_id) == (before.tier, before.decision_id)
    assert before.tier != 1
    assert ScoreDecision.objects.filter(lead=lead, tier=1).count() == 0


def test_it_ends_by_itself_and_what_sales_had_not_answered_is_marketings_again(company: Any, lead: Lead) -> None:
    acting.grant([lead.pk], 1, "The board met their founder", company["admin"], WEEK, NOW)
    assert acting.settle(now=WEEK - timedelta(seconds=1)) == 0
    assert stage(lead) == "handed_off"
    assert acting.settle(now=WEEK) == 1
    assert stage(lead) == "nurture"
    assert latest_handoffs([lead.pk])[lead.pk].state == "withdrawn"
    assert acting.settle(now=WEEK) == 0


def test_what_sales_accepted_under_an_override_stays_theirs(company: Any, lead: Lead) -> None:
    from feedback.dispositions import Answer

    acting.grant([lead.pk], 1, "The board met their founder", company["admin"], WEEK, NOW)
    handoff = latest_handoffs([lead.pk])[lead.pk]
    journey.decide([Answer(lead.pk, handoff.owner_id, "accepted", NOW)], now=NOW)
    acting.settle(now=WEEK)
    assert stage(lead) == "accepted"


def test_a_tier_1_lead_that_is_overridden_leaves_the_queue_and_comes_back_at_the_end(company: Any) -> None:
    entry = item(company["source"], title="VP Sales", company="Acme", act="demo_request")
    (receipt,) = journey.admit([entry], now=NOW)
    lead = Lead.objects.get(pk=receipt.lead_id)
    acting.grant([lead.pk], 3, "Under legal dispute with us", company["admin"], WEEK, NOW)
    was_ready = LeadScore.objects.get(lead=lead).tier == 1
    assert stage(lead) == "nurture"
    acting.settle(now=WEEK)
    assert stage(lead) == ("handed_off" if was_ready else "nurture")


def test_a_newer_override_replaces_the_earlier_one(company: Any, lead: Lead) -> None:
    acting.grant([lead.pk], 1, "First thought", company["admin"], WEEK, NOW)
    acting.grant([lead.pk], 3, "Second thought", company["admin"], WEEK, NOW)
    assert [one.reason for one in active_overrides(NOW)] == ["Second thought"]
    assert stage(lead) == "nurture"


@pytest.mark.parametrize(
    ("reason", "days", "words"), [(" ", 7, "Say why"), ("x", 0, "in the future"), ("x", 91, "at most 90 days")]
)
def test_an_override_without_reason_or_end_is_refused(
    company: Any, lead: Lead, reason: str, days: int, words: str
) -> None:
    with pytest.raises(OverrideRefused, match=words):
        acting.grant([lead.pk], 1, reason, company["admin"], NOW + timedelta(days=days), NOW)
    assert not TierOverride.objects.exists()
    with pytest.raises(IntegrityError), transaction.atomic():
        TierOverride.objects.create(
            lead=lead, tier=1, reason="", author=company["admin"], created_at=NOW, expires_at=WEEK
        )


def test_the_page_grants_lists_and_ends_overrides(company: Any, lead: Lead, sign_in: Any) -> None:
    admin = sign_in(user=company["admin"])
    address = f"/leads/{lead.public_id}/override/"
    assert admin.post(address, {"tier": "1", "reason": "", "days": "7"}).status_code == 422
    admin.post(address, {"tier": "1", "reason": "They called the board", "days": "7"})
    granted = TierOverride.objects.get()
    assert granted.author == company["admin"]
    assert LedgerEntry.objects.get(action="lead.tier_overridden").cause == "They called the board"
    page = admin.get("/overrides/", {"state": "active"}).content.decode()
    assert "They called the board" in page
    admin.post(f"/overrides/{granted.pk}/end/")
    granted.refresh_from_db()
    assert granted.ended_at is not None
    assert granted.settled_at is not None
    assert "over already" in admin.post(f"/overrides/{granted.pk}/end/", follow=True).content.decode()
    assert "They called the board" in admin.get("/overrides/", {"state": "over"}).content.decode()
    page = admin.get("/overrides/", {"state": "active"}).content.decode()
    assert "No override" in page
    assert "No lead is treated otherwise than the rules say." in page


@pytest.mark.parametrize("role", ["rep", "marketer", "sales_manager", "marketing_manager"])
def test_who_may_not_grant_is_refused(company: Any, lead: Lead, sign_in: Any, role: str) -> None:
    assert sign_in(role).get(f"/leads/{lead.public_id}/override/").status_code == 403


@pytest.mark.parametrize("count", [1, 3])
def test_the_register_costs_the_same_for_one_and_for_three(
    company: Any, sign_in: Any, count: int, django_assert_num_queries: Any
) -> None:
    for n in range(count):
        (receipt,) = journey.admit([item(company["source"], f"p{n}@acme-works.com")], now=NOW)
        acting.grant([receipt.lead_id], 1, "A reason", company["admin"], WEEK, NOW)
    client = sign_in(user=company["admin"])
    with django_assert_num_queries(5):  # session, person, rows, count, in force
        client.get("/overrides/")
