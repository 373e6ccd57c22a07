"""The register of sources: who may change it, what it shows, what it writes down."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from leads.models import Source, Spend
from revops.foundation.models import LedgerEntry
from revops.portal import journey
from tests.conftest import NOW
from tests.factories import SourceFactory, item

pytestmark = pytest.mark.django_db

NEW = {"name": "Trade fair", "key": "fair", "kind": "inbound", "state": "pilot", "readiness": "comparing",
       "allowed_tiers": ["1", "2"], "note": "", "owner": ""}  # fmt: skip


def test_a_manager_registers_a_source_and_the_ledger_knows_who(sign_in: Any) -> None:
    client = sign_in("marketing_manager")
    assert client.post("/sources/new/", NEW).url == "/sources/fair/"
    assert Source.objects.get(key="fair").allowed_tiers == [1, 2]
    entry = LedgerEntry.objects.get(action="source.registered")
    assert (entry.actor, entry.after["state"]) == (client.person, "pilot")


def test_a_key_that_is_taken_is_refused_and_what_was_typed_stays(sign_in: Any) -> None:
    SourceFactory.create(key="fair")
    answer = sign_in().post("/sources/new/", {**NEW, "name": "Another fair"})
    assert answer.status_code == 422
    assert "There is a problem" in answer.content.decode()
    assert "Another fair" in answer.content.decode()


def test_a_change_notes_only_what_changed(sign_in: Any) -> None:
    source = SourceFactory.create(key="fair", name="Fair")
    answer = sign_in().post("/sources/fair/", {**NEW, "name": "Fair", "state": "active", "readiness": "ready"})
    assert answer.status_code == 302
    source.refresh_from_db()
    assert source.readiness == "ready"
    entry = LedgerEntry.objects.get(action="source.changed")
    assert entry.after == {"readiness": "ready", "allowed_tiers": [1, 2]}


def test_a_stopped_source_keeps_what_it_sends_in_quarantine_and_can_start_again(sign_in: Any, company: Any) -> None:
    client, source = sign_in(), company["source"]
    client.post(f"/sources/{source.key}/stop/")
    (receipt,) = journey.admit([item(source)], now=NOW)
    assert receipt.outcome == "quarantined"
    client.post(f"/sources/{source.key}/start/")
    source.refresh_from_db()
    assert source.state == "active"
    assert set(LedgerEntry.objects.values_list("action", flat=True)) >= {"source.stopped", "source.started"}


def test_spend_of_a_month_is_stated_once_and_replaced(sign_in: Any) -> None:
    SourceFactory.create(key="fair")
    client = sign_in("marketing_manager")
    for amount in ("1200.50", "900"):
        client.post("/sources/fair/spend/", {"month": "2026-03", "amount": amount, "currency": "eur"})
    spend = Spend.objects.get()
    assert (spend.month_on, spend.amount_minor, spend.currency) == (date(2026, 3, 1), 90_000, "EUR")
    assert LedgerEntry.objects.filter(action="spend.stated").latest("id").after["instead_of"] == "1200.50"


@pytest.mark.parametrize(("month", "amount"), [("March", "1"), ("2026-03", "-5"), ("2026-03", "much")])
def test_spend_that_cannot_be_read_is_refused_in_words(sign_in: Any, month: str, amount: str) -> None:
    SourceFactory.create(key="fair")
    answer = sign_in().post("/sources/fair/spend/", {"month": month, "amount": amount, "currency": "EUR"})
    assert answer.status_code == 422
    assert not Spend.objects.exists()


@pytest.mark.parametrize("role", ["rep", "marketer", "executive"])
def test_others_read_sources_but_cannot_change_them(sign_in: Any, role: str) -> None:
    SourceFactory.create(key="fair")
    client = sign_in(role)
    assert client.get("/sources/").status_code == 200
    assert client.get("/sources/fair/").status_code == 200
    assert client.get("/sources/new/").status_code == 403
    assert client.post("/sources/fair/stop/").status_code == 403


def test_a_stranger_signs_in_first_and_an_unknown_source_is_not_there(client: Any, sign_in: Any) -> None:
    assert client.get("/sources/").url.startswith("/accounts/login/")
    assert sign_in().get("/sources/nobody/").status_code == 404


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_for_one_source_and_for_three(
    sign_in: Any, count: int, django_assert_num_queries: Any
) -> None:
    for _ in range(count):
        SourceFactory.create()
    client = sign_in()
    with django_assert_num_queries(9):  # session, person, rows, count; acceptance, what came and its cost by version
        client.get("/sources/")
    with django_assert_num_queries(7):  # acceptance and what came are remembered
        page = client.get("/sources/").content.decode()
    assert page.count('<th scope="row"') == count


def test_the_list_is_filtered_searched_and_downloaded(sign_in: Any) -> None:
    SourceFactory.create(name="Webinar", state="stopped")
    SourceFactory.create(name="Resellers")
    client = sign_in()
    assert "Resellers" not in client.get("/sources/", {"state": "stopped"}).content.decode()
    assert "Webinar" not in client.get("/sources/", {"q": "resell"}).content.decode()
    assert "No source matches" in client.get("/sources/", {"q": "nothing"}).content.decode()
    lines = b"".join(client.get("/sources/", {"format": "csv"}).streaming_content).decode().splitlines()
    assert len(lines) == 3
