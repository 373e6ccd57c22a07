"""A real Chromium for tests; a console error or a violation of the content policy fails the test."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

# Playwright runs an event loop in this thread; Django would take that for an attempt to use the ORM from async code.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

expect.set_options(timeout=15_000)  # milliseconds; a machine that does other work, too, is no reason to fail

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_REPORT_VIOLATIONS = """
document.addEventListener('securitypolicyviolation', event => console.error(
    'content policy violated: ' + event.violatedDirective + ' by ' + event.blockedURI));
"""


@dataclass
class Console:
    """What the pages of a test complained about. `allow` names complaints that the test provokes on purpose."""

    errors: list[str] = field(default_factory=list)
    allowed: list[re.Pattern[str]] = field(default_factory=list)

    def allow(self, pattern: str) -> None:
        """Let errors that match `pattern` pass, for example `allow("status of 404")`."""
        self.allowed.append(re.compile(pattern))

    def watch(self, page: Page) -> None:
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.errors.append(f"script error: {error}"))

    def complaints(self) -> list[str]:
        return [error for error in self.errors if not any(pattern.search(error) for pattern in self.allowed)]

    def _note(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(f"{message.text} ({message.location.get('url', '')})")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The installed Chromium, one per test process. The variable CHROMIUM names another one."""
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    if path is None:
        pytest.fail("No Chromium found. Run 'make test', which installs one, or set CHROMIUM to its path.")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, headless=True, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def console() -> Iterator[Console]:
    """The complaints of all pages of this test; any that is not allowed fails it."""
    found = Console()
    yield found
    assert found.complaints() == [], "The browser complained"


@pytest.fixture
def open_page(browser: Browser, live_server: Any, console: Console) -> Iterator[Callable[..., Page]]:
    """Opens a page at the live server: `open_page(user=None, width=1280, height=800, **context_options)`.

    Relative addresses work (`page.goto("/leads/")`). With `user` the page is already signed in.
    """
    contexts: list[BrowserContext] = []

    def open_it(user: Any = None, *, width: int = 1280, height: int = 800, **options: Any) -> Page:
        context = browser.new_context(
            base_url=live_server.url, viewport={"width": width, "height": height}, **{"locale": "en-GB", **options}
        )
        contexts.append(context)
        context.add_init_script(_REPORT_VIOLATIONS)
        context.set_default_timeout(20_000)
        context.set_default_navigation_timeout(60_000)  # the first request imports the whole portal
        if user is not None:
            client = Client()
            client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
            name = settings.SESSION_COOKIE_NAME
            context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
        page = context.new_page()
        console.watch(page)
        return page

    yield open_it
    for context in contexts:
        context.close()


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    """A page of somebody who is not signed in, on a desktop screen."""
    return open_page()
