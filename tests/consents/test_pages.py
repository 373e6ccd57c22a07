"""The consent ledger on its pages and over the API, and the links by which people confirm and withdraw."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from leads.models import ConsentEvent, Lead, Person
from revops.foundation.ids import encode
from revops.foundation.models import LedgerEntry
from revops.portal import journey
from revops.portal.consents.mails import withdraw_token
from tests.factories import item
from tests.portal.desk import Office, open_office, signed_in

pytestmark = pytest.mark.django_db

WORDS = "Acme may send me news."


@pytest.fixture
def office(db: None) -> Office:
    return open_office()


def agreed(office: Office, number: int = 0) -> Lead:
    proof = {"network": "203.0.113.0/24", "user_agent": "Firefox"}
    return office.lead(number, consent={"text": WORDS, "purpose": "news", "proof": proof})


def page_of(lead: Lead) -> str:
    return f"/consents/{encode('person', lead.person_id)}/"


def test_a_person_s_page_shows_words_proof_and_what_may_be_mailed(office: Office) -> None:
    lead = agreed(office)
    page = signed_in(office.marketer).get(page_of(lead)).content.decode()
    assert WORDS in page
    assert "203.0.113.0/24" in page
    assert ConsentEvent.objects.get().receipt in page
    assert "May be mailed." in page
    assert "/u/" in page


def test_the_lead_s_page_says_what_may_be_mailed_and_leads_to_the_proof(office: Office) -> None:
    lead = agreed(office)
    page = signed_in(office.rep).get(f"/leads/{lead.public_id}/").content.decode()
    assert page_of(lead) in page
    assert "Consent was given." in page


def test_a_colleague_writes_a_consent_down_and_takes_it_back(office: Office) -> None:
    lead = office.lead()
    client = signed_in(office.rep)
    data = {"purpose": "news", "text": WORDS, "note": "on the phone", "occurred_on": "2026-03-04", "expires_on": ""}
    assert client.post(f"{page_of(lead)}record/", data).status_code == 302
    event = ConsentEvent.objects.get()
    assert (event.kind, event.actor, event.wording.text) == ("given", office.rep, WORDS)
    assert event.proof.note == "on the phone"
    client.post(f"{page_of(lead)}withdraw/", {"purpose": ["news", "contact"], "note": "by mail"})
    assert list(ConsentEvent.objects.order_by("pk").values_list("kind", flat=True)) == ["given", *["withdrawn"] * 2]
    lead.person.refresh_from_db()
    assert lead.person.do_not_contact
    actions = list(LedgerEntry.objects.filter(action__startswith="consent.").values_list("action", flat=True))
    assert sorted(actions) == ["consent.recorded", "consent.withdrawn"]
    assert not any("phone" in str(entry.after) for entry in LedgerEntry.objects.all())


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"occurred_on": "2099-01-01"}, "not one to come"), ({"text": ""}, "required"), ({"note": ""}, "required"),
     ({"expires_on": "2020-01-01"}, "This day is over"), ({"purpose": "world peace"}, "valid choice")],
)  # fmt: skip
def test_a_consent_that_cannot_be_is_refused_in_words(office: Office, changes: dict[str, str], words: str) -> None:
    data = {"purpose": "news", "text": WORDS, "note": "x", "occurred_on": "2026-03-04", **changes}
    answer = signed_in(office.rep).post(f"{page_of(office.lead())}record/", data)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not ConsentEvent.objects.exists()


def test_a_rep_sees_consents_of_own_leads_only(office: Office) -> None:
    lead = agreed(office)
    assert signed_in(office.colleague).get(page_of(lead)).status_code == 404
    assert signed_in(office.colleague).post(f"{page_of(lead)}withdraw/", {"purpose": "news"}).status_code == 404
    assert lead.person.name not in signed_in(office.colleague).get("/consents/").content.decode()
    assert lead.person.name in signed_in(office.rep).get("/consents/").content.decode()
    assert Client().get("/consents/").status_code == 302
    assert signed_in(office.admin).get("/consents/person_nonsense/").status_code == 404


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_for_one_entry_and_for_three(
    office: Office, count: int, django_assert_num_queries: Any
) -> None:
    for number in range(count):
        agreed(office, number)
    client = signed_in(office.marketer)
    with django_assert_num_queries(4):  # session, person, rows, count
        assert client.get("/consents/").content.decode().count('<th scope="row"') == count


def test_the_list_is_filtered_and_downloaded(office: Office) -> None:
    agreed(office)
    client = signed_in(office.marketer)
    assert "No entry matches" in client.get("/consents/?kind=withdrawn").content.decode()
    assert "Ada Lovelace" in client.get("/consents/?q=ada@company-0.com&kind=given&purpose=news").content.decode()
    lines = b"".join(client.get("/consents/?format=csv")).decode().splitlines()
    assert len(lines) == 2
    assert "ada@company-0.com" in lines[1]
    assert WORDS in lines[1]


def test_the_file_holds_the_proof_and_taking_it_out_is_written_down(office: Office) -> None:
    lead = agreed(office)
    event = ConsentEvent.objects.get(person=lead.person, kind="given")
    taken = signed_in(office.marketer).get("/consents/?format=csv&kind=given&q=ada@company-0.com")
    (row,) = csv.DictReader(io.StringIO(b"".join(taken).decode("utf-8-sig")))
    assert (row["proof_network"], row["proof_user_agent"]) == ("203.0.113.0/24", "Firefox")
    assert (row["receipt"], row["email"]) == (event.receipt, "ada@company-0.com")
    entry = LedgerEntry.objects.get(action="consents.exported")
    assert (entry.actor, entry.after) == (office.marketer, {"count": 1, "filters": {"kind": "given"}})
    signed_in(office.rep).get("/consents/?format=csv")
    assert LedgerEntry.objects.filter(action="consents.exported").count() == 1, "reps take nothing out"


# --- the way out -----------------------------------------------------------------------------------------------------
def test_opening_the_link_only_asks_and_the_button_withdraws(office: Office) -> None:
    lead = agreed(office)
    link = f"/u/{withdraw_token(lead.person_id)}/"
    stranger = Client()
    assert "What do you not want any more?" in stranger.get(link).content.decode()
    assert ConsentEvent.objects.filter(kind="withdrawn").count() == 0
    assert "No more news" in stranger.post(link, {"what": "news"}).content.decode()
    assert list(ConsentEvent.objects.filter(kind="withdrawn").values_list("purpose", "channel")) == [("news", "link")]
    stranger.post(link, {"what": "all"})
    assert Person.objects.get(pk=lead.person_id).do_not_contact
    assert "You will not hear from us" in stranger.get(link).content.decode()
    assert not stranger.cookies


def test_a_mail_program_withdraws_news_with_one_click(office: Office) -> None:
    lead = agreed(office)
    Client().post(f"/u/{withdraw_token(lead.person_id)}/", {"List-Unsubscribe": "One-Click"})
    assert ConsentEvent.objects.get(kind="withdrawn").purpose == "news"


def test_a_forged_link_leads_nowhere(office: Office) -> None:
    for path in ("/u/forged/", "/c/forged/", "/u/ImFiYyI:1:x/", "/c/again/sub_x/"):
        assert Client().post(path).status_code == 404, path


# --- the API ---------------------------------------------------------------------------------------------------------
def machine(office: Office) -> Any:
    from tests.api.conftest import Client as ApiClient
    from tests.api.conftest import key_for
    from tests.factories import UserFactory

    return ApiClient(HTTP_AUTHORIZATION=f"Bearer {key_for(UserFactory.create(role='integration'))}")


def test_systems_write_consents_ask_what_may_be_mailed_and_withdraw(office: Office) -> None:
    lead = office.lead()
    client = machine(office)
    path = f"leads/{lead.public_id}/consents/"
    before = {row["purpose"]: row for row in client.get_json(path)["purposes"]}
    assert (before["news"]["may_be_mailed"], before["contact"]["may_be_mailed"]) == (False, True)
    sent = {"email": "ada@company-0.com", "purpose": "news", "text": WORDS, "source": "website",
            "occurred_at": "2026-01-01T00:00:00Z"}  # fmt: skip
    made = client.send("consents/", sent, 201).json()
    assert (made["kind"], made["channel"], made["text"], made["wording"]) == ("given", "api", WORDS, "api v1")
    listed = client.get_json("consents/", person_id=made["person_id"])["data"]
    assert [row["id"] for row in listed] == [made["id"]]
    after = client.send("consents/withdraw/", {"lead_id": lead.public_id, "purposes": ["news"]}, 200).json()
    assert after["purposes"][1]["kind"] == "withdrawn"
    assert not after["do_not_contact"]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [({"email": "nobody@acme.com"}, "#/email"), ({"email": ""}, "#/email"), ({"text": " "}, "#/text"),
     ({"occurred_at": "2099-01-01T00:00:00Z"}, "#/occurred_at"),
     ({"expires_at": "2020-01-01T00:00:00Z"}, "#/expires_at"),
     ({"source": "nobody"}, "#/source"), ({"purpose": "x"}, "#/purpose")],
)  # fmt: skip
def test_what_cannot_be_is_refused_at_its_place(office: Office, changes: dict[str, str], pointer: str) -> None:
    office.lead()
    sent = {"email": "ada@company-0.com", "purpose": "news", "text": WORDS, **changes}
    answer = machine(office).send("consents/", sent, 422).json()
    assert pointer in [error["pointer"] for error in answer["errors"]]
    assert not ConsentEvent.objects.exists()


def test_a_submission_over_the_api_brings_its_consent(office: Office) -> None:
    sent = {"source": "website", "email": "bea@acme-works.com", "consent": {"text": WORDS, "purpose": "news"}}
    machine(office).send("submissions/", sent, 201)
    event = ConsentEvent.objects.get()
    assert (event.channel, event.purpose, event.wording.text) == ("api", "news", WORDS)
    bad = machine(office).send("submissions/", {**sent, "consent": {"purpose": "news"}}, 422).json()
    assert bad["errors"][0]["pointer"] == "#/consent/text"


def test_consent_with_an_end_expires_in_the_journey_of_later_submissions(office: Office) -> None:
    soon = (timezone.now() + timedelta(days=1)).isoformat()
    journey.admit([item(office.source, consent={"text": WORDS, "expires_at": soon})], now=timezone.now())
    assert ConsentEvent.objects.get().expires_at is not None
