"""The consent ledger: who agreed to which words, what that allows, and how it ends."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from leads.consents import (
    Consent,
    Proof,
    expire_consents,
    keep_wordings,
    may_mail,
    network_of,
    record_consents,
    standings,
    withdraw_consents,
)
from leads.models import ConsentEvent, ConsentWording, Person
from leads.models.consents import ConsentChannel, ConsentKind, ConsentPurpose
from revops.portal import journey
from tests.conftest import NOW
from tests.factories import SourceFactory, item

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
WORDS = "Acme may contact me."


def person(email: str = "ada@acme-works.com", **facts: Any) -> Person:
    return Person.objects.create(email=email, created_at=NOW, updated_at=NOW, **facts)


def given(who: Person, **facts: Any) -> Consent:
    usual = {"kind": ConsentKind.GIVEN, "purpose": ConsentPurpose.CONTACT, "channel": ConsentChannel.FORM, "at": NOW,
             "text": WORDS, "key": "demo"}  # fmt: skip
    return Consent(who.pk, **{**usual, **facts})


def test_the_latest_word_on_each_purpose_counts() -> None:
    ada = person()
    record_consents([given(ada), given(ada, purpose=ConsentPurpose.NEWS)], now=NOW)
    withdraw_consents([ada.pk], [ConsentPurpose.NEWS], ConsentChannel.LINK, now=NOW + DAY)
    found = standings([ada.pk], now=NOW + DAY)[ada.pk]
    assert (found["contact"].kind, found["news"].kind) == ("given", "withdrawn")


def test_the_ledger_only_grows() -> None:
    record_consents([given(person())], now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        ConsentEvent.objects.update(kind="withdrawn")
    with pytest.raises(IntegrityError), transaction.atomic():
        ConsentWording.objects.all().delete()


def test_a_given_consent_without_words_is_refused_by_the_database() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        record_consents([given(person(), text="")], now=NOW)


def test_words_are_numbered_by_who_shows_them_and_kept_once() -> None:
    ada = person()
    record_consents([given(ada), given(ada, text="Other words."), given(ada), given(ada, key="guide")], now=NOW)
    assert sorted(map(str, ConsentWording.objects.all())) == ["demo v1", "demo v2", "guide v1"]
    assert ConsentEvent.objects.count() == 4
    assert keep_wordings({("demo", WORDS)}, now=NOW)["demo", WORDS].version == 1


def test_withdrawing_contact_marks_the_person_and_giving_it_again_lifts_the_mark() -> None:
    ada = person()
    record_consents([given(ada)], now=NOW)
    withdraw_consents([ada.pk], [ConsentPurpose.CONTACT], ConsentChannel.LINK, now=NOW)
    ada.refresh_from_db()
    assert ada.do_not_contact
    assert withdraw_consents([ada.pk], [ConsentPurpose.CONTACT], ConsentChannel.LINK, now=NOW) == []
    record_consents([given(ada, at=NOW + DAY)], now=NOW + DAY)
    ada.refresh_from_db()
    assert not ada.do_not_contact


def test_a_mark_that_somebody_else_set_is_not_lifted_by_consent() -> None:
    ada = person(do_not_contact=True)
    record_consents([given(ada)], now=NOW)
    ada.refresh_from_db()
    assert ada.do_not_contact


def test_a_consent_runs_out_by_itself_and_the_sweep_writes_it_down_once() -> None:
    ada = person()
    record_consents([given(ada, expires_at=NOW + DAY)], now=NOW)
    assert standings([ada.pk], now=NOW)[ada.pk]["contact"].kind == "given"
    assert standings([ada.pk], now=NOW + DAY)[ada.pk]["contact"].kind == "expired"
    assert expire_consents(now=NOW) == 0
    assert expire_consents(now=NOW + DAY) == 1
    assert expire_consents(now=NOW + 2 * DAY) == 0
    assert ConsentEvent.objects.filter(kind="expired").count() == 1


def test_a_submission_says_a_consent_once_however_often_it_is_processed() -> None:
    ada = person()
    one = given(ada, submission_id=ada.pk)
    assert len(record_consents([one, one], now=NOW)) == 1
    assert record_consents([one], now=NOW) == []


@pytest.mark.parametrize(
    ("address", "network"),
    [("203.0.113.77", "203.0.113.0/24"), ("2001:db8:1:2::3", "2001:db8:1::/48"), ("nonsense", ""), ("", ""),
     ("fe80::1%eth0", "fe80::/48")],
)  # fmt: skip
def test_only_the_network_of_an_address_is_kept(address: str, network: str) -> None:
    assert network_of(address) == network


def test_the_proof_stands_apart_and_can_be_erased() -> None:
    record_consents(
        [given(person(), proof=Proof("203.0.113.0/24", "abc", "Firefox", "https://a.b", "told us"))], now=NOW
    )
    event = ConsentEvent.objects.get()
    assert (event.proof.network, event.proof.user_agent) == ("203.0.113.0/24", "Firefox")
    event.proof.delete()
    assert ConsentEvent.objects.count() == 1


# --- what may be mailed ----------------------------------------------------------------------------------------------
def verdict(who: Person, purpose: str = "contact", at: Any = NOW) -> tuple[bool, str]:
    found = may_mail([who], purpose, now=at)[who.pk]
    return found.is_allowed, found.why


def test_a_request_may_be_answered_but_news_needs_consent() -> None:
    ada = person()
    assert verdict(ada)[0]
    assert verdict(ada, "news") == (False, "Nobody asked them for consent to news.")
    record_consents([given(ada, purpose=ConsentPurpose.NEWS)], now=NOW)
    assert verdict(ada, "news") == (True, "Consent was given.")


@pytest.mark.parametrize(
    ("kind", "words"),
    [("asked", "never confirmed"), ("withdrawn", "withdrawn"), ("expired", "expired")],
)
def test_nothing_is_mailed_against_the_last_word(kind: str, words: str) -> None:
    ada = person()
    record_consents([given(ada), given(ada, kind=kind, text="")], now=NOW)
    ada.refresh_from_db()
    allowed, why = verdict(ada)
    assert not allowed
    assert words in why


def test_nothing_is_mailed_to_dead_marked_or_missing_addresses(company: Any) -> None:
    from leads.gate import Bounce, remember_bounces

    dead, marked = person("dead@acme-works.com"), person("no@acme-works.com", do_not_contact=True)
    nameless = Person.objects.create(phone="+4930123456", created_at=NOW, updated_at=NOW)
    remember_bounces([Bounce("dead@acme-works.com", NOW)], "mail", None)
    assert [verdict(one)[1] for one in (dead, marked, nameless)] == [
        "Mail to this address came back.",
        "They asked not to be contacted.",
        "No e-mail address is known.",
    ]


def test_people_of_a_purchased_list_are_never_mailed_before_they_speak(company: Any) -> None:
    bought = SourceFactory.create(kind="purchased")
    (held,) = journey.admit([item(bought)], now=NOW)
    (let_in,) = journey.release([held.submission_id], now=NOW)
    ada = Person.objects.get()
    assert let_in.outcome == "new"
    assert verdict(ada) == (False, "Known only from a purchased list, and never verified.")
    record_consents([given(ada)], now=NOW)
    assert verdict(ada)[0]


def test_consent_that_comes_with_a_submission_is_in_the_ledger_with_its_receipt(company: Any) -> None:
    consent = {"text": WORDS, "given_at": (NOW - DAY).isoformat(), "purpose": "news"}
    (receipt,) = journey.admit([item(company["source"], consent=consent, _channel="api")], now=NOW)
    event = ConsentEvent.objects.get()
    assert (event.kind, event.purpose, event.channel) == ("given", "news", "api")
    assert (event.submission_id, event.occurred_at) == (receipt.submission_id, NOW - DAY)
    assert event.wording.text == WORDS


def test_consent_of_what_is_held_counts_from_when_it_is_let_in(company: Any) -> None:
    hold = {"rule": "honeypot", "detail": "A robot."}
    (receipt,) = journey.admit([item(company["source"], consent={"text": WORDS}, hold=hold)], now=NOW)
    assert not ConsentEvent.objects.exists()
    journey.release([receipt.submission_id], now=NOW + DAY)
    assert ConsentEvent.objects.get().occurred_at == NOW
