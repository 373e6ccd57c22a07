"""Fairness proved: random companies through the real services, and sixteen at once; nobody absent gets a lead."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from fractions import Fraction
from threading import Barrier
from uuid import UUID

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leads.models import Lead
from revops.foundation.models import User
from sla.candidates import THOUSANDTH, Candidate, Chooser, Lineup, RouteRequest, unpack_balances
from sla.fair_turns import TURN, FairTurns
from sla.handoffs import HandOffAnswer, answer_handoffs, hand_off_leads
from sla.models import Absence, Assignment, HandOff, RepProfile, TurnEntry
from sla.routing import give_turns_back, turns_owed
from sla.starter import save_rep_profile, write_office_hours
from tests.conftest import NOW
from tests.sla.conftest import make_leads, make_user, requests_for

DAY = timedelta(days=1)


# --- pure: any sequence ----------------------------------------------------------------------------------------------
class Office:
    """People who join, leave, go away and come back, deal after deal; remembers what everybody was owed."""

    def __init__(self, weights: list[int]) -> None:
        self.weights, self.balances = list(weights), [0] * len(weights)
        self.here = set(range(len(weights)))
        self.owed, self.taken = [Fraction(0)] * len(weights), [0] * len(weights)

    def join(self, weight: int) -> None:
        self.weights.append(weight)
        self.balances.append(0)
        self.owed.append(Fraction(0))
        self.taken.append(0)
        self.here.add(len(self.weights) - 1)

    def deal(self, leads: int) -> list[int]:
        """One batch, by the real chooser."""
        turns = FairTurns(self.weights, self.balances)
        people = [Candidate(UUID(int=at + 1), weight=weight, is_routable=at in self.here)
                  for at, weight in enumerate(self.weights)]  # fmt: skip
        chooser, at = Chooser(Lineup(people), turns), NOW
        winners = []
        for _ in range(leads):
            choice = chooser.choose(RouteRequest(UUID(int=999), UUID(int=999), at, 1))
            assert choice.user_id is not None
            winners.append(choice.user_id.int - 1)
        whole = sum(self.weights[who] for who in self.here)
        for who in self.here:
            self.owed[who] += Fraction(leads * self.weights[who], whole)
        for who in winners:
            self.taken[who] += 1
        self.balances = turns.balances
        return winners

    def give_back(self, who: int) -> None:
        turns = FairTurns(self.weights, self.balances)
        turns.give_back(who, tuple(sorted(self.here)))
        self.balances = turns.balances


acts = st.one_of(
    st.tuples(st.just("deal"), st.integers(1, 60)),
    st.tuples(st.just("join"), st.integers(1, 5)),
    st.tuples(st.just("leave"), st.integers(0, 20)),
    st.tuples(st.just("return"), st.integers(0, 20)),
    st.tuples(st.just("reject"), st.integers(0, 20)),
)


@given(weights=st.lists(st.integers(1, 5), min_size=1, max_size=8), acts=st.lists(acts, max_size=25))
@settings(max_examples=300, deadline=None)
def test_any_sequence_of_joins_leaves_rejections_and_batches_sums_to_zero_and_forgets_nobody(weights, acts):
    office = Office(weights)
    for act, number in acts:
        who = number % len(office.weights)
        match act:
            case "deal":
                winners = office.deal(number)
                assert set(winners) <= office.here
            case "join":
                office.join(number)
            case "leave" if len(office.here) > 1:
                office.here.discard(who)
            case "return":
                office.here.add(who)
            case "reject":
                office.give_back(who)
        assert sum(office.balances) == 0


@given(
    weights=st.lists(st.integers(1, 5), min_size=2, max_size=8),
    batches=st.lists(st.integers(1, 80), min_size=1, max_size=8),
    away=st.lists(st.integers(0, 7), max_size=8),
)
@settings(max_examples=300, deadline=None)
def test_however_the_leads_are_batched_the_spread_is_one_turn_for_each_weight(weights, batches, away):
    """Absences come and go between batches; what is compared is what everybody took while all were there."""
    office = Office(weights)
    for at, size in enumerate(batches):
        missing = {one % len(weights) for one in away[at : at + 1]}
        if missing and len(missing) < len(weights):
            office.here -= missing
            office.deal(size)
            office.here |= missing
            continue
        office.deal(size)
    before = list(office.balances)
    taken = Counter(office.deal(7 * sum(weights)))
    # Seven whole rounds give everybody seven turns for each unit of weight, give or take what was owed before.
    for who, weight in enumerate(weights):
        assert abs(taken[who] - 7 * weight - before[who] / TURN) < 1 + weight
    if before == [0] * len(weights):
        rates = [Fraction(taken[who], weight) for who, weight in enumerate(weights)]
        assert max(rates) - min(rates) <= 1
    assert all(abs(owed - took) < 2 for owed, took in zip(office.owed, office.taken, strict=True))


# --- on the database -------------------------------------------------------------------------------------------------
def balances() -> list[int]:
    return list(turns_owed().values())


@given(data=st.data())
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.django_db
def test_the_services_keep_the_balance_through_a_random_year(agreement, now, data):
    with transaction.atomic():
        _random_year(now, data)
        transaction.set_rollback(True)


def _random_year(now, data):
    calendar = write_office_hours(now, zone="UTC")
    people: list[User] = []

    def join():
        person = make_user(f"rep{len(people)}")
        save_rep_profile(person, calendar, now=now, weight=data.draw(st.integers(1, 4)))
        people.append(person)

    join()
    join()
    for step in range(data.draw(st.integers(4, 10))):
        at = now + step * DAY
        who = people[data.draw(st.integers(0, len(people) - 1))]
        match data.draw(st.sampled_from(["deal", "deal", "deal", "join", "away", "leave", "weight", "reject"])):
            case "join":
                join()
            case "away":
                Absence.objects.create(user=who, starts_at=at, ends_at=at + 3 * DAY, created_at=at)
            case "leave" if User.objects.filter(pk__in=[p.pk for p in people], is_active=True).count() > 1:
                User.objects.filter(pk=who.pk).update(is_active=False)
            case "weight":
                RepProfile.objects.filter(user=who).update(weight=data.draw(st.integers(1, 4)))
            case "reject":
                answered = HandOff.objects.open().filter(owner__isnull=False)[: data.draw(st.integers(1, 3))]
                answer_handoffs(
                    [HandOffAnswer(one.pk, "rejected", one.owner_id, at, gives_turn_back=True) for one in answered],
                    now=at,
                )
            case _:
                size = data.draw(st.integers(1, 20))
                for handoff in hand_off_leads(requests_for(make_leads(size, at), at), now=at):
                    if handoff.owner_id is not None:
                        assert User.objects.get(pk=handoff.owner_id).is_active
                        away = Absence.objects.filter(user=handoff.owner_id, starts_at__lte=at, ends_at__gt=at)
                        assert not away.exists()
        assert sum(balances()) == 0
    assert all(sum(entry.deltas) == 0 for entry in TurnEntry.objects.all())


# --- sixteen at once -------------------------------------------------------------------------------------------------
def sixteen(work: Callable[[int], None]) -> None:
    """Sixteen workers that start together; each act of theirs is a transaction of its own."""
    gate = Barrier(16)

    def run(number: int) -> None:
        try:
            gate.wait(30)
            work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as workers:
        for future in [workers.submit(run, number) for number in range(16)]:
            future.result(120)


@pytest.fixture
def ten(agreement, now):
    """Ten people of weight 1 and 2 by turns; the first is away, the second has left."""
    calendar = write_office_hours(now, zone="UTC")
    people = sorted((make_user(f"rep{number}") for number in range(10)), key=lambda person: person.pk)
    for number, person in enumerate(people):
        save_rep_profile(person, calendar, now=now, weight=1 + number % 2)
    Absence.objects.create(user=people[0], starts_at=now - DAY, ends_at=now + DAY, created_at=now)
    User.objects.filter(pk=people[1].pk).update(is_active=False)
    return people


def hand_off_in_threes(leads: list[Lead], now: datetime) -> list[HandOff]:
    done = []
    for start in range(0, len(leads), 3):
        with transaction.atomic():
            done += hand_off_leads(requests_for(leads[start : start + 3], now), now=now)
    return done


def spread() -> Fraction:
    """Between the people there: the most and the least turns for each unit of weight, credits taken off."""
    taken = Counter(HandOff.objects.values_list("owner", flat=True))
    for entry in TurnEntry.objects.filter(reason="credit_back").select_related("handoff"):
        taken[entry.handoff.owner_id] -= 1
    weights = dict(RepProfile.objects.values_list("user_id", "weight"))
    rates = [Fraction(taken[pk], weights[pk]) for pk in taken]
    return max(rates) - min(rates)


def assert_every_turn_was_the_next() -> None:
    """Each went to whoever was owed most by weight among those who could take it, as balances then stood."""
    weights = dict(RepProfile.objects.values_list("user_id", "weight"))
    for row in Assignment.objects.filter(trace__turn=True).select_related("turn"):
        standing = {
            person: Fraction(2 * owed - TURN, weights[person])
            for person, owed, letter in zip(row.turn.roster, unpack_balances(row.owed), row.trace["tests"], strict=True)
            if letter == "."
        }
        assert standing[row.user_id] >= max(standing.values()) - 2 * THOUSANDTH  # traces round to thousandths


@pytest.mark.django_db(transaction=True)
def test_sixteen_at_once_share_to_the_turn_and_reach_nobody_absent_or_inactive(ten, now):
    leads = make_leads(16 * 12, now)
    sixteen(lambda number: hand_off_in_threes(leads[number * 12 : number * 12 + 12], now) and None)
    owners = Counter(HandOff.objects.values_list("owner", flat=True))
    assert sum(owners.values()) == Assignment.objects.count() == 192
    assert set(owners) == {person.pk for person in ten[2:]}
    assert Lead.objects.filter(stage="handed_off").count() == 192
    assert spread() <= 1
    assert sum(balances()) == 0
    assert all(abs(balance) < TURN for balance in balances())
    assert_every_turn_was_the_next()


@pytest.mark.django_db(transaction=True)
def test_sixteen_at_once_work_off_credits_to_the_turn_and_leave_the_absent_as_they_were(ten, now):
    """A credit that comes after the last lead waits for the next; once it found one, the spread is one turn again."""
    leads = make_leads(16 * 24, now)

    def work(number: int) -> None:
        for start in range(number * 12, number * 12 + 12, 3):
            done = hand_off_in_threes(leads[start : start + 3], now)
            with transaction.atomic():
                give_turns_back([done[0].pk], now=now)

    sixteen(work)
    assert sum(balances()) == 0
    assert TurnEntry.objects.filter(reason="credit_back").count() == 64
    sixteen(lambda number: hand_off_in_threes(leads[192 + number * 12 : 204 + number * 12], now) and None)
    assert spread() <= 1
    assert sum(balances()) == 0
    assert_every_turn_was_the_next()
    kept = turns_owed()
    assert (kept[ten[0].pk], kept[ten[1].pk]) == (0, 0)


@pytest.mark.django_db
def test_a_credit_is_paid_by_those_who_could_have_taken_the_lead(ten, now):
    """Somebody who came back, or is away now, pays nothing for what went on without them."""
    (handoff,) = hand_off_leads(requests_for(make_leads(1, now), now), now=now)
    before = balances()
    later = now + 2 * DAY  # the first is back, the owner away
    Absence.objects.create(user_id=handoff.owner_id, starts_at=now + DAY, ends_at=now + 3 * DAY, created_at=now)
    answer = HandOffAnswer(handoff.pk, "rejected", handoff.owner_id, later, gives_turn_back=True)
    answer_handoffs([answer], now=later)
    assert set(balances()) == {0}
    assert before != balances()
