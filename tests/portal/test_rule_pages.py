"""Looking at the rules: matrix, comparison, one rule, effects; signals that earn trust; reasons that reps mark."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from feedback import proving_kinds
from feedback.kind_lift import Lift, Part, lift_of_kinds
from feedback.proving_kinds import VerdictRefused, judge_kind
from leads.models import Lead, SignalKind
from revops.foundation.models import LedgerEntry, OutboxMessage
from revops.portal import journey
from revops.portal.rules.going_live import publish_due, report_effects
from revops.portal.templatetags.rule_marks import more_or_fewer
from scoring.marks import score_notes
from scoring.models import KindVerdict, ReasonMark, Rulebook, RulebookEffect
from scoring.publishing import (
    create_draft,
    publish_rulebook,
    request_review,
    schedule_rulebook,
    sign_rulebook,
)
from tests.conftest import NOW
from tests.factories import item
from tests.portal.rule_desk import proposed, signed, started

pytestmark = pytest.mark.django_db


def test_the_matrix_lays_the_rules_out_by_tier(company: Any, sign_in: Any) -> None:
    page = sign_in("rep").get("/rules/matrix/").content.decode()
    assert "Behavioural: what they do" in page
    assert "Visited the pricing page at least 2 times within 14 days" in page
    assert sign_in("rep").get("/rules/matrix/?version=99").status_code == 404


def test_the_matrix_without_live_rules_says_so(sign_in: Any, db: None) -> None:
    assert "No rulebook is live" in sign_in("rep").get("/rules/matrix/").content.decode()


def test_any_two_versions_are_compared_in_words(company: Any, sign_in: Any) -> None:
    client = sign_in("marketer")
    book = proposed(client)
    page = client.get(f"/rules/compare/?a=1&b={book.version}").content.decode()
    assert "+4 intent" in page
    assert "Nothing differs" in client.get("/rules/compare/?a=1&b=1").content.decode()
    assert client.get("/rules/compare/?a=77&b=1").status_code == 404


def test_the_page_of_a_rule_tells_its_history(company: Any, sign_in: Any) -> None:
    page = sign_in("rep").get("/rules/rule/webinar/").content.decode()
    assert "<h1>Attended a webinar" in page
    assert "The rule “webinar”" in page
    assert "Version 1" in page
    assert sign_in("rep").get("/rules/rule/no_such_rule/").status_code == 404


def test_the_change_log_says_for_which_side_somebody_signed(company: Any, sign_in: Any) -> None:
    live_again(company, NOW)
    page = sign_in("rep").get("/rules/changes/").content.decode()
    assert "Signed for sales" in page
    assert "Signed for marketing" in page


@pytest.mark.parametrize(
    ("change", "words"), [(None, "–"), (0.0, "±0"), (-0.04, "−0.04"), (0.3, "+0.3"), (-12.4, "−12")]
)
def test_a_small_change_is_not_written_as_none(change: float | None, words: str) -> None:
    assert more_or_fewer(change) == words


def live_again(company: Any, now: Any, points: int = 4000, **parts: Any) -> Rulebook:
    """A version based on the live one and signed by both heads, not published yet."""
    live = Rulebook.objects.get(state="live")
    rules = [{**rule, "points": points} if rule["key"] == "webinar" else rule for rule in live.definition["rules"]]
    book = create_draft({**live.definition, "rules": rules}, company["admin"], "Less for webinars", "Less.", now)
    request_review(book, company["admin"], now)
    sign_rulebook(book, company["sales_head"], "sales", now)
    sign_rulebook(book, company["marketing_head"], "marketing", now)
    return book


def test_two_and_six_weeks_after_a_publication_everybody_concerned_reads_what_it_changed(
    company: Any, sign_in: Any
) -> None:
    for n in range(3):
        journey.admit([item(company["source"], f"p{n}@acme-works.com", title="VP", act="demo_request")], now=NOW)
    book = publish_rulebook(live_again(company, NOW), NOW + timedelta(hours=1))
    assert report_effects(NOW + timedelta(days=13)) == 0
    assert report_effects(NOW + timedelta(days=15)) == 1
    assert report_effects(NOW + timedelta(days=15)) == 0
    assert report_effects(NOW + timedelta(days=43)) == 1
    assert list(RulebookEffect.objects.values_list("weeks", flat=True)) == [2, 6]
    effect = RulebookEffect.objects.get(weeks=2)
    handed_off = Lead.objects.filter(stage="handed_off").count()
    assert effect.figures["handed_off"] == {"before": {"n": handed_off}, "after": {"n": 0}}
    told = OutboxMessage.objects.filter(kind="rulebook.effect", subject_id=book.pk)
    assert {message.recipient for message in told} == {
        str(company[who].pk) for who in ("admin", "sales_head", "marketing_head")
    }
    page = sign_in("rep").get(f"/rules/versions/{book.version}/").content.decode()
    assert "After 2 weeks" in page
    assert "After 6 weeks" in page


def test_a_scheduled_version_goes_live_by_itself_at_its_time(company: Any) -> None:
    book = live_again(company, NOW)
    schedule_rulebook(book, NOW + timedelta(days=2), company["sales_head"], NOW)
    assert publish_due(NOW + timedelta(days=1)) == 0
    assert publish_due(NOW + timedelta(days=2)) == 1
    assert Rulebook.objects.get(state="live") == book
    assert OutboxMessage.objects.filter(kind="rulebook.published").exists()


def test_a_scheduled_version_whose_base_moved_waits_for_people_again(company: Any) -> None:
    first, second = live_again(company, NOW), live_again(company, NOW, 3000)
    schedule_rulebook(first, NOW + timedelta(days=2), company["sales_head"], NOW)
    publish_rulebook(second, NOW)
    assert publish_due(NOW + timedelta(days=2)) == 0
    first.refresh_from_db()
    assert (first.state, first.publish_at) == ("review", None)
    assert first.changes.filter(action="unscheduled").get().reason.startswith("Version 3 went live meanwhile")


def test_a_version_is_scheduled_and_taken_off_on_its_page(company: Any, sign_in: Any) -> None:
    heads = (sign_in(user=company["sales_head"]), sign_in(user=company["marketing_head"]))
    book = proposed(sign_in("marketer"))
    signed(book, *heads)
    at = (timezone.now() + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M")
    address = f"/rules/versions/{book.version}/"
    heads[0].post(f"{address}publish/", {"publish_at": at, "emergency_reason": "The fair begins"})
    book.refresh_from_db()
    assert (book.state, book.emergency_reason) == ("scheduled", "The fair begins")
    assert "Goes live by itself" in heads[0].get(address).content.decode()
    assert "in the future" not in heads[0].post(f"{address}publish/", {"publish_at": "soon"}).content.decode()
    heads[1].post(f"{address}unschedule/")
    book.refresh_from_db()
    assert (book.state, book.publish_at) == ("review", None)


def test_a_review_is_asked_declined_and_discarded_with_words(company: Any, sign_in: Any) -> None:
    author, head = sign_in("marketer"), sign_in(user=company["sales_head"])
    book = started(author)
    address = f"/rules/versions/{book.version}/"
    assert "Nothing differs" in author.post(f"{address}ask/", {"summary": "x"}, follow=True).content.decode()
    book = proposed(author)
    address = f"/rules/versions/{book.version}/"
    assert "at most 140" in author.post(f"{address}ask/", {"summary": "x" * 141}, follow=True).content.decode()
    assert "one sentence" in author.post(f"{address}ask/", {"summary": "One. Two."}, follow=True).content.decode()
    assert "Say in one sentence" in author.post(f"{address}ask/", {"summary": " "}, follow=True).content.decode()
    page = author.post(f"{address}ask/", {"summary": "Less for webinars, nobody buys after one."}, follow=True)
    assert "Asked to read and sign" in page.content.decode()
    book.refresh_from_db()
    assert (book.state, book.summary) == ("review", "Less for webinars, nobody buys after one.")
    assert (book.evidence or {}).get("cases") == 0
    assert (
        "Say what would have to change"
        in head.post(f"{address}decline/", {"comment": ""}, follow=True).content.decode()
    )
    head.post(f"{address}decline/", {"comment": "Six points, please"})
    book.refresh_from_db()
    assert book.state == "draft"
    assert "Six points, please" in author.get(address).content.decode()
    assert OutboxMessage.objects.get(kind="rulebook.declined").recipient == str(book.author_id)
    author.post(f"{address}discard/", {"reason": "Another way"})
    book.refresh_from_db()
    assert book.state == "discarded"
    assert sign_in("rep").post(f"{address}decline/", {"comment": "x"}).status_code == 403


def test_an_overdue_review_stops_publications_until_somebody_reviewed(company: Any, sign_in: Any) -> None:
    head = sign_in(user=company["sales_head"])
    Rulebook.objects.filter(state="live").update(review_by_on="2020-01-01")
    book = proposed(sign_in("marketer"))
    signed(book, head, sign_in(user=company["marketing_head"]))
    page = head.post(f"/rules/versions/{book.version}/publish/", follow=True).content.decode()
    assert "Review it first" in page or "published on" in page
    assert "should have been reviewed" in head.get("/rules/").content.decode()
    for words in ({"note": "", "next_on": "2099-01-01"}, {"note": "Fine", "next_on": "1999-01-01"}):
        head.post("/rules/keep/", words)
        assert str(Rulebook.objects.get(state="live").review_by_on) == "2020-01-01"
    later = (timezone.now() + timedelta(days=60)).date()
    head.post("/rules/keep/", {"note": "They hold up", "next_on": str(later)})
    assert Rulebook.objects.get(state="live").review_by_on == later
    assert "They hold up" in sign_in("rep").get("/rules/changes/").content.decode()


def test_a_draft_whose_base_moved_is_brought_up_to_date(company: Any, sign_in: Any) -> None:
    author = sign_in("marketer")
    book = proposed(author, webinar__points="4")
    other = live_again(company, timezone.now(), points=6000)
    publish_rulebook(other, timezone.now(), emergency_reason="Now")
    address = f"/rules/versions/{book.version}/"
    assert "changed since this draft began" in author.get(address).content.decode()
    page = author.get(f"{address}rebase/").content.decode()
    assert "+6 intent" in page
    assert "+4 intent" in page
    assert author.post(f"{address}rebase/").status_code == 409
    author.post(f"{address}rebase/", {"choice:rules/webinar": "mine"})
    book.refresh_from_db()
    assert book.based_on == other
    assert next(rule for rule in book.definition["rules"] if rule["key"] == "webinar")["points"] == 4000
    assert "up to date" in author.get(f"{address}rebase/", follow=True).content.decode()


# --- signals ---------------------------------------------------------------------------------------------------------
GOOD = Lift(Part(30, 40), Part(20, 60), Part(9, 40), Part(5, 60))
BAD = Lift(Part(5, 40), Part(40, 60), Part(1, 40), Part(9, 60))


@pytest.fixture
def unproven(company: Any) -> SignalKind:
    kind = SignalKind.objects.get(code="blog_visit")
    SignalKind.objects.filter(pk=kind.pk).update(is_proven=False)
    kind.refresh_from_db()
    return kind


def test_lift_counts_answered_leads_with_and_without_a_kind(company: Any) -> None:
    from feedback.dispositions import Answer
    from sla.handoffs import latest_handoffs

    receipts = journey.admit(
        [
            item(company["source"], f"p{n}@acme-works.com", title="VP Sales", company="Acme", act="demo_request")
            for n in range(2)
        ],
        now=NOW,
    )
    handoffs = latest_handoffs([receipt.lead_id for receipt in receipts if receipt.lead_id])
    answers = [Answer(lead_id, one.owner_id, "accepted", NOW) for lead_id, one in handoffs.items() if one.owner_id]
    journey.decide(answers, now=NOW)
    lift = lift_of_kinds(NOW + timedelta(days=1))
    demo = lift.get(SignalKind.objects.get(code="demo_request").pk)
    assert len(answers) == (demo.accepted_with.n if demo else 0)
    assert not demo or (demo.accepted_with.hits, demo.accepted_without.n, demo.is_measured) == (len(answers), 0, False)


@pytest.mark.parametrize(
    ("lift", "reason", "words"), [(None, "They buy", "not measured"), (BAD, "They buy", "neither"), (GOOD, " ", "Say")]
)
def test_a_kind_is_not_proven_by_words_alone(
    company: Any, unproven: SignalKind, monkeypatch: Any, lift: Lift | None, reason: str, words: str
) -> None:
    monkeypatch.setattr(proving_kinds, "lift_of_kinds", lambda now: {unproven.pk: lift} if lift else {})
    with pytest.raises(VerdictRefused, match=words):
        judge_kind(unproven, is_proven=True, reason=reason, by=company["sales_head"], now=NOW)
    assert not KindVerdict.objects.exists()


def test_sales_confirms_a_measured_kind_and_may_withdraw_it(
    company: Any, unproven: SignalKind, monkeypatch: Any, sign_in: Any
) -> None:
    monkeypatch.setattr(proving_kinds, "lift_of_kinds", lambda now: {unproven.pk: GOOD})
    head = sign_in(user=company["sales_head"])
    head.post("/rules/signals/blog_visit/judge/", {"proven": "yes", "reason": "Readers buy"})
    unproven.refresh_from_db()
    assert unproven.is_proven
    verdict = KindVerdict.objects.get()
    assert (verdict.lift["accepted_with"]["hits"], verdict.user) == (30, company["sales_head"])
    assert LedgerEntry.objects.filter(action="signal_kind.judged").exists()
    head.post("/rules/signals/blog_visit/judge/", {"proven": "no", "reason": "Not any more"})
    unproven.refresh_from_db()
    assert not unproven.is_proven


def test_everybody_reads_the_kinds_and_only_sales_managers_judge(
    company: Any, unproven: SignalKind, sign_in: Any
) -> None:
    page = sign_in("rep").get("/rules/signals/").content.decode()
    assert unproven.name in page
    assert "Sales confirms" not in page
    for role in ("rep", "marketer", "marketing_manager", "admin", "executive"):
        assert sign_in(role).post("/rules/signals/blog_visit/judge/", {"reason": "x"}).status_code == 403
    assert sign_in("sales_manager").post("/rules/signals/nothing/judge/", {"reason": "x"}).status_code == 404


# --- reasons ---------------------------------------------------------------------------------------------------------
def test_a_rep_marks_a_reason_and_the_rules_owner_reads_the_count(company: Any, sign_in: Any) -> None:
    (receipt,) = journey.admit([item(company["source"], title="VP Sales", company="Acme", act="demo_request")], now=NOW)
    lead = Lead.objects.get(person__email="ada@acme-works.com")
    assert receipt.lead_id == lead.pk
    Lead.objects.filter(pk=lead.pk).update(owner=company["reps"][0])
    rep = sign_in(user=company["reps"][0])
    address = f"/leads/{lead.public_id}/reasons/decision_maker/mark/"
    assert rep.post(address, {"helpful": "no"}).status_code == 302
    assert rep.post(address, {"helpful": "no"}, headers={"HX-Request": "true"}).status_code == 200
    mark = ReasonMark.objects.get()
    assert (mark.rule_key, mark.is_helpful, mark.user) == ("decision_maker", False, company["reps"][0])
    assert score_notes(lead.pk, mark.user_id, NOW).marks == {"decision_maker": False}
    assert "1 misleading" in sign_in("marketer").get("/rules/rule/decision_maker/").content.decode()
    assert rep.post(f"/leads/{lead.public_id}/reasons/no_such_rule/mark/").status_code == 404
    assert sign_in("marketer").post(address, {"helpful": "yes"}).status_code == 403
    assert sign_in(user=company["reps"][1]).post(address, {"helpful": "yes"}).status_code == 404
