"""How rules, rulebooks and points sound in English, and how points fade in steps that can be said."""

from __future__ import annotations

from itertools import pairwise

import pytest

from scoring.outline import outline
from scoring.rules import disqualifier_sentence, parse_rulebook, plain_points, rule_sentence
from scoring.rules.decay import decay_table, next_step_table
from scoring.rules.sentences import count_words, signed_points
from scoring.rules.words import mentioned, text_of, words_of

from .asked import DEMO, END, PEOPLE, PRICING, SIZE, THEN, TITLE, TOPICS, TOTAL, TWICE, WEBINAR
from .factories import KINDS, POINT, small_json, small_rulebook, starter_json

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
    (
        {"axis": "fit", "when": {"fact": SIZE, "at_least": 50, "at_most": 1000}},
        "Number of employees is 50 to 1,000: +10 fit.",
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
