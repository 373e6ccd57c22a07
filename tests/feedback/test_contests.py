"""Contests: one tap opens one, a named judge of the other team decides, history stays and the count changes."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.db import IntegrityError, transaction

from feedback.contests import (
    SIDES,
    WRONGS,
    Candidate,
    ContestRequest,
    choose_judge,
    contests_for,
    counts_by_side,
    judge_contest,
    may_judge,
    open_contest,
    open_due,
    side_of,
    tallies_by_key,
)
from feedback.models import Contest, ContestAbout, ContestVerdict, CorrectedExample
from revops.foundation.models import LedgerEntry
from revops.portal import journey
from scoring.models import Case, CaseAnswer, CaseKind
from sla.clocks import cancel_clocks_of_leads
from sla.models import Absence, Clock, ClockExcuse, HandOff, TurnEntry
from sla.queries import clause_board
from sla.routing import turns_owed
from tests.factories import UserFactory, item

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
FIRST = {about: codes[0][0] for about, codes in WRONGS.items()}


def contest(lead, user, about, now, **more):
    asked = ContestRequest(about, lead.pk, user, more.pop("wrong", FIRST[about]), **more)
    return open_contest(asked, now=now)


def opened(lead, user, about, now, **more):
    found = contest(lead, user, about, now, **more)
    assert found.contest is not None, found.refusal
    return found.contest


@pytest.fixture
def lead(company):
    return company.hand_off(1)[0]


@pytest.fixture
def rep(company, lead):
    return company.owner_of(lead)


# --- rules -----------------------------------------------------------------------------------------------------------
def test_everything_that_can_be_contested_says_what_can_be_wrong_and_who_may():
    assert set(WRONGS) == set(SIDES) == set(ContestAbout.values)
    assert all(SIDES.values())
    assert [side_of(role) for role in ("rep", "sales_manager", "marketer", "marketing_manager", "admin")] == [
        "sales", "sales", "marketing", "marketing", "",
    ]  # fmt: skip


def person(number, role, n=0, *, away=False):
    return Candidate(UUID(int=number), role, n, datetime(2026, 1, number, tzinfo=UTC), away)


def test_the_judge_is_a_manager_of_the_other_team_with_the_fewest_open():
    people = [person(1, "marketing_manager", 3), person(2, "marketing_manager", 1), person(3, "marketer"),
              person(4, "sales_manager"), person(5, "admin")]  # fmt: skip
    assert choose_judge(people, "marketing", ())[0] == UUID(int=2)
    assert choose_judge(people, "sales", ())[0] == UUID(int=4)


def test_an_absent_judge_is_never_named_nor_whoever_it_concerns():
    people = [person(1, "marketing_manager", away=True), person(3, "marketer"), person(5, "admin")]
    assert choose_judge(people, "marketing", ())[0] == UUID(int=3)
    assert choose_judge(people, "marketing", (UUID(int=3),)) == (
        UUID(int=5), "Nobody of the other team is here, so an admin judges",
    )  # fmt: skip
    assert choose_judge(people, "marketing", (UUID(int=3), UUID(int=5), None)) is None


# --- opening ---------------------------------------------------------------------------------------------------------
def test_a_rep_contests_a_score_and_marketings_head_judges_by_a_clock(company, lead, rep, now):
    found = opened(lead, rep, "score", now, words=" They only read. ", key="pricing_page")
    assert (found.judge, found.side, found.words, found.key) == (
        company.marketing_head, "sales", "They only read.", "pricing_page",
    )  # fmt: skip
    clock = found.judges_clock
    assert (clock.clause.code, clock.side, clock.user) == ("contests_of_sales", "marketing", company.marketing_head)
    assert clock.due_at == found.due_at == datetime(2026, 3, 5, 10, 0, tzinfo=UTC)  # 8 business hours: tomorrow 10:00
    assert found.decision_id == HandOff.objects.get(lead=lead).score_decision_id
    assert LedgerEntry.objects.get(action="contest.opened").subject_id == found.pk
    assert list(open_due(company.marketing_head)) == [found]


def test_marketing_contests_a_rejection_and_the_sales_head_judges(company, lead, rep, now):
    row = company.reject(lead)
    marketer = UserFactory.create(role="marketer")
    found = opened(lead, marketer, "rejection", now + HOUR)
    assert (found.disposition, found.concerns, found.judge, found.key) == (row, rep, company.sales_head, "no_budget")


def test_only_a_broken_promise_of_ones_own_side_can_be_contested(company, lead, rep, now):
    assert contest(lead, rep, "breach", now + HOUR).code == "unknown_subject"
    late = now + 5 * HOUR
    assert contest(lead, company.marketing_head, "breach", late).code == "unknown_subject"
    found = opened(lead, rep, "breach", late)
    assert (found.clock.clause.code, found.concerns) == ("first_contact", rep)


def test_a_route_and_a_duplicate_match_can_be_contested(company, lead, rep, now):
    route = opened(lead, rep, "route", now)
    assert (route.concerns, route.assignment.user) == (rep, rep)
    assert contest(lead, company.marketing_head, "duplicate", now).code == "unknown_subject"
    journey.admit([item(company.sources[0], lead.person.email, act="demo_request", _received_at=now)], now=now)
    found = opened(lead, company.marketing_head, "duplicate", now)
    assert (found.key, found.judge) == ("attached", company.sales_head)


@pytest.mark.parametrize(
    ("about", "role", "code"),
    [("route", "marketer", "not_yours"), ("rejection", "rep", "not_yours"), ("score", "admin", "not_yours"),
     ("score", "executive", "not_yours"), ("weather", "rep", "not_yours")],
)  # fmt: skip
def test_a_team_contests_only_what_the_table_says(lead, now, about, role, code):
    user = UserFactory.create(role=role)
    asked = ContestRequest(about, lead.pk, user, "x")
    assert open_contest(asked, now=now).code == code


def test_what_is_wrong_must_be_said_by_a_code(lead, rep, now):
    assert contest(lead, rep, "score", now, wrong="because").code == "unknown_wrong"
    assert contest(lead, rep, "score", now, subject_id="nonsense").code == "unknown_subject"


def test_a_thing_is_contested_once_and_a_lead_one_at_a_time(company, lead, rep, now):
    first = opened(lead, rep, "score", now)
    assert contest(lead, rep, "score", now).code == "contested"
    assert contest(lead, rep, "route", now).refusal.startswith("Your team contests something about this lead already")
    judge_contest(first, first.judge, is_upheld=False, words="It is right.", now=now + HOUR)
    assert opened(lead, rep, "route", now + HOUR)
    assert (
        contest(lead, rep, "score", now + 2 * HOUR).refusal == "Your team contested this already; a verdict is final."
    )


def test_without_anybody_to_judge_it_says_so(company, lead, rep, now):
    for user in (company.marketing_head, company.admin):
        Absence.objects.create(user=user, starts_at=now - HOUR, ends_at=now + HOUR, created_at=now)
    assert contest(lead, rep, "score", now).code == "no_judge"


def test_a_lead_that_needs_no_more_work_still_waits_for_its_judge(lead, rep, now):
    found = opened(lead, rep, "score", now)
    cancel_clocks_of_leads([lead.pk], at=now, reason="lost")
    found.judges_clock.refresh_from_db()
    assert found.judges_clock.cancelled_at is None


# --- judging ---------------------------------------------------------------------------------------------------------
def test_an_upheld_breach_leaves_the_count_and_stays_in_history(company, lead, rep, now):
    late = now + 5 * HOUR
    week = (now - timedelta(days=3), now + timedelta(days=4))
    before = {row.clause.code: row.late for row in clause_board(*week, late)}
    found = opened(lead, rep, "breach", late)
    judged = judge_contest(found, company.marketing_head, is_upheld=True, words="The mail shows it.", now=late)
    assert judged.verdict.effects == ["breach_excused"]
    after = {row.clause.code: row.late for row in clause_board(*week, late)}
    assert (before["first_contact"], after["first_contact"]) == (1, 0)
    clock = Clock.objects.get(pk=found.clock_id)
    assert clock.due_at < late  # the clock itself is as it was
    assert (clock.excuse.cause_id, clock.excuse.excused_by) == (found.pk, company.marketing_head)


def test_a_dismissed_breach_still_counts(company, lead, rep, now):
    late = now + 5 * HOUR
    found = opened(lead, rep, "breach", late)
    judged = judge_contest(found, company.marketing_head, is_upheld=False, words="No sign of it.", now=late)
    assert judged.verdict.effects == []
    assert not ClockExcuse.objects.exists()
    assert LedgerEntry.objects.filter(action="contest.dismissed").exists()


def test_an_upheld_route_credits_the_turn_back_and_the_balances_sum_to_zero(company, lead, rep, now):
    before = turns_owed()[rep.pk]
    found = opened(lead, rep, "route", now)
    judged = judge_contest(found, found.judge, is_upheld=True, words="Wrong territory.", now=now)
    assert judged.verdict.effects == ["turn_credited"]
    assert turns_owed()[rep.pk] > before
    assert sum(turns_owed().values()) == 0


def test_an_upheld_rejection_charges_the_turn_again_and_labels_an_example(company, lead, now):
    company.reject(lead, reason="too_small", evidence="3 employees")
    credited = TurnEntry.objects.filter(reason="credit_back").count()
    found = opened(lead, company.marketing_head, "rejection", now + HOUR)
    case = Case.objects.filter(lead=lead, kind=CaseKind.HAND_OFF)
    assert case.get().answer == CaseAnswer.REJECTED
    judged = judge_contest(found, company.sales_head, is_upheld=True, words="It fits.", now=now + HOUR)
    assert judged.verdict.effects == ["turn_charged"] * credited + ["example_corrected"]
    assert (case.get().answer, case.get().reason) == (CaseAnswer.NONE, ""), "backtests do not learn from it"
    example = CorrectedExample.objects.get()
    assert (example.aspect, example.key, example.said, example.right) == (
        "rejection", "too_small", "rejected", "met the criteria",
    )  # fmt: skip
    assert example.decision_id == HandOff.objects.get(lead=lead).score_decision_id


def test_an_upheld_tier_is_a_corrected_example_with_its_decision(company, lead, rep, now):
    found = opened(lead, rep, "tier", now, wrong="too_high")
    judge_contest(found, found.judge, is_upheld=True, words="No hand-raise.", now=now)
    example = CorrectedExample.objects.get()
    assert (example.said, example.right, example.decision_id) == ("tier 1", "lower tier", found.decision_id)


def test_a_verdict_keeps_the_judges_clock_and_a_late_one_breaks_it(company, now):
    first, second = company.hand_off(2)
    for lead, after in ((first, HOUR), (second, timedelta(days=2))):
        found = opened(lead, company.owner_of(lead), "score", now)
        judge_contest(found, found.judge, is_upheld=False, words="It is right.", now=now + after)
        clock = Clock.objects.get(pk=found.judges_clock_id)
        assert (clock.met_at, clock.met_by_kind) == (now + after, "verdict")
        assert (clock.met_at > clock.due_at) == (after > HOUR)


def test_only_the_named_judge_decides_in_words_and_once(company, lead, rep, now):
    found = opened(lead, rep, "score", now)
    other = UserFactory.create(role="marketing_manager")
    for user in (rep, company.sales_head, other, company.admin):
        assert judge_contest(found, user, is_upheld=True, words="Yes.", now=now).code == "not_judge"
    assert judge_contest(found, found.judge, is_upheld=True, words=" ", now=now).code == "missing_words"
    assert judge_contest(found, found.judge, is_upheld=True, words="Yes, wrong.", now=now).verdict
    assert judge_contest(found, found.judge, is_upheld=False, words="No.", now=now).code == "judged"


def test_a_manager_of_the_same_team_stands_in_for_a_judge_who_is_away(company, lead, rep, now):
    found = opened(lead, rep, "score", now)
    other = UserFactory.create(role="marketing_manager")
    assert not may_judge(found, other, now=now)
    Absence.objects.create(user=found.judge, starts_at=now, ends_at=now + HOUR, created_at=now)
    assert may_judge(found, other, now=now)
    assert not may_judge(found, company.sales_head, now=now)
    assert not may_judge(found, UserFactory.create(role="marketer"), now=now)


def test_contests_and_verdicts_are_only_added(lead, rep, now):
    found = opened(lead, rep, "score", now)
    judge_contest(found, found.judge, is_upheld=True, words="Yes.", now=now)
    for model in (Contest, ContestVerdict, CorrectedExample):
        with pytest.raises(IntegrityError), transaction.atomic():
            model.objects.all().delete()
    with pytest.raises(IntegrityError), transaction.atomic():
        ContestVerdict.objects.update(is_upheld=False)


# --- reading ---------------------------------------------------------------------------------------------------------
def test_who_sees_which_contests(company, lead, rep, now):
    found = opened(lead, rep, "score", now)
    other = next(one for one in company.reps if one != rep)
    assert [contests_for(user).count() for user in (rep, other, company.sales_head, found.judge)] == [1, 0, 1, 1]


def test_both_sides_are_counted_and_each_key_has_its_rate(company, now):
    leads = company.hand_off(3)
    for place, lead in enumerate(leads):
        found = opened(lead, company.owner_of(lead), "score", now, key="pricing_page")
        if place < 2:
            judge_contest(found, found.judge, is_upheld=place == 0, words="Looked at it.", now=now)
    counts = counts_by_side(now)
    assert (counts["sales"].opened, counts["sales"].upheld, counts["sales"].dismissed, counts["sales"].pending) == (
        3, 1, 1, 1,
    )  # fmt: skip
    assert counts["marketing"].opened == 0
    assert counts_by_side(now + timedelta(days=9))["sales"].late == 1
    (tally,) = tallies_by_key(now)
    assert (tally.about, tally.key, tally.upheld, tally.decided) == ("score", "pricing_page", 1, 2)
    assert tallies_by_key(now, start=now + HOUR) == []
