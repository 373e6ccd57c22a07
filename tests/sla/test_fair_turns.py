"""Fairness as properties: spread, sum, absence."""

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from sla.fair_turns import TURN, FairTurns

weights_of_people = st.lists(st.integers(1, 9), min_size=1, max_size=12)


def spread(taken, weights):
    rates = [Fraction(count, weight) for count, weight in zip(taken, weights, strict=True)]
    return max(rates) - min(rates)


@given(weights=weights_of_people, turns=st.integers(1, 150))
@settings(max_examples=80, deadline=None)
def test_turns_per_weight_never_differ_by_more_than_one(weights, turns):
    fair, taken, everybody = FairTurns(weights, [0] * len(weights)), [0] * len(weights), tuple(range(len(weights)))
    for _ in range(turns):
        taken[fair.take(everybody)] += 1
        assert spread(taken, weights) <= 1
        assert sum(fair.balances) == 0
        assert all(abs(balance) < 2 * TURN for balance in fair.balances)


@given(weights=weights_of_people, data=st.data())
@settings(max_examples=80, deadline=None)
def test_balances_sum_to_zero_and_who_cannot_take_a_lead_is_left_alone(weights, data):
    fair, everybody = FairTurns(weights, [0] * len(weights)), tuple(range(len(weights)))
    for _ in range(data.draw(st.integers(1, 40))):
        able = tuple(sorted(data.draw(st.sets(st.sampled_from(everybody), min_size=1))))
        before = list(fair.balances)
        winner = fair.take(able)
        assert winner in able
        assert all(fair.balances[who] == before[who] for who in everybody if who not in able)
        if data.draw(st.booleans()):
            fair.give_back(winner, able)
            assert fair.balances == before or len(able) == 1 or sum(fair.balances) == 0
        assert sum(fair.balances) == 0


@given(weights=weights_of_people, turns=st.integers(0, 60))
def test_a_turn_given_back_leaves_no_trace(weights, turns):
    fair, everybody = FairTurns(weights, [0] * len(weights)), tuple(range(len(weights)))
    for _ in range(turns):
        fair.take(everybody)
    before = list(fair.balances)
    fair.give_back(fair.take(everybody), everybody)
    assert fair.balances == before
    fair.give_back(0, everybody)
    fair.charge_again(0, everybody)
    assert fair.balances == before


def test_somebody_back_from_leave_is_neither_flooded_nor_skipped():
    fair, taken = FairTurns([1, 1, 1], [0, 0, 0]), [0, 0, 0]
    for able, turns in (((0, 1, 2), 9), ((0, 1), 100), ((0, 1, 2), 30)):
        taken = [0, 0, 0]
        for _ in range(turns):
            taken[fair.take(able)] += 1
    assert taken == [10, 10, 10]


def test_weights_are_kept_over_the_long_run_and_turns_are_mixed():
    fair = FairTurns([3, 1, 2], [0, 0, 0])
    order = [fair.take((0, 1, 2)) for _ in range(6)]
    assert sorted(order) == [0, 0, 0, 1, 2, 2]
    assert order[:2] != [0, 0]
    order += [fair.take((0, 1, 2)) for _ in range(6000)]
    assert [order.count(who) for who in range(3)] == [3003, 1001, 2002]


@given(turns=st.integers(0, 100), absent=st.integers(0, 3), weights=st.lists(st.integers(1, 5), min_size=4, max_size=4))
@settings(max_examples=60, deadline=None)
def test_fairness_counts_only_turns_one_could_take(turns, absent, weights):
    fair, everybody = FairTurns(weights, [0] * 4), (0, 1, 2, 3)
    others = tuple(who for who in everybody if who != absent)
    owed = [Fraction(0)] * 4
    taken = [0] * 4
    for turn in range(turns):
        able = others if turn % 3 else everybody
        for who in able:
            owed[who] += Fraction(weights[who], sum(weights[other] for other in able))
        taken[fair.take(able)] += 1
    assert all(abs(due - count) < 2 for due, count in zip(owed, taken, strict=True))


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_balances_sum_to_zero_through_joins_leaves_and_rejections(data):
    weights, balances, present = [1, 2], [0, 0], {0, 1}
    for _ in range(data.draw(st.integers(1, 40))):
        match data.draw(st.sampled_from(["take", "take", "take", "reject", "join", "leave"])):
            case "join":
                weights, balances = [*weights, data.draw(st.integers(1, 5))], [*balances, 0]
                present.add(len(weights) - 1)
            case "leave" if len(present) > 1:
                present.discard(data.draw(st.sampled_from(sorted(present))))
            case "reject":
                fair = FairTurns(weights, balances)
                fair.give_back(data.draw(st.sampled_from(range(len(weights)))), tuple(sorted(present)))
                balances = fair.balances
            case _:
                fair = FairTurns(weights, balances)
                fair.take(tuple(sorted(present)))
                balances = fair.balances
        assert sum(balances) == 0
