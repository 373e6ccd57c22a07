"""Campaigns, assets, spend and sources over the API."""

from __future__ import annotations

from typing import Any

import pytest

from leads.asset_reach import count_reach
from leads.models import Asset, Campaign, Source, Spend
from revops.foundation.ids import encode
from revops.foundation.models import LedgerEntry
from revops.portal import journey
from tests.api.conftest import key_for
from tests.conftest import NOW
from tests.factories import item

pytestmark = pytest.mark.django_db


@pytest.fixture
def caller(house: Any, client: Any) -> Any:
    """Calls the API as marketing's manager, whose key has every scope."""
    token = key_for(house.people["marketing_manager"])

    def call(method: str, path: str, body: Any = None) -> Any:
        send = getattr(client, method.lower())
        headers = {"Authorization": f"Bearer {token}"}
        extra = {} if method == "GET" else {"data": {} if body is None else body, "content_type": "application/json"}
        return send(f"/api/v1/{path}", headers=headers, **extra)

    return call


def test_a_campaign_is_described_changed_and_archived(caller: Any) -> None:
    made = caller("POST", "campaigns/", {
        "source": "website", "key": "spring", "name": "Spring", "kind": "social",
        "budget": {"amount": "1200.50", "currency": "EUR"}, "utm_rules": [{"utm_campaign": "spring-*"}],
    })  # fmt: skip
    assert made.status_code == 201
    address = f"campaigns/{made.json()['id']}/"
    assert made.json()["budget"] == {"amount": "1200.50", "currency": "EUR"}
    assert caller("POST", "campaigns/", {"source": "website", "key": "spring", "name": "x"}).status_code == 422
    changed = caller("PATCH", address, {"name": "Spring again", "budget": None}).json()
    assert (changed["name"], changed["budget"], changed["utm_rules"]) == (
        "Spring again", None, [{"utm_campaign": "spring-*"}],
    )  # fmt: skip
    assert caller("POST", f"{address}archive/").json()["archived_at"] is not None
    assert [one["key"] for one in caller("GET", "campaigns/?state=archived").json()["data"]] == ["spring"]
    assert caller("POST", f"{address}restore/").json()["archived_at"] is None
    assert caller("GET", f"{address}yield/").json()["too_few"] is True


@pytest.mark.parametrize(
    ("change", "pointer"),
    [({"utm_rules": [{"colour": "red"}]}, "/utm_rules"), ({"utm_rules": [{"utm_campaign": "a b"}]}, "/utm_rules"),
     ({"ends_on": "2025-01-01", "starts_on": "2026-01-01"}, "/ends_on"),
     ({"owner_id": "user_00000000000000000000000000"}, "/owner_id"),
     ({"budget": {"amount": "-1.00", "currency": "EUR"}}, "/budget")],
)  # fmt: skip
def test_what_cannot_be_meant_names_its_field(caller: Any, house: Any, change: dict[str, Any], pointer: str) -> None:
    campaign = Campaign.objects.create(source=house.source, key="x", name="x", created_at=NOW)
    answer = caller("PATCH", f"campaigns/{campaign.public_id}/", change)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"].endswith(pointer)


def test_a_found_value_is_taken_up(caller: Any, house: Any) -> None:
    journey.admit([item(house.source, "a@one-a.com", utm_campaign="stray")], now=NOW)
    (found,) = caller("GET", "campaigns/?state=found").json()["data"]
    into = Campaign.objects.create(source=house.source, key="in", name="In", created_at=NOW, described_at=NOW)
    answer = caller("POST", f"campaigns/{found['id']}/take_up/", {"into_id": into.public_id})
    assert answer.json()["utm_rules"] == [{"utm_campaign": "stray"}]
    again = caller("POST", f"campaigns/{into.public_id}/take_up/", {"into_id": into.public_id})
    assert (again.status_code, again.json()["code"]) == (409, "invalid_transition")


def test_a_lead_shows_every_touch_to_those_who_see_it(caller: Any, house: Any, client: Any) -> None:
    Asset.objects.create(key="guide", name="Guide", url_patterns=["/guide*"], cold_after_days=91, created_at=NOW)
    acts: list[dict[str, Any]] = [{}, {"signals": [{"kind": "content_download", "url": "/guide.pdf"}]}]
    for campaign, more in zip(("first", "second"), acts, strict=True):
        (receipt,) = journey.admit([item(house.source, "a@one-a.com", utm_campaign=campaign, **more)], now=NOW)
    address = f"leads/{encode('lead', receipt.lead_id)}/touches/"
    touches = caller("GET", address).json()["data"]
    assert [(one["utm"], one["source"]) for one in touches] == [
        ({"utm_campaign": "first"}, "website"), ({"utm_campaign": "second"}, "website"),
    ]  # fmt: skip
    assert [(one["asset"], one["url"]) for one in touches] == [(None, ""), ("guide", "/guide.pdf")]
    assert touches[1]["receipt"] == encode("sub", receipt.submission_id)
    rep = {"Authorization": f"Bearer {key_for(house.people['other_rep'])}"}
    assert client.get(f"/api/v1/{address}", headers=rep).status_code == 404


