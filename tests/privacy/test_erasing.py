"""Erasing takes a person out of every table; what was decided about them stays."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from feedback.models import Disposition
from leads.models import Attempt, Lead, Person, Signal, SubmissionBody, SuppressedAddress
from leads.subjects import people_asked_about
from revops.foundation.erasing import Subject, erasing
from revops.foundation.mentions import find_mentions, take_out_mentions
from revops.foundation.models import LedgerEntry, OutboxMessage
from revops.portal import journey
from revops.portal.auditor import audit
from revops.portal.privacy.erasing import erase_people
from revops.portal.privacy.holdings import held_of, subject_of
from scoring.models import LeadScore, ScoreDecision
from scoring.qualification import due_for_reevaluation, left_behind
from sla.models import Clock, HandOff
from tests.conftest import NOW
from tests.factories import item

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(hours=2)
READY = {"first_name": "Ada", "last_name": "Loveless", "title": "VP Sales", "company": "Acme Works", "country": "DE",
         "employees": 300, "industry": "Software", "act": "demo_request", "need": "Routing, says Ada",
         "phone": "+49 30 5551234", "signals": [{"kind": "demo_request"}, {"kind": "pricing_page_visit"}]}  # fmt: skip


@pytest.fixture
def lead(company: dict[str, Any]) -> Lead:
    (receipt,) = journey.admit([item(company["source"], "ada@acme-works.com", **READY)], now=NOW)
    return Lead.objects.select_related("person").get(pk=receipt.lead_id)


def test_an_erased_person_is_empty_and_what_was_decided_stays(lead: Lead, company: dict[str, Any]) -> None:
    decisions = ScoreDecision.objects.filter(lead=lead).count()
    acts = Signal.objects.filter(lead=lead).count()
    done = erase_people([lead.person_id], company["admin"], LATER)
    person = Person.objects.get(pk=lead.person_id)
    assert (person.email, person.phone, person.first_name, person.last_name, person.title) == (None, None, "", "", "")
    assert person.erased_at == LATER
    assert str(person.name) == "Erased person"
    lead.refresh_from_db()
    assert (lead.need, lead.attributes, lead.last_touch) == ("", {}, {})
    assert SubmissionBody.objects.get().payload is None
    assert ScoreDecision.objects.filter(lead=lead).count() == decisions > 0
    assert Signal.objects.filter(lead=lead).count() == acts > 0
    assert LeadScore.objects.get(lead=lead).tier == 1
    assert done.left == []


def test_nobody_works_on_an_erased_lead_any_more(lead: Lead, company: dict[str, Any]) -> None:
    assert lead.stage == "handed_off"
    erase_people([lead.person_id], company["admin"], LATER)
    lead.refresh_from_db()
    assert (lead.stage, lead.owner_id) == ("nurture", None)
    assert HandOff.objects.get(lead=lead).state == "withdrawn"
    assert not Clock.objects.open().filter(lead=lead).exists()
    assert left_behind(10) == []
    assert due_for_reevaluation(LATER + timedelta(days=400), 10) == []
    assert [finding.code for finding in audit(LATER).findings if not finding.ok] == []


def test_systems_and_the_ledger_learn_of_it_by_id_only(lead: Lead, company: dict[str, Any]) -> None:
    erase_people([lead.person_id], company["admin"], LATER, cause="privacy_x")
    (told,) = OutboxMessage.objects.filter(kind="lead.erased")
    assert (told.subject_id, told.payload) == (lead.pk, {"id": lead.public_id})
    (entry,) = LedgerEntry.objects.filter(action="person.erased")
    assert (entry.subject_id, entry.cause, entry.before, entry.after) == (lead.person_id, "privacy_x", None, None)


def test_the_same_address_is_a_new_person_afterwards(lead: Lead, company: dict[str, Any]) -> None:
    erase_people([lead.person_id], company["admin"], LATER)
    assert not SuppressedAddress.objects.exists(), "no hash is kept unless somebody asks for it"
    (receipt,) = journey.admit([item(company["source"], "ada@acme-works.com", **READY)], now=LATER)
    fresh = Lead.objects.get(pk=receipt.lead_id)
    assert receipt.outcome == "new"
    assert fresh.person_id != lead.person_id


def test_who_asked_to_be_let_alone_waits_in_quarantine_when_they_come_back(lead: Lead, company: Any) -> None:
    erase_people([lead.person_id], company["admin"], LATER, keeps_silence=True)
    (kept,) = SuppressedAddress.objects.all()
    assert "ada" not in kept.digest
    again, other = journey.admit(
        [item(company["source"], "Ada@Acme-Works.com", **READY), item(company["source"], "bob@acme-works.com")],
        now=LATER,
    )
    assert (again.outcome, other.outcome) == ("quarantined", "new")
    assert again.detail == "Its owner asked never to be contacted again."


def test_what_waits_in_quarantine_goes_too(company: dict[str, Any]) -> None:
    (held,) = journey.admit([item(company["source"], "zoe@mailinator.com", need="Zoe wants it")], now=NOW)
    assert held.outcome == "quarantined"
    erase_people([], company["admin"], LATER, said="zoe@mailinator.com")
    body = SubmissionBody.objects.get(submission=held.submission_id)
    assert (body.payload, body.erased_at) == (None, LATER)
    assert [finding.code for finding in audit(LATER).findings if not finding.ok] == []


def test_erasing_twice_changes_nothing_more(lead: Lead, company: dict[str, Any]) -> None:
    erase_people([lead.person_id], company["admin"], LATER)
    erase_people([lead.person_id], company["admin"], LATER + timedelta(days=1))
    assert Person.objects.get(pk=lead.person_id).erased_at == LATER


def test_texts_about_others_lose_the_mention_and_keep_the_rest(lead: Lead, company: dict[str, Any]) -> None:
    (other,) = journey.admit([item(company["source"], "bob@beta.com", need="Ask ada loveless, 030 555-1234")], now=NOW)
    rep = company["reps"][0]
    Attempt.objects.create(
        lead_id=other.lead_id, user=rep, channel="call", result="contact", occurred_at=NOW, recorded_at=NOW,
        note="Colleague of Ada Loveless (ada@acme-works.com), not of Adam.",
    )  # fmt: skip
    erase_people([lead.person_id], company["admin"], LATER)
    assert Lead.objects.get(pk=other.lead_id).need == "Ask [erased], [erased]"
    assert Attempt.objects.get().note == "Colleague of [erased] ([erased]), not of Adam."


def test_a_namesake_keeps_their_name(lead: Lead, company: dict[str, Any]) -> None:
    journey.admit([item(company["source"], "ada@beta.com", first_name="Ada", last_name="Loveless")], now=NOW)
    assert subject_of([lead.person_id]).names == ()
    erase_people([lead.person_id], company["admin"], LATER)
    assert Person.objects.get(email="ada@beta.com").name == "Ada Loveless"


def test_the_preview_says_what_goes_and_what_stays(lead: Lead, company: dict[str, Any]) -> None:
    held = {one.holding.table: one for one in held_of(subject_of([lead.person_id]), NOW)}
    assert (held["leads_submissionbody"].rows, held["leads_submissionbody"].goes) == (1, 1)
    assert (held["scoring_scoredecision"].rows, held["scoring_scoredecision"].goes) == (1, 0)
    assert all(one.holding.stays for one in held.values() if not one.holding.removes)
    erase_people([lead.person_id], company["admin"], LATER)
    after = {one.holding.table: one.goes for one in held_of(subject_of([lead.person_id]), LATER)}
    assert "leads_personidentity" not in after
    assert (after["leads_submissionbody"], after.get("leads_attempt", 0)) == (0, 0)


@pytest.mark.parametrize("typed", ["ada@acme-works.com", "+49 30 5551234", "loveless ada"])
def test_somebody_is_found_by_address_number_or_name(lead: Lead, typed: str) -> None:
    assert [person.pk for person in people_asked_about(typed)] == [lead.person_id]


def test_nobody_else_may_empty_what_is_only_ever_added(lead: Lead, company: dict[str, Any]) -> None:
    Disposition.objects.create(lead=lead, kind="accepted", is_history=True, note="Ada is kind", recorded_at=NOW)

    def write(words: str) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("UPDATE feedback_disposition SET note = %s", [words])

    with pytest.raises(IntegrityError):
        write("")
    with erasing():
        with pytest.raises(IntegrityError, match="would say something new"):
            write("[erased] is rude")
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("UPDATE feedback_disposition SET kind = 'rejected'")
        with pytest.raises(IntegrityError), transaction.atomic():
            Disposition.objects.all().delete()
        write("[erased] is kind")
        write("")
    with pytest.raises(IntegrityError):
        write("[erased]")


def test_mentions_are_found_in_columns_of_every_shape(lead: Lead, company: dict[str, Any]) -> None:
    ada = Subject(emails=("ada@acme-works.com",))
    found = {(table, column.name) for table, column, _n in find_mentions(ada)}
    assert {("leads_person", "email"), ("leads_submissionbody", "payload")} <= found
    with erasing():
        left = [mention for mention in take_out_mentions(ada) if mention.is_left]
    assert left == []
    assert list(find_mentions(ada)) == []
