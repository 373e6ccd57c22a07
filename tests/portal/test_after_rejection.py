"""What comes of a rejection: criteria gaps, deals bought later, and what changed since."""

from __future__ import annotations

import pytest
from django.utils import timezone

from feedback.models import Disposition
from leads.models import Lead
from revops.foundation.models import OutboxMessage
from revops.portal import journey
from revops.portal.merges.acting import merge
from revops.portal.queue.past import acts_since
from tests.factories import item
from tests.portal.desk import Office, card_url, fields, signed_in, text

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
FOUND = "She only compares vendors for her thesis"


def gap(office: Office, number: int = 1) -> Disposition:
    lead = office.lead(number)
    sent = fields(office.rep, lead, reason="other_outside_criteria", evidence="Wants to resell our product")
    signed_in(office.rep).post(card_url(lead, "reject"), sent)
    return Disposition.objects.get(lead=lead)


def test_a_reason_outside_the_matrix_is_a_gap_that_marketing_answers_once(office: Office) -> None:
    row = gap(office)
    client = signed_in(office.marketer)
    page = text(client.get("/reasons/gaps/"))
    assert "“Wants to resell our product”" in page
    answer = {"kind": "rule", "words": "We ask about resellers from now on."}
    assert client.post(f"/reasons/gaps/{row.pk}/", answer).status_code == 302
    assert client.post(f"/reasons/gaps/{row.pk}/", answer, follow=True).status_code == 200
    told = OutboxMessage.objects.get(kind="criteria_gap.answered")
    assert told.recipient == str(office.rep.pk)
    assert "We ask about resellers from now on." in told.payload["text"]
    assert "No gap is open" in text(client.get("/reasons/gaps/"))
    assert "We ask about resellers" in text(client.get("/reasons/gaps/?state=answered"))


def test_an_answer_without_words_is_refused_and_a_gap_becomes_a_reason(office: Office) -> None:
    row = gap(office)
    client = signed_in(office.marketer)
    answer = client.post(f"/reasons/gaps/{row.pk}/", {"kind": "rule", "words": "ok"})
    assert answer.status_code == 422
    assert "Say it to the rep in a sentence." in text(answer)
    moved = client.post(f"/reasons/gaps/{row.pk}/", {"kind": "reason", "words": "It is a reason of its own now."})
    assert moved.url.startswith("/reasons/new/?")


def test_gaps_are_for_those_who_can_change_the_rules(office: Office) -> None:
    row = gap(office)
    assert signed_in(office.rep).get("/reasons/gaps/").status_code == 403
    assert signed_in(office.rep).post(f"/reasons/gaps/{row.pk}/", {}).status_code == 403
    missing = "/reasons/gaps/00000000-0000-7000-8000-000000000000/"
    assert signed_in(office.marketer).post(missing, {"kind": "rule", "words": "Long enough words"}).status_code == 404


def test_rejected_by_us_and_bought_later_through_another_person(office: Office) -> None:
    from feedback.outcomes import Result

    no = office.lead(1)
    signed_in(office.rep).post(
        card_url(no, "reject"), fields(office.rep, no, reason="not_decision_maker", evidence="Grace Hopper")
    )
    client = signed_in(office.sales_head)
    assert "None so far" in text(client.get("/reasons/bought-later/"))
    yes = office.lead(1)  # the same person again: attached, so nobody new bought
    assert yes.pk == no.pk
    sent = item(office.source, "grace@company-1.com", company="Company 1", first_name="Grace", last_name="Hopper",
                title="CTO", country="DE", employees="300", industry="Software", act="demo_request",
                need="We need it", phone="+493012345679", signals=[{"kind": "pricing_page_visit"}] * 2)  # fmt: skip
    (receipt,) = journey.admit([sent], now=timezone.now())
    buyer = Lead.objects.get(pk=receipt.lead_id)
    Lead.objects.filter(pk=buyer.pk).update(stage="opportunity")
    journey.conclude([Result(buyer.pk, "won", timezone.now(), user_id=office.rep.pk)], now=timezone.now())
    page = text(client.get("/reasons/bought-later/"))
    assert "Grace Hopper" in page
    assert "Not the decision-maker" in page
    lines = client.get("/reasons/bought-later/?format=csv").getvalue().decode()
    assert no.public_id in lines
    assert buyer.public_id in lines
    assert "None so far" in text(signed_in(office.colleague).get("/reasons/bought-later/"))


# --- coming back from a rejection ------------------------------------------------------------------------------------
def test_what_somebody_merged_did_since_the_rejection_counts_too_and_what_they_did_before_does_not(
    office: Office,
) -> None:
    lead, client = office.lead(1), signed_in(office.rep)

    def elsewhere(act: str) -> Lead:
        """The same person under another address."""
        now = timezone.now()
        (receipt,) = journey.admit([item(office.source, "ada@company-1.org", act=act, _received_at=now)], now=now)
        return Lead.objects.get(pk=receipt.lead_id)

    other = elsewhere("webinar_attended")
    client.post(card_url(lead, "reject"), fields(office.rep, lead, reason="no_budget", evidence="3000 EUR"))
    rejected_at = Disposition.objects.get(lead=lead).recorded_at
    assert elsewhere("content_download").pk == other.pk
    later = timezone.now()
    assert acts_since(lead.person.everybody, rejected_at) == []
    merge(lead.person_id, other.person_id, [], office.admin, now=timezone.now())
    lead.person.refresh_from_db()
    assert set(lead.person.everybody) == {lead.person_id, other.person_id}
    assert [act["kind__name"] for act in acts_since(lead.person.everybody, rejected_at)] == [
        "Downloaded content",
        "Enquired again",
    ]
    assert acts_since(lead.person.everybody, later) == []


def test_a_recycled_lead_says_what_changed_since_the_rejection(office: Office) -> None:
    lead = office.lead(1)
    client = signed_in(office.rep)
    client.post(card_url(lead, "reject"), fields(office.rep, lead, reason="no_budget", evidence="3000 EUR"))
    office.lead(1)
    page = text(client.get(f"/leads/{lead.public_id}/"))
    assert "Rejected before" in page
    assert "Since then:" in page
    assert "Requested a demo" in page.split("Since then:")[1][:200]
