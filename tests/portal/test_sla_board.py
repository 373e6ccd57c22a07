"""The SLA pages: both columns, numbers that open what they count, the live part, one clock, the agreement, turns."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from feedback.metrics import Week
from leads.attempts import Try
from revops.foundation.ids import encode
from revops.foundation.models import Role, User
from revops.portal import journey
from sla.models import Clock
from tests.factories import UserFactory
from tests.feedback.company import Company, found_company
from tests.portal.learning import browser_of, in_last_week, last_week, links_in, text_of

pytestmark = pytest.mark.django_db
PART = {"HX-Request": "true"}


@pytest.fixture
def company() -> Company:
    return found_company(in_last_week())


@pytest.fixture
def week() -> Week:
    return last_week()


@pytest.fixture
def manager(company: Company) -> Client:
    return browser_of(company.sales_head)


@pytest.fixture
def worked(company: Company) -> Company:
    """Four leads: answered in time and tried, answered in time only, answered late, not at all."""
    tried, answered, late, _left = company.hand_off(4)
    for lead in (tried, answered):
        company.accept(lead)
    company.accept(late, at=company.at + timedelta(days=1, hours=6))
    at = company.at + timedelta(hours=1)
    journey.log_tries([Try(tried.pk, company.owner_of(tried).pk, "call", "no_answer", at)], now=at)
    return company


def html_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_both_sides_stand_side_by_side_with_the_same_machinery(manager: Client, worked: Company, week: Week) -> None:
    html = html_of(manager, f"/sla/?week={week.name}")
    assert re.findall(r"<h2[^>]*>([^<]+)</h2>", html)[:2] == ["Marketing → Sales", "Sales → Marketing"]
    text = text_of(html)
    for words in ("Give sales all details within 1 hour", "Try to reach every tier-1 lead", "4 kept 0 late"):
        assert words in text
    assert "2 kept 2 late" in text
    assert "1 kept 3 late" in text


def test_every_number_opens_exactly_what_it_counts(manager: Client, worked: Company, week: Week) -> None:
    html = html_of(manager, f"/sla/?week={week.name}")
    numbers = re.findall(r'href="(/sla/clauses/[^"]+)">(\d+) (kept|late|open)', html)
    assert len(numbers) >= 5
    assert {"follow_up", "outcome_updates", "huddle"} <= {address.split("/")[3] for address, _n, _word in numbers}
    for address, n, _word in numbers:
        assert f"1–{n} of {n}" in text_of(html_of(manager, address.replace("&amp;", "&"))), address


def test_what_is_overdue_is_named_with_its_clock(manager: Client, worked: Company, week: Week) -> None:
    html = html_of(manager, f"/sla/?week={week.name}")
    overdue = Clock.objects.filter(met_at__isnull=True, clause__code="decision")
    assert [clock.public_id in html for clock in overdue] == [True]


def test_a_rep_sees_the_numbers_but_not_colleagues_leads(worked: Company, week: Week) -> None:
    left = Clock.objects.get(met_at__isnull=True, clause__code="decision")
    other = next(rep for rep in worked.reps if rep != left.user)
    html = html_of(browser_of(other), f"/sla/?week={week.name}")
    assert left.public_id not in html
    assert "overdue of" in html
    assert browser_of(other).get(f"/sla/clocks/{left.public_id}/").status_code == 404
    assert browser_of(left.user).get(f"/sla/clocks/{left.public_id}/").status_code == 200
    listed = text_of(html_of(browser_of(other), f"/sla/clauses/decision/?week={week.name}"))
    assert "The number counts 4" in listed


@pytest.mark.parametrize("role", [role for role in Role.values if role != Role.INTEGRATION])
@pytest.mark.parametrize("address", ["/sla/", "/sla/agreement/", "/sla/clauses/volume/"])
def test_everybody_may_look(company: Company, role: str, address: str) -> None:
    html_of(browser_of(UserFactory.create(role=role)), address)


@pytest.mark.parametrize("address", ["/sla/", "/sla/agreement/", "/sla/clauses/volume/"])
def test_a_stranger_has_to_sign_in(address: str) -> None:
    assert Client().get(address).status_code == 302


def test_the_live_part_is_only_sent_when_it_changed(manager: Client, company: Company) -> None:
    whole = html_of(manager, "/sla/")
    (address,) = re.findall(r'hx-get="([^"]+)" hx-trigger="every 30s"', whole)
    first = manager.get(address, headers=PART)
    assert b"<html" not in first.content
    assert first.headers["ETag"]
    again = manager.get(address, headers={**PART, "If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    now = timezone.now()
    company.hand_off(1, at=now)
    company.accept(company.hand_off(1, at=now)[0], at=now)
    changed = manager.get(address, headers={**PART, "If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200
    assert "no-cache" in changed.headers["Cache-Control"]
    assert "HX-Request" in changed.headers["Vary"]


def test_a_week_that_is_over_is_not_asked_for_again(manager: Client, week: Week) -> None:
    assert "hx-trigger" not in html_of(manager, f"/sla/?week={week.name}").split('id="board"')[1].split(">")[0]


@pytest.mark.parametrize("query", ["week=soon", "week=2999-W01", ""])
def test_nonsense_shows_the_running_week(manager: Client, week: Week, query: str) -> None:
    assert week.plus(1).name in html_of(manager, f"/sla/?{query}")


def test_a_clock_tells_its_story_with_the_hours_it_stood_still(manager: Client, worked: Company) -> None:
    late = Clock.objects.get(clause__code="decision", met_at=worked.at + timedelta(days=1, hours=6))
    text = text_of(html_of(manager, f"/sla/clocks/{late.public_id}/"))
    for words in ("Started", "Clock stands still", "Outside business hours for 16 h.", "Due", "Done, too late",
                  "Closed by the answer to the hand-off.", "Breached late by 6 h of business time",
                  "within 8 h of business time", "agreement v1"):  # fmt: skip
        assert words in text
    story = [text.index(word) for word in ("Started", "Clock stands still", "Done, too late")]
    assert story == sorted(story)


def test_a_clock_in_plain_time_never_stands_still(manager: Client, worked: Company) -> None:
    details = Clock.objects.filter(clause__code="details_within").first()
    assert details is not None
    text = text_of(html_of(manager, f"/sla/clocks/{details.public_id}/"))
    assert "Clock stands still" not in text
    assert "Kept" in text
    assert "by the clock on the wall" in text


@pytest.mark.parametrize(
    "clock_id", ["nonsense", encode("lead", UUID(int=7 << 76)), encode("clock", UUID(int=7 << 76))]
)
def test_a_clock_that_is_none_is_not_found(manager: Client, clock_id: str) -> None:
    assert manager.get(f"/sla/clocks/{clock_id}/").status_code == 404


def test_a_clause_that_is_none_is_not_found(manager: Client) -> None:
    assert manager.get("/sla/clauses/breakfast/").status_code == 404


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("volume", "of 40 promised leads were accepted this month"),
        ("huddle", "Huddle over 20"),
        ("nurture_unresponsive", "No promise of this kind fell due in this week."),
        ("follow_up", "No promise of this kind fell due in this week."),
    ],
)
def test_each_kind_of_clause_says_what_is_behind_it(manager: Client, code: str, words: str) -> None:
    assert words in text_of(html_of(manager, f"/sla/clauses/{code}/"))


def test_the_agreement_shows_what_was_signed_and_by_whom(manager: Client, company: Company) -> None:
    text = text_of(html_of(manager, "/sla/agreement/"))
    for words in ("version 1", "Marketing promises", "Sales promises", "within 4 business hours",
                  company.marketing_head.name, company.sales_head.name):  # fmt: skip
        assert words in text
    assert manager.get("/sla/agreement/?version=7").status_code == 404


def test_without_an_agreement_the_pages_say_so(db: None) -> None:
    client = browser_of(UserFactory.create(role="admin"))
    assert "No agreement is in effect" in text_of(html_of(client, "/sla/"))
    assert "No agreement yet" in text_of(html_of(client, "/sla/agreement/"))


def test_what_nobody_could_take_is_on_the_board(company: Company) -> None:
    User.objects.filter(role="rep").update(is_active=False)
    company.hand_off(1)
    assert "1 lead waits for somebody" in text_of(html_of(browser_of(company.marketing_head), "/sla/"))


def test_links_lead_from_the_board_to_all_its_pages(manager: Client) -> None:
    links = links_in(html_of(manager, "/sla/"), "/sla/")
    assert "/sla/agreement/" in links


@pytest.mark.parametrize("leads", [1, 3])
def test_queries_do_not_grow_with_leads(manager: Client, company: Company, week: Week, leads: int) -> None:
    company.hand_off(leads)
    counts = {}
    clock = Clock.objects.filter(clause__code="decision").first()
    assert clock is not None
    for address in (f"/sla/?week={week.name}", f"/sla/clauses/decision/?week={week.name}", "/sla/agreement/",
                    f"/sla/clocks/{clock.public_id}/"):  # fmt: skip
        html_of(manager, address)
        with CaptureQueriesContext(connection) as captured:
            html_of(manager, address)
        counts[address.split("?")[0].split("/")[2]] = len(captured)
    assert counts == {"": 17, "clauses": 6, "agreement": 9, "clocks": 6}
