"""The rule language: what is read, what is refused and in which words, and how it sounds."""

from __future__ import annotations

from itertools import pairwise

import pytest

from scoring.engine import LeadFacts, evaluate, frame_of
from scoring.engine.compiled import compile_rulebook
from scoring.engine.frame import Act
from scoring.outline import outline
from scoring.rules import InvalidRulebook, disqualifier_sentence, parse_rulebook, plain_points, rule_sentence
from scoring.rules.decay import decay_table, next_step_table
from scoring.rules.sentences import count_words, signed_points
from scoring.rules.words import mentioned, text_of, words_of

from .factories import KINDS, POINT, TODAY, days_ago, small_json, small_rulebook, starter_json


def problems_of(value: object) -> dict[str, str]:
    with pytest.raises(InvalidRulebook) as refusal:
        parse_rulebook(value)
    return {problem.pointer: problem.message for problem in refusal.value.problems}


def holds(
    when: dict, facts: dict | None = None, acts: list[Act] | None = None, colleagues: list[Act] | None = None
) -> bool:
    definition = small_rulebook({"when": when})
    frame = frame_of([LeadFacts(TODAY, facts or {}, acts or [], colleagues or [])])
    return bool(evaluate(compile_rulebook(definition), frame).contributions[0, 0])


def act(kind: str, age: int | None = 0, **more) -> Act:
    return Act(kind, None if age is None else days_ago(age), **more)


TITLE, SIZE, END = "person.title", "account.employees", "lead.contract_end_on"

CONDITIONS = [
    # facts: condition, facts, holds
    ({"fact": "person.seniority", "equals": "VP"}, {"person.seniority": "vp"}, True),
    ({"fact": "person.seniority", "equals": "vp"}, {"person.seniority": "c_level"}, False),
    ({"fact": "person.seniority", "equals": "vp"}, {}, False),
    ({"fact": "lead.country", "one_of": ["DE", "at"]}, {"lead.country": "AT"}, True),
    ({"fact": "lead.country", "one_of": ["DE", "at"]}, {"lead.country": "US"}, False),
    ({"fact": SIZE, "equals": 50}, {SIZE: 50}, True),
    ({"fact": SIZE, "at_least": 50, "at_most": 1000}, {SIZE: 50}, True),
    ({"fact": SIZE, "at_least": 50, "at_most": 1000}, {SIZE: 1000}, True),
    ({"fact": SIZE, "at_least": 50, "at_most": 1000}, {SIZE: 49}, False),
    ({"fact": SIZE, "at_least": 50, "at_most": 1000}, {SIZE: 1001}, False),
    ({"fact": SIZE, "at_most": 9}, {SIZE: 0}, True),
    ({"fact": SIZE, "at_most": 9}, {}, False),
    ({"fact": SIZE, "at_least": 0}, {}, False),
    ({"fact": TITLE, "mentions": ["vp", "head of"]}, {TITLE: "VP, Sales"}, True),
    ({"fact": TITLE, "mentions": ["head of"]}, {TITLE: "Head-of Growth"}, True),
    ({"fact": TITLE, "mentions": ["vp"]}, {TITLE: "SVP Sales"}, False),
    ({"fact": TITLE, "known": True}, {TITLE: "x"}, True),
    ({"fact": TITLE, "known": True}, {TITLE: ""}, False),
    ({"fact": TITLE, "known": False}, {}, True),
    ({"fact": "lead.need", "known": True}, {"lead.need": True}, True),
    ({"fact": "lead.need", "known": True}, {"lead.need": False}, False),
    ({"fact": "person.is_free_mail", "is": True}, {"person.is_free_mail": True}, True),
    ({"fact": "person.is_free_mail", "is": False}, {"person.is_free_mail": True}, False),
    ({"fact": "person.is_free_mail", "is": False}, {}, True),
    ({"fact": "person.seniority", "not_equals": "VP"}, {"person.seniority": "c_level"}, True),
    ({"fact": "person.seniority", "not_equals": "VP"}, {"person.seniority": "vp"}, False),
    ({"fact": "person.seniority", "not_equals": "vp"}, {}, False),
    ({"fact": SIZE, "not_equals": 9}, {SIZE: 8}, True),
    ({"fact": SIZE, "not_equals": 9}, {SIZE: 9}, False),
    ({"fact": SIZE, "not_equals": 9}, {}, False),
    ({"fact": "lead.country", "none_of": ["de", "AT"]}, {"lead.country": "us"}, True),
    ({"fact": "lead.country", "none_of": ["de", "AT"]}, {"lead.country": "At"}, False),
    ({"fact": "lead.country", "none_of": ["de", "at"]}, {}, False),
    # dates
    ({"fact": END, "within_days_ahead": 90}, {END: days_ago(-90)}, True),
    ({"fact": END, "within_days_ahead": 90}, {END: days_ago(-91)}, False),
    ({"fact": END, "within_days_ahead": 0}, {END: TODAY}, True),
    ({"fact": END, "within_days_ahead": 90}, {END: days_ago(1)}, False),
    ({"fact": END, "within_days_ahead": 90}, {}, False),
    ({"fact": END, "passed": True}, {END: days_ago(1)}, True),
    ({"fact": END, "passed": True}, {END: TODAY}, False),
    ({"fact": END, "passed": True, "within_days": 30}, {END: days_ago(30)}, True),
    ({"fact": END, "passed": True, "within_days": 30}, {END: days_ago(31)}, False),
    ({"fact": END, "passed": False}, {END: days_ago(1)}, False),
    ({"fact": END, "passed": True}, {}, False),
    # combinations
    ({"all_of": [{"fact": SIZE, "at_least": 5}, {"fact": TITLE, "known": True}]}, {SIZE: 5, TITLE: "x"}, True),
    ({"all_of": [{"fact": SIZE, "at_least": 5}, {"fact": TITLE, "known": True}]}, {SIZE: 5}, False),
    ({"any_of": [{"fact": SIZE, "at_least": 5}, {"fact": TITLE, "known": True}]}, {SIZE: 5}, True),
    ({"any_of": [{"fact": SIZE, "at_least": 5}, {"fact": TITLE, "known": True}]}, {}, False),
    ({"not": {"fact": "lead.country", "equals": "de"}}, {}, True),
]


