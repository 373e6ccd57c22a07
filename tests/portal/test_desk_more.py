"""The desk beyond answers: second looks, tracks, practice leads, talk tracks, freshness, and the order explained."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from feedback.models import Disposition, NurtureTrack, TalkTrack, TalkTrackVote
from feedback.talk_tracks import Segment, best_track
from leads.models import Lead
from revops.foundation.models import LedgerEntry, OutboxMessage
from revops.portal import journey
from revops.portal.merges.acting import merge
from revops.portal.queue.freshness import all_cold, freshness_words, is_cold
from revops.portal.queue.order import order_words
from revops.portal.queue.past import acts_since
from revops.portal.queue.practice import LESSONS
from revops.portal.queue.talk_track import TalkFacts, talk_track
from tests.conftest import NOW
from tests.factories import item
from tests.portal.desk import Office, fields, signed_in

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
FOUND = "She only compares vendors for her thesis"


def text(response: Any) -> str:
    return response.content.decode()


def url(lead: Lead, action: str) -> str:
    return f"/queue/{lead.public_id}/{action}/"


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
    response = client.post(url(lead, "reject"), post, headers=headers)
    page = text(response)
    assert response.status_code == 422
    for words in ("Look twice before you close it", "Not now: look again on", "Close it all the same",
                  "Grace Hopper, CTO", "2 colleagues were active"):  # fmt: skip
        assert words in page, words
    assert not Disposition.objects.exists()
    again = fields(office.rep, lead, reason="not_decision_maker", evidence="Grace Hopper, CTO", second_look=FOUND)
    client.post(url(lead, "reject"), again, headers=headers)
    row = Disposition.objects.get()
    assert (row.kind, row.second_look) == ("rejected", FOUND)


def test_not_now_takes_the_day_and_the_words_along(office: Office) -> None:
    lead = office.lead(1)
    post = fields(office.rep, lead, reason="no_budget", evidence="3000 EUR, call back in 6 months")
    page = text(signed_in(office.rep).post(url(lead, "reject"), post))
    assert "You wrote that it is for later." in page
    day = timezone.localdate() + timedelta(days=180)
    assert f'value="{day:%Y-%m-%d}"' in page
    sent = fields(office.rep, lead, wakes_on=f"{day:%Y-%m-%d}", note="3000 EUR, call back in 6 months")
    page = text(signed_in(office.rep).post(url(lead, "return"), sent, follow=True))
    assert "Returned Company 1 to nurture: Not now until" in page
    row = Disposition.objects.get()
    assert (row.kind, row.wakes_on, row.note) == ("returned", day, "3000 EUR, call back in 6 months")


# --- tracks ----------------------------------------------------------------------------------------------------------
def test_a_return_takes_the_chosen_track(office: Office) -> None:
    lead = office.lead(1)
    page = text(signed_in(office.rep).get("/queue/"))
    assert "To which track?" in page
    assert page.index("Not now") < page.index("Still learning")
    signed_in(office.rep).post(url(lead, "return"), fields(office.rep, lead, track="learn"))
    assert Disposition.objects.get().track == NurtureTrack.objects.get(code="learn")


@pytest.mark.parametrize(("sent", "words"), [({"track": "x"}, "Choose a track"), ({"wakes_on": "2020-01-01"}, "after")])
def test_a_return_that_cannot_be_is_refused_in_words(office: Office, sent: dict[str, str], words: str) -> None:
    lead = office.lead(1)
    response = signed_in(office.rep).post(url(lead, "return"), fields(office.rep, lead, **sent))
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
    client.post(url(lead, "accept"), fields(office.rep, lead))
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


# --- talk tracks -----------------------------------------------------------------------------------------------------
def track(**facts: Any) -> TalkTrack:
    usual = {"name": "Track", "opener": "Say this.", "first_question": "One?", "second_question": "Two?",
             "objection": "But.", "expires_on": date(2030, 1, 1)}  # fmt: skip
    return TalkTrack(**{**usual, **facts})


SEGMENT = Segment(industry="Software", seniority="vp", function="sales", topics=("lead-routing",))


@pytest.mark.parametrize(
    ("tracks", "best"),
    [
        ([], None),
        ([{"name": "any"}], "any"),
        ([{"name": "any"}, {"name": "vp", "seniority": "vp"}], "vp"),
        ([{"name": "vp", "seniority": "vp"}, {"name": "topic", "topic": "Lead routing"}], "topic"),
        ([{"name": "other", "topic": "pricing"}, {"name": "cfo", "function": "finance"}], None),
        ([{"name": "topic", "topic": "lead_routing"},
          {"name": "both", "topic": "lead_routing", "industry": "software"}], "both"),
    ],
)  # fmt: skip
def test_the_track_that_asks_for_most_and_misses_nothing_fits_best(
    tracks: list[dict[str, str]], best: str | None
) -> None:
    found = best_track([track(**one) for one in tracks], SEGMENT)
    assert (found.name if found else None) == best


def test_an_opener_names_what_they_did_and_then_the_track() -> None:
    facts = TalkFacts("Mara", "Acme", "Rita", "Requested a demo", 1)
    talk = talk_track(facts, track(name="VPs"))
    assert talk.opener == "Hello Mara, this is Rita. You requested a demo yesterday. Say this."
    assert (talk.questions, talk.objection, talk.name) == (("One?", "Two?"), "But.", "VPs")


def kept(office: Office, **facts: Any) -> TalkTrack:
    one = track(owner=office.marketer, expires_on=timezone.localdate() + timedelta(days=9), **facts)
    one.save()
    return one


def test_the_card_shows_the_track_and_one_key_says_whether_it_helped(office: Office) -> None:
    lead, one = office.lead(1), kept(office, name="For VPs", seniority="vp")
    client = signed_in(office.rep)
    page = text(client.get("/queue/"))
    assert "For VPs" in page
    assert "Was this useful?" in page
    vote = f"/talk-tracks/{one.pk}/vote/{lead.public_id}/"
    assert "Marked as useful." in text(client.post(vote, {"useful": "yes"}, headers=HTMX))
    assert "Marked as not useful." in text(client.post(vote, {"useful": "no"}, headers=HTMX))
    assert TalkTrackVote.objects.get().is_useful is False
    assert client.post(vote, {"useful": "yes"}).url == f"/leads/{lead.public_id}/"
    assert "Marked as useful." in text(client.get("/queue/"))
    listed = text(signed_in(office.marketer).get("/talk-tracks/"))
    assert "of 1" in listed
    assert signed_in(office.marketer).post(vote, {"useful": "yes"}).status_code == 403
    assert signed_in(office.colleague).post(vote, {"useful": "yes"}).status_code == 404


def test_an_expired_track_is_not_shown_and_its_owner_is_told_once(office: Office) -> None:
    office.lead(1)
    one = kept(office, name="For VPs", seniority="vp")
    TalkTrack.objects.filter(pk=one.pk).update(expires_on=timezone.localdate() - timedelta(days=1))
    assert "For VPs" not in text(signed_in(office.rep).get("/queue/"))
    now = timezone.now()
    assert [journey.tell_expired_tracks(now=now), journey.tell_expired_tracks(now=now)] == [1, 0]
    told = OutboxMessage.objects.get(kind="talk_track.expired")
    assert told.recipient == str(office.marketer.pk)
    assert "“For VPs” has expired" in told.payload["text"]
    page = text(signed_in(office.marketer).get("/talk-tracks/"))
    assert "Expired" in page


FORM = {"name": "For CFOs", "industry": "", "seniority": "", "function": "finance", "topic": "", "opener": "Say this.",
        "first_question": "One?", "second_question": "Two?", "objection": "But.", "is_active": "on"}  # fmt: skip


def test_a_marketer_writes_a_track_and_gives_it_a_new_date(office: Office) -> None:
    client = signed_in(office.marketer)
    soon = timezone.localdate() + timedelta(days=30)
    sent = {**FORM, "owner": str(office.marketer.pk), "expires_on": f"{soon:%Y-%m-%d}"}
    assert client.post("/talk-tracks/new/", sent).status_code == 302
    one = TalkTrack.objects.get()
    assert LedgerEntry.objects.filter(action="talk_track.added").count() == 1
    TalkTrack.objects.update(told_at=timezone.now())
    later = {**sent, "expires_on": f"{soon + timedelta(days=9):%Y-%m-%d}", "version": "1"}
    assert client.post(f"/talk-tracks/{one.pk}/", later).status_code == 302
    one.refresh_from_db()
    assert (one.told_at, one.version) == (None, 2)
    answer = client.post(f"/talk-tracks/{one.pk}/", {**later, "name": "Mine"})
    assert answer.status_code == 409
    assert "Somebody changed it" in text(answer)
    assert "Mine" in text(answer)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"expires_on": "2020-01-01"}, "Choose a day that is still to come"),
        ({"expires_on": "2099-01-01"}, "A year at most"),
        ({"opener": ""}, "This field is required"),
        ({"function": "sales"}, "“Twin” is for the same segment and topic"),
    ],
)
def test_what_a_talk_track_cannot_be(office: Office, changes: dict[str, str], words: str) -> None:
    kept(office, name="Twin", function="sales")
    day = timezone.localdate() + timedelta(days=30)
    sent = {**FORM, "owner": str(office.marketer.pk), "expires_on": f"{day:%Y-%m-%d}", **changes}
    answer = signed_in(office.marketer).post("/talk-tracks/new/", sent)
    assert answer.status_code == 422
    assert words in text(answer)
    assert TalkTrack.objects.count() == 1


def test_reps_read_talk_tracks_and_do_not_write_them(office: Office) -> None:
    one = kept(office, name="For VPs")
    client = signed_in(office.rep)
    assert "Write a talk track" not in text(client.get("/talk-tracks/"))
    assert client.get("/talk-tracks/new/").status_code == 403
    assert client.post(f"/talk-tracks/{one.pk}/", FORM).status_code == 403


# --- criteria gaps, and what was bought later ------------------------------------------------------------------------
def gap(office: Office, number: int = 1) -> Disposition:
    lead = office.lead(number)
    sent = fields(office.rep, lead, reason="other_outside_criteria", evidence="Wants to resell our product")
    signed_in(office.rep).post(url(lead, "reject"), sent)
    return Disposition.objects.get(lead=lead)


def test_a_reason_outside_the_matrix_is_a_gap_that_marketing_answers_once(office: Office) -> None:
    row = gap(office)
    client = signed_in(office.marketer)
    page = text(client.get("/reasons/gaps/"))
    assert "“Wants to resell our product”" in page
    answer = {"kind": "rule", "words": "We ask about resellers from now on."}
    assert client.post(f"/reasons/gaps/{row.pk}/", answer).status_code == 302
    assert client.post(f"/reasons/gaps/{row.pk}/", answer, follow=True).status_code == 200
    told = OutboxMessage.objects.get(kind="criteria_gap.answered")
    assert told.recipient == str(office.rep.pk)
    assert "We ask about resellers from now on." in told.payload["text"]
    assert "No gap is open" in text(client.get("/reasons/gaps/"))
    assert "We ask about resellers" in text(client.get("/reasons/gaps/?state=answered"))


def test_an_answer_without_words_is_refused_and_a_gap_becomes_a_reason(office: Office) -> None:
    row = gap(office)
    client = signed_in(office.marketer)
    answer = client.post(f"/reasons/gaps/{row.pk}/", {"kind": "rule", "words": "ok"})
    assert answer.status_code == 422
    assert "Say it to the rep in a sentence." in text(answer)
    moved = client.post(f"/reasons/gaps/{row.pk}/", {"kind": "reason", "words": "It is a reason of its own now."})
    assert moved.url.startswith("/reasons/new/?")


def test_gaps_are_for_those_who_can_change_the_rules(office: Office) -> None:
    row = gap(office)
    assert signed_in(office.rep).get("/reasons/gaps/").status_code == 403
    assert signed_in(office.rep).post(f"/reasons/gaps/{row.pk}/", {}).status_code == 403
    missing = "/reasons/gaps/00000000-0000-7000-8000-000000000000/"
    assert signed_in(office.marketer).post(missing, {"kind": "rule", "words": "Long enough words"}).status_code == 404


def test_rejected_by_us_and_bought_later_through_another_person(office: Office) -> None:
    from feedback.outcomes import Result

    no = office.lead(1)
    signed_in(office.rep).post(
        url(no, "reject"), fields(office.rep, no, reason="not_decision_maker", evidence="Grace Hopper")
    )
    client = signed_in(office.sales_head)
    assert "None so far" in text(client.get("/reasons/bought-later/"))
    yes = office.lead(1)  # the same person again: attached, so nobody new bought
    assert yes.pk == no.pk
    sent = item(office.source, "grace@company-1.com", company="Company 1", first_name="Grace", last_name="Hopper",
                title="CTO", country="DE", employees="300", industry="Software", act="demo_request",
                need="We need it", phone="+493012345679", signals=[{"kind": "pricing_page_visit"}] * 2)  # fmt: skip
    (receipt,) = journey.admit([sent], now=timezone.now())
    buyer = Lead.objects.get(pk=receipt.lead_id)
    Lead.objects.filter(pk=buyer.pk).update(stage="opportunity")
    journey.conclude([Result(buyer.pk, "won", timezone.now(), user_id=office.rep.pk)], now=timezone.now())
    page = text(client.get("/reasons/bought-later/"))
    assert "Grace Hopper" in page
    assert "Not the decision-maker" in page
    lines = client.get("/reasons/bought-later/?format=csv").getvalue().decode()
    assert no.public_id in lines
    assert buyer.public_id in lines
    assert "None so far" in text(signed_in(office.colleague).get("/reasons/bought-later/"))


# --- coming back from a rejection ------------------------------------------------------------------------------------
def test_what_somebody_merged_did_since_the_rejection_counts_too_and_what_they_did_before_does_not(
    office: Office,
) -> None:
    lead, client = office.lead(1), signed_in(office.rep)

    def elsewhere(act: str) -> Lead:
        """The same person under another address."""
        now = timezone.now()
        (receipt,) = journey.admit([item(office.source, "ada@company-1.org", act=act, _received_at=now)], now=now)
        return Lead.objects.get(pk=receipt.lead_id)

    other = elsewhere("webinar_attended")
    client.post(url(lead, "reject"), fields(office.rep, lead, reason="no_budget", evidence="3000 EUR"))
    rejected_at = Disposition.objects.get(lead=lead).recorded_at
    assert elsewhere("content_download").pk == other.pk
    later = timezone.now()
    assert acts_since(lead.person.everybody, rejected_at) == []
    merge(lead.person_id, other.person_id, [], office.admin, now=timezone.now())
    lead.person.refresh_from_db()
    assert set(lead.person.everybody) == {lead.person_id, other.person_id}
    assert [act["kind__name"] for act in acts_since(lead.person.everybody, rejected_at)] == [
        "Downloaded content",
        "Enquired again",
    ]
    assert acts_since(lead.person.everybody, later) == []


def test_a_recycled_lead_says_what_changed_since_the_rejection(office: Office) -> None:
    lead = office.lead(1)
    client = signed_in(office.rep)
    client.post(url(lead, "reject"), fields(office.rep, lead, reason="no_budget", evidence="3000 EUR"))
    office.lead(1)
    page = text(client.get(f"/leads/{lead.public_id}/"))
    assert "Rejected before" in page
    assert "Since then:" in page
    assert "Requested a demo" in page.split("Since then:")[1][:200]
