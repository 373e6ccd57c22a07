"""The rep's desk by plain requests: what it shows, each action as a form without script, and each refusal."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from feedback.models import Disposition
from leads.models import Attempt, Lead
from revops.foundation.ids import encode
from sla.models import HandOff
from tests.portal.desk import Office, card_url, fields, signed_in, text

pytestmark = pytest.mark.django_db


def test_a_stranger_is_sent_to_the_sign_in_page(office: Office, client: Any) -> None:
    for address in ("/", "/queue/", "/leads/", "/search/?q=ada"):
        response = client.get(address)
        assert response.status_code == 302
        assert response["Location"].startswith("/accounts/login/")


def test_the_queue_shows_the_most_urgent_lead_with_its_card(office: Office) -> None:
    late = office.lead(1, at=timezone.now() - timedelta(days=10))
    office.lead(2)
    page = text(signed_in(office.rep).get("/queue/"))
    assert page.index("Company 1") < page.index("Company 2")
    assert f'<a href="/leads/{late.public_id}/"' in page
    assert "late by" in page
    for words in ("Why this lead", "What they did", "Why now", "Talk track", "Next best step", "History with us"):
        assert words in page
    assert "Breached first, then due soonest" in page
    assert "Requested a demo" in page


def test_the_queue_costs_the_same_for_one_lead_and_for_three(office: Office) -> None:
    office.lead(1)
    client = signed_in(office.rep)
    client.get("/queue/")
    with CaptureQueriesContext(connection) as first:
        client.get("/queue/")
    office.lead(2)
    office.lead(3)
    client.get("/queue/")  # what is told of a decision is remembered
    with CaptureQueriesContext(connection) as third:
        client.get("/queue/")
    assert len(first) == len(third) == QUEUE_QUERIES


QUEUE_QUERIES = 27


def test_an_empty_queue_says_so_and_what_to_do(office: Office) -> None:
    page = text(signed_in(office.rep).get("/queue/"))
    assert "Queue clear" in page
    assert "0 decided today" in page


def test_a_marketer_may_look_but_not_answer(office: Office) -> None:
    lead = office.lead()
    client = signed_in(office.marketer)
    actions = text(client.get(f"/leads/{lead.public_id}/")).split('id="timeline"')[0].split('class="lead-idle"')[1]
    assert "Accept" not in actions
    assert client.post(card_url(lead, "accept"), fields(office.marketer, lead)).status_code == 403
    assert not Disposition.objects.exists()


def test_accept_is_one_form_and_opens_the_next_lead(office: Office) -> None:
    first, second = office.lead(1), office.lead(2)
    response = signed_in(office.rep).post(
        card_url(first, "accept"), fields(office.rep, first, next=second.public_id), follow=True
    )
    first.refresh_from_db()
    assert (first.stage, first.owner) == ("accepted", office.rep)
    page = text(response)
    assert "Accepted Company 1" in page
    assert f'<a href="/leads/{second.public_id}/"' in page
    assert Disposition.objects.get().decision_ms is not None


def test_htmx_gets_the_next_card_a_toast_with_undo_and_words_for_screen_readers(office: Office) -> None:
    first, second = office.lead(1), office.lead(2)
    post = fields(office.rep, first, next=second.public_id)
    response = signed_in(office.rep).post(card_url(first, "accept"), post, headers={"HX-Request": "true"})
    page = text(response)
    assert "<html" not in page
    assert f"/queue/undo/{Disposition.objects.get().pk}/" in page
    assert 'data-announce="Accepted Company 1. Next: Company 2, due in' in page
    assert "1 left" in page
    assert response["HX-Replace-Url"].endswith(f"lead={second.public_id}")


def test_reject_needs_the_evidence_of_its_reason_and_keeps_what_was_typed(office: Office) -> None:
    lead = office.lead()
    client = signed_in(office.rep)
    response = client.post(
        card_url(lead, "reject"), fields(office.rep, lead, reason="not_decision_maker", note="spoke to her")
    )
    assert response.status_code == 422
    page = text(response)
    assert "needs its evidence" in page
    assert "spoke to her" in page
    assert not Disposition.objects.exists()


def test_reject_with_reason_and_evidence_without_script(office: Office) -> None:
    lead = office.lead()
    client = signed_in(office.rep)
    page = text(client.get(card_url(lead, "reject")))
    assert page.count('type="radio"') == 21
    post = fields(office.rep, lead, reason="not_decision_maker", evidence_not_decision_maker="Grace Hopper, CTO")
    client.post(card_url(lead, "reject"), post)
    row = Disposition.objects.get()
    assert (row.kind, row.reason_id, row.evidence) == ("rejected", "not_decision_maker", "Grace Hopper, CTO")
    lead.refresh_from_db()
    assert lead.stage == "rejected"


def test_known_facts_are_offered_as_evidence(office: Office) -> None:
    lead = office.lead(employees="12")
    page = text(signed_in(office.rep).get(card_url(lead, "reject")))
    assert 'name="evidence_too_small" type="number" value="12"' in page
    assert 'value="+493012345678"' in page


def test_no_response_is_locked_until_six_attempts_on_two_channels(office: Office) -> None:
    lead = office.lead()
    client = signed_in(office.rep)
    assert "Opens after 6 attempts on 2 channels; so far 0 attempts" in text(client.get(card_url(lead, "reject")))
    refused = client.post(card_url(lead, "reject"), fields(office.rep, lead, reason="no_response"))
    assert refused.status_code == 422
    tries = ["call:no_answer", "email:no_answer"] * 3
    for number, one in enumerate(tries):
        client.post(
            card_url(lead, "attempts"), fields(office.rep, lead, **{"try": one, "idempotency_key": f"t{number}"})
        )
    client.post(card_url(lead, "reject"), fields(office.rep, lead, reason="no_response"))
    assert Disposition.objects.get().evidence == "6 attempts on 2 channels"


def test_an_unknown_reason_is_told_in_words(office: Office) -> None:
    lead = office.lead()
    response = signed_in(office.rep).post(
        card_url(lead, "reject"), fields(office.rep, lead, reason="bad_data", evidence="x")
    )
    assert response.status_code == 422
    assert "Choose a reason from the list" in text(response)


def test_two_reps_accept_at_once_and_the_second_is_told_who_and_when(office: Office) -> None:
    lead = office.lead()
    HandOff.objects.update(owner=None)
    Lead.objects.update(owner=None)
    seen = fields(office.colleague, lead)
    signed_in(office.rep).post(card_url(lead, "accept"), fields(office.rep, lead))
    response = signed_in(office.colleague).post(card_url(lead, "accept"), seen)
    assert response.status_code == 409
    assert "Rita Rep accepted this lead 0 s ago." in text(response)
    assert Disposition.objects.count() == 1


def test_on_conflict_the_typed_reason_is_kept(office: Office) -> None:
    lead = office.lead()
    seen = fields(office.rep, lead, reason="too_small", evidence="7 people")
    signed_in(office.sales_head).post(card_url(lead, "accept"), fields(office.sales_head, lead))
    response = signed_in(office.rep).post(card_url(lead, "reject"), seen)
    assert response.status_code == 409
    assert "Sam Head accepted this lead" in text(response)
    assert "7 people" in text(response)


def test_the_same_post_twice_counts_once(office: Office) -> None:
    lead = office.lead()
    client, post = signed_in(office.rep), fields(office.rep, lead)
    assert client.post(card_url(lead, "accept"), post).status_code == 302
    assert client.post(card_url(lead, "accept"), post).status_code == 302
    assert Disposition.objects.count() == 1
    again = fields(office.rep, lead, **{"try": "call:no_answer"})
    client.post(card_url(lead, "attempts"), again)
    client.post(card_url(lead, "attempts"), again)
    assert Attempt.objects.count() == 1


def test_a_card_of_somebody_else_or_a_damaged_one_is_out_of_date(office: Office) -> None:
    lead = office.lead()
    client = signed_in(office.rep)
    for card in (fields(office.colleague, lead)["card"], "nonsense", ""):
        response = client.post(card_url(lead, "accept"), {**fields(office.rep, lead), "card": card})
        assert response.status_code == 409
        assert "out of date" in text(response)


def test_a_lead_of_a_colleague_does_not_exist(office: Office) -> None:
    lead = office.lead(owner=office.colleague)
    client = signed_in(office.rep)
    for address in (card_url(lead, "reject"), f"/leads/{lead.public_id}/"):
        assert client.get(address).status_code == 404
    for action in ("accept", "reject", "return", "snooze", "attempts"):
        assert client.post(card_url(lead, action), {"card": ""}).status_code == 404
    assert client.post("/queue/not-an-id/accept/").status_code == 404
    assert client.get(f"/queue/?lead={lead.public_id}").status_code == 200
    assert "Company 0" not in text(client.get(f"/queue/?lead={lead.public_id}"))


def test_undo_puts_the_lead_back_and_twice_is_once(office: Office) -> None:
    lead = office.lead()
    client = signed_in(office.rep)
    client.post(card_url(lead, "reject"), fields(office.rep, lead, reason="too_small", evidence="7"))
    row = Disposition.objects.get()
    assert client.post(f"/queue/undo/{row.pk}/").status_code == 302
    assert client.post(f"/queue/undo/{row.pk}/").status_code == 302
    lead.refresh_from_db()
    assert (lead.stage, lead.rejections) == ("handed_off", 0)
    assert Disposition.objects.count() == 2


def test_an_answer_of_a_lead_one_may_not_see_cannot_be_undone(office: Office) -> None:
    lead = office.lead()
    signed_in(office.rep).post(card_url(lead, "accept"), fields(office.rep, lead))
    assert signed_in(office.colleague).post(f"/queue/undo/{Disposition.objects.get().pk}/").status_code == 404


def test_return_to_nurture(office: Office) -> None:
    lead = office.lead()
    signed_in(office.rep).post(card_url(lead, "return"), fields(office.rep, lead))
    lead.refresh_from_db()
    assert lead.stage == "nurture"


def test_snooze_hides_the_lead_and_says_that_the_deadline_runs_on(office: Office) -> None:
    lead = office.lead()
    until = (timezone.now() + timedelta(minutes=30)).strftime("%Y-%m-%dT%H:%M")
    post = fields(office.rep, lead, until="pick", pick_at=until, reason="in a meeting until then")
    page = text(signed_in(office.rep).post(card_url(lead, "snooze"), post, follow=True))
    assert "The deadline runs on." in page
    assert "Nothing to answer." in page
    assert HandOff.objects.get().snoozed_until is not None
    assert "in a meeting until then" in text(signed_in(office.rep).get("/queue/?show=snoozed"))


def test_snooze_past_the_deadline_needs_a_reason(office: Office) -> None:
    lead = office.lead()
    client = signed_in(office.rep)
    response = client.post(card_url(lead, "snooze"), fields(office.rep, lead, until="next_quarter"))
    assert response.status_code == 422
    assert "Say why it can wait" in text(response)
    assert client.post(card_url(lead, "snooze"), fields(office.rep, lead, until="whenever")).status_code == 422
    client.post(card_url(lead, "snooze"), fields(office.rep, lead, until="next_quarter", reason="Budget opens then"))
    assert HandOff.objects.get().snooze_reason == "Budget opens then"


def test_logging_an_attempt_keeps_the_lead_open_and_counts_to_six(office: Office) -> None:
    lead = office.lead()
    post = fields(office.rep, lead, **{"try": "call:left_message", "note": "asked to call back"})
    page = text(signed_in(office.rep).post(card_url(lead, "attempts"), post, follow=True))
    assert "Call logged: left a message. Attempt 1 of 6." in page
    assert f'<a href="/leads/{lead.public_id}/"' in page
    assert signed_in(office.rep).post(card_url(lead, "attempts"), fields(office.rep, lead)).status_code == 422


def test_accepted_leads_are_listed_by_their_next_attempt(office: Office) -> None:
    lead = office.lead()
    client = signed_in(office.rep)
    client.post(card_url(lead, "accept"), fields(office.rep, lead))
    page = text(client.get("/queue/?show=accepted"))
    assert "attempt 1 of 6" in page
    client.post(card_url(lead, "attempts"), fields(office.rep, lead, **{"try": "call:no_answer"}))
    assert "attempt 2 of 6" in text(client.get("/queue/?show=accepted"))


def test_a_manager_sees_the_team_one_rep_and_the_unrouted(office: Office) -> None:
    office.lead(1)
    office.lead(2, owner=office.colleague)
    stray = office.lead(3)
    HandOff.objects.filter(lead=stray).update(owner=None, unrouted_reason="Nobody could take it: 2 absent")
    client = signed_in(office.sales_head)
    page = text(client.get("/queue/"))
    assert "Everybody (2)" in page
    assert "Unrouted (1)" in page
    one = text(client.get(f"/queue/?owner={encode('user', office.colleague.pk)}"))
    assert "Company 2" in one
    assert "Company 1" not in one
    unrouted = text(client.get("/queue/?owner=unrouted"))
    assert "Nobody could take it: 2 absent" in unrouted
    assert "Company 1" not in unrouted


def test_a_manager_gives_a_lead_to_somebody_else_with_a_reason(office: Office) -> None:
    lead = office.lead()
    client = signed_in(office.sales_head)
    nameless = client.post(
        card_url(lead, "reassign"), fields(office.sales_head, lead, user=office.colleague.pk, reason="")
    )
    assert nameless.status_code == 422
    client.post(
        card_url(lead, "reassign"), fields(office.sales_head, lead, user=office.colleague.pk, reason="Rita is ill")
    )
    assert HandOff.objects.get().owner == office.colleague
    rep = signed_in(office.rep).post(
        card_url(lead, "reassign"), fields(office.rep, lead, user=office.rep.pk, reason="mine")
    )
    assert rep.status_code == 403


def test_new_leads_are_announced_but_not_pushed_in(office: Office) -> None:
    client = signed_in(office.rep)
    since = timezone.now().isoformat()
    assert text(client.get("/queue/news/", {"since": since})).strip() == ""
    office.lead(1)
    office.lead(2)
    assert "2 new leads" in text(client.get("/queue/news/", {"since": since}))
    assert client.get("/queue/news/", {"since": "yesterday"}).status_code == 204


def test_the_card_tells_an_earlier_rejection_and_what_changed_since(office: Office) -> None:
    lead = office.lead()
    client = signed_in(office.rep)
    client.post(card_url(lead, "reject"), fields(office.rep, lead, reason="too_small", evidence="7 people"))
    later = office.lead(at=timezone.now() + timedelta(seconds=1), need="We have grown to 90 people")
    assert later.pk == lead.pk
    page = text(client.get(f"/queue/?lead={lead.public_id}"))
    assert "Rejected before" in page
    assert "7 people" in page
    assert "Enquired again" in page.split("Since then:")[1][:400]


def test_do_not_contact_blocks_the_call_button(office: Office) -> None:
    lead = office.lead()
    type(lead.person).objects.update(do_not_contact=True)
    page = text(signed_in(office.rep).get("/queue/"))
    assert "Do not contact" in page
    assert "tel:" not in page


def test_a_number_nobody_could_read_is_shown_as_it_was_sent(office: Office) -> None:
    office.lead(phone="030 1234567", country="")
    page = signed_in(office.rep).get("/queue/").content.decode()
    assert "no phone to dial, they wrote “030 1234567”" in page