@pytest.mark.parametrize(("when", "facts", "expected"), CONDITIONS)
def test_a_condition_about_facts_holds_exactly_when_it_says(when, facts, expected):
    assert holds(when, facts) is expected


PRICING, WEBINAR = "pricing_page_visit", "webinar_attended"
DEMO = {"signals": ["demo_request"]}
TWICE = {"signals": [PRICING], "at_least": 2, "within_days": 14}
TOPICS = {"signals": [PRICING, WEBINAR], "distinct": "topics", "at_least": 2, "within_days": 14}
TOTAL = {"signals": [WEBINAR], "total_at_least": 100, "within_days": 9}
THEN = {"signals": [WEBINAR], "then": [PRICING], "gap_days": 7}
PEOPLE = {"signals": [PRICING], "distinct": "people", "at_least": 2, "within_days": 7}
SIGNALS = [
    (TWICE, [act(PRICING, 0), act(PRICING, 14)], True),
    (TWICE, [act(PRICING, 0), act(PRICING, 15)], False),
    (TWICE, [act(PRICING, 0, quantity=2)], True),
    (TWICE, [act(PRICING, 0), act(WEBINAR, 0)], False),
    (TWICE, [act(PRICING, 0), act(PRICING, None)], False),
    (TWICE, [act(PRICING, 0), act(PRICING, -1)], False),
    ({"signals": [PRICING]}, [act(PRICING, None)], True),
    ({"signals": [PRICING]}, [act(PRICING, 3000)], True),
    ({"signals": [PRICING]}, [act(PRICING, -1)], False),
    ({"signals": [PRICING, WEBINAR], "at_least": 2}, [act(PRICING), act(WEBINAR)], True),
    ({"signals": [WEBINAR], "minimum_value": 75}, [act(WEBINAR, value=75)], True),
    ({"signals": [WEBINAR], "minimum_value": 75}, [act(WEBINAR, value=74)], False),
    ({"signals": [WEBINAR], "minimum_value": 0}, [act(WEBINAR)], False),
    ({"signals": [PRICING], "topics": ["crm"]}, [act(PRICING, topic="crm")], True),
    ({"signals": [PRICING], "topics": ["crm"]}, [act(PRICING, topic="erp"), act(PRICING)], False),
    (TOPICS, [act(PRICING, topic="crm"), act(WEBINAR, topic="erp")], True),
    (TOPICS, [act(PRICING, topic="crm"), act(WEBINAR, topic="crm")], False),
    (TOPICS, [act(PRICING, topic="crm"), act(WEBINAR)], False),
    (TOPICS, [act(PRICING, 0, topic="crm"), act(WEBINAR, 15, topic="erp")], False),
    ({**TOPICS, "distinct": "kinds"}, [act(PRICING), act(WEBINAR)], True),
    ({**TOPICS, "distinct": "kinds"}, [act(PRICING), act(PRICING, 1)], False),
    ({**TOPICS, "distinct": "days"}, [act(PRICING, 0), act(PRICING, 1)], True),
    ({**TOPICS, "distinct": "days"}, [act(PRICING, 0, topic="a"), act(PRICING, 0, topic="b")], False),
    ({"signals": [PRICING], "distinct": "days", "at_least": 2}, [act(PRICING, 0), act(PRICING, None)], False),
    # totals
    (TOTAL, [act(WEBINAR, 0, value=60), act(WEBINAR, 9, value=40)], True),
    (TOTAL, [act(WEBINAR, 0, value=60, total=100)], True),
    (TOTAL, [act(WEBINAR, 0, value=60), act(WEBINAR, 10, value=40)], False),
    (TOTAL, [act(WEBINAR, 0, value=99)], False),
    (TOTAL, [act(WEBINAR, 0, quantity=100)], False),
    # last and quiet
    ({"signals": [PRICING], "last_within_days": 7}, [act(PRICING, 7)], True),
    ({"signals": [PRICING], "last_within_days": 7}, [act(PRICING, 8), act(PRICING, None)], False),
    ({"signals": [PRICING], "quiet_for_days": 7}, [act(PRICING, 8), act(PRICING, 90)], True),
    ({"signals": [PRICING], "quiet_for_days": 7}, [act(PRICING, 7), act(PRICING, 90)], False),
    ({"signals": [PRICING], "quiet_for_days": 7}, [act(PRICING, None)], False),
    ({"signals": [PRICING], "quiet_for_days": 7}, [], False),
    # one after another
    (THEN, [act(WEBINAR, 9), act(PRICING, 2)], True),
    (THEN, [act(WEBINAR, 10), act(PRICING, 2)], False),
    (THEN, [act(WEBINAR, 20), act(WEBINAR, 5), act(PRICING, 5)], True),
    (THEN, [act(PRICING, 3), act(WEBINAR, 2)], False),
    (THEN, [act(WEBINAR, None), act(PRICING, 2)], False),
    (THEN, [act(WEBINAR, 2), act(PRICING, None)], False),
    ({**THEN, "within_days": 2}, [act(WEBINAR, 9), act(PRICING, 2)], True),
    ({**THEN, "within_days": 1}, [act(WEBINAR, 9), act(PRICING, 2)], False),
    ({**THEN, "gap_days": 0}, [act(WEBINAR, 2), act(PRICING, 2)], True),
]
COMPANY = [
    # condition, the person's acts, colleagues' acts, holds
    (PEOPLE, [act(PRICING)], [act(PRICING, who=1)], True),
    (PEOPLE, [act(PRICING)], [act(WEBINAR, who=1)], False),
    (PEOPLE, [act(PRICING)], [act(PRICING, 8, who=1)], False),
    (PEOPLE, [act(PRICING), act(PRICING, 1)], [], False),
    (PEOPLE, [], [act(PRICING, who=1), act(PRICING, 3, who=1)], False),
    (PEOPLE, [], [act(PRICING, who=1), act(PRICING, 7, who=2)], True),
    ({"signals": [PRICING], "at_least": 2, "by": "account"}, [act(PRICING)], [act(PRICING, 3, who=1)], True),
    ({"signals": [PRICING], "at_least": 2}, [act(PRICING)], [act(PRICING, 3, who=1)], False),
    ({"signals": [PRICING], "quiet_for_days": 5, "by": "account"}, [act(PRICING, 9)], [act(PRICING, 5, who=1)], False),
    ({**TOTAL, "by": "account"}, [act(WEBINAR, value=60)], [act(WEBINAR, value=40, who=1)], True),
    (TOTAL, [act(WEBINAR, value=60)], [act(WEBINAR, value=40, who=1)], False),
]


