"""Somebody who must not be contacted asks for something: no rep hears of it, a person does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from leads.acts import Act, ActOnLead
from leads.consents import withdraw_consents
from leads.models import HygieneRule, Lead, Person
from leads.models.consents import ConsentChannel
from revops.foundation.ids import encode
from revops.foundation.models import OutboxMessage, User
from revops.foundation.notice_kinds import KINDS
from revops.portal import journey
from revops.portal.consents.asking import KIND
from revops.portal.consents.recording import record_consent
from scoring.models import LeadScore
from sla.models import HandOff
from tests.factories import UserFactory, item
from tests.portal.desk import READY

pytestmark = pytest.mark.django_db

ADA = "ada@acme-works.com"
HOUR = timedelta(hours=1)


@pytest.fixture
def owner(company: dict[str, Any]) -> User:
    """Who answers for the source."""
    owner = UserFactory.create(role="marketer")
    company["source"].owner = owner
    company["source"].save(update_fields=["owner"])
    return owner


@pytest.fixture
def gone(company: dict[str, Any], now: Any) -> Person:
    """Somebody known who withdrew; what they asked for before is not ready for sales."""
    journey.admit([item(company["source"], ADA, first_name="Ada", last_name="Lovelace")], now=now - HOUR)
    ada = Person.objects.get(email=ADA)
    withdraw_consents([ada.pk], ["contact"], ConsentChannel.LINK, now=now - HOUR / 2)
    return ada


def told() -> list[str]:
    return sorted(OutboxMessage.objects.filter(kind=KIND).values_list("recipient", flat=True))


def ask(company: dict[str, Any], now: Any, **facts: Any) -> None:
    journey.admit([item(company["source"], ADA, **{**READY, **facts})], now=now)


def test_the_owner_of_the_source_is_told_and_no_rep(gone: Person, owner: User, company: Any, now: Any) -> None:
    ask(company, now)
    assert told() == [str(owner.pk)]
    assert not HandOff.objects.exists()
    (message,) = OutboxMessage.objects.filter(kind=KIND)
    assert message.payload["text"].startswith("Ada Lovelace must not be contacted, and asked for something.")
    assert message.payload["url"] == f"/leads/{encode('lead', Lead.objects.get().pk)}/"


def test_without_an_owner_the_heads_of_marketing_are_told(gone: Person, company: Any, now: Any) -> None:
    UserFactory.create(role="marketing_manager", is_active=False)
    ask(company, now)
    assert told() == [str(company["marketing_head"].pk)]


def test_an_act_that_arrives_alone_is_told_too_and_only_once(gone: Person, owner: User, company: Any, now: Any) -> None:
    lead = Lead.objects.get()
    act = ActOnLead(Act("demo_request", occurred_at=now, event_id="e1"), lead.pk, gone.pk, company["source"].pk, now)
    assert journey.record_signals([act], now=now) == [True]
    assert journey.record_signals([act], now=now) == [False]
    assert told() == [str(owner.pk)]


@pytest.mark.parametrize(
    "facts",
    [
        {"act": "content_download"},
        {"act": "demo_request", "_channel": "import"},
        {"act": "demo_request", "_is_history": True},
    ],
)
def test_who_raises_no_hand_is_no_news(gone: Person, owner: User, company: Any, now: Any, facts: Any) -> None:
    ask(company, now, **facts)
    assert told() == []


def test_who_agrees_again_in_the_same_breath_goes_to_sales(gone: Person, owner: User, company: Any, now: Any) -> None:
    sent = item(company["source"], ADA, **READY, consent={"purposes": ["contact"], "text": "Call me."})
    journey.admit([sent], now=now)
    assert told() == []
    assert HandOff.objects.exists()


def test_who_is_shut_out_for_another_reason_is_no_news(owner: User, company: Any, now: Any) -> None:
    HygieneRule.objects.filter(pk="student").update(is_active=False)
    ask(company, now, title="Student")
    assert LeadScore.objects.get().decision.disqualified_by == "student"
    assert told() == []


def test_nothing_is_looked_up_for_those_whom_no_rule_shuts_out(owner: User, company: Any, now: Any) -> None:
    with CaptureQueriesContext(connection) as queries:
        ask(company, now)
    assert HandOff.objects.exists()
    assert not any("AS asked(lead_id, received_at)" in query["sql"] for query in queries)


def test_an_earlier_hand_raise_is_not_told_again(gone: Person, owner: User, company: Any, now: Any) -> None:
    ask(company, now)
    ask(company, now + HOUR, act="content_download")
    assert told() == [str(owner.pk)]


def test_consent_that_is_noted_for_them_brings_the_lead_to_sales(
    gone: Person, owner: User, company: Any, now: Any
) -> None:
    ask(company, now)
    record_consent(gone, "news", "News, please.", "on the phone", owner, now + HOUR, at=now + HOUR)
    assert not HandOff.objects.exists()
    record_consent(gone, "contact", "Call me.", "on the phone", owner, now + HOUR, at=now + HOUR)
    handoff = HandOff.objects.get()
    assert (handoff.lead.person, handoff.cause_kind) == (gone, "consent")


def test_the_settings_page_offers_the_notice_to_those_who_can_be_told(owner: User, company: Any) -> None:
    client = Client()
    client.force_login(owner)
    assert "Somebody who must not be contacted asks" in client.get("/me/notifications/").content.decode()


def test_every_kind_of_notice_stands_once_in_the_table() -> None:
    codes = [kind.code for kind in KINDS]
    assert len(codes) == len(set(codes))
