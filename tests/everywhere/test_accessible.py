"""axe finds nothing, nothing sticks out: on every page, in every state, at three widths, in light and dark.

`make a11y` looks at all of it; `make test` takes a sample that moves on every day. Both fail on console errors and
violations of the content policy, too.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from datetime import date
from random import Random
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from revops.portal.demo.company import found_company
from revops.portal.demo.seeding import seed_company
from tests.everywhere.conftest import LEADS, SEED
from tests.everywhere.looking import OpenPage, complaints
from tests.everywhere.monsters import make_monstrous
from tests.everywhere.staging import outside_the_navigation, stage
from tests.everywhere.walking import ROLES, Place, walk

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

logger = logging.getLogger(__name__)
IS_WHOLE = bool(os.environ.get("A11Y_ALL"))
ONLY = frozenset(os.environ.get("A11Y_ONLY", "").split())
"""Names of the addresses to look at, for whoever mends a page; all unless said."""
SAMPLE = 6
"""So many pages of two of the four states a day; each is looked at six times, and once zoomed."""
TODAY = date.today().toordinal()  # noqa: DTZ011 - any day will do


@pytest.fixture(autouse=True)
def refusals(console: Any) -> None:
    """Pages that say no are pages, too."""
    console.allow("status of [45]")


def test_every_page_of_a_busy_portal_is_accessible(open_page: OpenPage) -> None:
    only_on_its_day(0)
    seed_company(LEADS, SEED, timezone.now())
    check(complaints(open_page, chosen(one_of_each(stage())), name="busy"))


def test_every_page_of_an_empty_portal_is_accessible(open_page: OpenPage) -> None:
    only_on_its_day(1)
    found_company(timezone.now(), Random(SEED), 0)
    starts = [reverse("agreement-draft"), *outside_the_navigation()]
    check(complaints(open_page, chosen(one_of_each(starts)), name="empty"))


def test_every_page_bears_monstrous_names(open_page: OpenPage) -> None:
    only_on_its_day(1)
    seed_company(LEADS, SEED, timezone.now())
    make_monstrous()
    check(complaints(open_page, chosen(one_of_each([])), name="monster"))


def test_every_refused_form_is_accessible(open_page: OpenPage) -> None:
    only_on_its_day(0)
    seed_company(LEADS, SEED, timezone.now())
    check(complaints(open_page, chosen(one_of_each(stage())), name="refused", send_empty=True))


def only_on_its_day(parity: int) -> None:
    """Skips a state on every other day, unless all is looked at."""
    if not IS_WHOLE and parity != TODAY % 2:
        pytest.skip("This state is looked at every other day; make a11y looks at all.")


def check(complaints: Iterator[str]) -> None:
    found = []
    for words in complaints:
        logger.warning(words)  # with -o log_cli=true at once, not at the end of half an hour
        found.append(words)
    assert not found, f"{len(found)} complaints:\n" + "\n".join(found)


def one_of_each(starts: list[str]) -> list[Place]:
    """One address of each page, as the first role that gets there; `starts` are for the administrator."""
    found: dict[str, Place] = {}
    for role in ROLES if IS_WHOLE else ROLES[:1]:
        begin = ["/", *starts] if role == ROLES[0] else ["/"]
        for place in walk(role, begin, most=1, known=set(found) - {"home"}):
            assert not place.complaint
            found.setdefault(place.name, place)
    errors = [Place("design-error", ROLES[0], url, is_page=True) for url in starts if "/design/errors/" in url]
    return sorted([place for place in found.values() if place.is_page] + errors[1:])


def chosen(places: list[Place]) -> list[Place]:
    """All of these places, or today's sample of them."""
    if IS_WHOLE:
        return [place for place in places if not ONLY or place.name in ONLY]
    start = TODAY // 2 * SAMPLE
    return [places[(start + number) % len(places)] for number in range(min(SAMPLE, len(places)))]
