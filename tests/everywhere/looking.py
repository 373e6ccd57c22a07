"""Looks at a page at every width, in light and dark: what axe says, what sticks out, what is cut off."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import axe_playwright_python
from playwright.sync_api import Error, Page, Route

from tests.everywhere.walking import Place, person_of

WIDTHS, SCHEMES = (1280, 768, 390), ("light", "dark")
ZOOMED = 320
"""CSS pixels that are left of 1,280 at 400 % zoom."""
OPTIONS = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]},
    "resultTypes": ["violations"],
}
COLOURS = {
    "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
    "resultTypes": ["violations"],
}
"""All that axe can see anew when only the colours changed."""
PICTURES = os.environ.get("PICTURES_TO", "")
"""A folder for a picture of every look; none unless said."""
_AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
_RUN_AXE = """async options => (await axe.run(document, options)).violations.map(
    found => [found.id, found.help, found.nodes.slice(0, 3).map(node => node.html.slice(0, 200))])"""
STICKS_OUT = """() => {
    const room = document.documentElement.clientWidth;
    const scrolls = element => {
        for (let at = element.parentElement; at; at = at.parentElement)
            if (/auto|scroll|hidden|clip/.test(getComputedStyle(at).overflowX) && at !== document.body) return true;
        return false;
    };
    const out = [...document.body.querySelectorAll('a,button,input,select,textarea,summary,h1,h2,h3,p,td,th,li,label')]
        .filter(one => one.checkVisibility() && !one.closest('.reader,.skip-link'))
        .filter(one => one.offsetWidth)
        .map(one => [one, one.getBoundingClientRect()])
        .filter(([, box]) => box.right > room + 1 || box.left < -1).map(([one]) => one)
        .filter(one => !scrolls(one)).slice(0, 3).map(one => one.outerHTML.slice(0, 160));
    const wide = document.documentElement.scrollWidth - room;
    return wide > 0 || out.length ? [`${wide} px too wide`, ...out] : [];
}"""
_FORM = """[...document.querySelectorAll('main form[method=post]')].find(
    form => [...form.querySelectorAll('[required]')].some(field => field.checkVisibility()))"""
_SEND_EMPTY = f"""() => {{
    const form = {_FORM};
    for (const field of form.querySelectorAll('input:not([type=hidden]),textarea'))
        if (!['checkbox', 'radio', 'submit'].includes(field.type)) field.value = '';
    setTimeout(() => HTMLFormElement.prototype.submit.call(form), 100);
}}"""

OpenPage = Callable[..., Page]


def complaints(open_page: OpenPage, places: Iterable[Place], *, name: str, send_empty: bool = False) -> Iterator[str]:
    """What is wrong with each place, in words. `send_empty` sends its first form empty and looks at the answer."""
    pages: dict[str, Page] = {}
    for place in places:
        if place.role not in pages:
            pages[place.role] = _page_of(open_page, place.role)
        page = pages[place.role]
        page.set_viewport_size({"width": 1280, "height": 900})
        page.goto(place.url)
        if send_empty:
            if not page.evaluate(f"() => !!({_FORM})"):
                continue
            with page.expect_navigation():
                page.evaluate(_SEND_EMPTY)
            page.wait_for_load_state("networkidle")
        try:
            yield from (f"{place.url} as {place.role}, {words}" for words in _look_at(page, f"{name}-{place.name}"))
        except Error as error:
            yield f"{place.url} as {place.role} went away while it was looked at: {error.message.splitlines()[0]}"


def _page_of(open_page: OpenPage, role: str) -> Page:
    page = open_page(person_of(role), reduced_motion="reduce")
    page.route("**/notices/bell/", _ignore)
    return page


def _ignore(route: Route) -> None:
    route.fulfill(body="")


def _look_at(page: Page, name: str) -> Iterator[str]:
    page.evaluate(_AXE)
    for width, scheme in product(WIDTHS, SCHEMES):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        found: list[Any] = page.evaluate(_RUN_AXE, OPTIONS if scheme == "light" else COLOURS)
        for rule, words, nodes in found:
            yield f"{scheme}, {width}: {rule}: {words}: {'; '.join(nodes)}"
        if PICTURES:
            page.screenshot(path=f"{PICTURES}/{name}-{width}-{scheme}.png", full_page=True)
        if scheme == "light":
            yield from (f"{width}: {words}" for words in page.evaluate(STICKS_OUT))
    page.set_viewport_size({"width": ZOOMED, "height": 256})
    yield from (f"{ZOOMED} (400 % zoom): {words}" for words in page.evaluate(STICKS_OUT))
