"""The page of one lead and the list of all: what they show, to whom, and at which cost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import redis
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from feedback.models import Outcome
from leads.acts import Act, ActOnLead
from leads.files import csv_lines, defused
from leads.models import Account, Lead
from leads.names import normalise_company
from revops.foundation.models import LedgerEntry
from revops.portal import journey
from revops.portal.lead_pages import listing
from revops.portal.lead_pages.listing import count_of, page_of
from revops.portal.lead_pages.timeline import timeline_of
from revops.portal.lead_pages.visibility import leads_for, own_leads
from tests.factories import item
from tests.portal.desk import READY, Office, fields, signed_in

pytestmark = pytest.mark.django_db

LEAD_QUERIES = 45
LIST_QUERIES = 8


def text(response: Any) -> str:
    return b"".join(response).decode() if response.streaming else response.content.decode()


def visit(office: Office, lead: Lead, times: int) -> None:
    """Lets the person of the lead look at pages."""
    now = timezone.now()
    acts = [
        ActOnLead(
            Act("page_visit", occurred_at=now - timedelta(minutes=at)), lead.pk, lead.person_id, office.source.pk, now
        )
        for at in range(times)
    ]
    journey.record_signals(acts, now=now)


def test_the_lead_page_has_every_section(office: Office) -> None:
    lead = office.lead()
    page = text(signed_in(office.rep).get(f"/leads/{lead.public_id}/"))
    for anchor in ("summary", "timeline", "score", "company", "attempts", "routing", "outcomes", "audit"):
        assert f'<section id="{anchor}"' in page
    assert "Try to reach every tier-1 lead" in page
    assert "could take it" in page
    assert "At hand-off: fit" in page
    assert "Now: intent" in page


def test_the_lead_page_costs_the_same_with_few_and_with_many_events(office: Office) -> None:
    lead = office.lead()
    client = signed_in(office.rep)
    client.get(f"/leads/{lead.public_id}/")
    with CaptureQueriesContext(connection) as few:
        client.get(f"/leads/{lead.public_id}/")
    visit(office, lead, 90)
    for number in range(3):
        client.post(
            f"/queue/{lead.public_id}/attempts/",
            fields(office.rep, lead, **{"try": "call:no_answer", "idempotency_key": f"{number}"}),
        )
    with CaptureQueriesContext(connection) as many:
        client.get(f"/leads/{lead.public_id}/")
    assert len(few) == len(many) == LEAD_QUERIES


def test_the_timeline_pages_through_every_event_once(office: Office) -> None:
    lead = office.lead()
    visit(office, lead, 75)
    seen, cursor = [], ""
    while True:
        page = timeline_of(lead, cursor=cursor, size=10)
        seen += [(event.title, event.at) for event in page.events]
        cursor = page.older
        if not cursor:
            break
    assert len(seen) == len(timeline_of(lead, size=1000).events)
    assert [at for _title, at in seen] == sorted((at for _title, at in seen if at), reverse=True)
    assert {event.title for event in timeline_of(lead, "attempt").events} == set()
    assert len(timeline_of(lead, "signal", size=1000).events) == 78


def test_a_damaged_cursor_starts_from_the_newest(office: Office) -> None:
    lead = office.lead()
    client = signed_in(office.rep)
    assert client.get(f"/leads/{lead.public_id}/?before=nonsense&kind=nothing").status_code == 200
    assert client.get("/leads/?after=nonsense").status_code == 200


def test_the_answer_can_be_taken_back_on_the_lead_page(office: Office) -> None:
    lead = office.lead()
    client = signed_in(office.rep)
    client.post(f"/queue/{lead.public_id}/accept/", fields(office.rep, lead, **{"from": "lead"}))
    page = text(client.get(f"/leads/{lead.public_id}/"))
    assert "Take the answer back" in page
    address = page.split('action="/queue/undo/')[1].split('"')[0]
    response = client.post(f"/queue/undo/{address}", {"from": "lead"})
    assert response["Location"] == f"/leads/{lead.public_id}/"
    lead.refresh_from_db()
    assert lead.stage == "handed_off"


def test_an_outcome_is_recorded_once_and_shown(office: Office) -> None:
    lead = office.lead()
    client = signed_in(office.rep)
    when = timezone.now().strftime("%Y-%m-%dT%H:%M")
    post = {"kind": "opportunity", "occurred_at": when, "amount": "12000", "currency": "eur", "idempotency_key": "k1"}
    early = client.post(f"/leads/{lead.public_id}/outcomes/", post)
    assert early.status_code == 409
    assert "accept it before" in text(early)
    client.post(f"/queue/{lead.public_id}/accept/", fields(office.rep, lead))
    for _again in range(2):
        assert client.post(f"/leads/{lead.public_id}/outcomes/", post).status_code == 302
    outcome = Outcome.objects.get()
    assert (outcome.kind, outcome.amount, outcome.currency) == ("opportunity", 12000, "EUR")
    assert "12,000 EUR" in text(client.get(f"/leads/{lead.public_id}/"))


def test_a_lost_deal_needs_its_reason(office: Office) -> None:
    lead = office.lead()
    client = signed_in(office.rep)
    client.post(f"/queue/{lead.public_id}/accept/", fields(office.rep, lead))
    when = timezone.now().strftime("%Y-%m-%dT%H:%M")
    response = client.post(f"/leads/{lead.public_id}/outcomes/", {"kind": "lost", "occurred_at": when})
    assert response.status_code == 422
    assert "Say why it was lost" in text(response)
    assert signed_in(office.marketer).post(f"/leads/{lead.public_id}/outcomes/", {}).status_code == 403


def test_the_list_costs_the_same_for_one_lead_and_for_three(office: Office) -> None:
    office.lead(1)
    client = signed_in(office.sales_head)
    client.get("/leads/")
    with CaptureQueriesContext(connection) as first:
        client.get("/leads/")
    office.lead(2)
    office.lead(3)
    client.get("/leads/")  # what is told of their decisions is remembered from now on
    with CaptureQueriesContext(connection) as third:
        client.get("/leads/")
    assert len(first) == len(third) == LIST_QUERIES


def test_a_rep_sees_their_own_leads_and_those_nobody_has(office: Office) -> None:
    own, others = office.lead(1), office.lead(2, owner=office.colleague)
    assert list(leads_for(office.rep)) == [own]
    assert set(leads_for(office.marketer)) == {own, others}
    Lead.objects.filter(pk=others.pk).update(owner=None)
    assert set(leads_for(office.rep)) == {own, others}
    office.rep.is_active = False
    assert not leads_for(office.rep).exists()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=company-2", {2}),
        ("q=love", {1, 2, 3}),
        ("q=Ada+Lovelace", {1, 2, 3}),
        ("stage=handed_off", {2, 3}),
        ("stage=accepted&stage=handed_off", {1, 2, 3}),
        ("tier=1", {1, 2, 3}),
        ("tier=3", set()),
        ("source=website", {1, 2, 3}),
        ("owner=me", set()),
        ("owner=nobody", set()),
        ("country=de", {1, 2}),
        ("country=FR", {3}),
        ("rejected=any", set()),
        ("is_history=no", {1, 2, 3}),
        ("is_history=yes", set()),
        ("received_from=2020-01-01", {1, 2, 3}),
        ("received_to=2020-01-01", set()),
        ("tier=9", {1, 2, 3}),
    ],
)
def test_filters(office: Office, query: str, found: set[int]) -> None:
    leads = {number: office.lead(number, country="FR" if number == 3 else "DE") for number in (1, 2, 3)}
    signed_in(office.rep).post(f"/queue/{leads[1].public_id}/accept/", fields(office.rep, leads[1]))
    page = text(signed_in(office.marketer).get(f"/leads/?{query}"))
    assert {number for number, lead in leads.items() if f"/leads/{lead.public_id}/" in page} == found


def test_the_list_filters_by_the_reason_of_a_rejection(office: Office) -> None:
    lead = office.lead(1)
    office.lead(2)
    post = fields(office.rep, lead, reason="too_small", evidence="7")
    signed_in(office.rep).post(f"/queue/{lead.public_id}/reject/", post)
    client = signed_in(office.marketer)
    for reason, shown in (("any", True), ("too_small", True), ("fit", True), ("no_budget", False)):
        assert (lead.public_id in text(client.get(f"/leads/?rejected={reason}"))) is shown


def test_pages_of_leads_meet_without_gap_or_overlap(office: Office) -> None:
    now = timezone.now()
    sent = [
        item(
            office.source,
            f"p{n}@co{n}.com",
            **{**READY, "company": f"Co {n}"},
            _received_at=now - timedelta(minutes=n % 3),
        )
        for n in range(11)
    ]
    journey.admit(sent, now=now)
    for sort in ("-received", "received", "tier", "-tier"):
        seen, cursor = [], ""
        while True:
            page = page_of(leads_for(office.marketer), sort, cursor, size=4)
            assert (page.total, page.is_exact) == (11, True)
            seen += [lead.pk for lead in page.leads]
            cursor = page.next_cursor
            if not cursor:
                break
        assert len(seen) == len(set(seen)) == 11
    assert count_of(Lead.objects.all()) == (11, True)
    assert count_of(Lead.objects.none()) == (0, True)


def test_many_are_estimated_and_not_counted_again_for_a_minute(
    office: Office, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    monkeypatch.setattr(listing, "EXACT_TO", 2)
    for number in range(3):
        office.lead(number)
    of_marketing, of_rep = leads_for(office.marketer), leads_for(office.rep)
    with django_assert_num_queries(2):
        total, is_exact = count_of(of_marketing)
    assert (total >= 3, is_exact) == (True, False)
    with django_assert_num_queries(0):
        assert count_of(of_marketing) == (total, False)
    with django_assert_num_queries(1):
        assert count_of(of_rep.filter(owner=office.rep, stage="won")) == (0, True)
    monkeypatch.setattr(cache, "get", broken)
    with django_assert_num_queries(2):
        assert count_of(of_marketing) == (total, False)


def broken(*_words: Any) -> None:
    raise redis.ConnectionError


def test_the_worst_come_in_the_opposite_order_of_the_best(office: Office) -> None:
    for number in range(3):
        office.lead(number)
    best, worst = ([lead.pk for lead in page_of(leads_for(office.marketer), sort).leads] for sort in ("tier", "-tier"))
    assert len(best) == 3
    assert worst == best[::-1]


def test_own_leads_are_those_one_sees_and_owns(office: Office) -> None:
    for number in range(3):
        office.lead(number)
    for person in (office.rep, office.colleague, office.sales_head, office.marketer, office.admin):
        assert set(own_leads(person)) == set(leads_for(person).filter(owner=person))
    assert own_leads(office.rep).exists()


def test_the_export_holds_exactly_the_filtered_leads_and_is_written_down(office: Office) -> None:
    office.lead(1, last_name="=1+1")
    office.lead(2)
    client = signed_in(office.marketer)
    assert signed_in(office.rep).get("/leads/export.csv").status_code == 403
    lines = text(client.get("/leads/export.csv?q=company-1")).splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("\ufeffid,stage,tier")
    assert "'=1+1" in lines[1]
    entry = LedgerEntry.objects.get(action="leads.exported")
    assert (entry.actor, entry.after) == (office.marketer, {"count": 1, "filters": {}})


@pytest.mark.parametrize("evil", ["=1", "+1+1", "-1+1", "@x", "\t=1", " =1", "  @a", "\n=1"])
def test_a_cell_is_never_a_formula(evil: str) -> None:
    assert defused(evil) == f"'{evil}"


def test_ordinary_cells_stay_as_they_are() -> None:
    assert list(csv_lines([("Acme", 12, None, "a=b")])) == ["Acme,12,,a=b\r\n"]


def test_a_number_opens_to_its_leads(office: Office) -> None:
    lead = office.lead(1)
    office.lead(2)
    signed_in(office.rep).post(f"/queue/{lead.public_id}/accept/", fields(office.rep, lead))
    week = timezone.now().strftime("%G-W%V")
    page = text(signed_in(office.marketer).get(f"/leads/?metric=acceptance_rate&period={week}&part=hits"))
    assert "These are the leads behind that number." in page
    assert lead.public_id in page
    assert "Company 2" not in page
    assert signed_in(office.marketer).get("/leads/?metric=nonsense&period=x").status_code == 200


@pytest.mark.parametrize("words", ["Torisport Partners GmbH", "partners torisport", "GmbH Torisp"])
def test_search_finds_a_company_with_and_without_its_legal_form(office: Office, words: str) -> None:
    lead = office.lead(1)
    Account.objects.filter(pk=lead.account_id).update(
        name="Torisport Partners GmbH", normalised_name=normalise_company("Torisport Partners GmbH")
    )
    assert f"/leads/{lead.public_id}/" in text(signed_in(office.rep).get("/search/", {"q": words}))


def test_search_finds_leads_by_name_address_company_and_id(office: Office) -> None:
    lead = office.lead(1)
    office.lead(2, owner=office.colleague)
    client = signed_in(office.rep)
    for words in ("ada", "Lovelace", "company-1", "Company 1"):
        page = text(client.get("/search/", {"q": words}))
        assert f"/leads/{lead.public_id}/" in page
        assert "Company 2" not in page
    assert client.get("/search/", {"q": lead.public_id})["Location"] == f"/leads/{lead.public_id}/"
    hits = text(client.get("/search/", {"q": "ada"}, headers={"HX-Request": "true"}))
    assert hits.startswith("<ul><li>")
    assert "No lead, company or rule" not in hits
    nothing = text(client.get("/search/", {"q": "zzz"}, headers={"HX-Request": "true"}))
    assert "No lead, company or rule has these words." in nothing
    assert "Nothing found" in text(client.get("/search/", {"q": "zzz"}))
