"""Lint: what does nothing, contradicts, asks for missing data, or is too much; and silence where all is well."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.engine import compile_rulebook, evaluate, frame_of
from scoring.presets import PRESETS
from scoring.rules import parse_rulebook
from scoring.rules.catalogue import read_condition
from scoring.rules.implying import implies, is_impossible
from scoring.rules.lint import Coverage, complexity, lint

from .factories import KINDS, POINT, TODAY, small_json, starter_json
from .strategies import conditions, leads
from .test_catalogue import STAMPED

PRICING = {"signals": ["pricing_page_visit"]}
TWICE = {**PRICING, "at_least": 2, "within_days": 14}
SIZE = {"fact": "account.employees"}
DEMO_TIERS = {
    "1": {"hand_raise": {"signals": ["demo_request"], "within_days": 30}, "minimum": {}},
    "2": {"minimum": {"intent": 10 * POINT}},
}


def codes(*rules, **parts):
    parts.setdefault("tiers", DEMO_TIERS)
    return {(remark.code, remark.pointer) for remark in lint(small_json(*rules, **parts))}


def test_the_shipped_rulebooks_leave_nothing_to_say():
    for preset in PRESETS.values():
        definition = {**preset.definition, "kinds": KINDS}
        assert [(remark.code, remark.pointer) for remark in lint(definition)] == [], preset.key


def test_what_the_parser_refuses_is_an_error_with_its_pointer():
    (remark,) = lint(small_json({"when": {"fact": "person.titel", "known": True}}))
    assert (remark.code, remark.pointer, remark.is_error) == ("refused", "/rules/0/when/fact", True)


def test_a_rule_that_asks_the_same_again_is_named():
    assert codes({"when": TWICE}, {"when": TWICE}) == {("duplicate", "/rules/1")}
    assert codes({"when": TWICE}, {"when": TWICE, "points": -5}) == {("contradiction", "/rules/1")}
    assert codes({"when": TWICE}, {"when": TWICE, "axis": "timing"}) == set()


def test_a_rule_whose_cap_is_always_used_up_can_never_count():
    first = {"when": PRICING, "points": 20 * POINT, "family": "buying"}
    second = {"when": TWICE, "points": 5 * POINT, "family": "buying"}
    caps = {"family_caps": {"buying": 20 * POINT}}
    assert codes(first, second, **caps) == {("never_counts", "/rules/1")}
    assert codes(second, first, **caps) == set()  # in this order the stricter one counts first
    assert codes({**first, "half_life_days": 7}, second, **caps) == set()
    (remark,) = lint(small_json(first, second, **caps, tiers=DEMO_TIERS))
    assert "“rule_0” always hold with it and use up the cap of 20." in remark.message


def test_points_above_their_cap_and_floors_without_falls_are_remarked():
    caps = {"fit": 5 * POINT, "intent": 12 * POINT, "timing": 1}
    assert codes({"when": TWICE, "points": 13 * POINT}, caps=caps) == {("cut_by_cap", "/rules/0/points")}
    assert codes({"when": TWICE}, floors={"fit": -5}) == {("idle_floor", "/floors/fit")}
    assert codes({"when": TWICE}, {"when": PRICING, "points": -1}, floors={"intent": -5}) == set()


def test_what_excludes_itself_is_impossible():
    small, big = {**SIZE, "at_most": 9}, {**SIZE, "at_least": 50}
    assert codes({"when": TWICE}, {"when": {"all_of": [small, big]}}) == {("impossible", "/rules/1/when")}
    denied = {"all_of": [TWICE, {"not": PRICING}]}
    assert codes({"when": TWICE}, {"when": denied}) == {("impossible", "/rules/1/when")}
    assert codes({"when": {"all_of": [{**SIZE, "at_most": 50}, big]}}) == set()


def test_a_tier_that_nobody_can_reach_is_told():
    tiers = {**DEMO_TIERS, "2": {"minimum": {"intent": 11 * POINT, "fit": 1}}}
    found = codes({"when": TWICE}, tiers=tiers)
    assert found == {("unreachable", "/tiers/2/minimum/intent"), ("unreachable", "/tiers/2/minimum/fit")}
    clicks = {"when": {"signals": ["email_click"]}}
    assert ("unreachable", "/tiers/2/minimum/intent") in codes(clicks)  # unproven points reach no tier


def test_a_tier_1_that_asks_for_less_than_tier_2_is_questioned():
    tiers = {"1": {**DEMO_TIERS["1"], "minimum": {"intent": 5}}, "2": {"minimum": {"intent": 10}}}
    assert codes({"when": TWICE}, tiers=tiers) == {("tiers_cross", "/tiers/1/minimum")}


def test_rewarding_whom_a_disqualifier_stops_is_questioned():
    student = {"fact": "person.seniority", "equals": "student"}
    young = {"fact": "person.seniority", "one_of": ["student", "intern"]}
    noes = [{"key": "young", "when": young}]
    assert ("stopped", "/rules/1") in codes({"when": TWICE}, {"when": student}, disqualifiers=noes)


def test_too_much_to_keep_in_mind_is_remarked():
    questions = [{"fact": "lead.country", "equals": code} for code in ("de", "at", "ch", "fr", "us")]
    assert ("long_rule", "/rules/0/when") in codes({"when": {"any_of": questions}}, {"when": TWICE})
    rules = [{"when": {**PRICING, "within_days": days}, "points": 1} for days in range(36)]
    assert ("many_rules", "/rules") in codes(*rules, {"when": TWICE, "axis": "timing"})
    told = complexity(parse_rulebook(starter_json()))
    assert told.rules == len(starter_json()["rules"])
    assert (told.depth, told.most_questions) == (0, 1)
    assert told.shares["rules"] == (told.rules, 40)
    assert len(told.longest.split()) <= 25


def test_data_that_is_not_there_yet_is_told():
    coverage = Coverage({"pricing_page_visit": TODAY - timedelta(days=5)}, {"person.title": 0.0})
    definition = small_json(
        {"when": TWICE},
        {"when": {"signals": ["trial_started"]}},
        {"axis": "fit", "when": {"fact": "person.title", "known": True}},
        tiers=DEMO_TIERS,
    )
    told = {(remark.code, remark.pointer): remark.message for remark in lint(definition, coverage, TODAY)}
    assert "recorded only since 27 Feb 2026" in told["recorded_since", "/rules/0/when"]
    assert "never recorded" in told["never_recorded", "/rules/1/when"]
    assert "less than 1 % of leads" in told["rarely_known", "/rules/2/when"]
    later = Coverage({"pricing_page_visit": TODAY - timedelta(days=50), "trial_started": TODAY})
    assert lint(definition, later, TODAY) == []


@settings(max_examples=400, deadline=None)
@given(conditions, conditions, st.lists(leads, min_size=1, max_size=8))
def test_what_implies_or_excludes_does_so_for_every_lead(first, second, some):
    strict, loose = read_condition(first, STAMPED), read_condition(second, STAMPED)
    holds = evaluate(compile_rulebook(parse_rulebook(small_json())), frame_of(some)).workspace.mask
    if implies(strict, loose):
        assert not (holds(strict) & ~holds(loose)).any()
    if is_impossible(strict):
        assert not holds(strict).any()


@pytest.mark.parametrize(
    ("strict", "loose", "expected"),
    [
        (TWICE, PRICING, True),
        (PRICING, TWICE, False),
        ({**PRICING, "last_within_days": 7}, {**PRICING, "within_days": 9}, True),
        ({**PRICING, "within_days": 9}, {**PRICING, "within_days": 9, "by": "account"}, True),
        ({**SIZE, "equals": 5}, {**SIZE, "at_most": 9}, True),
        ({**SIZE, "at_least": 5}, {**SIZE, "known": True}, True),
        ({"all_of": [TWICE, {**SIZE, "equals": 1}]}, PRICING, True),
        ({"any_of": [TWICE, {**SIZE, "equals": 1}]}, PRICING, False),
        ({"not": PRICING}, {"not": TWICE}, True),
    ],
)  # fmt: skip
def test_a_stricter_condition_is_known_as_such(strict, loose, expected):
    assert implies(read_condition(strict, STAMPED), read_condition(loose, STAMPED)) is expected
