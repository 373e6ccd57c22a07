"""Lead forms: what visitors send becomes a submission, robots are kept apart, and nothing typed is lost."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from leads.models import Lead, LeadForm, Signal, SignalKind, Submission, SubmissionOutcome
from leads.queries import conservation
from revops.foundation.models import LedgerEntry
from revops.portal.lead_forms.guard import TRAP, stamp
from revops.portal.lead_forms.questions import QUESTIONS
from tests.conftest import NOW
from tests.factories import SourceFactory

pytestmark = pytest.mark.django_db

CONSENT = "Acme may contact me about my request."
GOOD = {"email": "ada@acme-works.com", "name": "Ada Lovelace", "company": "Acme", "country": "Germany",
        "employees": "300", "consent": "on"}  # fmt: skip


@pytest.fixture(autouse=True)
def _fresh_limits() -> None:
    cache.clear()


@pytest.fixture
def lead_form(company: Any) -> LeadForm:
    names = [("email", True), ("name", True), ("company", False), ("country", False), ("employees", False),
             ("phone", False), ("need", False)]  # fmt: skip
    return LeadForm.objects.create(
        slug="demo", title="See a demo", intro="Thirty minutes.", source=company["source"], topic="planning",
        signal_kind=SignalKind.objects.get(code="demo_request"), consent_text=CONSENT, thanks="We will call you.",
        fields=[{"name": name, "required": required} for name, required in names], created_at=NOW,
    )  # fmt: skip


def opened(ago: timedelta = timedelta(minutes=1), slug: str = "demo") -> str:
    return stamp(slug, timezone.now() - ago)


def post(client: Client, **data: Any) -> Any:
    return client.post("/f/demo/", {**GOOD, "opened": opened(), **data})


def test_a_visitor_becomes_a_lead_with_consent_act_and_campaign(client: Client, lead_form: LeadForm) -> None:
    page = client.get(
        "/f/demo/", {"utm_campaign": "spring", "utm_source": "mail"}, headers={"Referer": "https://a.b/c"}
    )
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.content.decode()))
    answer = post(client, **{**hidden, "opened": opened()})
    thanks = client.get(answer.url).content.decode()
    submission = Submission.objects.get()
    assert "We will call you." in thanks
    assert submission.receipt in thanks
    payload = submission.body.payload
    assert payload["consent"]["text"] == CONSENT
    assert payload["utm"] == {"utm_campaign": "spring", "utm_source": "mail"}
    assert payload["page"] == "https://a.b/c"
    lead = Lead.objects.get()
    assert (lead.person.email, lead.person.country, lead.campaign.key) == ("ada@acme-works.com", "DE", "spring")
    signal = Signal.objects.get()
    assert (signal.kind.code, signal.topic, submission.channel) == ("demo_request", "planning", "form")


def test_the_page_is_small_needs_no_script_and_may_stand_in_a_frame(client: Client, lead_form: LeadForm) -> None:
    LeadForm.objects.update(allowed_sites=["https://www.acme.com", "https://*.acme.io"])
    answer = client.get("/f/demo/")
    style = Path("static/css/form.css").read_bytes()
    assert len(answer.content) + len(style) < 15_000
    assert b"<script" not in answer.content
    assert set(re.findall(rb'(?:src|href)="([^"#]+)"', answer.content)) == {b"/static/css/form.css", b"data:,"}
    policy = answer["Content-Security-Policy"]
    assert "frame-ancestors https://www.acme.com https://*.acme.io" in policy
    assert "script-src 'none'" in policy
    assert "X-Frame-Options" not in answer
    assert not answer.cookies


def test_a_form_that_names_no_site_and_every_other_page_stand_in_no_frame(client: Client, lead_form: LeadForm) -> None:
    for path in ("/f/demo/", "/f/demo/thanks/", "/accounts/login/"):
        answer = client.get(path)
        assert "frame-ancestors 'none'" in answer["Content-Security-Policy"], path
        assert answer["X-Frame-Options"] == "DENY", path


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("email", "ada@", "Write the address like name@company.com."),
        ("email", "", "Fill in “Work e-mail”."),
        ("email", "ada@gmail.con", "Did you mean ada@gmail.com?"),
        ("phone", "", "Fill in “Phone, with country code”."),
        ("country", "Atlantis", "Write the country in English"),
        ("phone", "call me", "Write the number with its country"),
        ("employees", "many", "Write a whole number"),
        ("timeline_on", "soon", "Write the date like 2026-05-31."),
        ("consent", "", "Tick the box"),
        ("name", "A\x00da", "Null characters are not allowed"),
    ],
)
def test_bad_input_is_worded_and_what_was_typed_stays(
    client: Client, lead_form: LeadForm, field: str, value: str, words: str
) -> None:
    needed = ("email", "name", "phone", "country", "employees", "timeline_on")
    LeadForm.objects.update(fields=[*({"name": name, "required": True} for name in needed), {"name": "need"}])
    good = {"phone": "+49 30 1234567", "timeline_on": "2027-01-31", "need": "We plan 40 routes"}
    answer = post(client, **{**good, field: value})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    assert "We plan 40 routes" in page
    assert "<title>Error:" in page
    submission, outcome = Submission.objects.get(), SubmissionOutcome.objects.get()
    assert submission.receipt in page, "it was journalled before it was judged"
    assert outcome.kind == "refused"
    assert field in outcome.detail
    assert submission.body.payload["need"] == "We plan 40 routes"
    assert not Lead.objects.exists()


def test_an_optional_fact_that_cannot_be_read_costs_no_lead_and_is_kept_as_it_was_typed(
    client: Client, lead_form: LeadForm
) -> None:
    LeadForm.objects.update(fields=[*lead_form.fields, {"name": "timeline_on"}])
    typed = {"phone": "030 1234567", "country": "Atlantis", "employees": "a few", "timeline_on": "after Easter"}
    answer = post(client, **typed)
    assert answer.status_code == 302
    lead = Lead.objects.get()
    assert lead.attributes == {f"{name}_as_sent": text for name, text in typed.items()}
    assert (lead.person.phone, lead.person.country) == (None, "")
    thanks = client.get(answer.url).content.decode()
    note = thanks.partition("could not read: ")[2].partition(". We kept it")[0]
    for name in typed:
        assert str(QUESTIONS[name].label) in note
    assert "030 1234567" not in thanks, "the page may be opened by whoever has its address"


def test_a_national_number_is_read_by_the_country_beside_it_and_thanks_say_nothing(
    client: Client, lead_form: LeadForm
) -> None:
    answer = post(client, phone="030 1234567")
    assert Lead.objects.get().person.phone == "+49301234567"
    assert "could not read" not in client.get(answer.url).content.decode()


def test_far_too_long_an_answer_is_kept_by_its_beginning(client: Client, lead_form: LeadForm) -> None:
    assert post(client, phone="ask for Ada " * 1_000).status_code == 302
    kept = Lead.objects.get().attributes["phone_as_sent"]
    assert kept.startswith("ask for Ada ask")
    assert len(kept) <= 300


HOSTILE = [
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7*7 }}{% load x %}", "=cmd|' /C calc'!A0",
    "\u202eevil\u2066\u200f", "😀" * 120, "x" * 200, "x" * 10_000, "Ångström\u0301\u0327" * 20, "\x00", "a\x00b",
    "\x07\x1b[31m", "\ufeff\u200b", "' OR 1=1 --", "%s%n${jndi:ldap://x}", "\r\nSet-Cookie: a=b", "-1", "1e999",
    "9" * 400, "0001-01-01", "null", "مرحبا", "\U0001f469\u200d\U0001f680",
]  # fmt: skip


@pytest.mark.parametrize(
    "field", ["email", "name", "company", "country", "employees", "phone", "need", "page", "opened"]
)
def test_hostile_words_break_nothing_and_are_all_accounted_for(client: Client, lead_form: LeadForm, field: str) -> None:
    for number, words in enumerate(HOSTILE):
        cache.clear()
        answer = post(client, **{"name": f"Ada {number}", field: words, "utm_source": words})
        assert answer.status_code in (302, 422), (field, words)
        assert b"<script>alert" not in answer.content
        assert b"<img src=x" not in answer.content
        assert client.get("/f/demo/", {"utm_source": words, "page": words, "v": words}).status_code == 200
        assert client.get("/f/demo/thanks/", {"receipt": words, "t": words}).status_code == 200
    today = timezone.now().date()
    (day,) = conservation(today, today)
    assert (day.received, day.missing, day.pending) == (Submission.objects.count(), 0, 0)


def test_two_hundred_characters_of_a_name_are_kept(client: Client, lead_form: LeadForm) -> None:
    name = f"Ada {'Ä' * 196}"
    assert post(client, name=name).status_code == 302
    assert Lead.objects.get().person.last_name == "Ä" * 196


def test_the_trap_for_robots_is_journalled_and_held_and_looks_the_same(client: Client, lead_form: LeadForm) -> None:
    answer = post(client, **{TRAP: "http://spam.example", "email": "not an address"})
    assert answer.url.startswith("/f/demo/thanks/?receipt=sub_")
    outcome = SubmissionOutcome.objects.get()
    assert (outcome.kind, outcome.rule) == ("quarantined", "honeypot")
    assert not Lead.objects.exists()


@pytest.mark.parametrize("stamped", ["", "forged", "quick", "other"])
def test_a_post_that_is_too_fast_or_without_a_page_is_held(client: Client, lead_form: LeadForm, stamped: str) -> None:
    texts = {"quick": opened(timedelta(seconds=1)), "other": opened(slug="other")}
    post(client, opened=texts.get(stamped, stamped))
    assert SubmissionOutcome.objects.get().rule == "time_trap"


def test_a_page_open_for_days_is_sent_again_and_nothing_is_lost(client: Client, lead_form: LeadForm) -> None:
    answer = post(client, opened=opened(timedelta(days=2)))
    page = answer.content.decode()
    assert "open for more than a day" in page
    assert "Ada Lovelace" in page
    assert not Lead.objects.exists()
    fresh = re.search(r'name="opened" value="([^"]+)"', page).group(1)  # type: ignore[union-attr]
    assert client.post("/f/demo/", {**GOOD, "opened": fresh}).status_code == 302


def test_pressing_send_twice_is_one_submission(client: Client, lead_form: LeadForm) -> None:
    stamped = opened()
    first, second = post(client, opened=stamped), post(client, opened=stamped)
    assert first.url == second.url
    assert Submission.objects.count() == 1
    post(client, opened=stamped, company="Another")
    assert Submission.objects.count() == 2


def test_many_posts_of_one_address_wait_and_keep_what_was_typed(
    client: Client, lead_form: LeadForm, settings: Any
) -> None:
    settings.FORM_POSTS = 2
    for _ in range(2):
        assert post(client).status_code == 302
    answer = post(client)
    assert answer.status_code == 429
    assert "Ada Lovelace" in answer.content.decode()


def test_without_valkey_nobody_is_turned_away(client: Client, lead_form: LeadForm, monkeypatch: Any) -> None:
    def away(*_args: Any, **_more: Any) -> None:
        raise redis.ConnectionError("away")

    monkeypatch.setattr(cache, "add", away)
    assert post(client).status_code == 302


def test_a_closed_form_says_so_and_an_unknown_one_is_not_there(client: Client, lead_form: LeadForm) -> None:
    LeadForm.objects.update(state="archived")
    assert client.get("/f/demo/").status_code == 410
    assert post(client).status_code == 410
    LeadForm.objects.update(state="draft")
    assert client.get("/f/demo/").status_code == 404
    assert client.get("/f/nobody/").status_code == 404


# --- the pages of marketing ------------------------------------------------------------------------------------------
def edited(**changes: str) -> dict[str, str]:
    kind = SignalKind.objects.get(code="contact_request")
    source = SourceFactory.create()
    return {
        "title": "Talk to us", "slug": "talk", "intro": "", "source": str(source.pk), "signal_kind": str(kind.pk),
        "topic": "", "consent_text": "", "consent_purpose": "contact", "confirm_days": "7", "thanks": "",
        "allowed_sites": "", "redirect_url": "",
        "ask_need": "optional", "place_need": "1", "ask_email": "required", "place_email": "2", **changes,
    }  # fmt: skip


def test_a_marketer_makes_a_form_and_it_takes_leads(sign_in: Any, company: Any, client: Client) -> None:
    maker = sign_in("marketer")
    assert maker.post("/forms/new/", edited()).url == "/forms/talk/"
    made = LeadForm.objects.get()
    assert made.fields == [{"name": "need", "required": False}, {"name": "email", "required": True}]
    assert (made.state, client.get("/f/talk/").status_code) == ("draft", 404)
    maker.post("/forms/talk/publish/")
    assert set(LedgerEntry.objects.filter(action__startswith="form.").values_list("action", "actor")) == {
        ("form.created", maker.person.pk), ("form.published", maker.person.pk),
    }  # fmt: skip
    client.post("/f/talk/", {"email": "ada@acme-works.com", "opened": opened(slug="talk")})
    assert Lead.objects.count() == 1


def test_a_form_that_could_answer_nobody_is_refused(sign_in: Any, db: None) -> None:
    answer = sign_in().post("/forms/new/", edited(ask_email="optional"))
    assert answer.status_code == 422
    assert "Require the e-mail address or the phone number" in answer.content.decode()


def test_a_form_is_changed_but_its_address_stays(sign_in: Any, lead_form: LeadForm) -> None:
    client = sign_in()
    LeadForm.objects.update(allowed_sites=["*"])
    page = client.get("/forms/demo/").content.decode()
    assert "&lt;iframe src=" in page
    data = edited(slug="other", title="A new title", ask_name="required", source=str(lead_form.source_id))
    assert client.post("/forms/demo/", data).url == "/forms/demo/"
    lead_form.refresh_from_db()
    assert (lead_form.slug, lead_form.title, lead_form.state) == ("demo", "A new title", "open")
    assert LedgerEntry.objects.get(action="form.changed").before["title"] == "See a demo"


@pytest.mark.parametrize("role", ["rep", "sales_manager", "executive"])
def test_others_do_not_make_forms(sign_in: Any, role: str) -> None:
    assert sign_in(role).get("/forms/").status_code == 403


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_for_one_form_and_for_three(
    sign_in: Any, lead_form: LeadForm, count: int, django_assert_num_queries: Any
) -> None:
    for number in range(count - 1):
        LeadForm.objects.create(
            slug=f"f{number}", title=f"Form {number}", source=lead_form.source, fields=[], created_at=NOW,
            signal_kind=lead_form.signal_kind,
        )  # fmt: skip
    client = sign_in()
    with django_assert_num_queries(5):  # session, person, rows, count, how often each was opened
        assert client.get("/forms/").content.decode().count('<th scope="row"') == count
