"""Progressive profiling: known people are asked once for the one fact worth most; what questions cost is counted."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from leads.models import FormTally, FormVersion, Lead, LeadForm, ProfileAsk, Signal, SignalKind, Submission
from revops.portal import journey
from revops.portal.lead_forms.changing import copy_form
from revops.portal.lead_forms.counting import completions
from revops.portal.lead_forms.guard import stamp
from revops.portal.lead_forms.questions import ASKED_LATER
from revops.portal.lead_forms.visitors import COOKIE, token_of_person
from revops.portal.lead_forms.worth import Comparison, order_of_worth, remember_worth, worths
from sla.models import HandOff
from tests.factories import item
from tests.portal.desk import Office, signed_in

pytestmark = pytest.mark.django_db

GOOD = {"email": "ada@acme-works.com", "name": "Ada Lovelace"}


@pytest.fixture(autouse=True)
def _fresh_limits() -> None:
    cache.clear()


@pytest.fixture
def lead_form(office: Office) -> LeadForm:
    fields = [{"name": "email", "required": True}, {"name": "name", "required": True},
              {"name": "company", "required": False}]  # fmt: skip
    return LeadForm.objects.create(
        slug="guide", title="The guide", source=office.source, asks_next=True, fields=fields,
        signal_kind=SignalKind.objects.get(code="content_download"), created_at=timezone.now(),
    )  # fmt: skip


def post(client: Client, **data: Any) -> Any:
    opened = stamp("guide", timezone.now() - timedelta(minutes=1))
    return client.post("/f/guide/", {**GOOD, "opened": opened, **data})


def hidden(page: str) -> dict[str, str]:
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))


def test_the_role_in_the_decision_is_asked_first_and_the_answer_adds_to_the_lead(lead_form: LeadForm) -> None:
    client = Client()
    page = client.get(post(client).url).content.decode()
    assert "Your part in the decision" in page
    signals = Signal.objects.count()
    answer = client.post("/f/guide/more/", {**hidden(page), "purchasing_role": "decision maker"})
    assert "One thing more" not in client.get(answer.url).content.decode(), "one question at a time"
    lead = Lead.objects.select_related("person").get()
    assert lead.person.purchasing_role == "decision maker"
    assert Signal.objects.count() == signals, "an answer is no further enquiry"
    continued = Submission.objects.latest("pk")
    assert continued.body.payload["continues"] == Submission.objects.earliest("pk").receipt
    assert ProfileAsk.objects.get().answered_at is not None


def test_each_fact_is_asked_once_also_when_it_was_left_open(lead_form: LeadForm) -> None:
    client = Client()
    page = client.get(post(client).url).content.decode()
    client.post("/f/guide/more/", {**hidden(page), "skip": "1"})
    other = Client()
    again = other.get(post(other, company="Acme").url).content.decode()
    assert "Your part in the decision" not in again
    assert "When do you want to start?" in again
    assert list(ProfileAsk.objects.order_by("pk").values_list("question", flat=True)) == list(ASKED_LATER[:2])


def test_a_reload_shows_the_same_question(lead_form: LeadForm) -> None:
    client = Client()
    url = post(client).url
    for _ in range(2):
        assert "Your part in the decision" in client.get(url).content.decode()
    assert ProfileAsk.objects.count() == 1


def test_an_answer_that_cannot_be_read_is_said_and_nothing_is_lost(lead_form: LeadForm) -> None:
    client = Client()
    page = client.get(post(client).url).content.decode()
    for sent in ({"purchasing_role": "emperor"}, {"purchasing_role": ""}, {}):
        answer = client.post("/f/guide/more/", {**hidden(page), **sent})
        assert answer.status_code == 422
        assert "There is a problem" in answer.content.decode()
    for odd in ({"t": "forged"}, {"question": "shoe"}, {"t": ""}):
        assert client.post("/f/guide/more/", {**hidden(page), "purchasing_role": "user", **odd}).status_code == 404


def test_a_browser_that_is_known_is_asked_only_for_what_is_missing(lead_form: LeadForm) -> None:
    client = Client()
    post(client)
    assert client.cookies[COOKIE]["path"] == "/f/"
    assert client.cookies[COOKIE]["httponly"]
    page = client.get("/f/guide/").content.decode()
    assert "Welcome back" in page
    assert "Work e-mail" not in page
    assert "Your part in the decision" in page
    assert "ada@acme-works.com" not in page, "who else sits at this browser learns nothing"
    sent = {
        "opened": stamp("guide", timezone.now() - timedelta(minutes=1)),
        "company": "Acme",
        "purchasing_role": "user",
    }
    after = client.post("/f/guide/", sent)
    assert "One thing more" not in client.get(after.url).content.decode(), "the form had asked already"
    lead = Lead.objects.select_related("person").get()
    assert lead.person.purchasing_role == "user"
    assert ProfileAsk.objects.get().answered_at is not None


def test_somebody_else_at_the_browser_starts_anew(lead_form: LeadForm) -> None:
    client = Client()
    post(client)
    page = client.get("/f/guide/?new=1")
    assert "Work e-mail" in page.content.decode()
    assert client.cookies[COOKIE].value == ""
    opened = stamp("guide", timezone.now() - timedelta(minutes=1))
    client.post("/f/guide/", {**GOOD, "email": "bea@acme-works.com", "opened": opened, "new": "1"})
    assert Lead.objects.count() == 2


def test_a_mailed_link_knows_its_person_and_a_forged_one_nobody(lead_form: LeadForm, office: Office) -> None:
    (receipt,) = journey.admit([item(office.source, name="Ada Lovelace")], now=timezone.now())
    person = Lead.objects.get(pk=receipt.lead_id).person
    assert "Welcome back" in Client().get("/f/guide/", {"v": token_of_person(person.pk)}).content.decode()
    assert "Welcome back" not in Client().get("/f/guide/", {"v": "forged"}).content.decode()
    stranger = Client()
    stranger.cookies[COOKIE] = "forged"
    assert "Work e-mail" in stranger.get("/f/guide/").content.decode()


def test_a_form_that_does_not_ask_sets_no_cookie(lead_form: LeadForm) -> None:
    LeadForm.objects.update(asks_next=False)
    client = Client()
    page = client.get(post(client).url).content.decode()
    assert not client.cookies
    assert "One thing more" not in page


# --- what questions cost and gain ------------------------------------------------------------------------------------
def test_openings_posts_and_corrections_are_counted_by_version(lead_form: LeadForm) -> None:
    client = Client()
    client.get("/f/guide/")
    client.head("/f/guide/")
    post(client, email="not an address")
    post(client)
    done = completions([lead_form.pk], timezone.now())[lead_form.pk]
    assert (done.opened, done.sent, done.corrected, done.share, done.is_too_few) == (1, 1, 1, 1.0, True)


def test_the_preview_counts_nothing_and_sends_nothing(lead_form: LeadForm, office: Office) -> None:
    LeadForm.objects.update(state="draft")
    page = signed_in(office.marketer).get("/forms/guide/preview/")
    assert "nothing can be sent" in page.content.decode()
    assert "<form" not in page.content.decode()
    assert not FormTally.objects.exists()
    assert signed_in(office.rep).get("/forms/guide/preview/").status_code == 403


def test_a_question_s_cost_compares_versions_with_and_without_it(lead_form: LeadForm) -> None:
    today = timezone.now().date()
    FormVersion.objects.create(form=lead_form, version=1, fields=[{"name": "email"}, {"name": "phone"}],
                               made_at=timezone.now())  # fmt: skip
    LeadForm.objects.update(version=2)
    lead_form.refresh_from_db()
    FormTally.objects.create(form=lead_form, version=1, on=today, opened=200, sent=60)
    FormTally.objects.create(form=lead_form, version=2, on=today, opened=200, sent=100)
    rows = {row.question.name: row for row in worths(lead_form, timezone.now())}
    cost = rows["phone"].completion
    assert (cost.share, cost.other_share, cost.is_too_few) == (0.3, 0.5, False)
    assert cost.difference == pytest.approx(-0.2)
    assert cost.interval.high < 0, "it costs for certain"  # type: ignore[union-attr]
    assert rows["company"].completion == Comparison(100, 200, 60, 200)


def test_a_fact_s_gain_is_the_acceptance_of_leads_of_which_it_is_known(lead_form: LeadForm, office: Office) -> None:
    now = timezone.now()
    for number in range(3):
        office.lead(number, purchasing_role="decision maker" if number else "")
    HandOff.objects.update(state="rejected", answered_at=now - timedelta(minutes=1))
    known = HandOff.objects.filter(lead__person__purchasing_role="decision maker")
    known.update(state="accepted")
    rows = {row.question.name: row for row in worths(lead_form, now)}
    assert rows["purchasing_role"].acceptance == Comparison(2, 2, 0, 1)
    assert rows["purchasing_role"].acceptance.is_too_few
    page = signed_in(office.marketer).get("/forms/guide/questions/").content.decode()
    assert "too few to say" in page
    assert remember_worth(now) == 0


def test_what_gained_most_is_asked_first_after_the_role() -> None:
    assert order_of_worth() == list(ASKED_LATER)
    cache.set("worth-of-questions", {"phone": 0.3, "title": 0.1, "industry": -0.2})
    assert order_of_worth()[:3] == ["purchasing_role", "phone", "title"]
    assert order_of_worth()[-1] == "industry"


def test_a_copy_is_a_draft_with_everything_but_address_and_counts(lead_form: LeadForm, office: Office) -> None:
    first = copy_form(lead_form, office.marketer, timezone.now())
    second = copy_form(lead_form, office.marketer, timezone.now())
    assert (first.slug, second.slug, first.state, first.fields) == ("guide-2", "guide-3", "draft", lead_form.fields)
    assert first.pk != lead_form.pk
    assert LeadForm.objects.get(slug="guide").state == "open"


def test_a_form_is_published_archived_and_copied_on_its_page(lead_form: LeadForm, office: Office) -> None:
    client = signed_in(office.marketer)
    client.post("/forms/guide/archive/")
    assert Client().get("/f/guide/").status_code == 410
    client.post("/forms/guide/publish/")
    assert Client().get("/f/guide/").status_code == 200
    assert client.post("/forms/guide/copy/").url == "/forms/guide-2/"
    office.source.state = "stopped"
    office.source.save()
    client.post("/forms/guide/archive/")
    page = client.post("/forms/guide/publish/", follow=True).content.decode()
    assert "Its source is stopped" in page
    assert Client().get("/f/guide/").status_code == 410
    for path in ("publish", "archive", "copy"):
        assert signed_in(office.rep).post(f"/forms/guide/{path}/").status_code == 403