@pytest.mark.parametrize(("when", "acts", "expected"), SIGNALS)
def test_a_condition_about_acts_counts_exactly_what_it_says(when, acts, expected):
    assert holds(when, acts=acts) is expected


@pytest.mark.parametrize(("when", "own", "colleagues", "expected"), COMPANY)
def test_a_condition_about_a_company_counts_everybody_there(when, own, colleagues, expected):
    assert holds(when, acts=own, colleagues=colleagues) is expected


SENTENCES = [
    ({"when": TOTAL}, "Attended a webinar (at least 100 % in total) within 9 days: +10 intent."),
    ({"when": THEN}, "Attended a webinar, then visited the pricing page at most 7 days later: +10 intent."),
    (
        {"when": {**THEN, "gap_days": 0, "within_days": 9}},
        "Attended a webinar, then visited the pricing page the same day, within 9 days: +10 intent.",
    ),
    ({"when": PEOPLE}, "At least 2 people of the company visited the pricing page within 7 days: +10 intent."),
    (
        {"when": {**TWICE, "by": "account"}},
        "Somebody at the company visited the pricing page at least 2 times within 14 days: +10 intent.",
    ),
    (
        {"when": {"signals": [PRICING], "last_within_days": 7}},
        "Last visited the pricing page within 7 days: +10 intent.",
    ),
    (
        {"when": {"signals": [PRICING], "quiet_for_days": 30}, "points": -5 * POINT},
        "Last visited the pricing page more than 30 days ago: −5 intent.",
    ),
    (
        {"axis": "fit", "when": {"fact": "lead.country", "none_of": ["de", "at"]}},
        "Country is known and not DE or AT: +10 fit.",
    ),
    ({"axis": "fit", "when": {"fact": SIZE, "not_equals": 1}}, "Number of employees is known and not 1: +10 fit."),
    (
        {"when": TWICE, "points": 12 * POINT, "half_life_days": 14},
        "Visited the pricing page at least 2 times within 14 days: +12 intent, halving every 14 days.",
    ),
    (
        {"when": {"signals": [WEBINAR], "minimum_value": 75, "within_days": 30}},
        "Attended a webinar (at least 75 %) within 30 days: +10 intent.",
    ),
    (
        {"when": {"signals": [PRICING], "topics": ["crm", "erp"], "within_days": 0}},
        "Visited the pricing page about crm or erp today: +10 intent.",
    ),
    (
        {"when": {**TOPICS, "at_least": 3}},
        "Visited the pricing page or attended a webinar (at least 3 topics) within 14 days: +10 intent.",
    ),
    (
        {"axis": "fit", "when": {"fact": TITLE, "mentions": ["vp", "head of"]}, "points": 1500},
        "Job title mentions “vp” or “head of”: +1.5 fit.",
    ),
    (
        {"axis": "fit", "when": {"fact": SIZE, "at_most": 9}, "points": -8 * POINT},
        "Number of employees is at most 9: −8 fit.",
    ),
    ({"axis": "fit", "when": {"fact": SIZE, "equals": 9}}, "Number of employees is 9: +10 fit."),
    ({"axis": "fit", "when": {"fact": TITLE, "known": False}}, "Job title is unknown: +10 fit."),
    (
        {"axis": "fit", "when": {"not": {"fact": "lead.country", "one_of": ["de", "at"]}}},
        "Not: country is DE or AT: +10 fit.",
    ),
    (
        {"axis": "timing", "when": {"fact": END, "within_days_ahead": 90}},
        "End of the current contract within 90 days: +10 timing.",
    ),
    ({"axis": "timing", "when": {"fact": END, "passed": True}}, "End of the current contract has passed: +10 timing."),
    (
        {"axis": "timing", "when": {"fact": END, "passed": False}},
        "End of the current contract has not passed: +10 timing.",
    ),
    (
        {"axis": "timing", "when": {"fact": END, "passed": True, "within_days": 9}},
        "End of the current contract passed within 9 days: +10 timing.",
    ),
    (
        {"when": {"any_of": [{"all_of": [{"fact": TITLE, "known": True}, {"fact": SIZE, "at_least": 9}]}, DEMO]}},
        "(job title is known and number of employees is at least 9) or requested a demo: +10 intent.",
    ),
]


