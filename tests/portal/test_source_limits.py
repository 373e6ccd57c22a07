"""What a source allows: which of its leads the rules alone may hand to sales, and where its leads begin."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads.acts import Act, ActOnLead
from leads.models import Lead, LifecycleEvent, Source
from leads.source_limits import limit_words, tier_allowed
from revops.foundation.ids import encode
from revops.portal import journey
from revops.portal.overrides.acting import grant
from revops.portal.sources.limits import look_again
from scoring.models import LeadScore
from sla.models import HandOff
from tests.conftest import NOW
from tests.factories import SourceFactory, item
from tests.portal.test_journey import house, ready  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db


@pytest.fixture
def network(house: dict[str, Any]) -> Source:  # noqa: F811
    """A source whose leads the rules alone may not hand to sales."""
    return SourceFactory.create(key="network", name="Network", allowed_tiers=[2, 3], readiness="solution_aware")


def kept(source: Source) -> Lead:
    (receipt,) = journey.admit([ready(source)], now=NOW)
    return Lead.objects.select_related("source").get(pk=receipt.lead_id)


@pytest.mark.parametrize(
    ("tier", "allowed", "treated"),
    [(1, [1, 2, 3], 1), (1, [2, 3], 2), (1, [3], 3), (2, [1, 3], 3), (3, [1], 3), (2, [1], 2)],
)
def test_a_lead_is_treated_as_the_next_tier_down_that_its_source_allows(
    tier: int, allowed: list[int], treated: int
) -> None:
    assert tier_allowed(tier, allowed) == treated


def test_words_are_said_only_of_leads_that_marketing_has_and_that_are_kept_back() -> None:
    assert "do not go to sales by the rules alone" in limit_words("Fair", 1, "nurture", [2, 3])
    assert "treated as tier 3 at most" in limit_words("Fair", 2, "nurture", [3])
    assert limit_words("Fair", 1, "nurture", [1, 2, 3]) == ""
    assert limit_words("Fair", 1, "handed_off", [2, 3]) == ""
    assert limit_words("Fair", None, "new", [3]) == ""


def test_the_rules_alone_do_not_hand_off_what_its_source_does_not_allow(network: Source) -> None:
    lead = kept(network)
    assert LeadScore.objects.get(lead=lead).tier == 1
    assert lead.stage == "nurture"
    assert not HandOff.objects.exists()
    assert LifecycleEvent.objects.get(lead=lead, to_stage="nurture").from_stage == "new"


def test_only_the_limited_source_of_a_batch_is_kept_back(network: Source, house: dict[str, Any]) -> None:  # noqa: F811
    receipts = journey.admit([ready(network), ready(house["source"], "bo@other-works.com")], now=NOW)
    assert list(HandOff.objects.values_list("lead_id", flat=True)) == [receipts[1].lead_id]


def test_who_asks_through_another_source_is_handed_off(network: Source, house: dict[str, Any]) -> None:  # noqa: F811
    lead = kept(network)
    later = NOW + timedelta(hours=1)
    journey.admit([item(house["source"], "ada@acme-works.com", act="demo_request")], now=later)
    assert HandOff.objects.get().lead_id == lead.pk


def test_a_further_act_of_the_same_source_changes_nothing(network: Source) -> None:
    lead = kept(network)
    later = NOW + timedelta(hours=1)
    act = ActOnLead(Act("pricing_request", occurred_at=later), lead.pk, lead.person_id, network.pk, later)
    journey.record_signals([act], now=later)
    assert not HandOff.objects.exists()


def test_an_override_hands_it_off_all_the_same(network: Source, house: dict[str, Any]) -> None:  # noqa: F811
    lead, later = kept(network), NOW + timedelta(hours=1)
    grant([lead.pk], 1, "We know them", house["sales_head"], later + timedelta(days=5), later)
    assert HandOff.objects.get().lead_id == lead.pk


def test_allowing_it_again_lets_the_sweep_hand_off_what_was_kept(network: Source, sign_in: Any) -> None:
    lead = kept(network)
    form = {"name": "Network", "kind": "inbound", "state": "active", "readiness": "ready", "note": "", "owner": "",
            "allowed_tiers": ["1", "2", "3"]}  # fmt: skip
    page = sign_in().post("/sources/network/", form, follow=True).content.decode()
    assert "1 lead that it kept from sales is looked at again now." in page
    later = NOW + timedelta(hours=1)
    LeadScore.objects.filter(lead=lead, reevaluate_at__isnull=False).update(reevaluate_at=later)
    assert journey.reevaluate(now=later) == 1
    assert HandOff.objects.get().lead_id == lead.pk


def test_nothing_is_looked_at_again_while_the_source_still_does_not_allow_it(network: Source) -> None:
    kept(network)
    assert look_again(network, [2], NOW) == 0
    network.allowed_tiers = [1, 2]
    assert look_again(network, [1, 2, 3], NOW) == 0
    assert look_again(network, [2, 3], NOW) == 1


def test_the_page_of_the_lead_says_why_and_leads_to_the_source(network: Source, sign_in: Any) -> None:
    page = sign_in().get(f"/leads/{kept(network).public_id}/").content.decode()
    assert "leads of “Network” do not go to sales by the rules alone" in page
    assert '"/sources/network/"' in page


def test_the_source_counts_what_it_keeps_and_leads_to_it(network: Source, sign_in: Any) -> None:
    client = sign_in()
    assert "No lead of it reads tier 1 now." in client.get("/sources/network/").content.decode()
    kept(network)
    page = client.get("/sources/network/").content.decode()
    assert "1 lead reads tier 1 and stays with marketing" in page
    listed = client.get("/leads/", {"source": "network", "tier": "1", "stage": "nurture"}).content.decode()
    assert "Acme Works" in listed


def test_a_source_that_allows_everything_says_nothing(house: dict[str, Any], sign_in: Any) -> None:  # noqa: F811
    client, lead = sign_in(), kept(house["source"])
    assert "by the rules alone" not in client.get(f"/leads/{lead.public_id}/").content.decode()
    page = client.get("/sources/website/").content.decode()
    assert "stays with marketing" not in page


def test_command_and_explanation_say_it_in_the_same_words(network: Source) -> None:
    lead = kept(network)
    words = limit_words("Network", 1, "nurture", [2, 3])
    told, as_json = StringIO(), StringIO()
    call_command("explain", lead.public_id, stdout=told)
    call_command("explain", lead.public_id, "--json", stdout=as_json)
    assert words in told.getvalue()
    assert json.loads(as_json.getvalue())["source_limit"] == words


def test_where_no_act_says_more_a_lead_begins_where_its_source_usually_does(network: Source, sign_in: Any) -> None:
    (receipt,) = journey.admit([item(network, "quiet@acme-works.com", act="other_activity")], now=NOW)
    page = sign_in().get(f"/leads/{encode('lead', receipt.lead_id)}/").content.decode()
    assert "Solution-aware" in page
    assert "Usual for “Network”" in page


def test_what_a_lead_did_counts_before_what_is_usual(network: Source, sign_in: Any) -> None:
    page = sign_in().get(f"/leads/{kept(network).public_id}/").content.decode()
    assert "Usual for" not in page


def test_keeping_leads_back_costs_no_statement(
    network: Source,
    house: dict[str, Any],  # noqa: F811
) -> None:
    with CaptureQueriesContext(connection) as free:
        journey.admit([ready(house["source"])], now=NOW)
    with CaptureQueriesContext(connection) as limited:
        journey.admit([ready(network, "bo@other-works.com")], now=NOW)
    assert len(limited) <= len(free)


def test_others_than_managers_cannot_change_what_a_source_allows(network: Source, sign_in: Any) -> None:
    sign_in("marketer").post("/sources/network/", {"name": "Mine", "allowed_tiers": ["1"]})
    network.refresh_from_db()
    assert network.allowed_tiers == [2, 3]
