"""Who may take a lead: the tests in their order, and who comes before whose turn it is."""

from collections import Counter
from datetime import timedelta
from time import perf_counter
from uuid import UUID

import pytest

from sla.candidates import PASSED, Candidate, Chooser, Lineup, Reason, RouteRequest, Test, unpack_balances
from sla.fair_turns import FairTurns
from sla.territories import read_rules

ANNA, BEN, CARA = (UUID(int=number) for number in (1, 2, 3))
LEAD, HANDOFF, ACCOUNT = UUID(int=10), UUID(int=11), UUID(int=12)
EAST, WEST = UUID(int=20), UUID(int=21)
DAY = timedelta(days=1)


def chooser(*people: Candidate, rules=(), open_work=None) -> Chooser:
    turns = FairTurns([person.weight for person in people], [0] * len(people))
    return Chooser(Lineup(people, rules), turns, open_work)


def request(now, **changes) -> RouteRequest:
    return RouteRequest(**{"lead_id": LEAD, "handoff_id": HANDOFF, "at": now, "tier": 1, "country": "DE"} | changes)


def test_each_candidate_shows_the_first_test_failed(now):
    away = [(now - DAY, now + DAY)]
    people = [
        Candidate(UUID(int=1), is_active=False, is_routable=False),
        Candidate(UUID(int=2), is_routable=False, absences=away),
        Candidate(UUID(int=3), absences=away, countries=frozenset({"FR"})),
        Candidate(UUID(int=4), leaves=away, countries=frozenset({"FR"})),
        Candidate(UUID(int=9), countries=frozenset({"FR"}), team_id=UUID(int=70)),
        Candidate(UUID(int=5), countries=frozenset({"FR"}), tiers=frozenset({2}), team_id=EAST),
        Candidate(UUID(int=6), tiers=frozenset({2}), capacity=0, team_id=EAST),
        Candidate(UUID(int=7), capacity=3),
        Candidate(UUID(int=8)),
    ]
    rules = read_rules([{"name": "East", "teams": [str(EAST)], "people": [str(UUID(int=7)), str(UUID(int=8))]}])
    choice = chooser(*people, rules=rules, open_work={UUID(int=7): 3}).choose(request(now))
    assert choice.tests == "".join(Test) + PASSED
    assert choice.user_id == UUID(int=8)
    assert choice.as_trace() == {"tests": "iralgctf.", "turn": True, "rule": "East"}
    assert unpack_balances(choice.pack_balances()) == [0] * 9


def test_nobody_is_an_answer_with_a_reason(now):
    choice = chooser(Candidate(ANNA, is_routable=False), Candidate(BEN, capacity=0)).choose(request(now))
    assert (choice.user_id, choice.took_turn) == (None, False)
    assert choice.reason == "Nobody could take it: 1 not in routing, 1 has as much open work as they can take"
    assert chooser().choose(request(now)).reason == "Nobody is set up to take leads"


def test_the_account_owner_comes_before_turns_territory_and_capacity(now):
    people = chooser(Candidate(ANNA), Candidate(BEN, countries=frozenset({"FR"}), capacity=0))
    choice = people.choose(request(now, account_owner_id=BEN, first_owner_id=ANNA))
    assert (choice.user_id, choice.reason, choice.took_turn) == (BEN, Reason.ACCOUNT_OWNER, False)
    assert people.turns.balances == [0, 0]


@pytest.mark.parametrize("away", ["absences", "leaves"])
def test_an_absent_account_owner_gives_way_to_the_first_owner(now, away):
    people = chooser(Candidate(ANNA), Candidate(BEN), Candidate(CARA, **{away: [(now, now + DAY)]}))
    choice = people.choose(request(now, account_owner_id=CARA, first_owner_id=BEN))
    assert (choice.user_id, choice.reason) == (BEN, Reason.FIRST_OWNER)


def test_two_people_of_one_company_in_one_batch_get_one_owner(now):
    people = chooser(Candidate(ANNA), Candidate(BEN))
    first = people.choose(request(now, account_id=ACCOUNT))
    second = people.choose(request(now, account_id=ACCOUNT))
    assert (second.user_id, second.reason) == (first.user_id, Reason.FIRST_OWNER)


def test_capacity_fills_up_within_a_batch(now):
    people = chooser(Candidate(ANNA, capacity=2), Candidate(BEN, capacity=1))
    chosen = [people.choose(request(now)).user_id for _ in range(4)]
    assert sorted(chosen[:3]) == [ANNA, ANNA, BEN]
    assert chosen[3] is None


def test_an_absence_ends_when_it_ends(now):
    people = chooser(Candidate(ANNA, absences=[(now - DAY, now)]))
    assert people.choose(request(now)).user_id == ANNA
    assert people.choose(request(now - timedelta(seconds=1))).user_id is None


def test_an_unknown_country_fits_every_territory(now):
    assert chooser(Candidate(ANNA, countries=frozenset({"FR"}))).choose(request(now, country="")).user_id == ANNA


def test_ten_thousand_leads_among_fifty_people_are_shared_within_seconds(now):
    people = [
        Candidate(
            UUID(int=number),
            weight=1 + number % 3,
            capacity=None if number % 2 else 10_000,
            absences=[(now + DAY, now + 2 * DAY)] if number % 5 == 0 else (),
        )
        for number in range(1, 51)
    ]
    everybody = chooser(*people)
    begin = perf_counter()
    chosen = Counter(everybody.choose(request(now)).user_id for _ in range(10_000))
    assert perf_counter() - begin < 5
    rates = [chosen[person.user_id] / person.weight for person in people]
    assert max(rates) - min(rates) <= 1
