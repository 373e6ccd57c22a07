"""What is no rule or rulebook is refused, everything at once and in words."""

from __future__ import annotations

import pytest

from scoring.rules import InvalidRulebook, parse_rulebook

from .asked import DEMO, PRICING, SIZE, THEN, TITLE, TOPICS, TWICE, WEBINAR
from .factories import small_json, starter_json


def problems_of(value: object) -> dict[str, str]:
    with pytest.raises(InvalidRulebook) as refusal:
        parse_rulebook(value)
    return {problem.pointer: problem.message for problem in refusal.value.problems}


REFUSED_RULES = [
    ({"when": {**THEN, "then": [WEBINAR]}}, "/rules/0/when/then", "cannot follow itself"),
    ({"when": {**THEN, "gap_days": 4000}}, "/rules/0/when/gap_days", "from 0 to 3650"),
    ({"when": {**THEN, "then": ["teleport"]}}, "/rules/0/when/then/0", "not a signal kind"),
    ({"when": {**TWICE, "by": "family"}}, "/rules/0/when/by", "person, account"),
    ({"when": {"signals": [PRICING], "quiet_for_days": 0}}, "/rules/0/when/quiet_for_days", "from 1"),
    (
        {"when": {"signals": [PRICING], "quiet_for_days": 9}, "half_life_days": 9},
        "/rules/0/half_life_days",
        "acts that have stopped",
    ),
    ({"when": {"signals": [PRICING], "total_at_least": 0}}, "/rules/0/when/total_at_least", "from 1"),
    ({"when": {"fact": "lead.need", "none_of": ["x"]}}, "/rules/0/when", "can be asked with: “known”"),
    ({"when": {"fact": "person.titel", "known": True}}, "/rules/0/when/fact", "Did you mean “person.title”?"),
    ({"when": {"fact": 7, "known": True}}, "/rules/0/when/fact", "not a fact we know"),
    ({"when": {"fact": SIZE, "mentions": ["x"]}}, "/rules/0/when", "can be asked with: “equals”, “at_least”"),
    ({"when": {"fact": SIZE, "at_least": 9, "at_most": 3}}, "/rules/0/when/at_least", "range is empty"),
    ({"when": {"fact": SIZE, "at_least": None}}, "/rules/0/when", "at least one end"),
    ({"when": {"fact": SIZE, "at_least": 1.5}}, "/rules/0/when/at_least", "whole number"),
    ({"when": {"fact": SIZE, "at_least": True}}, "/rules/0/when/at_least", "whole number"),
    ({"when": {"fact": TITLE, "mentions": ["!!"]}}, "/rules/0/when/mentions", "a letter or a digit"),
    ({"when": {"fact": TITLE, "mentions": []}}, "/rules/0/when/mentions", "at least 1 entries"),
    ({"when": {"fact": TITLE, "mentions": ["a", "a"]}}, "/rules/0/when/mentions", "listed twice"),
    ({"when": {"fact": TITLE, "mentions": ["a\x00b"]}}, "/rules/0/when/mentions", "must be a text"),
    ({"when": {"fact": TITLE, "equals": "\ud800"}}, "/rules/0/when/equals", "on one line"),
    ({"when": TWICE, "family": "two\nlines"}, "/rules/0/family", "on one line"),
    ({"when": {"fact": TITLE, "mentions": [1]}}, "/rules/0/when/mentions", "must be a text"),
    ({"when": {"fact": TITLE, "known": "yes"}}, "/rules/0/when/known", "true or false"),
    ({"when": {"fact": TITLE, "known": True, "knwon": 1}}, "/rules/0/when/knwon", "means nothing here"),
    ({"when": {"signals": ["teleport"]}}, "/rules/0/when/signals/0", "not a signal kind"),
    ({"when": {"signals": [PRICING], "at_least": 0}}, "/rules/0/when/at_least", "from 1"),
    (
        {"when": {"signals": [PRICING], "distinct": "moods", "at_least": 2}},
        "/rules/0/when/distinct",
        "kinds, topics, days",
    ),
    ({"when": {}}, "/rules/0/when", "Say what to ask"),
    ({"when": []}, "/rules/0/when", "Expected an object"),
    ({"when": {"all_of": [TWICE]}}, "/rules/0/when/all_of", "at least 2 entries"),
    ({"when": {"not": {"not": {"not": {"not": TWICE}}}}}, "/rules/0/when/not/not/not", "at most 3 deep"),
    ({"when": TWICE, "axis": "luck"}, "/rules/0/axis", "fit, intent, timing"),
    ({"when": TWICE, "points": 1.5}, "/rules/0/points", "whole number"),
    ({"when": TWICE, "points": 10**9}, "/rules/0/points", "whole number"),
    ({"when": TWICE, "key": "No Spaces"}, "/rules/0/key", "lowercase"),
    ({"when": TWICE, "half_life_days": 0}, "/rules/0/half_life_days", "from 1 to 365"),
    ({"when": {"fact": TITLE, "known": True}, "half_life_days": 7}, "/rules/0/half_life_days", "has 0"),
    ({"when": {"any_of": [TWICE, TOPICS]}, "half_life_days": 7}, "/rules/0/half_life_days", "has 2"),
    ({"when": {"not": TWICE}, "half_life_days": 7}, "/rules/0/half_life_days", "fade only"),
    ({"when": TWICE, "family": "buying"}, "/family_caps", "“buying” can add"),
    ({"when": {"fact": TITLE, "mentions": [f"word{n}" for n in range(30)]}}, "/rules/0", "in one sentence"),
]


