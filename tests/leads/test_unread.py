"""Leads of a database that is older than the facts kept as they were sent get them, once, and nothing else."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command

from leads import unread
from leads.models import Lead, Person, SubmissionBody
from leads.unread import keep_unread_facts
from revops.portal import journey
from tests.conftest import NOW
from tests.factories import item

pytestmark = pytest.mark.django_db

SENT = {"phone": "040 1234567", "country": "Atlantis", "timeline_on": "soon"}
KEPT = {f"{name}_as_sent": text for name, text in SENT.items()}


def older(source: Any, email: str = "ada@acme-works.com", **payload: Any) -> Lead:
    """A lead as it stood before: what could not be read is only in its submission."""
    (receipt,) = journey.admit([item(source, email=email, **payload)], now=NOW)
    Lead.objects.filter(pk=receipt.lead_id).update(attributes={"plan": "gold"})
    return Lead.objects.get(pk=receipt.lead_id)


def command(*options: str) -> str:
    out = io.StringIO()
    call_command("backfill_unread", *options, stdout=out)
    return out.getvalue()


def test_what_nobody_could_read_is_kept_beside_the_empty_fact_once(company: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(unread, "BATCH", 1)
    lead, other = older(company["source"], **SENT), older(company["source"], "bob@other.com", **SENT)
    fine = older(company["source"], "eve@third.com", country="DE", phone="+49 30 1234567")
    version = lead.version
    assert json.loads(command("--json")) == {"leads": 2}
    for row in (lead, other):
        row.refresh_from_db()
        assert row.attributes == {"plan": "gold", **KEPT}
    assert lead.version == version + 1
    fine.refresh_from_db()
    assert fine.attributes == {"plan": "gold"}
    assert command() == "Nothing was missing.\n"


def test_a_fact_that_is_known_by_now_gets_nothing_beside_it(company: Any) -> None:
    lead = older(company["source"], **SENT)
    Person.objects.filter(pk=lead.person_id).update(country="DE")
    Lead.objects.filter(pk=lead.pk).update(attributes={"phone_as_sent": "another", "timeline_on": "2027-01-01"})
    assert keep_unread_facts() == 0


def test_a_later_submission_of_the_lead_says_it_too(company: Any) -> None:
    lead = older(company["source"])
    journey.admit([item(company["source"], phone="040 99")], now=NOW + timedelta(hours=1))
    Lead.objects.filter(pk=lead.pk).update(attributes={})
    assert keep_unread_facts() == 1
    lead.refresh_from_db()
    assert lead.attributes == {"phone_as_sent": "040 99"}


def test_erased_words_and_erased_people_stay_erased(company: Any) -> None:
    gone, forgotten = older(company["source"], **SENT), older(company["source"], "bob@other.com", **SENT)
    bodies = SubmissionBody.objects.filter(submission__outcomes__lead=gone)
    bodies.update(erased_at=NOW)
    Person.objects.filter(pk=forgotten.person_id).update(erased_at=NOW)
    assert keep_unread_facts() == 0


def test_quarantined_and_refused_submissions_have_no_lead_to_keep_it(company: Any) -> None:
    journey.admit([item(company["source"], email="x@mailinator.com", **SENT)], now=NOW)
    journey.admit([item(company["source"], email="", name="Nobody", **SENT)], now=NOW)
    assert keep_unread_facts() == 0
    assert not Lead.objects.exists()
