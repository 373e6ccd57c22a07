"""How a lead came to us, on its page and over the API: every touch, for life, with campaign, content and time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from leads.models import Asset, Campaign, Lead
from revops.portal import journey
from revops.portal.lead_pages.touches import SHOWN, touches_of_lead
from revops.portal.merges.acting import merge
from tests.conftest import NOW
from tests.factories import SourceFactory, UserFactory, item

pytestmark = pytest.mark.django_db

GUIDE = {"kind": "content_download", "url": "https://www.example.com/guide.pdf?x=1"}


def come(source: Any, campaign: str, days: int, email: str = "ada@acme-works.com", **facts: Any) -> Lead:
    at = NOW + timedelta(days=days)
    marks = {"utm_campaign": campaign, "utm_source": "google", "utm_medium": "cpc"} if campaign else {}
    (receipt,) = journey.admit([item(source, email, **marks, **facts)], now=at)
    return Lead.objects.select_related("person").get(pk=receipt.lead_id)


@pytest.fixture
def source(company: Any) -> Any:
    Asset.objects.create(key="guide", name="The guide", url_patterns=["/guide*"], cold_after_days=91, created_at=NOW)
    return company["source"]


def test_the_first_the_last_and_all_between_are_kept(source: Any) -> None:
    for day, name in enumerate(("spring", "summer", "autumn")):
        lead = come(source, name, day)
    touches = touches_of_lead(lead)
    assert [(row.touch.campaign.key, row.is_first, row.is_last) for row in touches.rows if row.touch.campaign] == [
        ("autumn", False, True), ("summer", False, False), ("spring", True, False),
    ]  # fmt: skip
    assert (touches.total, touches.left_out) == (3, 0)


def test_of_many_the_first_and_the_newest_are_shown(source: Any) -> None:
    for day in range(SHOWN + 3):
        lead = come(source, f"c{day}", day)
    touches = touches_of_lead(lead)
    assert (len(touches.rows), touches.left_out) == (SHOWN, 3)
    assert touches.rows[-1].touch.utm["utm_campaign"] == "c0"
    assert touches.rows[-1].is_first


def test_touches_of_an_earlier_lead_and_of_a_merged_person_are_theirs_too(source: Any) -> None:
    ada, other = come(source, "spring", 0), come(source, "fair", 1, "ada@acme-works.io")
    merge(ada.person_id, other.person_id, [], UserFactory.create(role="admin"), now=NOW + timedelta(days=2))
    ada = Lead.objects.select_related("person").get(pk=ada.pk)
    assert [row.touch.utm["utm_campaign"] for row in touches_of_lead(ada).rows] == ["fair", "spring"]


def test_the_page_shows_campaign_content_and_way(source: Any, sign_in: Any) -> None:
    lead = come(source, "spring", 0, signals=[GUIDE])
    page = sign_in().get(f"/leads/{lead.public_id}/").content.decode()
    assert "How they came" in page
    assert f'href="/campaigns/{Campaign.objects.get().public_id}/"' in page
    assert "google / cpc" in page
    assert 'href="/assets/guide/">The guide</a>' in page


def test_an_address_of_no_asset_is_shown_as_it_is(source: Any) -> None:
    act = {"kind": "page_visit", "url": "https://www.example.com/elsewhere"}
    (row,) = touches_of_lead(come(source, "spring", 0, signals=[act])).rows
    assert (row.asset, row.url) == (None, act["url"])


def test_a_lead_without_marks_says_that_none_are_known(source: Any, sign_in: Any) -> None:
    page = sign_in().get(f"/leads/{come(source, '', 0).public_id}/").content.decode()
    assert "No link they came by carried campaign marks" in page


@pytest.mark.parametrize("count", [1, 3])
def test_three_touches_cost_what_one_does(source: Any, count: int, django_assert_num_queries: Any) -> None:
    for day in range(count):
        lead = come(source, f"c{day}", day, signals=[GUIDE])
    with django_assert_num_queries(3):  # touches, addresses, assets
        assert touches_of_lead(lead).total == count


def test_who_may_not_see_the_lead_sees_no_touches(source: Any, sign_in: Any) -> None:
    lead = come(SourceFactory.create(), "spring", 0)
    assert sign_in("rep").get(f"/leads/{lead.public_id}/").status_code == 404
