"""What a backtest judges from packed columns, and from its memory of them, is what one lead alone would be told."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.backtest.columns import Column, columns_of, frame_from, join_frames
from scoring.backtest.remembering import Memory, RememberingWorkspace
from scoring.engine import LeadFacts, compile_rulebook, evaluate, frame_of
from scoring.engine.compiled import judge
from scoring.rules import RulebookDefinition
from scoring.rules.attributes import ATTRIBUTES
from tests.scoring.strategies import leads, rulebooks


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
        tier, points = judge(compiled, RememberingWorkspace(columns, memory))
        assert tier.tolist() == [int(one.tier[0]) for one in alone]
        assert points.tolist() == [int(one.priority[0]) for one in alone]


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
