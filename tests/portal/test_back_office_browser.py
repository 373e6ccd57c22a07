"""The back office in a real browser: no script needed, no violation of the content policy, nothing axe objects to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.cache import cache
from django.utils import timezone

from leads.models import LeadForm, SignalKind, Submission
from revops.foundation.ids import encode
from revops.portal import journey
from tests.factories import item
from tests.portal.test_journey import READY

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def lead_form(company: Any) -> LeadForm:
    cache.clear()
    return LeadForm.objects.create(
        slug="demo", title="See a demo", source=company["source"], created_at=timezone.now(),
        signal_kind=SignalKind.objects.get(code="demo_request"), consent_text="You may contact me.",
        fields=[{"name": "email", "required": True}, {"name": "company", "required": False}],
    )  # fmt: skip


def test_a_visitor_without_scripts_corrects_a_mistake_and_is_thanked(
    open_page: Callable[..., Any], lead_form: LeadForm, console: Any
) -> None:
    console.allow("status of 422")
    page = open_page(width=390, java_script_enabled=False)
    page.goto("/f/demo/?utm_campaign=spring")
    page.get_by_label("Work e-mail").fill("ada@")
    page.get_by_label("Company").fill("Acme Works")
    page.get_by_label("You may contact me.").check()
    page.get_by_role("button", name="Send").click()
    assert page.get_by_label("Company").input_value() == "Acme Works"
    page.wait_for_timeout(2100)
    page.get_by_label("Work e-mail").fill("ada@acme-works.com")
    page.get_by_role("button", name="Send").click()
    assert page.get_by_role("heading", name="Received").is_visible()
    body = Submission.objects.latest("pk").body.payload  # the one before was refused, with its receipt
    assert (body["company"], body["utm"]) == ("Acme Works", {"utm_campaign": "spring"})
    assert "hold" not in body


def test_pages_please_axe_on_a_phone_and_on_a_desktop(
    open_page: Callable[..., Any], company: Any, lead_form: LeadForm
) -> None:
    journey.admit([item(company["source"], **READY), item(company["source"], "x@mailinator.com")], now=timezone.now())
    person = f"/people/{encode('user', company['reps'][0].pk)}/"
    addresses = [
        "/rules/", "/rules/draft/", "/sources/", "/submissions/?outcome=quarantined", person, "/people/roles/",
        "/api-keys/new/", "/forms/demo/", "/f/demo/", "/health/", "/audit/", "/notices/",
    ]  # fmt: skip
    for width in (390, 1280):
        page = open_page(company["admin"], width=width)
        for address in addresses:
            page.goto(address)
            found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]})
            assert [(address, one["id"]) for one in found.response["violations"]] == []
            wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
            assert not wide, f"{address} scrolls sideways at {width}"
