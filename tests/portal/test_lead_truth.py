"""The lead page: outcomes that are corrected, who told us what, and ten thousand events in pages of thirty."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from feedback.models import Outcome
from feedback.outcomes import Result
from leads.models import Lead, Signal, SignalKind
from revops.foundation.bulk import insert_rows
from revops.portal import journey
from tests.portal.desk import Office, fields, signed_in, text
from tests.portal.test_lead_pages import LEAD_QUERIES

pytestmark = pytest.mark.django_db
EVENTS = 10_000


def won(office: Office, amount: str = "5000") -> tuple[Lead, Outcome]:
    lead = office.lead(1)
    signed_in(office.rep).post(f"/queue/{lead.public_id}/accept/", fields(office.rep, lead))
    money = {"amount": Decimal(amount), "currency": "EUR"}
    (recorded,) = journey.conclude(
        [Result(lead.pk, "won", timezone.now(), user_id=office.rep.pk, **money)],  # type: ignore[arg-type]
        now=timezone.now(),
    )
    assert recorded.outcome is not None
    return lead, recorded.outcome


def at_now() -> str:
    return timezone.localtime().strftime("%Y-%m-%dT%H:%M")


# --- outcomes --------------------------------------------------------------------------------------------------------
def test_an_outcome_is_restated_and_says_what_it_was_before(office: Office) -> None:
    lead, outcome = won(office)
    client, url = signed_in(office.rep), f"/leads/{lead.public_id}/outcomes/{outcome.pk}/"
    assert 'value="5000.00"' in text(client.get(url))
    sent = {"occurred_at": at_now(), "amount": "4100", "currency": "eur", "deal_stage": "Signed", "reason": ""}
    page = text(client.post(url, sent, follow=True))
    assert "Restated: Won." in page
    assert "4,100 EUR" in page
    assert "Restated; before:" in page
    assert "5,000 EUR" in page
    assert "Signed" in page
    assert client.get(url).status_code == 404


def test_an_outcome_is_asked_only_what_its_kind_can_have(office: Office) -> None:
    lead, _won = won(office)
    (met,) = journey.conclude(
        [Result(lead.pk, "meeting", timezone.now(), user_id=office.rep.pk)],
        now=timezone.now(),
    )
    assert met.outcome is not None
    client, url = signed_in(office.rep), f"/leads/{lead.public_id}/outcomes/{met.outcome.pk}/"
    page = client.get(url).content.decode()
    assert "Correct the outcome: meeting" in page
    assert 'name="occurred_at"' in page
    for name in ("amount", "currency", "deal_stage"):
        assert f'name="{name}"' not in page
    assert "Restated: Meeting." in text(client.post(url, {"occurred_at": at_now()}, follow=True))


def test_an_outcome_is_taken_back_and_the_lead_goes_back(office: Office) -> None:
    lead, outcome = won(office)
    url = f"/leads/{lead.public_id}/outcomes/{outcome.pk}/withdraw/"
    page = text(signed_in(office.rep).post(url, {"reason": "Wrong company"}, follow=True))
    assert "Taken back: Won." in page
    assert "Withdrawn" in page
    assert "“Wrong company”" in page
    lead.refresh_from_db()
    assert lead.stage == "accepted"


def test_a_lead_that_moved_on_is_told_why_it_stays(office: Office) -> None:
    lead, outcome = won(office)
    Lead.objects.filter(pk=lead.pk).update(stage="lost")
    url = f"/leads/{lead.public_id}/outcomes/{outcome.pk}/withdraw/"
    response = signed_in(office.rep).post(url)
    assert response.status_code == 409
    assert "withdraw what came later first" in text(response)


@pytest.mark.parametrize(
    ("kind", "sent", "words"),
    [
        ("churned", {"reason": ""}, "Say why the customer left"),
        ("lifetime_value", {"amount": ""}, "Say what the customer has paid so far."),
        ("won", {"amount": "12", "currency": ""}, "Name the currency"),
        ("withdrawn", {}, "Select a valid choice"),
    ],
)
def test_what_an_outcome_lacks_is_said_in_words(office: Office, kind: str, sent: dict[str, str], words: str) -> None:
    lead, _outcome = won(office)
    facts = {"kind": kind, "occurred_at": at_now(), "amount": "", "currency": "EUR", "reason": "", **sent}
    response = signed_in(office.rep).post(f"/leads/{lead.public_id}/outcomes/", facts)
    assert response.status_code == 422
    assert words in text(response)


def test_churn_and_lifetime_value_of_a_customer(office: Office) -> None:
    lead, _outcome = won(office)
    client = signed_in(office.rep)
    for kind, more in (("lifetime_value", {"amount": "9000"}), ("churned", {"reason": "Was bought by a competitor"})):
        facts = {"kind": kind, "occurred_at": at_now(), "currency": "EUR", "idempotency_key": kind, **more}
        assert client.post(f"/leads/{lead.public_id}/outcomes/", facts).status_code == 302
    page = text(client.get(f"/leads/{lead.public_id}/"))
    assert "Lifetime value" in page
    assert "9,000 EUR" in page
    assert "Was bought by a competitor" in page


def test_a_stranger_and_a_reader_cannot_correct(office: Office) -> None:
    lead, outcome = won(office)
    url = f"/leads/{lead.public_id}/outcomes/{outcome.pk}/"
    assert signed_in(office.marketer).get(url).status_code == 403
    assert signed_in(office.marketer).post(f"{url}withdraw/").status_code == 403
    assert signed_in(office.colleague).get(url).status_code == 404
    assert signed_in(office.colleague).post(f"{url}withdraw/").status_code == 404
    assert Outcome.objects.count() == 1


# --- privacy ---------------------------------------------------------------------------------------------------------
def privacy(office: Office, lead: Lead) -> str:
    page = text(signed_in(office.rep).get(f"/leads/{lead.public_id}/"))
    return re.sub(r"<[^>]+>|\s+", " ", page.split('id="privacy"')[1].split("</section>")[0])


def test_the_privacy_box_names_the_source_of_each_fact(office: Office) -> None:
    lead = office.lead(1)
    words = privacy(office, lead)
    assert "None was stated with what they sent" in words
    for fact in (
        "Ada Lovelace · Website",
        "ada@company-1.com · Website",
        "VP Sales · Website",
        "+493012345678 · Website",
    ):
        assert re.search(re.escape(fact).replace(r"\ ", r"\s+"), words), fact
    assert "Nothing speaks against it." in words


def test_the_privacy_box_shows_a_consent_and_the_wish_not_to_be_contacted(office: Office) -> None:
    lead = office.lead(1, consent={"text": "You may call me.", "given_at": "2026-03-01T10:00:00+00:00"})
    lead.person.do_not_contact = True
    lead.person.title = "Known from nowhere"
    lead.person.save()
    words = privacy(office, lead)
    assert "Consent: “You may call me.”" in words
    assert "They asked us not to." in words
    assert re.search(r"Known from nowhere\s+·\s+source not known", words)


# --- ten thousand events ---------------------------------------------------------------------------------------------
def test_ten_thousand_events_cost_the_same_queries_and_are_paged_without_a_gap(office: Office) -> None:
    lead = office.lead(1)
    now, kind = timezone.now(), SignalKind.objects.get(code="page_visit")
    insert_rows(
        Signal,
        [
            Signal(lead_id=lead.pk, person_id=lead.person_id, kind=kind, topic=f"t{n:05}", source=office.source,
                   occurred_at=now - timedelta(minutes=n), received_at=now)
            for n in range(EVENTS)
        ],
    )  # fmt: skip
    client, url = signed_in(office.rep), f"/leads/{lead.public_id}/?kind=signal"
    client.get(url)
    with CaptureQueriesContext(connection) as queries:
        page = text(client.get(url))
    assert len(queries) == LEAD_QUERIES - OTHER_KINDS
    seen: list[str] = []
    for _round in range(3):
        timeline = page.split('id="timeline"')[1].split('id="score"')[0]
        seen += re.findall(r"t\d{5}", timeline)
        (older,) = re.findall(r'href="(\?[^"]*before=[^"#]*)', timeline)
        page = text(client.get(f"/leads/{lead.public_id}/{older.replace('&amp;', '&')}"))
    assert len(seen) == len(set(seen)) >= 85
    assert seen == sorted(seen)


OTHER_KINDS = 8
"""Each kind of event is one query; of one kind alone the seven others are not asked."""
