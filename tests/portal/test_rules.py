"""The rulebook on pages: read, proposed, linted, signed by two sides, published, rescored, taken back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from revops.foundation import jobs
from revops.foundation.ids import encode
from revops.foundation.models import Job, LedgerEntry, OutboxMessage, User
from revops.portal import journey
from revops.portal.rules.going_live import remind_of_review
from scoring.models import LeadScore, Rulebook, RulebookChange
from scoring.publishing import keep_rulebook
from tests.conftest import NOW
from tests.factories import UserFactory, item
from tests.portal.rule_desk import proposed, saved, signed, started

pytestmark = pytest.mark.django_db


@pytest.fixture
def heads(company: Any, sign_in: Any) -> tuple[Client, Client]:
    """The sales head and the marketing head, signed in; the live rulebook was reviewed today."""
    now = timezone.now()
    keep_rulebook(company["sales_head"], "It holds up.", (now + timedelta(days=90)).date(), now)
    return sign_in(user=company["sales_head"]), sign_in(user=company["marketing_head"])


def test_everybody_reads_the_live_rules_in_sentences(company: Any, sign_in: Any) -> None:
    page = sign_in("rep").get("/rules/").content.decode()
    assert "Attended a webinar (at least 75 %) within 60 days: +8 intent, halving every 21 days." in page
    assert "Sales-ready: requested a demo" in page
    assert "assumption" in page
    assert "/rules/draft/" not in page


def test_without_a_live_rulebook_the_page_says_what_to_do(sign_in: Any, db: None) -> None:
    client = sign_in("marketing_manager")
    assert "No rulebook is live" in client.get("/rules/").content.decode()
    assert client.get("/rules/draft/").status_code == 200


def test_a_proposal_shows_what_it_changes_in_words(company: Any, sign_in: Any) -> None:
    client = sign_in("marketer")
    book = proposed(client, trial__on=None, pricing_twice__c__f__at_least="3")
    page = client.get(f"/rules/versions/{book.version}/").content.decode()
    assert "<del>Attended a webinar (at least 75 %) within 60 days: +8 intent, halving every 21 days.</del>" in page
    assert "within 60 days: +4 intent" in page
    assert "Visited the pricing page at least 3 times" in page
    assert page.count("Taken out") == 1
    assert book.author == client.person  # type: ignore[attr-defined]


def test_two_people_of_two_sides_sign_and_then_it_is_published_and_rescored(
    company: Any, sign_in: Any, heads: Any, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    receipts = journey.admit([item(company["source"], f"ada{n}@acme-works.com") for n in range(3)], now=NOW)
    book = proposed(sign_in("marketer"))
    address = f"/rules/versions/{book.version}/"
    sales, marketing = heads
    signed(book, sales)
    assert "A signature is missing" in sales.post(f"{address}publish/", follow=True).content.decode()
    signed(book, sales, marketing)
    assert sales.post(f"{address}publish/").url == "/rules/"
    job = Job.objects.get(kind="rescore")
    assert job.total == 3
    assert "Scoring running leads" in sales.get("/rules/").content.decode()
    assert jobs.run(job.pk, timezone.now) == "done"
    assert set(LeadScore.objects.values_list("rulebook__version", flat=True)) == {book.version}
    assert LeadScore.objects.count() == len(receipts)
    assert Job.objects.get(kind="rescore").result == {"leads": 3}
    assert LedgerEntry.objects.get(action="rulebook.published").actor == company["sales_head"]


def test_the_author_and_the_other_side_cannot_sign(company: Any, heads: Any) -> None:
    sales, marketing = heads
    book = proposed(sales)
    for client, side in ((sales, "sales"), (marketing, "sales"), (sales, "marketing"), (sales, "nobody")):
        client.post(f"/rules/versions/{book.version}/sign/", {"side": side, "content_hash": book.content_hash})
    assert not book.signatures.exists()
    assert "The author cannot sign" in sales.get(f"/rules/versions/{book.version}/").content.decode()


def test_a_proposal_that_nobody_could_sign_says_so_before_and_after(company: Any, sign_in: Any, heads: Any) -> None:
    sales, marketing = heads
    assert "Nobody could sign this proposal" in sales.get("/rules/draft/").content.decode()
    page = f"/rules/versions/{proposed(sales).version}/"
    for client in heads:
        assert "this side has no other manager" in client.get(page).content.decode()
    UserFactory.create(role="sales_manager")
    assert "Nobody could sign this proposal" not in sales.get("/rules/draft/").content.decode()
    assert "this side has no other manager" not in marketing.get(page).content.decode()


def test_nobody_signs_what_they_did_not_read(company: Any, sign_in: Any, heads: Any) -> None:
    book = proposed(sign_in("marketer"))
    answer = heads[0].post(
        f"/rules/versions/{book.version}/sign/", {"side": "sales", "content_hash": "old"}, follow=True
    )
    assert "Somebody changed this version" in answer.content.decode()


def test_the_managers_who_have_not_signed_are_asked_by_a_notice(company: Any, sign_in: Any, heads: Any) -> None:
    client = sign_in("marketer")
    book = proposed(client)
    signed(book, heads[0])
    answer = client.post(f"/rules/versions/{book.version}/ask/", follow=True)
    assert "Asked to read and sign" in answer.content.decode()
    message = OutboxMessage.objects.get(kind="rulebook.review_requested")
    assert message.recipient == str(company["marketing_head"].pk)
    assert message.payload["url"] == f"/rules/versions/{book.version}/"
    assert "Nobody is left" in client.post("/rules/versions/1/ask/", follow=True).content.decode()


def test_an_edit_lets_signatures_lapse_and_an_undo_brings_them_back(company: Any, sign_in: Any, heads: Any) -> None:
    client = sign_in("marketer")
    book = proposed(client)
    signed(book, heads[0])
    book = saved(client, book, webinar__points="3")
    assert book.state == "draft"
    page = f"/rules/versions/{book.version}/"
    assert client.get(page).context["sides"][0].signer is None
    saved(client, book, act="undo")
    assert client.get(page).context["sides"][0].signer == company["sales_head"]


def test_a_second_publication_within_a_month_needs_a_reason_that_everybody_reads(
    company: Any, sign_in: Any, heads: Any
) -> None:
    for expected in ("published on", None):
        book = proposed(sign_in("marketer"))
        signed(book, *heads)
        answer = heads[0].post(f"/rules/versions/{book.version}/publish/", follow=True)
        if Rulebook.objects.filter(state="live", version=book.version).exists():
            continue
        assert expected is None or expected in answer.content.decode()
        heads[0].post(f"/rules/versions/{book.version}/publish/", {"emergency_reason": "A flood of students"})
        book.refresh_from_db()
        assert book.state == "live"
    log = sign_in("rep").get("/rules/changes/", {"emergency": "1"}).content.decode()
    assert "A flood of students" in log


def test_a_publication_is_taken_back_with_a_reason(company: Any, sign_in: Any, heads: Any) -> None:
    book = proposed(sign_in("marketer"))
    signed(book, *heads)
    heads[0].post(f"/rules/versions/{book.version}/publish/", {"emergency_reason": "test"})
    heads[1].post("/rules/revert/", {"reason": " "})
    assert Rulebook.objects.get(state="live") == book
    heads[1].post("/rules/revert/", {"reason": "Fewer leads than promised"})
    live = Rulebook.objects.get(state="live")
    assert (live.version, live.restores.version) == (3, 1)
    assert RulebookChange.objects.filter(action="reverted", reason="Fewer leads than promised").exists()


def test_a_lead_is_explained_and_drafts_say_what_they_would_do(company: Any, sign_in: Any) -> None:
    (receipt,) = journey.admit([item(company["source"], title="VP Sales")], now=NOW)
    client = sign_in("marketer")
    proposed(client, decision_maker__points="3")
    for asked in ("ada@acme-works.com", encode("lead", receipt.lead_id)):
        page = client.get("/rules/try/", {"lead": asked}).content.decode()
        assert "+12" in page
        assert "would say" in page
        assert "Missing for tier 1" in page
    assert "No such lead" in client.get("/rules/try/", {"lead": "nobody@nowhere.com"}).content.decode()


def test_a_rep_is_not_told_about_leads_of_others(company: Any, sign_in: Any) -> None:
    journey.admit([item(company["source"])], now=NOW)
    page = sign_in("rep").get("/rules/try/", {"lead": "ada@acme-works.com"}).content.decode()
    assert "No such lead" in page


@pytest.mark.parametrize(
    ("role", "draft", "publish"), [("rep", 403, 403), ("admin", 200, 403), ("executive", 403, 403)]
)
def test_who_may_propose_and_who_may_publish(company: Any, sign_in: Any, role: str, draft: int, publish: int) -> None:
    client = sign_in(role)
    assert client.get("/rules/draft/").status_code == draft
    assert client.post("/rules/versions/1/publish/").status_code == publish
    assert client.get("/rules/versions/99/").status_code == 404


@pytest.mark.parametrize("count", [1, 3])
def test_the_pages_of_rules_cost_the_same_for_one_draft_and_for_three(
    company: Any, sign_in: Any, count: int, django_assert_num_queries: Any
) -> None:
    client = sign_in("marketer")
    for _ in range(count):
        started(client)
    with django_assert_num_queries(11):  # session, person, book, signatures, job, before, remarks, effects, deals …
        client.get("/rules/")
    with django_assert_num_queries(4):  # session, person, rows, count
        client.get("/rules/versions/")
    with django_assert_num_queries(4):
        client.get("/rules/changes/")


def test_managers_are_reminded_once_a_week_of_a_review_that_is_overdue(company: Any, heads: Any) -> None:
    live = Rulebook.objects.get(state="live")
    assert live.review_by_on is not None
    due = datetime.combine(live.review_by_on, time(12), tzinfo=UTC)
    assert remind_of_review(due) == 0, "today is still in time"
    told = remind_of_review(due + timedelta(days=1))
    assert told == User.objects.filter(role__in=["sales_manager", "marketing_manager"]).count() > 0
    assert remind_of_review(due + timedelta(days=2)) == 0
    assert remind_of_review(due + timedelta(days=9)) == told
    messages = OutboxMessage.objects.filter(kind="rulebook.review_overdue")
    assert "should have been reviewed by" in messages[0].payload["text"]