@pytest.mark.parametrize(("rule", "pointer", "message"), REFUSED_RULES)
def test_a_rule_that_cannot_be_read_is_refused_in_words(rule, pointer, message):
    assert message in problems_of(small_json(rule))[pointer]


def changed(path: str, value: object) -> dict:
    """The starter with one value replaced; … removes it."""
    rulebook = starter_json()
    *parents, last = path.split("/")
    place = rulebook
    for step in parents:
        place = place[int(step)] if isinstance(place, list) else place[step]
    if value is ...:
        del place[last]
    else:
        place[int(last) if isinstance(place, list) else last] = value
    return rulebook


CLICKED = {"signals": ["email_click"]}
REFUSED_RULEBOOKS = [
    ("floors", {"fit": 1}, "/floors/fit", "from -1000000 to 0"),
    ("floors", {"luck": 0}, "/floors/luck", "means nothing here"),
    ("tiers/1/when", CLICKED, "/tiers/1", "unproven"),
    ("tiers/2/when", CLICKED, "/tiers/2", "unproven"),
    ("tiers/2/when", {"fact": "x"}, "/tiers/2/when/fact", "not a fact we know"),
    ("stages", [{"key": "asleep", "when": TWICE}], "/stages/0/key", "ready, comparing"),
    ("stages", [{"key": "ready", "when": TWICE}, {"key": "ready", "when": DEMO}], "/stages", "listed twice"),
    ("stages", {"ready": TWICE}, "/stages", "Give a list"),
    (
        "stages",
        [{"key": "ready", "when": {"fact": TITLE, "mentions": [f"word{n}" for n in range(30)]}}],
        "/stages/0",
        "in one sentence",
    ),
    ("tiers/1/hand_raise", ..., "/tiers/1/hand_raise", "points alone can never make it"),
    ("tiers/1/hand_raise/signals", ["pricing_page_visit"], "/tiers/1/hand_raise/signals/0", "not a hand-raise"),
    ("tiers/1/hand_raise/signals", [], "/tiers/1/hand_raise/signals", "at least 1"),
    ("tiers/1/hand_raise/within_days", ..., "/tiers/1/hand_raise/within_days", "whole number"),
    ("tiers/2/hand_raise", {}, "/tiers/2/hand_raise", "means nothing here"),
    ("tiers/2/minimum", {}, "/tiers/2", "at least one axis"),
    ("tiers/2/minimum", {"luck": 1}, "/tiers/2/minimum/luck", "means nothing here"),
    ("tiers/1/required_facts", ["account.luck"], "/tiers/1/required_facts/0", "not a fact we know"),
    ("tiers/3", {}, "/tiers/3", "means nothing here"),
    ("tiers", ..., "", "Add “tiers”"),
    ("kinds", ..., "", "Add “kinds”"),
    ("kinds/demo_request/is_proven", False, "/tiers/1/hand_raise", "unproven"),
    ("caps/intent", 30_000, "/caps/intent", "Intent weighs more than fit"),
    ("caps/fit", 0, "/caps/fit", "whole number"),
    ("caps", ..., "", "Add “caps”"),
    ("family_caps/nobody", 5, "/family_caps/nobody", "No rule belongs"),
    ("disqualifiers", [{"key": "mail", "when": {"signals": ["email_open"]}}], "/disqualifiers/0", "unproven"),
    ("disqualifiers", "no", "/disqualifiers", "Give a list"),
    ("rules", [], "/rules", "at least 1"),
    ("extra", 1, "/extra", "means nothing here"),
]


@pytest.mark.parametrize(("path", "value", "pointer", "message"), REFUSED_RULEBOOKS)
def test_a_rulebook_that_breaks_a_principle_is_refused_in_words(path, value, pointer, message):
    assert message in problems_of(changed(path, value))[pointer]


def test_intent_may_be_capped_below_fit_for_a_stated_reason():
    rulebook = changed("caps/intent", 30_000) | {"axis_reason": "A launch year: we learn who fits first."}
    assert parse_rulebook(rulebook).axis_reason


def test_keys_and_number_of_rules_are_limited():
    rule = {"when": TWICE}
    assert "different one" in problems_of(small_json(rule, {**rule, "key": "rule_0"}))["/rules/1/key"]
    assert "the limit is 40" in problems_of(small_json(*[rule] * 41))["/rules"]
    twins = [{"key": "twin", "when": {"fact": TITLE, "known": True}}] * 2
    assert "same key" in problems_of(small_json(rule, disqualifiers=twins))["/disqualifiers"]


def test_all_problems_are_said_at_once():
    found = problems_of(small_json({"when": {}}, {"when": TWICE, "axis": "luck"}, surplus=1))
    assert set(found) == {"/rules/0/when", "/rules/1/axis", "/surplus"}
    with pytest.raises(InvalidRulebook, match="/surplus: “surplus” means nothing here"):
        parse_rulebook(small_json(surplus=1))


@pytest.mark.parametrize("value", [None, [], "x", 7, {"rules": {}}, {"kinds": []}, {"kinds": {"a": 1}}])
def test_anything_at_all_is_answered_with_problems(value):
    assert problems_of(value)
