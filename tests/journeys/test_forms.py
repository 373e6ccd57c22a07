"""A form in a real browser, without scripts: a mistake mended, the address confirmed by a real mail, one fact more."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import Page, expect

from leads.models import ConsentEvent, Lead, LeadForm, SignalKind
from revops.foundation import outbox
from tests.factories import UserFactory
from tests.foundation.receivers import mail_server

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SLOW = 30_000
"""Milliseconds; a machine that does other work, too, is no reason to fail."""


@pytest.fixture
def lead_form(company: Any, monkeypatch: pytest.MonkeyPatch) -> LeadForm:
    cache.clear()
    monkeypatch.setattr("revops.portal.lead_forms.public.FASTEST", timedelta())  # the test types faster than people do
    return LeadForm.objects.create(
        slug="letter", title="Our letter", source=company["source"], created_at=timezone.now(), asks_next=True,
        signal_kind=SignalKind.objects.get(code="contact_request"), consent_text="You may send me your letter.",
        consent_purpose="news", needs_confirmation=True,
        fields=[{"name": "email", "required": True}, {"name": "company", "required": True}],
    )  # fmt: skip


def assert_accessible(page: Page) -> None:
    assert Axe().run(page).response["violations"] == []


def test_a_visitor_confirms_the_address_by_mail_and_answers_one_fact_more(
    open_page: Callable[..., Page], lead_form: LeadForm, console: Any, settings: Any, live_server: Any
) -> None:
    console.allow("status of 422")
    settings.PUBLIC_URL = live_server.url
    page = open_page(width=390, java_script_enabled=False)
    page.set_default_timeout(SLOW)
    page.goto("/f/letter/?utm_campaign=spring")
    page.get_by_label("Work e-mail").fill("ada@")
    page.get_by_label("Company").fill("Acme Works")
    page.get_by_label("You may send me your letter.").check()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", name="There is a problem")).to_be_visible(timeout=SLOW)
    expect(page.get_by_label("Company")).to_have_value("Acme Works")
    page.get_by_label("Work e-mail").fill("ada@acme-works.com")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible(timeout=SLOW)
    assert not Lead.objects.exists()

    with mail_server(settings) as server:
        outbox.deliver_due(timezone.now())
        (mail,) = server.mails
    link = re.search(r"http\S+/c/\S+", mail.get_body(("plain",)).get_content()).group(0)
    page.goto(link)
    expect(page.get_by_role("heading", name="Confirm your address")).to_be_visible(timeout=SLOW)
    assert not Lead.objects.exists()
    page.get_by_role("button", name="Yes, this is my address").click()
    expect(page.get_by_role("heading", name="Received")).to_be_visible(timeout=SLOW)
    page.get_by_label("Your part in the decision").select_option("decision maker")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", name="One thing more, if you like")).to_be_hidden(timeout=SLOW)

    lead = Lead.objects.select_related("person", "campaign", "account").get()
    assert (lead.person.email, lead.person.purchasing_role) == ("ada@acme-works.com", "decision maker")
    assert (lead.campaign.key, lead.account.name) == ("spring", "Acme Works")
    assert ConsentEvent.objects.get().kind == "given"
    page.goto("/f/letter/")
    expect(page.get_by_text("Welcome back.")).to_be_visible(timeout=SLOW)
    page.goto(link)
    expect(page.get_by_text("You had confirmed it before.")).to_be_visible(timeout=SLOW)


def test_a_form_stands_in_a_frame_of_the_site_it_names_and_of_no_other(
    open_page: Callable[..., Page], lead_form: LeadForm, console: Any, live_server: Any
) -> None:
    console.allow("frame-ancestors")
    console.allow("Refused to frame")
    console.allow("violates the following Content Security Policy")
    page = open_page()
    page.set_default_timeout(SLOW)
    with site_framing(f"{live_server.url}/f/letter/") as site:
        LeadForm.objects.update(allowed_sites=[site])
        page.goto(site)
        expect(page.frame_locator("iframe").get_by_label("Work e-mail")).to_be_visible(timeout=SLOW)
        LeadForm.objects.update(allowed_sites=["https://www.other.example"])
        page.goto(site)
        expect(page.frame_locator("iframe").get_by_label("Work e-mail")).to_have_count(0)


@contextmanager
def site_framing(address: str) -> Iterator[str]:
    """A website of somebody else with a frame on it."""
    markup = f'<!doctype html><title>Acme</title><iframe src="{address}" title="Our letter" height="820"></iframe>'

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(markup.encode())

        def log_message(self, *_arguments: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def test_marketing_makes_publishes_and_previews_a_form(
    open_page: Callable[..., Page], lead_form: LeadForm, company: Any
) -> None:
    page = open_page(UserFactory.create(role="marketer", name="Mia Marketer"))
    page.set_default_timeout(SLOW)
    page.goto("/forms/new/")
    page.get_by_role("textbox", name="Title").fill("Ask us")
    page.get_by_role("textbox", name="Address").fill("ask")
    page.get_by_role("combobox", name="Source").select_option(label=str(company["source"].name))
    page.get_by_role("combobox", name="A post means").select_option(label="Asked to be contacted")
    page.get_by_role("button", name="Make draft").click()
    expect(page.get_by_role("heading", name="Ask us")).to_be_visible(timeout=SLOW)
    assert_accessible(page)
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("The form is open")).to_be_visible(timeout=SLOW)
    page.get_by_role("link", name="Open the form").click()
    expect(page.get_by_role("button", name="Send")).to_be_visible(timeout=SLOW)
    assert_accessible(page)
