"""Territory and segment rules: what they ask, how they sound, and whom they leave a lead to."""

from datetime import timedelta
from uuid import UUID

import pytest

from sla.candidates import Candidate, Chooser, Lineup, Reason, RouteRequest
from sla.fair_turns import FairTurns
from sla.territories import LeadFacts, Names, RuleError, read_rules, rule_sentence

ANNA, BEN, CARA = (UUID(int=number) for number in (1, 2, 3))
EAST, WEST = UUID(int=20), UUID(int=21)


def rule(**changes):
    return {"key": "r", "name": "DACH", "teams": [str(EAST)], "people": [], "when": {}} | changes


def choose(now, rules, **facts):
    people = [Candidate(ANNA, team_id=EAST), Candidate(BEN, team_id=WEST), Candidate(CARA, team_id=WEST, capacity=0)]
    request = RouteRequest(lead_id=UUID(int=9), handoff_id=UUID(int=9), at=now, tier=1, **facts)
    return Chooser(Lineup(people, read_rules(rules)), FairTurns([1, 1, 1], [0, 0, 0])).choose(request)


@pytest.mark.parametrize(
    ("when", "facts", "fits"),
    [
        ({}, {}, True),
        ({"country": ["DE", "AT"]}, {"country": "AT"}, True),
        ({"country": ["DE"]}, {"country": "FR"}, False),
        ({"country": ["DE"]}, {}, False),
        ({"employees": {"from": 50}}, {"employees": 50}, True),
        ({"employees": {"from": 50}}, {"employees": 49}, False),
        ({"employees": {"to": 50}}, {"employees": 51}, False),
        ({"employees": {"from": 1}}, {"employees": None}, False),
        ({"segment": ["mid"]}, {"employees": 999}, True),
        ({"segment": ["mid", "enterprise"]}, {"employees": 49}, False),
        ({"segment": ["enterprise"]}, {"employees": 1000}, True),
        ({"industry": ["Software"]}, {"industry": "software"}, True),
        ({"language": ["fr"]}, {"language": "fr"}, True),
        ({"source": ["website"]}, {"source": "fair"}, False),
        ({"tier": [1]}, {"tier": 1}, True),
        ({"tier": ["2"]}, {"tier": 1}, False),
        ({"country": ["DE"], "employees": {"from": 50}}, {"country": "DE", "employees": 10}, False),
    ],
)
def test_a_rule_fits_a_lead_that_meets_every_condition(when, facts, fits):
    (read,) = read_rules([rule(when=when)])
    assert read.matches(LeadFacts(**facts)) is fits


def test_the_first_rule_that_fits_decides_and_is_named(now):
    choice = choose(now, [rule(when={"country": ["DE"]}), rule(key="w", name="West", teams=[str(WEST)])], country="DE")
    assert (choice.user_id, choice.reason, choice.rule) == (ANNA, f"{Reason.NEXT_IN_TURN} · DACH", "DACH")
    assert choice.tests == ".gg"


def test_if_none_of_its_people_can_take_it_the_next_rule_decides(now):
    rules = [rule(teams=[], people=[str(CARA)], name="Cara first"), rule(key="w", name="West", teams=[str(WEST)])]
    assert choose(now, rules).user_id == BEN
    assert choose(now, rules[:1]).user_id == ANNA  # no rule is left: anybody


def test_a_rule_that_waits_leaves_the_lead_unrouted_and_says_so(now):
    choice = choose(now, [rule(teams=[], people=[str(CARA)], name="Cara only", otherwise="wait")])
    assert choice.user_id is None
    assert choice.reason == (
        "Nobody of “Cara only” could take it: 2 the rule sends it to others, 1 has as much open work as they can take"
    )
    assert choice.as_trace() == {"tests": "ggf", "turn": False, "rule": "Cara only"}


def test_a_rule_that_is_off_is_passed_over(now):
    assert choose(now, [rule(is_on=False, teams=[str(WEST)]), rule(key="e", name="East")]).user_id == ANNA


def test_who_has_the_company_comes_before_the_rules(now):
    choice = choose(now, [rule()], account_owner_id=BEN)
    assert (choice.user_id, choice.took_turn) == (BEN, False)


def test_an_absent_person_of_a_rule_is_passed_over(now):
    day = timedelta(days=1)
    people = [Candidate(ANNA, team_id=EAST, absences=[(now - day, now + day)]), Candidate(BEN, team_id=EAST)]
    request = RouteRequest(lead_id=UUID(int=9), handoff_id=UUID(int=9), at=now, tier=1)
    choice = Chooser(Lineup(people, read_rules([rule()])), FairTurns([1, 1], [0, 0])).choose(request)
    assert (choice.user_id, choice.tests) == (BEN, "a.")


NAMES = Names(
    teams={EAST: "Sales EMEA"}, people={ANNA: "Anna"}, countries={"DE": "Germany", "AT": "Austria", "CH": "Switzerland"}
)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"when": {"country": ["DE", "AT", "CH"], "employees": {"from": 50, "to": 999}}},
            (
                "Leads from Austria, Germany or Switzerland, with 50 to 999 employees go to team Sales EMEA."
                " If none of them can take it, the next rule decides."
            ),
        ),
        (
            {"people": [str(ANNA)], "otherwise": "wait"},
            "All other leads go to team Sales EMEA and Anna. If none of them can take it, it waits.",
        ),
        (
            {"when": {"tier": ["1"], "source": ["fair"]}},
            "Leads of tier 1, through fair go to team Sales EMEA. If none of them can take it, the next rule decides.",
        ),
        (
            {
                "when": {
                    "employees": {"from": 1000},
                    "segment": ["enterprise"],
                    "language": ["fr"],
                    "industry": ["Steel"],
                }
            },
            (
                "Leads from companies that are enterprise (1,000 and more), with at least 1,000 employees, in steel,"
                " who speak fr go to team Sales EMEA. If none of them can take it, the next rule decides."
            ),
        ),
    ],
)
def test_a_rule_is_one_sentence(changes, sentence):
    assert rule_sentence(read_rules([rule(**changes)])[0], NAMES) == sentence


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ([rule(name=" ")], "Give the rule a name"),
        ([rule(teams=[])], "sends leads to nobody"),
        ([rule(teams=["nobody"])], "names somebody who does not exist"),
        ([rule(when={"colour": ["red"]})], "which no rule can ask"),
        ([rule(when={"employees": {"from": 9, "to": 3}})], "smallest size is above the largest"),
        ([rule(when={"country": "DE"})], "list the values"),
        ([rule(when={"segment": ["huge"]})], "segments are small, mid and enterprise"),
        ([rule(otherwise="perhaps")], "say “next” or “wait”"),
        ([rule(), rule()], "Two rules are called"),
        ([rule(key=str(number)) for number in range(101)], "At most 100 rules"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_in_words(rules, words):
    with pytest.raises(RuleError, match=words):
        read_rules(rules)
