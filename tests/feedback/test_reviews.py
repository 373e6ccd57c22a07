"""The weekly review: what it says, that it freezes and stays, and that no decision is forgotten."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from hashlib import sha256
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from feedback.metrics import METRICS, Measure, Week, measure, organisation_zone
from feedback.models import Review, ReviewDecision
from feedback.reviews import (
    SECTIONS,
    ReviewClosedError,
    ReviewNotClosableError,
    answer_decision,
    build_review,
    close_review,
    decisions_to_answer,
    effects_of,
    freeze_review,
    record_decision,
    review_of,
    top_reasons,
    unanswered,
)
from feedback.reviews import lines as review_lines
from feedback.reviews.building import _effect
from feedback.reviews.lines import Line
from scoring.models import Rulebook
from scoring.overrides import end_overrides, grant_overrides
from tests.conftest import NOW
from tests.feedback.company import Company


def decided(company: Company, week: Week, **more: object) -> ReviewDecision:
    given = {
        "text": "Ask for the role on the form",
        "owner": company.marketing_head,
        "due_on": week.plus(1).sunday,
        "metric_key": "acceptance_rate",
        "direction": "up",
        "author": company.sales_head,
        "now": week.end,
    }
    return record_decision(week, **{**given, **more})  # type: ignore[arg-type]


def lines_of(review: dict) -> dict[str, dict]:
    return {line["key"]: line for section in review["sections"] for line in section["lines"]}


def test_the_review_says_the_same_as_the_metrics(company: Company, week: Week) -> None:
    leads = company.hand_off(6)
    for lead in leads[:4]:
        company.accept(lead)
    company.reject(leads[4])
    review = build_review(week, now=week.end)
    assert list(lines_of(review)) == [key for _, _, keys in SECTIONS for key in keys]
    for key, line in lines_of(review).items():
        found = measure(METRICS[key], week.period)
        assert (line["value"], line["n"], line["hits"]) == (found.value, found.n, found.hits)
    assert (
        review["sources"][0] | {"acceptance": 0.8, "answered": 5, "accepted": 4, "entered": 6} == review["sources"][0]
    )
    assert [row["n"] for row in review["reasons"]] == [1]
    assert json.loads(json.dumps(review)) == review


def test_sources_with_the_lowest_acceptance_come_first(company: Company, week: Week) -> None:
    for source, accepted in ((0, 1), (1, 0), (2, 2)):
        leads = company.hand_off(2, source=source)
        for lead in leads[:accepted]:
            company.accept(lead)
        for lead in leads[accepted:]:
            company.reject(lead)
    assert [row["source"] for row in build_review(week, now=week.end)["sources"]] == ["webinar", "website", "fair"]


def test_a_running_week_is_shown_and_the_week_before_is_judged(company: Company, week: Week) -> None:
    for lead in company.hand_off(2, at=NOW - timedelta(days=7)):
        company.accept(lead, at=NOW - timedelta(days=7))
    for lead in company.hand_off(1):
        company.accept(lead)
    line = lines_of(build_review(week, now=NOW))["accepted_leads"]
    assert (line["value"], line["is_mature"]) == (1, False)
    assert (line["judged"]["week"], line["judged"]["value"]) == (week.plus(-1).name, 2)
    assert (line["change"], len(line["series"])) == (2, 14)


def test_a_young_cohort_is_judged_when_it_is_ripe(company: Company, week: Week) -> None:
    line = review_lines.lines_of([METRICS["lead_to_opportunity"]], week, week.end)["lead_to_opportunity"]
    assert line.judged == week.plus(-8)
    assert len(line.series) == 13 + 8
    (later,) = review_lines.lines_of([METRICS["lead_to_opportunity"]], week, week.end + timedelta(weeks=8)).values()
    assert later.judged == week


def test_few_weeks_or_few_leads_are_too_few_to_judge(company: Company, week: Week) -> None:
    verdicts = {key: line["verdict"] for key, line in lines_of(build_review(week, now=week.end)).items()}
    assert verdicts["acceptance_rate"] == "too few"
    assert verdicts["rejections"] == "routine"


def test_a_jump_is_a_signal_and_says_which_rule_it_breaks(company: Company, week: Week) -> None:
    for ago in range(12, 0, -1):
        at = NOW - timedelta(weeks=ago)
        for lead in company.hand_off(1 + ago % 2, at=at):
            company.reject(lead, at=at + timedelta(minutes=5))
    for lead in company.hand_off(12):
        company.reject(lead)
    line = lines_of(build_review(week, now=week.end))["rejections"]
    assert (line["verdict"], line["signal"], line["value"]) == ("signal up", "beyond a limit", 12)


def test_top_reasons_leave_out_what_was_taken_back(company: Company, week: Week) -> None:
    one, two, three = company.hand_off(3)
    company.reject(one, "no_need", "Solved it")
    company.reject(two, "no_need", "Solved it")
    back = company.reject(three, "is_student", "Thesis")
    company.undo(back.pk, at=NOW + timedelta(hours=1))
    assert [(row["reason"], row["n"], row["share"]) for row in top_reasons(week.period)] == [("no_need", 2, 1.0)]


def test_three_leads_are_put_side_by_side(company: Company, week: Week) -> None:
    lead = company.hand_off(1)[0]
    company.reject(lead, "no_budget", "3000 EUR")
    (told,) = build_review(week, now=week.end)["side_by_side"]
    assert (told["kind"], told["words"]) == ("rejected", "Does not meet the budget criteria: 3000 EUR")


def test_exceptions_from_the_rules_are_counted_and_named(company: Company, week: Week) -> None:
    one, two = company.hand_off(2)
    (granted,) = grant_overrides([one.pk], 2, "Their CFO waits.", company.sales_head, NOW + timedelta(days=14), NOW)
    earlier = NOW - timedelta(days=9)
    (over,) = grant_overrides([two.pk], 3, "A partner.", company.sales_head, earlier + timedelta(days=1), earlier)
    told = build_review(week, now=week.end)["overrides"]
    assert (told["granted"], told["in_force"]) == (1, 1)
    (row,) = told["rows"]
    assert (row["tier"], row["derived_tier"], row["reason"]) == (2, 1, granted.reason)
    assert build_review(week.plus(-1), now=week.end)["overrides"]["granted"] == 1
    end_overrides([granted], week.end - timedelta(hours=1))
    assert build_review(week, now=week.end)["overrides"]["in_force"] == 0
    assert over.expires_at < NOW


def test_the_effect_of_a_rulebook_is_measured_in_full_weeks(company: Company, week: Week) -> None:
    published = Week.of(Rulebook.objects.get().published_at or NOW, week.zone)
    for after in (0, 1, 2):
        at = published.plus(after).start + timedelta(days=5, hours=11)
        for number, lead in enumerate(company.hand_off(4, at=at)):
            company.accept(lead, at=at) if number < after else company.reject(lead, at=at)
    (row,) = build_review(published.plus(3), now=published.plus(3).start)["rulebooks"]
    assert (row["version"], row["week"]) == (1, published.name)
    assert (row["before"]["n"], row["before"]["value"]) == (0, None)
    assert (row["after"]["hits"], row["after"]["n"], row["after"]["weeks"]) == (3, 8, 2)


def test_an_effect_compares_four_weeks_with_four_weeks(week: Week) -> None:
    one = METRICS["acceptance_rate"]
    series = {week.plus(ago): Measure(one, 10, 10 + ago, (10 + ago) / 10) for ago in range(-10, 1)}
    effect = _effect(week.plus(-5), Line(one, series, week, week))
    assert (effect["before"]["hits"], effect["before"]["n"]) == (1 + 2 + 3 + 4, 40)
    assert (effect["after"]["hits"], effect["after"]["n"]) == (6 + 7 + 8 + 9, 40)


def test_a_rulebook_leaves_the_agenda_after_nine_weeks(company: Company) -> None:
    published = Week.of(Rulebook.objects.get().published_at or NOW, organisation_zone())
    shown = [len(build_review(published.plus(after), now=NOW)["rulebooks"]) for after in (-1, 0, 8, 9)]
    assert shown == [0, 1, 1, 0]


def test_a_running_week_cannot_be_frozen(week: Week, db: None) -> None:
    with pytest.raises(ValueError, match=r"Week 2026-W10 is not over yet\."):
        freeze_review(week, now=week.end - timedelta(microseconds=1))


def test_a_frozen_review_keeps_its_numbers_and_proves_them(company: Company, week: Week) -> None:
    first, second = company.hand_off(2)
    company.accept(first)
    frozen = freeze_review(week, now=week.end)
    company.accept(second)
    shown, row = review_of(week, now=week.end + timedelta(days=1))
    assert row == frozen
    assert lines_of(shown)["accepted_leads"]["value"] == 1
    text = json.dumps(shown, sort_keys=True, ensure_ascii=False)
    assert sha256(text.encode()).hexdigest() == frozen.snapshot_hash
    assert freeze_review(week, now=week.end + timedelta(days=1)) == frozen
    assert Review.objects.count() == 1


def test_a_review_that_is_not_frozen_follows_the_data(company: Company, week: Week) -> None:
    assert review_of(week, now=NOW)[1] is None


def test_a_decision_keeps_what_its_number_was(company: Company, week: Week) -> None:
    leads = company.hand_off(2)
    company.accept(leads[0])
    company.reject(leads[1])
    assert decided(company, week).baseline == 0.5
    assert decided(company, week, metric_key="win_rate").baseline is None


def test_a_decision_of_a_running_week_starts_from_the_newest_whole_one(company: Company, week: Week) -> None:
    leads = company.hand_off(2)
    company.accept(leads[0])
    company.reject(leads[1])
    running = week.plus(1)
    assert decided(company, running, now=running.start + timedelta(days=2)).baseline == 0.5


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"text": "   "}, "Say in a sentence"),
        ({"direction": "sideways"}, "Say whether it should go up or down"),
        ({"due_on": date(2020, 1, 1)}, "lies before the week"),
        ({"metric_key": "mql_volume"}, "There is no metric"),
    ],
)
def test_a_decision_that_says_too_little_is_refused(
    company: Company, week: Week, wrong: dict[str, object], words: str
) -> None:
    with pytest.raises((ValueError, KeyError), match=words):
        decided(company, week, **wrong)
    assert not ReviewDecision.objects.exists()


def test_the_next_review_asks_for_the_answer(company: Company, week: Week) -> None:
    decision = decided(company, week)
    after = week.plus(1)
    assert list(decisions_to_answer(week)) == []
    assert list(decisions_to_answer(after)) == [decision]
    assert answer_decision(decision.pk, answer="done", note=" Since Monday ", user=company.reps[0], now=after.end)
    assert list(decisions_to_answer(after)) == [decision]
    assert list(decisions_to_answer(after.plus(2))) == []
    decision.refresh_from_db()
    assert (decision.answer, decision.answer_note, decision.answered_by) == ("done", "Since Monday", company.reps[0])


def test_a_decision_is_answered_once(company: Company, week: Week) -> None:
    decision = decided(company, week)
    first, second = (
        answer_decision(decision.pk, answer=one, note="", user=company.admin, now=week.end)
        for one in ("done", "dropped")
    )
    assert (first, second) == (True, False)
    assert not answer_decision(uuid4(), answer="done", note="", user=company.admin, now=week.end)
    with pytest.raises(ValueError, match="Answer with one of done, not_done, dropped"):
        answer_decision(decision.pk, answer="maybe", note="", user=company.admin, now=week.end)


@pytest.mark.parametrize(
    ("direction", "accepted", "moved"), [("up", 2, True), ("up", 0, False), ("down", 0, True), ("down", 1, False)]
)
def test_the_effect_of_a_decision_is_measured(
    company: Company, week: Week, direction: str, accepted: int, moved: bool
) -> None:
    first = company.hand_off(2)
    company.accept(first[0])
    company.reject(first[1])
    decision = decided(company, week, direction=direction)
    at = NOW + timedelta(days=7)
    leads = company.hand_off(2, at=at)
    for lead in leads[:accepted]:
        company.accept(lead, at=at)
    for lead in leads[accepted:]:
        company.reject(lead, at=at)
    effect = effects_of([decision], week.plus(1), {})[decision.pk]
    assert (effect.before, effect.after, effect.moved) == (0.5, accepted / 2, moved)


def test_a_week_without_leads_says_nothing_about_an_effect(company: Company, week: Week) -> None:
    decision = decided(company, week)
    assert effects_of([decision], week.plus(1), {})[decision.pk].moved is None


def test_effects_ask_once_a_metric_and_not_for_what_is_known(company: Company, week: Week) -> None:
    rows = [decided(company, week, metric_key=key) for key in ("win_rate", "win_rate", "contact_rate", "rejections")]
    with CaptureQueriesContext(connection) as captured:
        effects_of(rows, week.plus(1), {"rejections": 4.0})
    assert len(captured) == 2


def test_a_review_cannot_be_closed_while_a_decision_waits(company: Company, week: Week) -> None:
    late, also, later = (
        decided(company, week),
        decided(company, week, due_on=week.plus(1).monday),
        decided(company, week, due_on=week.plus(3).monday),
    )
    after = week.plus(1)
    assert set(unanswered(after)) == {late, also}
    with pytest.raises(ReviewNotClosableError, match="Answer the 2 decisions of earlier weeks first"):
        close_review(after, user=company.admin, now=after.end)
    answer_decision(late.pk, answer="done", note="", user=company.admin, now=after.end)
    with pytest.raises(ReviewNotClosableError, match="Answer the decision of an earlier week first"):
        close_review(after, user=company.admin, now=after.end)
    assert not Review.objects.filter(closed_at__isnull=False).exists()
    answer_decision(also.pk, answer="not_done", note="", user=company.admin, now=after.end)
    closed = close_review(after, user=company.admin, now=after.end)
    assert (closed.closed_by, closed.closed_at) == (company.admin, after.end)
    assert list(unanswered(after)) == []
    later.refresh_from_db()
    assert later.answer == ""


def test_a_running_week_cannot_be_closed(company: Company, week: Week) -> None:
    with pytest.raises(ReviewNotClosableError, match="is not over yet"):
        close_review(week, user=company.admin, now=NOW)


def test_who_closed_first_stays(company: Company, week: Week) -> None:
    close_review(week, user=company.admin, now=week.end)
    again = close_review(week, user=company.sales_head, now=week.end + timedelta(hours=1))
    assert (again.closed_by, again.closed_at) == (company.admin, week.end)


def test_a_closed_review_takes_no_more_decisions(company: Company, week: Week) -> None:
    close_review(week, user=company.admin, now=week.end)
    with pytest.raises(ReviewClosedError, match="Record the decision in the current week"):
        decided(company, week)


@pytest.mark.parametrize(("leads", "sources"), [(1, 1), (6, 3)])
def test_queries_of_the_review_do_not_grow(company: Company, week: Week, leads: int, sources: int) -> None:
    for source in range(sources):
        for number, lead in enumerate(company.hand_off(leads, source=source)):
            company.reject(lead) if number % 2 else company.accept(lead)
    with CaptureQueriesContext(connection) as captured:
        build_review(week, now=datetime.fromisoformat(week.end.isoformat()))
    assert len(captured) == 53  # nothing is remembered yet
