"""Lists of signals, consents, spend and campaigns: as many queries for three rows as for one, every field said."""

from __future__ import annotations

from datetime import timedelta

import pytest

from leads.models import Campaign, ConsentEvent, ConsentProof, ConsentWording, Lead, Signal, SignalKind, Source, Spend
from revops.foundation.ids import encode
from revops.foundation.models import User
from revops.portal.api.campaigns import CampaignSerializer
from revops.portal.api.consents import ConsentSerializer
from revops.portal.api.signals import SignalSerializer
from revops.portal.api.spend import SpendSerializer
from tests.api.conftest import Client, key_for
from tests.conftest import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def fill(lead):
    """Adds one row to each list."""

    def add(number):
        row, source = Lead.objects.get(), Source.objects.get(key="website")
        at = NOW + timedelta(minutes=number)
        kind = SignalKind.objects.get(code="webinar_attended")
        Signal.objects.create(
            person_id=row.person_id, lead=row, kind=kind, source=source, topic="planning", value=40, quantity=2,
            url="https://acme.example/pricing", occurred_at=at, received_at=at, event_id=f"visit-{number}",
        )  # fmt: skip
        wording = ConsentWording.objects.create(key="demo", version=number, text="You may write to me.", created_at=at)
        event = ConsentEvent.objects.create(
            person_id=row.person_id, kind="given", purpose="news", channel="form", source=source, wording=wording,
            submission_id=Signal.objects.latest("pk").pk, occurred_at=at, recorded_at=at, expires_at=None,
        )  # fmt: skip
        ConsentProof.objects.create(event=event, network="203.0.113.0/24", user_agent="Firefox", page="https://a.b/c")
        campaign = Campaign.objects.create(
            source=source, key=f"spring-{number}", name=f"Spring {number}", kind="event", created_at=at,
            owner=User.objects.filter(is_active=True).first(), starts_on=at.date(), budget_minor=120_050,
            currency="EUR", match=[{"utm_campaign": "spring-*"}], note="Fairs", described_at=at,
        )  # fmt: skip
        Spend.objects.create(
            source=source, campaign=campaign, month_on=at.date().replace(day=1), amount_minor=1_250, currency="JPY"
        )

    return add


@pytest.mark.parametrize("count", [1, 3])
def test_a_list_of_intake_asks_as_often_for_one_as_for_three(machine, fill, count, django_assert_num_queries):
    Campaign.objects.all().delete()
    for number in range(1, count + 1):
        fill(number)
    acts = f"signals/?kind=webinar_attended&lead={encode('lead', Lead.objects.get().pk)}"
    for path in (acts, "consents/", "spend/", "campaigns/"):
        with django_assert_num_queries(2):  # the key, the rows
            rows = machine.get_json(path)["data"]
        assert len(rows) == count, path


def test_every_row_says_what_the_reference_promises(machine, fill):
    fill(1)
    lead, signal = Lead.objects.get(), Signal.objects.get(event_id="visit-1")
    event, spend, campaign = ConsentEvent.objects.get(), Spend.objects.get(), Campaign.objects.get(key="spring-1")
    (row,) = machine.get_json("signals/?kind=webinar_attended")["data"]
    at = "2026-03-04T10:01:00Z"
    assert row == {
        "id": encode("signal", signal.pk), "lead_id": encode("lead", lead.pk), "kind": "webinar_attended",
        "name": signal.kind.name, "topic": "planning", "quantity": 2, "value": 40,
        "url": "https://acme.example/pricing", "occurred_at": at, "received_at": at, "source": "website",
        "event_id": "visit-1",
    }  # fmt: skip
    assert row.keys() == SignalSerializer().fields.keys()
    (row,) = machine.get_json("consents/")["data"]
    assert row == {
        "id": encode("consent", event.pk), "person_id": encode("person", lead.person_id), "kind": "given",
        "purpose": "news", "channel": "form", "source": "website", "text": "You may write to me.",
        "wording": "demo v1", "receipt": encode("sub", signal.pk), "occurred_at": at, "recorded_at": at,
        "expires_at": None,
        "proof": {"network": "203.0.113.0/24", "address_digest": "", "user_agent": "Firefox", "page": "https://a.b/c",
                  "note": ""},
    }  # fmt: skip
    assert row.keys() == ConsentSerializer().fields.keys()
    (row,) = machine.get_json("spend/")["data"]
    assert row == {
        "id": encode("spend", spend.pk), "source": "website", "campaign": "spring-1", "month": "2026-03",
        "amount": {"amount": "1250", "currency": "JPY"},
    }  # fmt: skip
    assert row.keys() == SpendSerializer().fields.keys()
    (row,) = machine.get_json("campaigns/?kind=event")["data"]
    assert row == machine.get_json(f"campaigns/{encode('campaign', campaign.pk)}/")
    assert row["budget"] == {"amount": "1200.50", "currency": "EUR"}
    assert row.keys() == CampaignSerializer().fields.keys()


def test_proof_is_only_for_keys_that_may_see_people(house, machine, fill):
    fill(1)
    blind = Client(HTTP_AUTHORIZATION=f"Bearer {key_for(house.people['integration'], 'leads:read')}")
    (row,) = blind.get_json("consents/")["data"]
    assert row["proof"] is None
    assert row["text"] == "You may write to me."
    ConsentProof.objects.all().delete()
    assert machine.get_json("consents/")["data"][0]["proof"] is None, "erased: the entry stays"


def test_what_a_row_lacks_is_null_or_empty(machine, lead):
    row, website = Lead.objects.get(), Source.objects.get(key="website")
    ConsentEvent.objects.create(
        person_id=row.person_id, kind="withdrawn", purpose="news", channel="link", occurred_at=NOW, recorded_at=NOW
    )
    Spend.objects.create(source=website, month_on=NOW.date().replace(day=1), amount_minor=0, currency="EUR")
    Campaign.objects.create(source=website, key="bare", name="Bare", kind="other", created_at=NOW)
    (said,) = machine.get_json("consents/")["data"]
    assert (said["source"], said["text"], said["wording"], said["receipt"]) == (None, None, None, "")
    assert machine.get_json("spend/")["data"][0]["campaign"] is None
    (bare,) = machine.get_json("campaigns/?kind=other&state=found")["data"]
    assert (bare["budget"], bare["owner_id"], bare["starts_on"], bare["utm_rules"]) == (None, None, None, [])
