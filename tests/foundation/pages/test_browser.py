"""The kit in a real browser: no violation of accessibility or of the content policy, and the keys work."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from revops.foundation.models import User

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def person(transactional_db) -> User:
    return User.objects.create_user("mara@example.com", "a-long-password", name="Mara Lindqvist", role="admin")


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_design_page_has_no_accessibility_violation(open_page, person, width: int, scheme: str) -> None:
    page = open_page(person, width=width, color_scheme=scheme)
    page.goto("/design/")
    found = Axe().run(page)
    assert [(v["id"], v["nodes"][0]["html"][:120]) for v in found.response["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_keys_open_help_palette_and_search_and_press_the_action_of_the_page(open_page, person) -> None:
    page = open_page(person)
    page.goto("/design/")
    page.keyboard.press("?")
    assert page.locator("#shortcut-help").is_visible()
    assert "Example action" in page.locator("[data-page-keys]").inner_text()
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    assert page.evaluate("document.activeElement.closest('dialog').id") == "palette"
    page.keyboard.press("Escape")
    page.evaluate("document.querySelector('[data-key=a]').addEventListener('click', () => document.title = 'pressed')")
    page.keyboard.press("a")
    assert page.title() == "pressed"
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.name") == "q"
    page.keyboard.type("a?")
    assert page.locator("#shortcut-help").is_hidden()


def test_shortcuts_that_are_off_do_nothing(open_page, person) -> None:
    User.objects.filter(pk=person.pk).update(shortcuts="off")
    page = open_page(person)
    page.goto("/design/")
    page.keyboard.press("?")
    assert page.locator("#shortcut-help").is_hidden()


def test_the_look_changes_at_once_and_is_kept(open_page, person) -> None:
    page = open_page(person)
    page.goto("/design/")
    page.locator(".topbar > .menu:not(.menu-toggle) summary").click()
    with page.expect_response("**/me/display/"):
        page.locator("button[name=theme][value=dark]").click()
    assert page.evaluate("document.documentElement.dataset.bsTheme") == "dark"
    page.reload()
    assert page.evaluate("document.documentElement.dataset.bsTheme") == "dark"


def test_a_countdown_follows_the_clock_of_the_server(open_page, person) -> None:
    page = open_page(person)
    page.clock.install(time="2031-01-01T00:00:00Z")  # a machine whose clock is years ahead
    page.goto("/design/")
    page.clock.run_for(2000)
    texts = page.locator("time[data-countdown]").all_inner_texts()
    assert texts[0].startswith("4 h 59 m")


def test_a_toast_from_the_server_speaks_without_taking_the_focus(open_page, person) -> None:
    page = open_page(person)
    page.goto("/design/")
    before = page.evaluate("document.activeElement.tagName")
    page.evaluate("document.body.dispatchEvent(new CustomEvent('toast', {detail: {text: 'Accepted Acme'}}))")
    assert page.locator("#toasts").inner_text() == "Accepted Acme"
    assert page.evaluate("document.activeElement.tagName") == before


def test_every_page_action_works_without_script(open_page, person) -> None:
    page = open_page(person, java_script_enabled=False)
    page.goto("/design/")
    page.locator(".topbar > .menu:not(.menu-toggle) summary").click()
    page.locator("button[name=theme][value=dark]").click()
    assert page.locator("html").get_attribute("data-bs-theme") == "dark"
    page.locator("summary", has_text="Show as table").first.click()
    assert page.locator("figure table").first.is_visible()


@pytest.mark.parametrize("has_script", [True, False])
def test_filters_fold_on_a_phone_and_open_by_key_with_and_without_script(open_page, person, has_script: bool) -> None:
    page = open_page(person, width=390, java_script_enabled=has_script)
    page.goto("/leads/?stage=nurture&tier=3")
    stage, fold = page.locator("#f-stage"), page.locator(".filter-fold > summary")
    expect(stage).to_be_hidden()
    expect(fold).to_have_text("Filters (2)")
    expect(page.locator(".filter-chips .chip")).to_have_count(2)
    fold.press("Enter")
    page.locator("#f-stage").select_option("won")
    expect(page).to_have_url(re.compile("stage=nurture"))  # several filters are set before they are sent
    page.locator("#f-tier").select_option("")
    page.locator(".filter-fields button").press("Enter")
    expect(page).to_have_url(re.compile("stage=won"))
    page.locator(".chip", has_text="Stage: Won").click()
    expect(page.locator(".filter-chips")).to_have_count(0)


def test_filters_lie_open_where_there_is_room(open_page, person) -> None:
    page = open_page(person, width=1280)
    page.goto("/leads/?stage=nurture")
    expect(page.locator("#f-stage")).to_be_visible()
    expect(page.locator(".filter-fold > summary")).to_be_hidden()
    page.locator("#f-stage").select_option("won")
    expect(page).to_have_url(re.compile("stage=won"))


@pytest.mark.parametrize(
    "address", ["/accounts/login/", "/design/errors/404/", "/design/errors/500/", "/accounts/2fa/"]
)
def test_sign_in_and_error_pages_have_no_accessibility_violation(open_page, person, console, address: str) -> None:
    console.allow("status of (404|500)")
    page = open_page(None if "login" in address else person)
    page.goto(address)
    found = Axe().run(page)
    assert [(v["id"], v["nodes"][0]["html"][:120]) for v in found.response["violations"]] == []
