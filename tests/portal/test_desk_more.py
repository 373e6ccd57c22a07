"""The desk beyond answers: second looks, tracks, practice leads, freshness, and the order explained."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from feedback.models import Disposition, NurtureTrack, ReasonCode
from leads.models import Lead
from revops.portal import journey
from revops.portal.queue.freshness import all_cold, freshness_words, is_cold
from revops.portal.queue.order import order_words
from revops.portal.queue.practice import LESSONS
from tests.conftest import NOW
from tests.factories import item
from tests.portal.desk import Office, card_url, fields, signed_in, text

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
FOUND = "She only compares vendors for her thesis"


def busy_colleagues(office: Office, lead: Lead, count: int = 2) -> None:
    """So many people of the same company who came to a webinar yesterday."""
    at = timezone.now() - timedelta(days=1)
    domain = lead.account.domain  # type: ignore[union-attr]
    sent = [
        item(office.source, f"c{n}@{domain}", first_name=f"Colleague{n}", act="webinar_attended", _received_at=at)
        for n in range(count)
    ]
    journey.admit(sent, now=at)


# --- the second look -------------------------------------------------------------------------------------------------
def test_the_sheet_says_beforehand_that_colleagues_are_active(office: Office) -> None:
    lead = office.lead(1)
    page = text(signed_in(office.rep).get("/queue/"))
    assert "will ask for a second look" not in page
    busy_colleagues(office, lead)
    page = text(signed_in(office.rep).get("/queue/"))
    assert "2 colleagues were active in the last 14 days" in page
    assert "will ask for a second look" in page
    assert "2 active in 14 days:" in page


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_rejection_that_needs_a_second_look_offers_both_ways_and_keeps_the_words(
    office: Office, headers: dict[str, str]
) -> None:
    lead = office.lead(1)
    busy_colleagues(office, lead)
    client = signed_in(office.rep)
    post = fields(office.rep, lead, reason="not_decision_maker", evidence="Grace Hopper, CTO")
    response = client.post(card_url(lead, "reject"), post, headers=headers)
    page = text(response)
    assert response.status_code == 422
    for words in ("Look twice before you close it", "Not now: look again on", "Close it all the same",
                  "Grace Hopper, CTO", "2 colleagues were active"):  # fmt: skip
        assert words in page, words
    assert not Disposition.objects.exists()
    again = fields(office.rep, lead, reason="not_decision_maker", evidence="Grace Hopper, CTO", second_look=FOUND)
    client.post(card_url(lead, "reject"), again, headers=headers)
    row = Disposition.objects.get()
    assert (row.kind, row.second_look) == ("rejected", FOUND)


def test_not_now_takes_the_day_and_the_words_along(office: Office) -> None:
    lead = office.lead(1)
    post = fields(office.rep, lead, reason="no_budget", evidence="3000 EUR, call back in 6 months")
    page = text(signed_in(office.rep).post(card_url(lead, "reject"), post))
    assert "You wrote that it is for later." in page
    day = timezone.localdate() + timedelta(days=180)
    assert f'value="{day:%Y-%m-%d}"' in page
    sent = fields(office.rep, lead, wakes_on=f"{day:%Y-%m-%d}", note="3000 EUR, call back in 6 months")
    page = text(signed_in(office.rep).post(card_url(lead, "return"), sent, follow=True))
    assert "Returned Company 1 to nurture: Not now until" in page
    row = Disposition.objects.get()
    assert (row.kind, row.wakes_on, row.note) == ("returned", day, "3000 EUR, call back in 6 months")


# --- tracks ----------------------------------------------------------------------------------------------------------
def test_a_return_takes_the_chosen_track(office: Office) -> None:
    lead = office.lead(1)
    page = text(signed_in(office.rep).get("/queue/"))
    assert "To which track?" in page
    assert page.index("Not now") < page.index("Still learning")
    signed_in(office.rep).post(card_url(lead, "return"), fields(office.rep, lead, track="learn"))
    assert Disposition.objects.get().track == NurtureTrack.objects.get(code="learn")


@pytest.mark.parametrize(("sent", "words"), [({"track": "x"}, "Choose a track"), ({"wakes_on": "2020-01-01"}, "after")])
def test_a_return_that_cannot_be_is_refused_in_words(office: Office, sent: dict[str, str], words: str) -> None:
    lead = office.lead(1)
    response = signed_in(office.rep).post(card_url(lead, "return"), fields(office.rep, lead, **sent))
    assert response.status_code == 422
    assert words in text(response)
    assert not Disposition.objects.exists()


# --- where it stands, and what is not there --------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("due", "tier", "priority", "words"),
    [
        (timedelta(minutes=40), 1, 172_000, "because it is due in 40 m, tier 1, priority 172"),
        (timedelta(hours=-2), 2, None, "because it is late by 2 h, tier 2"),
        (None, None, None, ""),
    ],
)
def test_the_order_is_explained_by_its_facts(
    due: timedelta | None, tier: int | None, priority: int | None, words: str
) -> None:
    assert order_words(NOW + due if due is not None else None, tier, priority, NOW) == words


def test_the_card_says_why_a_lead_stands_where_it_stands(office: Office) -> None:
    office.lead(1)
    office.lead(2)
    page = text(signed_in(office.rep).get("/queue/"))
    assert "1 of 2, because it is due in" in page
    assert "tier 1, priority" in page


def test_a_lead_that_went_to_somebody_else_is_said_to_have_gone(office: Office) -> None:
    mine, theirs = office.lead(1), office.lead(2, owner=office.colleague)
    page = text(signed_in(office.rep).get(f"/queue/?lead={theirs.public_id}"))
    assert "is not yours to see, or no longer" in page
    assert f'<a href="/leads/{mine.public_id}/"' in page
    assert "not yours to see" not in text(signed_in(office.rep).get(f"/queue/?lead={mine.public_id}"))


# --- practice --------------------------------------------------------------------------------------------------------
RIGHT: list[dict[str, str]] = [
    {"action": "accept"},
    {"action": "reject", "reason": "not_decision_maker", "evidence": "Grace Hopper"},
    {"action": "snooze"},
    {"action": "return"},
    {"action": "attempt"},
]


def test_five_practice_leads_teach_the_keys_and_leave_no_trace(office: Office) -> None:
    client = signed_in(office.rep)
    assert "Five practice leads" in text(client.get("/queue/"))
    tables = [name for name in connection.introspection.table_names() if not name.startswith("django_session")]

    def rows() -> dict[str, int]:
        counts = {}
        with connection.cursor() as cursor:
            for name in tables:
                cursor.execute(f'SELECT count(*) FROM "{name}"')
                counts[name] = cursor.fetchone()[0]
        return counts

    before = rows()
    client.get("/queue/practice/")
    for number, done in enumerate(RIGHT, start=1):
        page = text(client.get(f"/queue/practice/{number}/"))
        assert "Practice: never counts" in page
        assert client.post(f"/queue/practice/{number}/", {"action": "other"}).status_code == 422
        assert client.post(f"/queue/practice/{number}/", done).status_code == 302
    assert "You know the keys" in text(client.get("/queue/practice/?done"))
    assert rows() == before
    assert len(LESSONS) == len(RIGHT) == 5


def test_practice_ends_where_it_ends_and_is_for_those_who_decide(office: Office) -> None:
    assert signed_in(office.rep).get("/queue/practice/6/").status_code == 404
    assert signed_in(office.marketer).get("/queue/practice/").status_code == 403
    assert signed_in(office.marketer).post("/queue/practice/1/", RIGHT[0]).status_code == 403


def test_who_has_decided_once_is_no_newcomer(office: Office) -> None:
    lead = office.lead(1)
    client = signed_in(office.rep)
    client.post(card_url(lead, "accept"), fields(office.rep, lead))
    assert "Five practice leads" not in text(client.get("/queue/"))


# --- freshness -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("kind", "days", "cold"),
    [("content_download", 90, False), ("content_download", 93, True), ("blog_visit", 93, False),
     ("blog_visit", 183, True), ("demo_request", 100, False)],
)  # fmt: skip
def test_a_download_is_cold_after_three_months_and_a_blog_visit_after_six(kind: str, days: int, cold: bool) -> None:
    assert is_cold(kind, NOW - timedelta(days=days), NOW) is cold
    assert not is_cold(kind, None, NOW)


def test_a_lead_is_cold_when_all_that_is_dated_is() -> None:
    old, new = NOW - timedelta(days=100), NOW - timedelta(days=10)
    assert all_cold([("content_download", old), ("content_download", None)], NOW)
    assert not all_cold([("content_download", old), ("blog_visit", new)], NOW)
    assert not all_cold([("content_download", None)], NOW)


@pytest.mark.parametrize(
    ("days", "cold", "words"),
    [(0, False, "active in the last 24 hours"), (3, False, "active 3 days ago"), (20, False, "silent for 2 weeks"),
     (100, True, "cold: silent for 3 months")],
)  # fmt: skip
def test_freshness_in_words(days: int, cold: bool, words: str) -> None:
    assert freshness_words(NOW - timedelta(days=days), is_all_cold=cold, now=NOW) == words
    assert freshness_words(None, is_all_cold=False, now=NOW) == "no dated activity"


def test_what_is_drawn_once_for_all_leads_follows_the_catalogue_and_says_nothing_of_another_lead(
    office: Office,
) -> None:
    first, other = office.lead(1, employees="12"), office.lead(2, employees="4321")
    client = signed_in(office.rep)

    def sheet(lead: Lead) -> str:
        return client.get(f"/queue/?lead={lead.public_id}").content.decode()

    assert 'value="12"' in sheet(first)
    assert 'value="4321"' in sheet(other)
    assert 'value="12"' not in sheet(other)
    ReasonCode.objects.filter(pk="too_small").update(label="Too tiny & small")
    NurtureTrack.objects.filter(digit=1).update(name="Slow & steady")
    page = sheet(first)
    assert "Too tiny &amp; small" in page
    assert "Slow &amp; steady" in page
