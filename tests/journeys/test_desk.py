"""A rep works in a real browser: by keyboard alone, without script, on a phone, and beside a colleague."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Page, expect

from feedback.models import Disposition
from leads.models import Attempt, Lead
from sla.models import HandOff
from tests.browser import Console
from tests.portal.desk import Office, open_office

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

OpenPage = Callable[..., Page]


@pytest.fixture
def office(transactional_db: None) -> Office:
    """The office, with leads that fall due one after the other."""
    return open_office()


def leads(office: Office, count: int) -> list[Lead]:
    """So many leads for the rep, the most urgent first."""
    now = timezone.now()
    return [office.lead(number, at=now - timedelta(days=3, minutes=60 - number)) for number in range(1, count + 1)]


def card(page: Page, name: str) -> None:
    """Waits until the card of this company is open, also for the server."""
    expect(page.locator("#detail .lead-title h2:visible")).to_have_text(name, timeout=15_000)
    expect(page.locator(".card-ahead")).to_have_count(0, timeout=15_000)


def test_five_leads_by_keyboard_alone(office: Office, open_page: OpenPage) -> None:
    leads(office, 6)
    page = open_page(office.rep)
    page.goto("/queue/")
    card(page, "Company 1")
    page.keyboard.press("a")
    card(page, "Company 2")
    expect(page.locator("#announce")).to_contain_text("Accepted Company 1. Next: Company 2, late by")
    expect(page.locator("#announce")).to_contain_text("5 left")

    for key in ("x", "2", "1"):
        page.keyboard.press(key)
    expect(page.locator("#evidence-not_decision_maker")).to_be_focused()
    page.keyboard.type("Grace Hopper, CTO")
    page.keyboard.press("Enter")
    card(page, "Company 3")

    for key in ("h", "5"):
        page.keyboard.press(key)
    page.keyboard.type("Budget opens then")
    page.keyboard.press("Enter")
    card(page, "Company 4")

    page.keyboard.press("n")
    page.keyboard.press("Enter")  # the usual track has the focus
    card(page, "Company 5")
    page.keyboard.press("z")
    card(page, "Company 4")
    for key in ("n", "2"):
        page.keyboard.press(key)
    card(page, "Company 5")

    for key in ("l", "1"):
        page.keyboard.press(key)
    expect(page.locator("#toasts")).to_contain_text("Call logged: no answer. Attempt 1 of 6.")
    card(page, "Company 5")
    page.keyboard.press("1")
    card(page, "Company 6")
    expect(page.locator("#detail .lead-title h2:visible")).to_be_focused()

    answers = Disposition.objects.order_by("recorded_at").values_list("kind", flat=True)
    assert list(answers) == ["accepted", "rejected", "returned", "undone", "returned", "accepted"]
    assert Disposition.objects.get(kind="rejected").evidence == "Grace Hopper, CTO"
    assert HandOff.objects.filter(snoozed_until__isnull=False).count() == 1
    assert Attempt.objects.count() == 1


def test_moving_through_the_list_and_closing_sheets_by_keyboard(office: Office, open_page: OpenPage) -> None:
    leads(office, 3)
    page = open_page(office.rep)
    page.goto("/queue/")
    page.keyboard.press("j")
    card(page, "Company 2")
    page.keyboard.press("j")
    card(page, "Company 3")
    page.keyboard.press("k")
    card(page, "Company 2")
    assert "lead=lead_" in page.url
    for key in ("x", "1", "3"):
        page.keyboard.press(key)
    page.keyboard.type("a thing")
    page.keyboard.press("Escape")
    expect(page.locator("details.family[open]")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.locator("details.sheet-holder[open]")).to_have_count(0)
    for key in ("x", "1", "3"):
        page.keyboard.press(key)
    expect(page.locator("#evidence-wrong_product")).to_have_value("a thing")
    page.go_back()
    card(page, "Company 3")
    page.keyboard.press("d")
    expect(page.locator("#evidence-duplicate_of")).to_be_focused()


def test_a_key_never_overtakes_one_that_waits_for_the_new_card(office: Office, open_page: OpenPage) -> None:
    """Reject and its digits must not become Accept when the first key waits and the second would not have to."""
    leads(office, 1)
    page = open_page(office.rep)
    page.goto("/queue/")
    card(page, "Company 1")
    page.evaluate("""() => {
        const later = window.setTimeout;
        window.setTimeout = (work, ms) => later(work, ms === 20 ? 600 : ms);
        document.querySelector("#detail").insertAdjacentHTML("beforeend", "<form id='new' hx-post='/'></form>");
    }""")
    page.keyboard.press("x")
    page.evaluate("document.getElementById('new').remove()")
    for key in ("1", "3"):
        page.keyboard.press(key)
    page.keyboard.type("a thing")
    expect(page.locator("#evidence-wrong_product")).to_have_value("a thing")
    assert not Disposition.objects.exists()


KEYSTROKES = {
    "accept": ("a",),
    "reject for the usual reason of a family": ("x", "2"),
    "reject for another reason": ("x", "2", "2"),
    "snooze": ("h", "2"),
    "return to the usual track": ("n", "Enter"),
    "log a call": ("l", "1"),
    "undo": ("z",),
}
"""What each journey costs; a new dialog breaks this. Rejecting adds the one fact its reason asks for, and Enter."""
READ, THINK, PRESS = 4.65, 1.35, 0.2
"""Seconds of the keystroke model: reading a card, deciding once, one key (Card, Moran and Newell 1983)."""
MOST_SECONDS = {
    "accept": 6.5,
    "reject for the usual reason of a family": 8.0,
    "reject for another reason": 8.2,
    "snooze": 8.0,
    "return to the usual track": 8.0,
    "log a call": 8.0,
}


def test_the_keystroke_model_keeps_each_journey_within_its_seconds() -> None:
    for journey, most in MOST_SECONDS.items():
        keys = KEYSTROKES[journey]
        decisions = 1 if len(keys) == 1 else 2
        sends = 1 if journey.startswith("reject") else 0  # the fact is there already; Enter sends it
        assert READ + decisions * THINK + (len(keys) + sends) * PRESS <= most, journey


def test_each_journey_costs_no_more_keys_than_it_may(office: Office, open_page: OpenPage) -> None:
    assert [len(keys) for keys in KEYSTROKES.values()] == [1, 2, 3, 2, 2, 2, 1]
    leads(office, 5)
    page = open_page(office.rep)
    page.goto("/queue/")
    card(page, "Company 1")
    for key in KEYSTROKES["accept"]:
        page.keyboard.press(key)
    card(page, "Company 2")
    for key in KEYSTROKES["undo"]:
        page.keyboard.press(key)
    card(page, "Company 1")
    for key in KEYSTROKES["reject for the usual reason of a family"]:
        page.keyboard.press(key)
    page.keyboard.type("Grace Hopper")
    expect(page.locator("#evidence-not_decision_maker")).to_have_value("Grace Hopper")
    page.keyboard.press("Enter")
    card(page, "Company 2")
    for key in KEYSTROKES["return to the usual track"]:
        page.keyboard.press(key)
    card(page, "Company 3")
    for key in KEYSTROKES["log a call"]:
        page.keyboard.press(key)
    expect(page.locator("#toasts")).to_contain_text("Call logged: no answer. Attempt 1 of 6.")
    standing = Disposition.objects.filter(undone_by__isnull=True).exclude(kind="undone").order_by("recorded_at")
    assert list(standing.values_list("kind", flat=True)) == ["rejected", "returned"]
    assert Attempt.objects.count() == 1


def test_the_next_two_cards_are_there_before_they_are_asked_for(office: Office, open_page: OpenPage) -> None:
    leads(office, 4)
    page = open_page(office.rep)
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url) if "part=detail" in request.url else None)
    page.goto("/queue/")
    card(page, "Company 1")
    deadline = time.monotonic() + 10
    while len(set(fetched)) < 2 and time.monotonic() < deadline:
        page.wait_for_timeout(50)
    assert len(set(fetched)) == 2


def test_a_second_look_by_keyboard(office: Office, open_page: OpenPage, console: Console) -> None:
    console.allow("status of 422")
    first, _second = leads(office, 2)
    page = open_page(office.rep)
    page.goto("/queue/")
    card(page, "Company 1")
    for key in ("x", "2", "1"):
        page.keyboard.press(key)
    page.keyboard.type("Her boss, call back in 6 months")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Look twice before you close it")).to_be_visible()
    expect(page.locator("#not-now-day")).not_to_have_value("")
    page.keyboard.press("1")
    card(page, "Company 2")
    row = Disposition.objects.get()
    assert (row.lead, row.kind, row.note) == (first, "returned", "Her boss, call back in 6 months")
    assert row.wakes_on is not None


def test_coming_back_from_a_call_asks_how_it_went(office: Office, open_page: OpenPage) -> None:
    leads(office, 1)
    page = open_page(office.rep)
    page.goto("/queue/")
    card(page, "Company 1")
    page.evaluate("document.querySelector('a[href^=tel]').addEventListener('click', event => event.preventDefault())")
    page.locator("a[href^=tel]").click()
    expect(page.locator("details[data-attempts][open]")).to_have_count(0)
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(page.locator("details[data-attempts][open]")).to_have_count(1)
    page.keyboard.press("2")
    expect(page.locator("#toasts")).to_contain_text("Call logged: left a message.")


def test_practice_leads_by_keyboard_alone(office: Office, open_page: OpenPage) -> None:
    page = open_page(office.rep)
    page.goto("/queue/practice/1/")
    lessons = (("a",), ("x", "2", "1", "Grace Hopper", "Enter"), ("h", "2"), ("n", "Enter"), ("l", "1"))
    for number, keys in enumerate(lessons, 1):
        expect(page.get_by_text(f"Practice lead {number} of 5")).to_be_visible()
        for key in keys:
            page.keyboard.type(key) if " " in key else page.keyboard.press(key)
    expect(page.locator("h1")).to_have_text("You know the keys")
    assert not Disposition.objects.exists()


def test_without_script_every_action_is_a_form(office: Office, open_page: OpenPage) -> None:
    leads(office, 4)
    page = open_page(office.rep, java_script_enabled=False)
    page.goto("/queue/")
    page.get_by_role("button", name="Accept").click()
    expect(page.locator(".alert-success")).to_have_text("Accepted Company 1")
    page.get_by_text("Reject", exact=False).first.click()
    page.locator("summary", has_text="Wrong person").click()
    page.fill("#evidence-not_decision_maker", "Grace Hopper, CTO")
    page.locator("form.code", has=page.locator("#evidence-not_decision_maker")).get_by_role(
        "button", name="Reject"
    ).click()
    expect(page.locator(".alert-success")).to_contain_text("Rejected Company 2")
    page.locator("summary", has_text="To nurture").click()
    page.get_by_role("button", name="Still learning").click()
    expect(page.locator(".alert-success")).to_contain_text("Returned Company 3 to nurture: Still learning")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".alert-success")).to_contain_text("Taken back: Company 3")
    page.locator("summary", has_text="Log attempt").click()
    page.get_by_role("button", name="Call: Conversation").click()
    expect(page.locator(".alert-success")).to_contain_text("Call logged: conversation. Attempt 1 of 6.")


def test_two_reps_press_accept_and_the_second_is_told_who(
    office: Office, open_page: OpenPage, console: Console
) -> None:
    console.allow("status of 409")
    office.lead(1)
    HandOff.objects.update(owner=None)
    Lead.objects.update(owner=None)
    first, second = open_page(office.rep), open_page(office.colleague)
    for page in (first, second):
        page.goto("/queue/?owner=unrouted")
        card(page, "Company 1")
    first.keyboard.press("a")
    expect(first.locator("#announce")).to_contain_text("Accepted Company 1.")
    second.get_by_role("button", name="Accept").click()
    expect(second.locator(".alert-warning")).to_contain_text("Rita Rep accepted this lead")
    assert Disposition.objects.count() == 1


def test_the_desk_on_a_phone(office: Office, open_page: OpenPage) -> None:
    leads(office, 2)
    page = open_page(office.rep, width=390, height=844, has_touch=True, is_mobile=True)
    page.goto("/queue/")
    card(page, "Company 1")
    expect(page.get_by_text("1 of 2", exact=True)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for button in page.locator(".lead-actions > * > .btn").all():
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 44
    page.get_by_role("button", name="Accept").tap()
    card(page, "Company 2")


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_have_no_accessibility_violations(
    office: Office, open_page: OpenPage, width: int, scheme: str
) -> None:
    (lead, *_others) = leads(office, 3)
    page = open_page(office.rep, width=width, color_scheme=scheme, bypass_csp=True)
    addresses = {
        "/queue/": "x1", "/queue/?show=answer": "n", f"/leads/{lead.public_id}/": "", "/leads/": "",
        f"/queue/{lead.public_id}/reject/": "", "/me/": "", "/queue/practice/2/": "x2", "/queue/practice/": "",
        "/reasons/": "", "/reasons/too_small/": "", "/reasons/tracks/": "", "/talk-tracks/": "",
    }  # fmt: skip
    for address, keys in addresses.items():
        page.goto(address)
        for key in keys:
            page.keyboard.press(key)
        found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
        words = [(v["id"], [node["html"][:160] for node in v["nodes"]][:3]) for v in found.response["violations"]]
        assert words == [], address