@pytest.mark.parametrize(("rule", "sentence"), SENTENCES)
def test_a_rule_sounds_like_english(rule, sentence):
    definition = small_rulebook(rule)
    assert rule_sentence(definition.rules[0], definition.kinds) == sentence


def test_every_sentence_of_the_starter_is_short_enough():
    definition = parse_rulebook(starter_json())
    sentences = [
        *(rule_sentence(rule, definition.kinds) for rule in definition.rules),
        *(disqualifier_sentence(no, definition.kinds) for no in definition.disqualifiers),
    ]
    assert max(map(count_words, sentences)) <= 25
    assert 20 <= len(definition.rules) <= 40


def test_points_are_read_without_needless_digits():
    assert [plain_points(n) for n in (0, 1, 1500, 12_000, -8_250)] == ["0", "0.001", "1.5", "12", "−8.25"]
    assert [signed_points(n) for n in (2000, -2000)] == ["+2", "−2"]


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


def test_decay_halves_exactly_and_falls_in_steps_of_a_twentieth():
    for half_life in (1, 7, 14, 30, 365):
        table = decay_table(half_life)
        assert (table[0], table[half_life], table[2 * half_life], table[-1]) == (1000, 500, 250, 0)
        assert all(a >= b and b % 50 == 0 for a, b in pairwise(table))
        for age, left in enumerate(table):
            exact = 1000 * 2 ** (-age / half_life)
            assert abs(left - exact) <= 25.000001
        steps = next_step_table(half_life)
        assert all(table[age] != table[step] and table[age] == table[step - 1] for age, step in enumerate(steps[:-1]))
        assert steps[-1] == -1


