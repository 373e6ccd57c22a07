"""Every page is reached by links, every action by a form, and no link of any role leads nowhere."""

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from tests.everywhere.staging import stage
from tests.everywhere.walking import ROLES, addresses, walk

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

BY_HAND = {
    "agreement-draft": "offered while no draft waits: the portal without leads shows it",
    "hook-in": "other systems post to it",
    "hook-in-secret": "other systems post to it",
    "privacy-progress": "asked for by the page of a request while somebody is erased",
    "rule-rebase": "offered when the rules changed since a draft began",
    "rule-rescore-progress": "asked for by the page of the rules while leads are judged anew",
}
"""Pages that neither the demo company nor tests/everywhere/staging.py leads to, and how one gets there."""


def test_every_page_is_reached_by_links_and_no_link_leads_nowhere(demo_company: dict[str, Any]) -> None:
    places = [place for role in ROLES for place in walk(role)]
    places += walk(ROLES[0], stage())
    assert not [place.complaint for place in places if place.complaint]
    found = {place.name for place in places}
    missing = {name for name, reads in addresses().items() if reads} - found - set(BY_HAND)
    assert not missing, (
        f"nobody finds {', '.join(sorted(missing))}: link to it, make tests/everywhere/staging.py show it, "
        "or say in BY_HAND how one gets there"
    )
    assert not found & set(BY_HAND), "these are found by now: take them out of BY_HAND"
    of = {role: {place.name for place in places if place.role == role} for role in ROLES}
    assert {"queue", "leads", "lead", "sla-board", "review-week"} <= of["rep"]
    assert {"rejections", "rules", "imports", "sources"} <= of["marketer"]


def test_every_action_is_a_form_of_some_page() -> None:
    templates = "".join(path.read_text() for path in Path(settings.BASE_DIR, "templates").rglob("*.html"))
    actions = {name for name, reads in addresses().items() if not reads}
    formless = sorted(name for name in actions if f'"{name}"' not in templates and f"'{name}'" not in templates)
    assert not formless, f"no form of a template posts to {', '.join(formless)}"
