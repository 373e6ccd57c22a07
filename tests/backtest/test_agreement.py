"""What a backtest judges from packed columns, and from its memory of them, is what one lead alone would be told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.backtest.columns import ABSENT, Column, columns_of, frame_from, join_frames, names_asked
from scoring.backtest.remembering import Memory, RememberingWorkspace
from scoring.engine import LeadFacts, compile_rulebook, evaluate, frame_of
from scoring.engine.compiled import judge
from scoring.engine.reasons import pack_reasons, read_reasons
from scoring.rules import RulebookDefinition
from scoring.rules.attributes import ATTRIBUTES
from tests.scoring.strategies import leads, rulebooks


def given_everything(columns: dict[str, Column]) -> dict[str, Column]:
    """The columns as if all there are had been read: those without anything in them say so."""
    return {name: columns.get(name, ABSENT) for name in names_asked(ATTRIBUTES, acts=True, colleagues=True)}


@settings(max_examples=150, deadline=None)
@given(rulebooks(), st.lists(leads, min_size=1, max_size=6))
def test_a_backtest_judges_like_one_lead_alone_bit_for_bit(
    definition: RulebookDefinition, some: list[LeadFacts]
) -> None:
    compiled = compile_rulebook(definition)
    stored = {name: column.to_bytes() for name, column in columns_of(frame_of(some)).items()}
    columns = {name: Column.from_bytes(data) for name, data in stored.items()}
    memory = Memory()
    alone = [evaluate(compiled, frame_of([lead])) for lead in some]
    for _looked_up_then_remembered in range(2):
        tier, points = judge(compiled, RememberingWorkspace(given_everything(columns), memory, len(some)))
        assert tier.tolist() == [int(one.tier[0]) for one in alone]
        assert points.tolist() == [int(one.priority[0]) for one in alone]


@settings(max_examples=150, deadline=None)
@given(rulebooks(), st.lists(leads, min_size=1, max_size=5), st.data())
def test_draft_after_draft_from_one_memory_is_what_one_lead_alone_would_be_told(
    definition: RulebookDefinition, some: list[LeadFacts], data: st.DataObject
) -> None:
    columns, memory = columns_of(frame_of(some)), Memory()
    for _edit in range(5):
        compiled = compile_rulebook(definition)
        alone = [evaluate(compiled, frame_of([lead])) for lead in some]
        tier, points = judge(compiled, RememberingWorkspace(given_everything(columns), memory, len(some)))
        assert tier.tolist() == [int(one.tier[0]) for one in alone]
        assert points.tolist() == [int(one.priority[0]) for one in alone]
        definition = _edited(definition, data)


def _edited(definition: RulebookDefinition, data: st.DataObject) -> RulebookDefinition:
    """One rule gives something else, or counts twice, or one that counted twice is gone."""
    rules = list(definition.rules)
    place = data.draw(st.integers(0, len(rules) - 1))
    if data.draw(st.booleans()):
        rules[place] = replace(rules[place], points=data.draw(st.integers(-30_000, 30_000)))
    elif len(rules) > 1 and rules[place] in rules[:place]:
        del rules[place]
    else:
        rules.append(rules[place])
    return replace(definition, rules=tuple(rules))


@settings(max_examples=100, deadline=None)
@given(rulebooks(), st.lists(leads, min_size=1, max_size=5))
def test_reasons_are_read_as_they_were_packed(definition: RulebookDefinition, some: list[LeadFacts]) -> None:
    compiled = compile_rulebook(definition)
    found = evaluate(compiled, frame_of(some))
    packed = pack_reasons(compiled, found.contributions)
    assert [read_reasons(one.tobytes()) for one in packed] == found.contributions.tolist()


@settings(max_examples=100, deadline=None)
@given(rulebooks(), st.lists(leads, min_size=1, max_size=3), st.lists(leads, min_size=1, max_size=3))
def test_packed_chunks_that_are_joined_give_the_same_reasons(
    definition: RulebookDefinition, first: list[LeadFacts], second: list[LeadFacts]
) -> None:
    compiled = compile_rulebook(definition)
    frames: list[Any] = [frame_from(columns_of(frame_of(part)), ATTRIBUTES) for part in (first, second)]
    together = evaluate(compiled, join_frames(frames))
    for index, lead in enumerate([*first, *second]):
        alone = evaluate(compiled, frame_of([lead]))
        assert together.contributions[index].tolist() == alone.contributions[0].tolist()
        assert (together.tier[index], together.disqualified[index]) == (alone.tier[0], alone.disqualified[0])
