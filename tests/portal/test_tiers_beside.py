"""The tier of the hand-off and the tier of today stand side by side where they differ, and it says which is which."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from leads.models import Lead
from revops.portal import journey
from revops.portal.queue.card import card_for
from sla.models import HandOff
from tests.backtest.company import stricter
from tests.backtest.test_rescoring import publish
from tests.portal.desk import Office
from tests.portal.learning import browser_of, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead(office: Office) -> Lead:
    return office.lead(1, at=timezone.now() - timedelta(hours=1))


def pages(office: Office, lead: Lead) -> list[str]:
    """The queue with the lead's card, and its own page."""
    client = browser_of(office.rep)
    return [text_of(client.get(url).content.decode()) for url in ("/queue/", f"/leads/{lead.public_id}/")]


def test_while_both_say_the_same_nothing_is_said(office: Office, lead: Lead) -> None:
    for page in pages(office, lead):
        assert "Handed off as tier" not in page
        assert "Company 1" in page


def test_a_tier_that_fell_says_what_it_lacks_on_card_and_page(office: Office, lead: Lead) -> None:
    publish(office, stricter("fit", 100))
    journey.catch_up(now=timezone.now())
    lead.refresh_from_db()
    page = pages(office, lead)[1]
    assert "Handed off as tier 1 on" in page
    assert "today because it lacks:" in page
    assert "more points of fit" in page
    handoff = HandOff.objects.get(lead=lead)
    card = card_for(
        Lead.objects.select_related("person", "account").get(pk=lead.pk), handoff, office.rep, timezone.now()
    )
    assert card.tier_words in page, "the card in the queue says the same words"


def test_rules_that_moved_are_named_with_their_points_then_and_now(office: Office, lead: Lead) -> None:
    definition = stricter("fit", 10)
    for rule in definition["rules"]:
        if rule["key"] == "decision_maker":
            rule["points"] = 7_000
    publish(office, definition)
    journey.catch_up(now=timezone.now())
    page = pages(office, lead)[1]
    assert "What moved" in page
    assert "→ 7" in page
