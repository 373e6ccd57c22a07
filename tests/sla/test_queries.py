"""Queues and the two-sided board, under literal query counts."""

from datetime import timedelta

import pytest

from leads.models import Attempt
from revops.foundation.models import Role
from sla.clocks import meet_clocks
from sla.handoffs import HandOffAnswer, answer_handoffs, reopen_handoffs, snooze_handoffs
from sla.models import HandOff, RepProfile
from sla.queries import (
    clause_board,
    clocks_behind,
    clocks_of_leads,
    fairness_balance,
    open_handoffs_for,
    promises_of,
    reading_of,
    snoozed_handoffs,
    unrouted,
    work_queue,
)

from .conftest import make_user

HOUR, WEEK = timedelta(hours=1), timedelta(days=7)
pytestmark = pytest.mark.django_db


def test_the_queue_is_ordered_by_deadline_then_tier_then_priority(hand_off, reps, now):
    RepProfile.objects.filter(pk=reps[1].pk).update(is_routable=False)
    late = hand_off(at=now - 48 * HOUR)[0]
    second_tier = hand_off(tier=2, priority=900)[0]
    ordinary = hand_off(priority=50)[0]
    best = hand_off(priority=700)[0]
    asleep = hand_off(priority=999)[0]
    snooze_handoffs([asleep.pk], until=now + HOUR, now=now, user_id=reps[0].pk)
    assert list(work_queue(reps[0], now)) == [late, best, ordinary, second_tier]
    assert list(snoozed_handoffs(reps[0], now)) == [asleep]
    assert asleep in work_queue(reps[0], now + HOUR)
    assert list(work_queue(reps[1], now)) == []


@pytest.mark.parametrize("count", [1, 3])
def test_the_queue_takes_one_query(hand_off, reps, now, count, django_assert_num_queries):
    RepProfile.objects.filter(pk=reps[1].pk).update(is_routable=False)
    hand_off(count)
    with django_assert_num_queries(1):
        assert len([handoff.lead.person.name for handoff in work_queue(reps[0], now)]) == count


def test_a_rep_sees_their_own_and_unrouted_hand_offs_a_manager_all(hand_off, reps, now):
    mine, others = hand_off(2)
    RepProfile.objects.update(is_routable=False)
    (nobodys,) = hand_off()
    assert set(open_handoffs_for(reps[0])) == {mine, nobodys}
    assert set(open_handoffs_for(make_user("Max", Role.SALES_MANAGER))) == {mine, others, nobodys}
    assert not open_handoffs_for(make_user("Gone", is_active=False)).exists()
    assert list(unrouted()) == [nobodys]


def board(now, at):
    start = now.replace(hour=0) - timedelta(days=now.weekday())
    return {row.clause.code: row for row in clause_board(start, start + WEEK, at)}


def test_the_board_counts_both_sides_by_what_fell_due(hand_off, reps, now, django_assert_num_queries):
    kept, late, undone, called_off = hand_off(4)
    hand_off(1, qualified_at=now - 2 * HOUR)
    for handoff, hours in ((kept, 1), (late, 30)):
        at = now + hours * HOUR
        meet_clocks("first_contact", [Attempt(lead_id=handoff.lead_id, occurred_at=at, recorded_at=at)], now=at)
    answer_handoffs([HandOffAnswer(undone.pk, "accepted", reps[0].pk, now)], now=now)
    reopen_handoffs([undone.pk], now=now)
    answer_handoffs([HandOffAnswer(called_off.pk, "rejected", reps[0].pk, now)], now=now)
    with django_assert_num_queries(3):
        rows = board(now, now + 2 * HOUR)
    first = rows["first_contact"]
    assert (first.kept, first.late, first.pending) == (1, 1, 2)
    assert (first.n, first.share) == (2, 0.5)
    assert (rows["decision"].kept, rows["decision"].pending) == (1, 4)
    assert (rows["details_within"].kept, rows["details_within"].late) == (4, 1)
    assert (rows["volume"].is_clock, rows["volume"].share) == (False, None)
    sides = [row.clause.side for row in rows.values()]
    assert sides == sorted(sides)
    later = board(now, now + 50 * HOUR)["first_contact"]
    assert (later.late, later.pending, len(later.worst)) == (3, 0, 2)


@pytest.mark.parametrize("outcome", ["kept", "late", "pending", ""])
def test_every_number_of_the_board_opens_to_its_clocks(hand_off, reps, now, outcome):
    handoffs = hand_off(3)
    for handoff, hours in zip(handoffs[:2], (1, 30), strict=True):
        at = now + hours * HOUR
        meet_clocks("first_contact", [Attempt(lead_id=handoff.lead_id, occurred_at=at, recorded_at=at)], now=at)
    row = board(now, now)["first_contact"]
    start = now.replace(hour=0) - timedelta(days=now.weekday())
    behind = clocks_behind("first_contact", start, start + WEEK, now, outcome)
    assert len(behind) == (getattr(row, outcome) if outcome else 3)


def test_the_week_after_is_empty(hand_off, now):
    hand_off()
    start = now.replace(hour=0) + WEEK
    assert all(row.n == row.pending == 0 for row in clause_board(start, start + WEEK, now))


def test_clocks_of_leads_say_the_time_left(hand_off, reps, now, django_assert_num_queries):
    handoffs = hand_off(2)
    with django_assert_num_queries(1):
        found = clocks_of_leads(handoff.lead_id for handoff in handoffs)
        lefts = {clock.clause.code: reading_of(clock, now + HOUR).left for clock in found[handoffs[0].lead_id]}
    assert lefts["first_contact"] == 3 * HOUR
    assert lefts["decision"] == 7 * HOUR


def test_promises_go_on_after_an_accept(hand_off, reps, now):
    (handoff,) = hand_off()
    answer_handoffs([HandOffAnswer(handoff.pk, "accepted", reps[0].pk, now)], now=now)
    assert [clock.clause.code for clock in promises_of(reps[0])] == ["first_contact"]


def test_the_balance_is_visible_and_sums_to_zero(hand_off, reps, django_assert_num_queries):
    hand_off(3)
    with django_assert_num_queries(2):
        balances = fairness_balance()
    assert [(row.user, row.turns, row.open_work) for row in balances] == [(reps[1], 0.5, 1), (reps[0], -0.5, 2)]
    assert sum(row.units for row in balances) == 0
    assert HandOff.objects.open().count() == 3
