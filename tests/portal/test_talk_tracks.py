"""Talk tracks: which fits, what the card shows of it, writing and letting expire."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from feedback.models import TalkTrack, TalkTrackVote
from feedback.talk_tracks import Segment, best_track
from revops.foundation.models import LedgerEntry, OutboxMessage
from revops.portal import journey
from revops.portal.queue.talk_track import TalkFacts, talk_track
from tests.portal.desk import Office, signed_in, text

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
FOUND = "She only compares vendors for her thesis"


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
