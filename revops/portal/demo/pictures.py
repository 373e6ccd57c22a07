"""Takes the pictures of the documentation: an installed Chromium walks through a running demo."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from django.utils import timezone

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DESK, PHONE = (1280, 800), (390, 844)

EXAMPLE = """Mail,Full name,Company,Job title,Country,Last activity,Created
ann.lee@brightmoor.example,Ann Lee,Brightmoor,VP Sales,Germany,Requested a demo,31/01/2026
bo.hart@castlepine.example,Bo Hart,Castlepine,Head of Marketing,France,Visited the pricing page,03/02/2026
not an address,Cem Oz,,,,,soon
"""
"""A file whose mapping is shown; it is uploaded and never started."""


class NoPictures(Exception):
    """What is missing, and what to do."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One page as one role sees it. `path` is an address, or finds the page by hand."""

    name: str
    role: str
    path: str | Callable[[Page], None]
    size: tuple[int, int] = DESK


def _open_first_lead(page: Page) -> None:
    page.goto("/queue/")
    page.goto(page.locator("#detail a[href^='/leads/lead_']").first.get_attribute("href") or "/leads/")


def _open_last_week(page: Page) -> None:
    year, week, _day = (timezone.now() - timedelta(days=7)).isocalendar()
    page.goto(f"/review/{year}-W{week:02}/")


def _map_a_file(page: Page) -> None:
    page.goto("/imports/new/")
    page.get_by_label("File").set_input_files(
        {"name": "spring-fair.csv", "mimeType": "text/csv", "buffer": EXAMPLE.encode()}
    )
    page.get_by_role("button", name="Upload and look at it").click()
    page.get_by_role("button", name="Yes, map the columns").click()


PICTURES = (
    Picture("queue", "rep", "/queue/"),
    Picture("lead", "rep", _open_first_lead),
    Picture("queue-phone", "rep", "/queue/", PHONE),
    Picture("review", "sales_manager", _open_last_week),
    Picture("sla", "sales_manager", "/sla/"),
    Picture("rejections", "marketing_manager", "/rejections/"),
    Picture("rules", "marketing_manager", "/rules/"),
    Picture("import", "marketer", _map_a_file),
)


def take_pictures(
    base_url: str, users: Sequence[Mapping[str, str]], folder: Path, pictures: Sequence[Picture] = PICTURES
) -> Iterator[Path]:
    """Writes each picture into `folder` and names it. `users` are those of var/demo.json."""
    people = {user["role"]: user for user in reversed(users)}
    folder.mkdir(parents=True, exist_ok=True)
    with _chromium() as browser:
        for picture in pictures:
            page = _signed_in(browser, base_url, people[picture.role], picture.size)
            if callable(picture.path):
                picture.path(page)
            else:
                page.goto(picture.path)
            page.wait_for_load_state("networkidle")
            path = folder / f"{picture.name}.png"
            page.screenshot(path=path, animations="disabled")
            page.context.close()
            _make_small(path)
            yield path


def _signed_in(browser: Browser, base_url: str, user: Mapping[str, str], size: tuple[int, int]) -> Page:
    width, height = size
    context = browser.new_context(
        base_url=base_url, viewport={"width": width, "height": height}, locale="en-GB", color_scheme="light"
    )
    context.set_default_timeout(20_000)
    page = context.new_page()
    page.goto("/accounts/login/")
    page.fill("input[name=login]", user["email"])
    page.fill("input[name=password]", user["password"])
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/accounts/login/" not in url)
    return page


@contextmanager
def _chromium() -> Iterator[Browser]:
    try:
        from playwright.sync_api import Error, sync_playwright
    except ModuleNotFoundError:
        raise NoPictures(
            "Pictures are taken with Playwright, which is not installed. Run 'uv sync --group dev' first."
        ) from None
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        raise NoPictures("No Chromium found. Install one, or set CHROMIUM to its path.")
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
            yield browser
            browser.close()
    except Error as error:
        raise NoPictures(f"The browser could not take the picture: {error.message.splitlines()[0]}") from error


def _make_small(path: Path) -> None:
    """Reduces a picture to 256 colours where Pillow is at hand; it is a third as large then."""
    try:
        pillow = import_module("PIL.Image")  # no dependency of ours
    except ModuleNotFoundError:
        return
    with pillow.open(path) as image:
        image.convert("RGB").quantize(256).save(path, optimize=True)
