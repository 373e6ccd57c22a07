"""Pages in other shapes: on paper, in a language 40 % longer, and from right to left."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone, translation
from playwright.sync_api import Page

from revops.portal.demo.seeding import seed_company
from tests.everywhere.conftest import LEADS, SEED
from tests.everywhere.looking import PICTURES, STICKS_OUT, OpenPage
from tests.everywhere.walking import person_of

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

PAPER = (688, 1017)
"""What 14 mm of margin leave of A4, in CSS pixels."""
PRINTED = (
    ("rep", "/queue/"),
    ("rep", "lead"),
    ("sales_manager", "/review/"),
    ("sales_manager", "/sla/"),
    ("sales_manager", "/sla/agreement/"),
    ("marketer", "/rules/matrix/"),
    ("marketer", "/rejections/"),
)
CUT = """([width, height]) => {
    const shown = what => [...document.querySelectorAll(what)].filter(one => one.checkVisibility());
    const wide = one => one.getBoundingClientRect().right > width + 1;
    const splits = one => getComputedStyle(one).breakInside !== 'avoid' || one.getBoundingClientRect().height > height;
    return [
        ['wider than the paper', shown('figure,.chart,.stats,table,.card').filter(wide)],
        ['may be cut by the end of a page', shown('figure,svg.chart').filter(splits)],
        ['of no use on paper', shown('.rail,.topbar,.action-bar,.filter-bar,#toasts')],
    ].flatMap(([words, found]) => found.map(one => `${words}: ${one.outerHTML.slice(0, 120)}`));
}"""
SPOKEN = (("rep", "/queue/"), ("rep", "lead"), ("rep", "/leads/"), ("marketer", "/rejections/"), ("admin", "/people/"))


def places_of(open_page: OpenPage, chosen: tuple[tuple[str, str], ...]) -> Any:
    """A page for each place, opened as that role."""
    for role, place in chosen:
        page = open_page(person_of(role), width=PAPER[0], height=PAPER[1])
        page.goto("/leads/")
        first_lead = page.locator("a[href^='/leads/lead_']").first.get_attribute("href") or ""
        page.goto(first_lead if place == "lead" else place)
        yield page, f"{role}-{place.strip('/').replace('/', '-')}"


def test_nothing_is_cut_on_paper(open_page: OpenPage) -> None:
    seed_company(LEADS, SEED, timezone.now())
    found = []
    for page, name in places_of(open_page, PRINTED):
        page.emulate_media(media="print")
        found += [f"{name}: {words}" for words in page.evaluate(CUT, list(PAPER))]
        if PICTURES:
            page.pdf(path=f"{PICTURES}/paper-{name}.pdf", prefer_css_page_size=True)
    assert not found, "\n".join(found)


def test_longer_words_and_the_other_direction_break_nothing(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed_company(LEADS, SEED, timezone.now())
    translation.gettext("")  # loads what is replaced below
    monkeypatch.setattr(translation._trans, "gettext", longer)
    found = []
    for page, name in places_of(open_page, SPOKEN):
        assert "ẋẋ" in page.locator("main").inner_text()
        found += [f"longer {name}, {words}" for words in _sticks_out(page, f"longer-{name}")]
        page.evaluate("document.documentElement.dir = 'rtl'")
        found += [f"from right to left {name}, {words}" for words in _sticks_out(page, f"rtl-{name}")]
    assert not found, "\n".join(found)


def longer(message: str) -> str:
    """The pseudo-locale: every message is 40 % longer."""
    return f"{message} {'ẋẋẋẋẋẋ ' * (1 + len(message) // 18)}"[: int(len(message) * 1.4) + 3] if message else ""


def _sticks_out(page: Page, name: str) -> list[str]:
    found = []
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        found += [f"{width}: {words}" for words in page.evaluate(STICKS_OUT)]
        if PICTURES:
            page.screenshot(path=f"{PICTURES}/{name}-{width}-light.png", full_page=True)
    return found
