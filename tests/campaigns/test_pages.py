"""The pages of campaigns, content assets, spend and exceptions: what they show, whom they refuse."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from leads.asset_reach import count_reach
from leads.models import Asset, Campaign, Source, Spend, SpendFile
from revops.foundation import doorbell, jobs
from revops.foundation.models import Job, LedgerEntry
from revops.portal import journey
from tests.conftest import NOW
from tests.factories import SourceFactory, item

pytestmark = pytest.mark.django_db

CAMPAIGN = {"name": "Spring", "key": "spring", "kind": "social", "owner": "", "starts_on": "2026-03-01",
            "ends_on": "2026-04-30", "budget": "1200.50", "currency": "eur", "rules": "spring-*",
            "note": ""}  # fmt: skip
ASSET = {"name": "Planning guide", "key": "guide", "kind": "ebook", "topic": "planning", "audience": "decision_makers",
         "level": "practice", "addresses": "https://acme.com/guide*", "cold_after_days": "", "checks": ["title"],
         "owner": "", "note": ""}  # fmt: skip
FILE = """Day,Channel,Campaign,Cost,Currency
2026-03-01,social,Spring,10.50,EUR
2026-03-02,social,Spring,5,EUR
,social,,1,EUR
"""


@pytest.fixture
def source(db: None) -> Source:
    return SourceFactory.create(key="social", name="Social")


@pytest.fixture
def campaign(source: Source) -> Campaign:
    return Campaign.objects.create(source=source, key="spring", name="Spring", created_at=NOW, described_at=NOW)


@pytest.fixture
def asset(db: None) -> Asset:
    return Asset.objects.create(key="guide", name="Guide", url_patterns=["/guide"], cold_after_days=91, created_at=NOW)


# --- campaigns -------------------------------------------------------------------------------------------------------
def test_a_marketer_describes_a_campaign_and_the_ledger_knows_who(sign_in: Any, source: Source) -> None:
    client = sign_in("marketer")
    answer = client.post("/campaigns/new/", {**CAMPAIGN, "source": str(source.pk)})
    campaign = Campaign.objects.get()
    assert answer.url == f"/campaigns/{campaign.public_id}/"
    assert (campaign.budget_minor, campaign.currency, campaign.match) == (
        120_050,
        "EUR",
        [{"utm_campaign": "spring-*"}],
    )
    assert campaign.described_at is not None
    entry = LedgerEntry.objects.get(action="campaign.described")
    assert (entry.actor, entry.after["key"]) == (client.person, "spring")
    page = client.get(answer.url).content.decode()
    assert "utm_campaign=spring-*" in page
    assert "1,200.50" in page or "1,201" in page or "1,200" in page


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"rules": "colour=red"}, "names no UTM value"),
        ({"ends_on": "2026-02-01"}, "lies before the first"),
        ({"currency": "euros"}, "three"),
        ({"currency": ""}, "Name the currency"),
        ({"name": ""}, "There is a problem"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_what_was_typed_stays(
    sign_in: Any, source: Source, wrong: dict[str, str], words: str
) -> None:
    answer = sign_in("marketer").post("/campaigns/new/", {**CAMPAIGN, "source": str(source.pk), "key": "kept", **wrong})
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert "kept" in answer.content.decode()
    assert not Campaign.objects.exists()


def test_changed_rules_move_what_came_earlier(sign_in: Any, source: Source) -> None:
    journey.admit([item(source, "a@one-a.com", utm_campaign="spring-typo")], now=NOW)
    campaign = Campaign.objects.create(source=source, key="spring", name="Spring", created_at=NOW, described_at=NOW)
    with doorbell.muffled():
        sign_in("marketer").post(f"/campaigns/{campaign.public_id}/edit/", CAMPAIGN)
    jobs.run(Job.objects.get(kind="campaigns_resolve").pk, lambda: NOW)
    assert campaign.leads.count() == 1


def test_a_found_value_is_taken_up_on_its_page(sign_in: Any, source: Source, campaign: Campaign) -> None:
    journey.admit([item(source, "a@one-a.com", utm_campaign="stray")], now=NOW)
    found = Campaign.objects.get(key="stray")
    client = sign_in("marketer")
    assert "stray" in client.get("/campaigns/", {"state": "found"}).content.decode()
    assert "Take it up" in client.get(f"/campaigns/{found.public_id}/").content.decode()
    assert client.post(f"/campaigns/{found.public_id}/take-up/", {}).status_code == 422
    with doorbell.muffled():
        answer = client.post(f"/campaigns/{found.public_id}/take-up/", {"into": str(campaign.pk)})
    assert answer.url == f"/campaigns/{campaign.public_id}/"
    jobs.run(Job.objects.get(kind="campaigns_resolve").pk, lambda: NOW)
    assert campaign.leads.count() == 1
    assert "Every value is described" in client.get("/campaigns/", {"state": "found"}).content.decode()


def test_a_campaign_goes_into_the_archive_and_comes_back(sign_in: Any, campaign: Campaign) -> None:
    client = sign_in("marketer")
    client.post(f"/campaigns/{campaign.public_id}/archive/")
    assert "Spring" in client.get("/campaigns/", {"state": "archived"}).content.decode()
    client.post(f"/campaigns/{campaign.public_id}/restore/")
    campaign.refresh_from_db()
    assert campaign.archived_at is None
    assert LedgerEntry.objects.filter(action="campaign.restored").exists()


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_of_campaigns_costs_the_same_for_one_and_for_three(
    sign_in: Any, source: Source, count: int, django_assert_num_queries: Any
) -> None:
    for number in range(count):
        Campaign.objects.create(source=source, key=f"c{number}", name=f"C {number}", created_at=NOW, described_at=NOW)
    client = sign_in()
    with django_assert_num_queries(11):  # session, person, rows, count, three tabs, marks, what came, money, sources
        page = client.get("/campaigns/").content.decode()
    assert page.count('<th scope="row" class="primary"') == count


def test_campaigns_are_filtered_and_downloaded(sign_in: Any, campaign: Campaign) -> None:
    Campaign.objects.create(source=SourceFactory.create(), key="x", name="Fair", created_at=NOW, described_at=NOW)
    client = sign_in()
    assert "Fair" not in client.get("/campaigns/", {"source": "social"}).content.decode()
    assert "No campaign matches" in client.get("/campaigns/", {"q": "nothing"}).content.decode()
    lines = b"".join(client.get("/campaigns/", {"format": "csv"}).streaming_content).decode().splitlines()
    assert len(lines) == 3
    assert sign_in().get("/campaigns/campaign_00000000000000000000000000/").status_code == 404


# --- assets ----------------------------------------------------------------------------------------------------------
def test_an_asset_is_registered_counted_and_changed(sign_in: Any, source: Source) -> None:
    client = sign_in("marketer")
    assert client.post("/assets/new/", ASSET).url == "/assets/guide/"
    asset = Asset.objects.get()
    assert (asset.url_patterns, asset.cold_after_days, asset.checks) == (["acme.com/guide*"], 91, ["title"])
    assert "Not counted yet" in client.get("/assets/guide/").content.decode()
    act = {"kind": "content_download", "url": "https://acme.com/guide.pdf"}
    journey.admit([item(source, "a@one-a.com", title="COO", signals=[act])], now=NOW)
    count_reach(now=timezone.now())
    page = client.get("/assets/guide/").content.decode()
    assert "C-level" in page
    assert "not answered yet" in page
    assert "The title names a business problem" in page
    client.post("/assets/guide/edit/", {**ASSET, "addresses": "/elsewhere"})
    asset.refresh_from_db()
    assert (asset.counted_to, asset.reach.count()) == (None, 0)
    assert LedgerEntry.objects.get(action="asset.changed").after == {"url_patterns": ["/elsewhere"]}


@pytest.mark.parametrize("wrong", [{"addresses": "*"}, {"addresses": ""}, {"key": "two words"}, {"kind": "film"}])
def test_an_asset_that_cannot_be_recognised_is_refused(sign_in: Any, wrong: dict[str, str]) -> None:
    answer = sign_in("marketer").post("/assets/new/", {**ASSET, **wrong})
    assert answer.status_code == 422
    assert "There is a problem" in answer.content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_of_assets_costs_the_same_for_one_and_for_three(
    sign_in: Any, count: int, django_assert_num_queries: Any
) -> None:
    for number in range(count):
        Asset.objects.create(
            key=f"a{number}", name=f"A {number}", url_patterns=["/a"], cold_after_days=91, created_at=NOW
        )
    client = sign_in()
    with django_assert_num_queries(5):  # session, person, rows, count, whom they reached
        page = client.get("/assets/").content.decode()
    assert page.count('<th scope="row" class="primary"') == count


def test_assets_are_archived_filtered_and_downloaded(sign_in: Any, asset: Asset) -> None:
    client = sign_in("marketer")
    client.post("/assets/guide/archive/")
    assert "No asset is registered yet" in client.get("/assets/").content.decode()
    assert "Guide" in client.get("/assets/", {"state": "archived"}).content.decode()
    client.post("/assets/guide/restore/")
    assert "No asset matches" in client.get("/assets/", {"kind": "video"}).content.decode()
    assert len(b"".join(client.get("/assets/", {"format": "csv"}).streaming_content).decode().splitlines()) == 2
    assert client.get("/assets/nothing/").status_code == 404


# --- spend -----------------------------------------------------------------------------------------------------------
def upload(client: Any, text: str, settings: Any, tmp_path: Any) -> Any:
    settings.VAR_DIR = tmp_path
    file = SimpleUploadedFile("ads.csv", text.encode(), content_type="text/csv")
    return client.post("/spend/import/", {"file": file, "source": "", "currency": "EUR"})


def test_spend_is_looked_at_taken_over_and_undone(
    sign_in: Any, campaign: Campaign, settings: Any, tmp_path: Any
) -> None:
    client = sign_in("marketer")
    address = upload(client, FILE, settings, tmp_path).url
    page = client.get(address).content.decode()
    assert "15.50&nbsp;EUR" in page
    assert "The month or the amount is empty." in page
    assert not Spend.objects.exists()
    client.post(f"{address}take-over/")
    assert Spend.objects.get().amount_minor == 15_50
    client.post(f"{address}take-over/")
    assert SpendFile.objects.get().counts == {"rows": 3, "unchanged": 0, "problems": 1, "changed": 1}
    again = upload(client, FILE, settings, tmp_path).url
    assert "Nothing would change" in client.get(again).content.decode()
    client.post(f"{address}undo/")
    assert not Spend.objects.exists()
    assert "This file was undone" in client.get(address).content.decode()
    assert "cannot be" not in client.post(f"{address}undo/", follow=True).content.decode()


@pytest.mark.parametrize("text", ["Name,Wage\na,1\n", "", "{]"])
def test_a_file_that_is_no_spend_is_refused_in_words(sign_in: Any, settings: Any, tmp_path: Any, text: str) -> None:
    answer = upload(sign_in("marketer"), text, settings, tmp_path)
    assert answer.status_code == 422
    assert "There is a problem" in answer.content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_of_spend_costs_the_same_for_one_and_for_three(
    sign_in: Any, source: Source, count: int, django_assert_num_queries: Any
) -> None:
    for month in range(1, count + 1):
        Spend.objects.create(source=source, month_on=date(2026, month, 1), amount_minor=100)
    client = sign_in()
    with django_assert_num_queries(6):  # session, person, rows, count, files, sources
        page = client.get("/spend/").content.decode()
    assert page.count('<th scope="row"') == count


def test_spend_downloads_in_the_form_that_can_be_imported_again(
    sign_in: Any, campaign: Campaign, settings: Any, tmp_path: Any
) -> None:
    Spend.objects.create(source=campaign.source, campaign=campaign, month_on=date(2026, 3, 1), amount_minor=12_50)
    client = sign_in("marketer")
    text = b"".join(client.get("/spend/", {"format": "csv"}).streaming_content).decode()
    assert "2026-03,social,spring,12.50,EUR" in text
    assert "Nothing would change" in client.get(upload(client, text, settings, tmp_path).url).content.decode()
    assert "No spend is stated yet" not in client.get("/spend/").content.decode()


# --- exceptions, and whom the pages refuse ---------------------------------------------------------------------------
def test_an_executive_makes_an_exception_and_takes_it_back(sign_in: Any) -> None:
    SourceFactory.create(key="bought", kind="purchased")
    client = sign_in("executive")
    assert "Make an exception" in client.get("/sources/bought/").content.decode()
    late = {"until": "2000-01-01", "reason": "Fair"}
    assert client.post("/sources/bought/exception/", late).status_code == 422
    until = (timezone.now() + timedelta(days=10)).date().isoformat()
    assert client.post("/sources/bought/exception/", {"until": until, "reason": ""}).status_code == 422
    assert client.post("/sources/bought/exception/", {"until": until, "reason": "Fair"}).status_code == 302
    assert "Refuse it again" in client.get("/sources/bought/").content.decode()
    client.post("/sources/bought/exception/end/")
    assert Source.objects.get().exception_until is None
    page = client.get("/sources/bought/").content.decode()
    assert "Source exception ended" in page


@pytest.mark.parametrize("role", ["marketing_manager", "marketer", "rep"])
def test_nobody_else_makes_an_exception(sign_in: Any, role: str) -> None:
    SourceFactory.create(key="bought", kind="purchased")
    assert sign_in(role).post("/sources/bought/exception/", {}).status_code == 403


@pytest.mark.parametrize("role", ["rep", "sales_manager", "executive"])
def test_others_read_and_do_not_change(
    sign_in: Any, role: str, campaign: Campaign, asset: Asset, settings: Any, tmp_path: Any
) -> None:
    client = sign_in(role)
    for address in ("/campaigns/", f"/campaigns/{campaign.public_id}/", "/assets/", "/assets/guide/", "/spend/"):
        assert client.get(address).status_code == 200, address
    for address in ("/campaigns/new/", f"/campaigns/{campaign.public_id}/edit/", "/assets/new/", "/assets/guide/edit/",
                    "/spend/import/"):  # fmt: skip
        assert client.get(address).status_code == 403, address
    for address in (f"/campaigns/{campaign.public_id}/archive/", f"/campaigns/{campaign.public_id}/take-up/",
                    "/assets/guide/archive/"):  # fmt: skip
        assert client.post(address).status_code == 403, address


def test_a_stranger_signs_in_first(client: Any) -> None:
    for address in ("/campaigns/", "/assets/", "/spend/", "/campaigns/new/"):
        assert client.get(address).url.startswith("/accounts/login/")
