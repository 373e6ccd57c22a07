"""All leads that a version would change, page by page, each openable by whoever may see it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from leads.models import Source
from revops.foundation.models import User
from revops.portal.rules import flips as flips_module
from scoring.backtest import pack_everything
from scoring.models import Rulebook
from scoring.publishing import create_draft
from sla.models import RepProfile
from tests.backtest.company import accept, admit, sent, stricter
from tests.portal.desk import Office
from tests.portal.learning import browser_of, text_of
from tests.portal.rule_desk import typed

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(office: Office) -> Rulebook:
    """Nobody would be handed off any more, of five who were."""
    at = timezone.now() - timedelta(days=20)
    leads = admit(office, [sent(office, n) for n in range(5)], at)
    accept(leads[0], leads[0].owner_id or office.rep.pk, at + timedelta(hours=1))
    pack_everything(now=timezone.now())
    return create_draft(stricter("fit", 100), office.admin, "Next", "Asks for more fit.", timezone.now())


def words(user: User, book: Rulebook, query: str = "") -> str:
    answer = browser_of(user).get(f"/rules/versions/{book.version}/flips/{query}")
    assert answer.status_code == 200
    return text_of(answer.content.decode())


def test_every_flip_is_listed_with_what_became_of_it(office: Office, draft: Rulebook) -> None:
    page = words(office.sales_head, draft)
    for n in range(5):
        assert f"Firm {n}" in page
    assert "accepted" in page
    assert "not answered yet" in page
    assert "Version 2 compared with version 1." in page


def test_pages_follow_one_another_without_a_gap(
    office: Office, draft: Rulebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flips_module, "ON_A_PAGE", 2)
    pages = [words(office.sales_head, draft, f"?page={n}") for n in (1, 2, 3)]
    seen = [{n for n in range(5) if f"Firm {n}" in page} for page in pages]
    assert [len(one) for one in seen] == [2, 2, 1]
    assert set.union(*seen) == set(range(5))
    assert "3–4 of 5" in pages[1]
    client = browser_of(office.sales_head)
    links = [client.get(f"/rules/versions/{draft.version}/flips/?page={n}").content for n in (1, 3)]
    assert [b'rel="next"' in page for page in links] == [True, False]
    assert [b'rel="prev"' in page for page in links] == [False, True]
    assert "No lead changes its tier" in words(office.sales_head, draft, "?page=9")


def test_beside_the_editor_sources_and_reps_say_what_became_of_who_moves(office: Office, draft: Rulebook) -> None:
    RepProfile.objects.filter(user=office.rep).update(capacity=40)
    client = browser_of(office.admin)
    answer = client.post(f"/rules/versions/{draft.version}/backtest/", typed(client, draft.version))
    told = text_of(answer.content.decode())
    assert "pipeline" in told
    for whose in ("source", "rep"):
        assert f"What became of them, by {whose}" in told
    assert "5 leads: won 0, rejected 0" in told, "all are of one source"
    assert "accepted 1 of 1" in told
    assert "40 open at most" in told


def test_a_part_of_the_past_is_chosen(office: Office, draft: Rulebook) -> None:
    other = Source.objects.create(key="fair", name="Trade fair", created_at=timezone.now())
    assert "No lead here changes its tier" in words(office.sales_head, draft, f"?bt.source={other.pk}")
    assert "Firm 1" in words(office.sales_head, draft, f"?bt.source={office.source.pk}&bt.period=90")
    assert "Firm 1" in words(office.sales_head, draft, "?bt.source=nonsense&page=-1&bt.period=x")


def test_leads_of_others_are_counted_and_not_named(office: Office, draft: Rulebook) -> None:
    page = words(office.colleague, draft)
    own = [n for n in range(5) if f"Firm {n}" in page]
    assert page.count("a lead of somebody else") == 5 - len(own)


def test_the_live_version_is_compared_with_the_one_before(office: Office, draft: Rulebook) -> None:
    live = Rulebook.objects.get(state="live")
    assert "No lead changes its tier" in words(office.sales_head, live), "it is the first, and compared with itself"


def test_a_stranger_and_an_unknown_version_are_refused(office: Office, draft: Rulebook) -> None:
    assert Client().get(f"/rules/versions/{draft.version}/flips/").status_code == 302
    assert browser_of(office.rep).get("/rules/versions/99/flips/").status_code == 404
    assert browser_of(office.rep).post(f"/rules/versions/{draft.version}/flips/").status_code == 405


def test_the_list_costs_the_same_for_one_flip_and_for_three(
    office: Office, draft: Rulebook, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = browser_of(office.sales_head)
    client.get(f"/rules/versions/{draft.version}/flips/")
    for size in (1, 3):
        monkeypatch.setattr(flips_module, "ON_A_PAGE", size)
        with django_assert_num_queries(10):
            client.get(f"/rules/versions/{draft.version}/flips/")
