"""Contests on pages: one tap, both facts, a verdict, and who may see and do what."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from feedback.contests import ContestRequest
from feedback.models import Contest
from revops.foundation.ids import encode
from revops.foundation.models import OutboxMessage
from revops.portal import journey
from revops.portal.contests.acting import judge_contest, open_contest
from sla.escalation import escalate_due
from sla.models import Clock
from tests.factories import item
from tests.portal.desk import READY, fields, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def late_lead(office):
    """A lead of the rep that nobody answered for ten days."""
    return office.lead(1, at=timezone.now() - timedelta(days=10))


@pytest.fixture
def breach(late_lead):
    return Clock.objects.get(lead=late_lead, clause__code="first_contact")


@pytest.fixture
def judge(office):
    from revops.foundation.models import User

    return User.objects.get(role="marketing_manager")


def post_new(client, about, lead, **more):
    return client.post("/contests/new/", {"about": about, "lead": lead.public_id, **more}, follow=False)


def test_a_breach_is_contested_in_one_tap_from_its_page(office, late_lead, breach, judge):
    client = signed_in(office.rep)
    page = client.get(reverse("sla-clock", args=[breach.public_id])).content.decode()
    assert "Contest this breach" in page
    assert 'value="done_elsewhere"' in page
    answer = post_new(client, "breach", late_lead, subject=str(breach.pk), wrong="done_elsewhere", words="By mail.")
    contest = Contest.objects.get()
    assert answer.headers["Location"] == f"/contests/{contest.public_id}/"
    assert (contest.clock, contest.words, contest.judge) == (breach, "By mail.", judge)
    message = OutboxMessage.objects.get(kind="contest.opened")
    assert message.recipient == str(judge.pk)
    assert message.payload["text"].startswith(
        "Rita Rep contests the breach of Company 1: it was done in time, elsewhere."
    )


def test_a_lead_offers_to_contest_only_what_there_is(office, late_lead):
    rep = signed_in(office.rep)
    address = f"/leads/{late_lead.public_id}/"
    page = rep.get(address).content.decode()
    for words in ("Contest the score", "Contest the tier", "Contest the route"):
        assert words in page
    assert "Contest the match" not in page
    again = item(office.source, "ada@company-1.com", **READY, _received_at=timezone.now())
    journey.admit([again], now=timezone.now())
    assert "Contest the match" in rep.get(address).content.decode()
    assert post_new(rep, "duplicate", late_lead, wrong="other_person").status_code == 302


def test_the_judge_reads_both_facts_and_decides(office, late_lead, breach, judge):
    post_new(
        signed_in(office.rep),
        "breach",
        late_lead,
        subject=str(breach.pk),
        wrong="buyer_asked",
        words="She said Monday.",
    )
    contest = Contest.objects.get()
    client = signed_in(judge)
    page = client.get(f"/contests/{contest.public_id}/").content.decode()
    for words in (
        "She said Monday.",
        "The buyer asked for a later time",
        "Try to reach every tier-1 lead",
        "Your verdict",
    ):
        assert words in page
    answer = client.post(f"/contests/{contest.public_id}/judge/", {"verdict": "uphold", "words": "The mail shows it."})
    assert answer.status_code == 302
    page = signed_in(office.rep).get(f"/contests/{contest.public_id}/").content.decode()
    assert "The breach no longer counts; the clock stays in the history." in page
    assert "Your verdict" not in page
    told = OutboxMessage.objects.get(kind="contest.decided")
    assert told.recipient == str(office.rep.pk)
    clock_page = signed_in(office.rep).get(reverse("sla-clock", args=[breach.public_id])).content.decode()
    assert "This breach does not count" in clock_page
    assert "Contest this breach" not in clock_page


@pytest.mark.parametrize(("about", "shows"), [("score", "Rulebook v"), ("tier", "Rulebook v"), ("route", "Given to")])
def test_each_kind_shows_what_the_portal_knew_then(office, late_lead, judge, about, shows):
    from feedback.contests import WRONGS

    post_new(signed_in(office.rep), about, late_lead, wrong=WRONGS[about][0][0])
    page = signed_in(judge).get(f"/contests/{Contest.objects.get().public_id}/").content.decode()
    assert shows in page


def test_a_rejection_is_contested_by_marketing_on_the_leads_page(office, late_lead):
    rep = signed_in(office.rep)
    rep.post(
        reverse("reject", args=[late_lead.public_id]),
        fields(office.rep, late_lead, reason="too_small", evidence="9 people"),
    )
    marketer = signed_in(office.marketer)
    assert "Contest the rejection" in marketer.get(f"/leads/{late_lead.public_id}/").content.decode()
    assert "Contest the rejection" not in rep.get(f"/leads/{late_lead.public_id}/").content.decode()
    post_new(marketer, "rejection", late_lead, wrong="met_criteria")
    page = signed_in(office.sales_head).get(f"/contests/{Contest.objects.get().public_id}/").content.decode()
    assert "9 people" in page
    assert "It met all agreed criteria" in page


def test_what_is_wrong_must_be_said_and_what_was_typed_is_kept(office, late_lead):
    answer = post_new(signed_in(office.rep), "score", late_lead, words="Only read a blog.")
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Choose what is wrong." in page
    assert "Only read a blog." in page
    assert "<title>Error:" in page
    again = {"wrong": "wrong_fact"}
    assert post_new(signed_in(office.rep), "score", late_lead, **again).status_code == 302
    answer = post_new(signed_in(office.rep), "score", late_lead, **again)
    assert (answer.status_code, b"contested this already" in answer.content) == (422, True)


def test_a_verdict_needs_words_and_its_judge_and_is_final(office, late_lead, judge):
    post_new(signed_in(office.rep), "score", late_lead, wrong="wrong_fact")
    url = f"/contests/{Contest.objects.get().public_id}/judge/"
    assert signed_in(judge).post(url, {"verdict": "uphold", "words": ""}).status_code == 422
    assert signed_in(office.rep).post(url, {"verdict": "uphold", "words": "Yes."}).status_code == 403
    assert signed_in(office.sales_head).post(url, {"verdict": "uphold", "words": "Yes."}).status_code == 409
    assert signed_in(judge).post(url, {"verdict": "dismiss", "words": "It is right."}).status_code == 302
    assert signed_in(judge).post(url, {"verdict": "uphold", "words": "Or not."}).status_code == 409


def test_a_stranger_finds_neither_the_contest_nor_the_lead(office, late_lead, client):
    post_new(signed_in(office.rep), "score", late_lead, wrong="wrong_fact")
    url = f"/contests/{Contest.objects.get().public_id}/"
    colleague = signed_in(office.colleague)
    assert colleague.get(url).status_code == 404
    assert post_new(colleague, "score", late_lead, wrong="wrong_fact").status_code == 404
    assert post_new(signed_in(office.admin), "score", late_lead, wrong="wrong_fact").status_code == 403
    assert colleague.get("/contests/nonsense/").status_code == 404
    assert colleague.get(f"/contests/new/?about=rejection&lead={late_lead.public_id}").status_code == 404
    assert client.get(url).status_code == 302


def decided(office, judge, number, *, is_upheld=None):
    lead = office.lead(number, at=timezone.now() - timedelta(days=10))
    asked = ContestRequest("score", lead.pk, office.rep, "wrong_fact", key="pricing_page")
    contest = open_contest(asked, now=timezone.now()).contest
    if is_upheld is not None:
        judge_contest(contest, judge, is_upheld=is_upheld, words="Looked at it.", now=timezone.now())
    return contest


def test_the_list_counts_both_sides_and_filters(office, judge):
    for number, verdict in enumerate((True, False, None), start=1):
        decided(office, judge, number, is_upheld=verdict)
    client = signed_in(judge)
    page = client.get("/contests/").content.decode()
    for words in ("1 upheld", "1 dismissed", "1 open", "1 contest waits for your verdict", "pricing page", "Company 3"):
        assert words in page
    assert "Company 1" not in client.get("/contests/?state=open").content.decode()
    assert "Company 1" in client.get("/contests/?state=upheld").content.decode()
    assert "Company 2" in client.get("/contests/?state=dismissed&about=score&side=sales").content.decode()
    assert "No contest matches" in client.get("/contests/?side=marketing").content.decode()
    assert "Company 3" in client.get("/contests/?state=mine").content.decode()
    assert "Nothing is contested" in signed_in(office.colleague).get("/contests/").content.decode()


def test_the_list_takes_the_same_queries_for_one_row_and_for_three(office, judge, django_assert_num_queries):
    client = signed_in(judge)
    client.get("/contests/")
    for numbers in ((1,), (2, 3)):
        for number in numbers:
            decided(office, judge, number)
        with django_assert_num_queries(9):
            client.get("/contests/")


def test_the_lead_page_shows_contests_and_the_ladder(office, late_lead):
    with transaction.atomic():
        assert escalate_due(now=timezone.now())
    client = signed_in(office.rep)
    post_new(client, "route", late_lead, wrong="was_absent")
    page = client.get(f"/leads/{late_lead.public_id}/").content.decode()
    assert "Steps of the ladder" in page
    assert "I was away" in page
    assert f"/contests/{encode('contest', Contest.objects.get().pk)}/" in page
