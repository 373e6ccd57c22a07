"""The catalogue of conditions: blanks, values there and back, and how little a new kind takes."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings

from scoring.engine import Act, LeadFacts, compile_rulebook, evaluate, frame_of
from scoring.rules import ATTRIBUTES, InvalidRulebook, parse_rulebook, rule_sentence
from scoring.rules.catalogue import (
    Described,
    build_json,
    catalogue,
    condition_json,
    describe,
    fields_for,
    filled_json,
    kinds_for_fact,
    kinds_for_signals,
    needs_of,
    read_condition,
)
from scoring.rules.conditions import CONDITION_KINDS, AllOf, Not
from scoring.rules.conditions.facts import FactQuestion
from scoring.rules.fields import FACT, Field, FieldType
from scoring.rules.kinds import Kind

from .factories import KINDS, TODAY, small_rulebook
from .strategies import conditions

STAMPED = {code: Kind(code, **kind) for code, kind in KINDS.items()}


@settings(max_examples=300, deadline=None)
@given(conditions)
def test_any_condition_is_the_same_after_json_and_after_being_taken_apart(value):
    condition = read_condition(value, STAMPED)
    assert read_condition(condition_json(condition), STAMPED) == condition
    assert read_condition(build_json(describe(condition)), STAMPED) == condition
    assert read_condition(orjson.loads(orjson.dumps(condition_json(condition))), STAMPED) == condition


def test_a_denied_truth_is_one_blank_and_any_other_denial_a_combination():
    unknown = read_condition({"fact": "person.title", "known": False}, STAMPED)
    assert describe(unknown) == Described("known", {"fact": "person.title", "known": False})
    never = read_condition({"not": {"signals": ["demo_request"]}}, STAMPED)
    assert (describe(never).kind, describe(never).parts[0].kind) == ("not", "count")
    assert describe(never).is_combination


def test_what_a_form_posts_becomes_typed_json():
    posted = {
        "signals": ["pricing_page_visit"], "by": "account", "topics": "crm, erp", "at_least": " 2 ",
        "within_days": "14", "minimum_value": "",
    }  # fmt: skip
    assert filled_json("count", posted) == {
        "signals": ["pricing_page_visit"], "by": "account", "topics": ["crm", "erp"], "at_least": 2, "within_days": 14,
    }  # fmt: skip
    assert filled_json("equals", {"fact": "account.employees", "equals": "50"})["equals"] == 50
    assert filled_json("equals", {"fact": "person.seniority", "equals": "50"})["equals"] == "50"
    assert filled_json("known", {"fact": "person.title", "known": "no"})["known"] is False
    assert filled_json("one_of", {"fact": "lead.country", "one_of": "de\nat, ch"})["one_of"] == ["de", "at", "ch"]


def test_what_is_no_number_is_refused_by_the_parser_with_a_pointer_to_the_blank():
    value = filled_json("count", {"signals": ["demo_request"], "within_days": "soon"})
    with pytest.raises(InvalidRulebook) as refusal:
        read_condition(value, STAMPED)
    assert [problem.pointer for problem in refusal.value.problems] == ["/within_days"]


def test_every_fact_and_acts_can_be_asked_about():
    for name in ATTRIBUTES:
        assert kinds_for_fact(name), name
    assert [kind.key for kind in kinds_for_fact("person.do_not_contact")] == ["is"]
    assert "between" in {kind.key for kind in kinds_for_fact("account.employees")}
    assert {kind.key for kind in kinds_for_signals()} == {"count", "distinct", "total", "last", "quiet", "sequence"}
    (value,) = (blank for blank in fields_for("equals", "account.employees") if blank.name == "equals")
    assert value.type is FieldType.NUMBER


def test_the_catalogue_is_plain_data_with_a_label_for_every_kind():
    entries = orjson.loads(orjson.dumps(catalogue()))
    assert [entry["kind"] for entry in entries] == list(CONDITION_KINDS)
    assert all(entry["label"] and entry["fields"] and entry["since"] for entry in entries)
    (days,) = (blank for blank in fields_for("count") if blank.name == "within_days")
    assert (days.lowest, days.highest, days.required) == (0, 3650, False)


def test_a_condition_says_what_data_it_needs():
    condition = read_condition(
        {
            "all_of": [
                {"fact": "person.title", "known": True},
                {"signals": ["demo_request"], "distinct": "people", "at_least": 2},
                {"signals": ["blog_visit"], "then": ["trial_started"], "gap_days": 3},
            ]
        },
        STAMPED,
    )
    needs = needs_of(condition)
    assert needs.facts == {"person.title"}
    assert needs.signal_kinds == {"demo_request", "blog_visit", "trial_started"}
    assert needs.account_kinds == {"demo_request"}
    assert isinstance(condition, AllOf)
    assert not isinstance(condition, Not)


def test_the_page_about_the_language_shows_every_condition_and_a_rulebook_that_parses():
    page = (Path(__file__).parents[2] / "docs" / "rules.md").read_text()
    example = page.partition("```json")[2].partition("```")[0]
    parse_rulebook({**orjson.loads(example), "kinds": KINDS})
    for kind in CONDITION_KINDS.values():
        for blank in kind.fields:
            assert f'"{blank.name}"' in page, (kind.key, blank.name)


# --- A whole new kind of condition: this class and one line in CONDITION_KINDS ---------------------------------------


@dataclass(frozen=True, slots=True)
class Longer(FactQuestion):
    """A text has more than so many letters."""

    key = "longer"
    label = "is longer than"
    fields = (FACT, Field("longer_than", FieldType.NUMBER, "has more than", "letters", lowest=1, highest=200))
    markers = ("longer_than",)
    fits = frozenset({"choice"})

    attribute: str
    longer_than: int

    def clause(self, kinds):
        return f"{ATTRIBUTES[self.attribute].label} has more than {self.longer_than} letters"

    def holds(self, facts):
        return facts.worded(self.attribute, lambda text: len(text) > self.longer_than)


def test_a_new_kind_of_condition_parses_speaks_evaluates_and_takes_under_forty_lines(monkeypatch):
    monkeypatch.setitem(CONDITION_KINDS, "longer", Longer)
    assert len(inspect.getsource(Longer).splitlines()) + 1 < 40
    definition = small_rulebook({"axis": "fit", "when": {"fact": "source.key", "longer_than": 5}})
    assert rule_sentence(definition.rules[0], definition.kinds) == "Source has more than 5 letters: +10 fit."
    leads = [LeadFacts(TODAY, {"source.key": key}, [Act("demo_request", TODAY)]) for key in ("webinar", "ads")]
    result = evaluate(compile_rulebook(definition), frame_of([*leads, LeadFacts(TODAY)]))
    assert result.contributions[:, 0].tolist() == [10_000, 0, 0]
    found = definition.rules[0].condition.found(result.workspace, 0, definition.kinds)
    assert found == "source is webinar"
    assert describe(definition.rules[0].condition).values == {"fact": "source.key", "longer_than": 5}
    assert "longer" in {kind.key for kind in kinds_for_fact("source.key")}
    with pytest.raises(InvalidRulebook, match="from 1 to 200"):
        small_rulebook({"axis": "fit", "when": {"fact": "source.key", "longer_than": 0}})