def test_words_are_found_whole_and_kept_apart():
    assert mentioned("Head_of Sales/EMEA", ["head of", "sales", "of", "ale"]) == ["head of", "sales", "of"]
    kept = text_of(["head of", "vp"])
    assert mentioned(kept, ["head of", "vp", "of vp"]) == ["head of", "vp"]
    assert words_of(kept) == ["head of", "vp"]
    assert words_of(text_of([])) == []
    assert words_of("VP Sales") == ["VP Sales"]


def test_the_kinds_of_the_rulebook_count_not_those_of_today():
    definition = small_rulebook({"when": TWICE}, kinds={**KINDS, PRICING: {**KINDS[PRICING], "is_proven": False}})
    assert definition.is_unproven(definition.rules[0])


def test_the_outline_says_the_whole_rulebook_in_sentences():
    told = outline(starter_json())
    assert [part.axis for part in told.axes] == ["fit", "intent", "timing"]
    assert sum(len(part.rules) for part in told.axes) == len(starter_json()["rules"])
    assert told.tiers[1].startswith("Sales-ready: requested a demo")
    assert told.tiers[1].endswith("fit at least 12, intent at least 20, the company is known.")
    assert told.tiers[2] == "High intent, fast-track nurture: fit at least 6, intent at least 16."
    assert "Everything in “content” together adds at most 5." in told.family_caps
    assert [line.key for part in told.axes for line in part.rules if not line.is_proven] == ["mail_activity"]
    assert told.as_dict()["axes"][0]["cap"] == 40 * POINT
    assert told.axes[0].shown_cap == "40"
    assert outline(small_json({"when": DEMO})).tiers[1].endswith("no further criteria.")
