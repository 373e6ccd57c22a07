"""Rulebooks compared in words, written as JSON and read back, shown as a matrix, offered as presets."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given, settings

from scoring.differences import differences
from scoring.matrix import Polarity, matrix
from scoring.presets import PRESETS
from scoring.rules import InvalidRulebook, parse_rulebook
from scoring.rules.attributes import Nature
from scoring.rules.writing import export_rulebook, import_rulebook, rulebook_json
from scoring.starter import STARTER_DEFINITION

from .factories import KINDS, POINT, small_json, starter_json
from .strategies import rulebook_json as random_json

TWICE = {"signals": ["pricing_page_visit"], "at_least": 2, "within_days": 14}
DEMO = {"signals": ["demo_request"]}


def words(before, after):
    return [difference.words for difference in differences(before, after)]


def test_changed_points_are_said_beside_the_rule():
    before, after = (small_json({"when": TWICE, "points": points * POINT}) for points in (12, 18))
    assert words(before, after) == [
        "Visited the pricing page at least 2 times within 14 days: +12 → +18 intent."
    ]  # fmt: skip


def test_every_part_of_a_changed_rule_is_said():
    before = small_json({"when": TWICE, "half_life_days": 14, "family": "a"}, family_caps={"a": 5})
    after = small_json({"when": {**TWICE, "at_least": 3}, "axis": "timing"})
    told = words(before, after)
    assert told[0] == (
        "Visited the pricing page at least 3 times within 14 days (before: Visited the pricing page at least 2 times"
        " within 14 days): +10 intent → +10 timing, half-life 14 days → none, family a → none."
    )
    assert told[1] == "Gone: Everything in “a” together adds at most 0.005."


def test_added_and_removed_rules_limits_tiers_stages_and_kinds_are_said():
    before = starter_json()
    after = starter_json()
    after["rules"] = [rule for rule in after["rules"] if rule["key"] != "trial"]
    after["rules"].append({"key": "fresh", "axis": "intent", "points": 1000, "when": DEMO})
    after["caps"]["timing"] = 31 * POINT
    after["floors"] = {"fit": -5 * POINT}
    after["tiers"]["2"]["when"] = {"fact": "account.is_known", "is": True}
    after["stages"] = [{"key": "ready", "when": DEMO}]
    after["kinds"]["email_click"]["is_proven"] = True
    found = {(d.part, d.key): (d.kind, d.words) for d in differences(before, after)}
    assert found["rules", "trial"] == (
        "removed", "Gone: Started a trial within 30 days: +14 intent, halving every 14 days.",
    )  # fmt: skip
    assert found["rules", "fresh"] == ("added", "New: Requested a demo: +1 intent.")
    assert found["caps", "timing"] == ("changed", "Timing can reach 30. Now: Timing can reach 31.")
    assert found["floors", "fit"] == ("added", "New: Fit never falls below −5.")
    assert found["tiers", "2"][1].endswith("intent at least 16, the company is known.")
    assert found["stages", "ready"][0] == "changed"
    assert found["stages", "comparing"][0] == "removed"
    assert found["kinds", "email_click"][1].endswith("Now: “Clicked in an e-mail” is proven.")
    assert len(found) == 10  # three stages are gone, one is changed


def test_a_new_order_is_a_change_because_caps_cut_the_later_rules():
    first, second = {"key": "one", "when": TWICE}, {"key": "two", "when": DEMO}
    (found,) = differences(small_json(first, second), small_json(second, first))
    assert (found.kind, found.words) == (
        "changed", "The order of rules changed (caps cut the later ones): two, one.",
    )  # fmt: skip
    assert differences(small_json(first, second), small_json(first, second)) == []


@settings(max_examples=100, deadline=None)
@given(random_json())
def test_a_rulebook_written_as_json_is_the_same_rulebook(value):
    book = parse_rulebook(value)
    assert parse_rulebook(orjson.loads(orjson.dumps(rulebook_json(book)))) == book


def test_an_exported_rulebook_is_imported_unchanged_but_for_its_signal_kinds():
    value = orjson.loads(orjson.dumps(export_rulebook("Spring", "More pricing.", starter_json())))
    assert value["format"] == "revops-rulebook/1"
    name, summary, definition = import_rulebook(value)
    assert (name, summary) == ("Spring", "More pricing.")
    assert definition == orjson.loads(orjson.dumps(STARTER_DEFINITION))
    assert import_rulebook(starter_json())[2] == STARTER_DEFINITION


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"format": "other/1"}, "this portal reads “revops-rulebook/1”"),
        ({"format": "revops-rulebook/1"}, "“rules” is missing"),
        ([], "no rulebook in this file"),
        ("text", "no rulebook in this file"),
    ],
)
def test_a_file_that_is_no_rulebook_is_refused_in_words(value, words):
    with pytest.raises(InvalidRulebook, match=words):
        import_rulebook(value)


@pytest.mark.parametrize("key", ["b2b", "enquiries_only", "buying_groups"])
def test_a_preset_is_a_rulebook_whose_copy_may_be_changed(key):
    preset = PRESETS[key]
    parse_rulebook({**preset.definition, "kinds": KINDS})
    preset.definition["rules"].clear()
    assert preset.definition["rules"]
    assert preset.name
    assert len(preset.summary) <= 140


def test_the_matrix_says_what_each_attribute_means_for_each_tier():
    told = matrix(starter_json())
    assert [part.nature for part in told.parts] == list(Nature)
    rows = {row.key: (part.nature, row) for part in told.parts for row in part.rows if row.key}
    keys = [*(rule["key"] for rule in starter_json()["rules"]), *(no["key"] for no in starter_json()["disqualifiers"])]
    assert sorted(rows) == sorted(keys)

    def cells(key):
        return {tier: (cell.mark, cell.text) for tier, cell in rows[key][1].cells.items()}

    assert cells("right_size") == {1: ("for", "+10 fit of 12"), 2: ("for", "+10 fit of 6"), 3: ("none", "")}
    assert cells("free_mail")[1] == ("against", "−8 fit of 12")
    assert cells("starts_soon")[1] == ("none", "+15 timing")
    assert cells("mail_activity")[2] == ("none", "+0 intent, counts for no tier")
    assert cells("student") == {1: ("stops", "never"), 2: ("stops", "never"), 3: ("here", "always")}
    natures = {key: nature for key, (nature, _row) in rows.items()}
    assert natures["right_size"] is Nature.FIRMOGRAPHIC
    assert natures["decision_maker"] is Nature.DEMOGRAPHIC
    assert natures["pricing_twice"] is Nature.BEHAVIOURAL
    assert natures["purchased_list"] is Nature.SITUATION
    required = [row for part in told.parts for row in part.rows if row.polarity is Polarity.REQUIRED]
    assert [(row.attribute[:9], row.cells[1].mark, row.cells[2].mark) for row in required] == [
        ("The compa", "required", "none"), ("Requested", "required", "none"),
    ]  # fmt: skip
    assert told.tiers[2] == "fit at least 6, intent at least 16"
    assert orjson.dumps(told.as_dict(), option=orjson.OPT_NON_STR_KEYS)
    assert {row.shown_polarity for part in told.parts for row in part.rows} == {
        "Required", "Speaks for it", "Speaks against it", "Stops it",
    }  # fmt: skip
    assert all(part.label for part in told.parts)