def test_an_asset_says_whom_it_attracts(caller: Any, house: Any) -> None:
    body = {"key": "guide", "name": "Guide", "kind": "ebook", "url_patterns": ["/guide*"], "checks": ["title"]}
    made = caller("POST", "assets/", body)
    assert (made.status_code, made.json()["cold_after_days"]) == (201, 91)
    assert caller("POST", "assets/", body).status_code == 422
    act = {"kind": "content_download", "url": "/guide.pdf"}
    journey.admit([item(house.source, "a@one-a.com", title="COO", signals=[act])], now=NOW)
    count_reach(now=NOW)
    (part,) = caller("GET", "assets/guide/attracts/").json()["parts"]
    assert (part["value"], part["leads"], part["too_few"]) == ("c_level", 1, True)
    assert caller("GET", "assets/guide/attracts/?by=shoe_size").status_code == 422
    assert caller("PATCH", "assets/guide/", {"url_patterns": ["*"]}).status_code == 422
    caller("PATCH", "assets/guide/", {"url_patterns": ["/elsewhere"]})
    assert not Asset.objects.get().reach.exists()
    assert caller("POST", "assets/guide/archive/").json()["archived_at"] is not None
    assert caller("POST", "assets/guide/restore/").json()["archived_at"] is None
    assert caller("GET", "assets/none/").status_code == 404


def test_spend_is_stated_twice_without_change_and_undone(caller: Any) -> None:
    item_of = {"source": "website", "month": "2026-03", "amount": {"amount": "10.50", "currency": "EUR"}}
    first = caller("POST", "spend/batch/", {"items": [item_of, {**item_of, "month": "2026-04"}]}).json()
    assert (first["changed"], first["unchanged"]) == (2, 0)
    second = caller("POST", "spend/batch/", {"items": [item_of]}).json()
    assert (second["changed"], second["unchanged"]) == (0, 1)
    listed = caller("GET", "spend/?source=website").json()["data"]
    assert [(one["month"], one["amount"]["amount"]) for one in listed] == [("2026-04", "10.50"), ("2026-03", "10.50")]
    assert caller("POST", f"spend/{first['id']}/undo/").json()["undone_at"] is not None
    assert not Spend.objects.exists()
    assert caller("POST", f"spend/{first['id']}/undo/").status_code == 409


def test_one_wrong_item_of_spend_stops_all_and_is_named(caller: Any) -> None:
    good = {"source": "website", "month": "2026-03", "amount": {"amount": "1.00", "currency": "EUR"}}
    answer = caller("POST", "spend/batch/", {"items": [good, {**good, "campaign": "none"}]})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"].endswith("/items/1")
    assert not Spend.objects.exists()


def test_a_source_is_registered_stopped_and_the_ledger_knows(caller: Any) -> None:
    made = caller("POST", "sources/", {"key": "fair", "name": "Fair", "kind": "inbound", "allowed_tiers": [1, 2]})
    assert (made.status_code, made.json()["allowed_tiers"]) == (201, [1, 2])
    assert caller("POST", "sources/", {"key": "fair", "name": "x", "kind": "inbound"}).status_code == 422
    assert caller("PATCH", "sources/fair/", {"state": "stopped"}).json()["state"] == "stopped"
    assert Source.objects.get(key="fair").state == "stopped"
    assert LedgerEntry.objects.get(action="source.changed").after == {"state": "stopped"}


def test_a_system_registers_sources_only_by_their_own_scope(house: Any, client: Any) -> None:
    body = {"key": "fair", "name": "Fair", "kind": "inbound"}
    for scope, status in (("campaigns:write", 403), ("sources:write", 201)):
        headers = {"Authorization": f"Bearer {key_for(house.people['integration'], scope)}"}
        answer = client.post("/api/v1/sources/", body, content_type="application/json", headers=headers)
        assert answer.status_code == status


def test_an_integration_describes_campaigns(house: Any, client: Any) -> None:
    headers = {"Authorization": f"Bearer {key_for(house.people['integration'])}"}
    body = {"source": "website", "key": "spring", "name": "Spring"}
    assert client.post("/api/v1/campaigns/", body, content_type="application/json", headers=headers).status_code == 201
