"""How pages feel on a slow phone: a fourfold slower processor, 1.6 Mbit/s, 150 ms there and back, nothing cached.

The web server is the real one, with what it serves compressed as in production.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

MOST_LCP_MS, MOST_INP_MS, MOST_SHIFT = 1_800, 100, 0.02
"""The largest paint of a first visit, the 75th of a hundred answers to a key, and how far things may jump."""
NETWORK: dict[str, Any] = {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 200_000}
SLOWER = 4
PATIENCE_MS = 60_000
KEYS = ("x", "Escape", "h", "Escape", "l", "Escape", "j", "k", "?", "Escape", "x", "2", "Escape", "Escape", "a", "z")
"""What is pressed on the queue: sheets opened and closed, the list walked, a lead accepted and that taken back."""
WATCH = """
window.seen = {shift: 0, lcp: 0, answers: []};
const watch = (type, note) => new PerformanceObserver(list => list.getEntries().forEach(note))
    .observe({type, buffered: true, durationThreshold: 16});
watch('layout-shift', entry => { if (!entry.hadRecentInput) seen.shift += entry.value; });
watch('largest-contentful-paint', entry => { seen.lcp = entry.startTime; });
watch('event', entry => { if (entry.interactionId) seen.answers.push(entry.duration); });
"""
"""Answers faster than 16 ms are not told by the browser: they can only make the figure better."""


@dataclass(slots=True)
class Feel:
    """What was seen of one page, in milliseconds; `answers` only where keys were pressed."""

    address: str
    paints: list[float] = field(default_factory=list)
    shifts: list[float] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)

    @property
    def paint(self) -> float:
        """The middle one of several first visits."""
        return median(self.paints)

    @property
    def shift(self) -> float:
        return max(self.shifts)

    @property
    def answer(self) -> float | None:
        """The 75th of a hundred."""
        ordered = sorted(self.answers)
        return ordered[int(0.75 * len(ordered))] if ordered else None

    @property
    def is_within(self) -> bool:
        return self.paint <= MOST_LCP_MS and self.shift <= MOST_SHIFT and (self.answer or 0) <= MOST_INP_MS


def slow_page(context: BrowserContext) -> Page:
    """A page that watches itself, on a slow phone with an empty cache."""
    page = context.new_page()
    page.add_init_script(WATCH)
    page.set_default_timeout(PATIENCE_MS)
    wire = context.new_cdp_session(page)
    wire.send("Network.enable")
    wire.send("Network.setCacheDisabled", {"cacheDisabled": True})
    wire.send("Network.emulateNetworkConditions", NETWORK)
    wire.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    return page


def painted(page: Page) -> float:
    """When the largest part of a page was painted, in milliseconds; a busy browser tells it a little later."""
    for _ in range(100):
        if found := float(page.evaluate("seen.lcp")):
            return found
        page.wait_for_timeout(100)
    raise TimeoutError("The browser painted nothing.")


def visit(browser: Browser, address: str, cookie: dict[str, Any], rounds: int, keys: Sequence[str] = ()) -> Feel:
    """Opens a page so many times as if for the first time; the last time `keys` are pressed, if there are any."""
    feel = Feel(address)
    for number in range(rounds):
        context = browser.new_context(viewport={"width": 390, "height": 844})
        context.add_cookies([cookie])  # type: ignore[list-item]
        page = slow_page(context)
        page.goto(address, wait_until="networkidle")
        feel.paints.append(painted(page))
        feel.shifts.append(page.evaluate("seen.shift"))
        if number == rounds - 1:
            for key in keys:
                page.keyboard.press(key)
                page.wait_for_timeout(250)  # a person looks before the next key
            if keys:
                page.wait_for_load_state("networkidle")
                feel.answers = page.evaluate("seen.answers")
        context.close()
    return feel
