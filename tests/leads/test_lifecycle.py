"""The stage table: every pair of stages, for live leads, undos and history."""

from itertools import product

import pytest

from leads.lifecycle import (
    CLOSED_STAGES,
    HISTORY_MOVES,
    MOVES,
    UNDO_MOVES,
    IllegalMove,
    Stage,
    can_move,
    check_move,
    moves_from,
)

LEGAL = {
    ("new", "nurture"), ("new", "handed_off"), ("nurture", "handed_off"),
    ("handed_off", "accepted"), ("handed_off", "rejected"), ("handed_off", "nurture"),
    ("accepted", "opportunity"), ("accepted", "rejected"), ("accepted", "nurture"), ("accepted", "lost"),
    ("opportunity", "won"), ("opportunity", "lost"),
    ("rejected", "handed_off"), ("rejected", "nurture"),
}  # fmt: skip


@pytest.mark.parametrize(("start", "end"), list(product(Stage.values, Stage.values)))
def test_a_live_lead_moves_only_as_the_table_says(start: str, end: str) -> None:
    assert can_move(start, end) is ((start, end) in LEGAL)


def test_every_stage_is_in_the_table() -> None:
    assert set(MOVES) == set(Stage) == set(HISTORY_MOVES)


@pytest.mark.parametrize("stage", CLOSED_STAGES)
def test_nothing_leaves_a_closed_stage(stage: Stage) -> None:
    assert not MOVES[stage]
    assert not HISTORY_MOVES[stage]


@pytest.mark.parametrize("stage", Stage)
def test_undo_leads_only_back_to_where_an_answer_can_be_given(stage: Stage) -> None:
    assert moves_from(stage, is_undo=True) == UNDO_MOVES.get(stage, frozenset())
    assert moves_from(stage, is_undo=True) <= {Stage.HANDED_OFF, Stage.ACCEPTED, Stage.OPPORTUNITY}


def test_history_may_start_anywhere() -> None:
    assert moves_from(Stage.NEW, is_history=True) == set(Stage) - {Stage.NEW}


def test_an_illegal_move_names_both_stages_and_the_way_out() -> None:
    with pytest.raises(IllegalMove, match="A lead that is New cannot become Won") as refusal:
        check_move("new", "won")
    assert refusal.value.allowed == [Stage.HANDED_OFF, Stage.NURTURE]


def test_history_goes_back_only_the_way_it_came():
    for before in Stage:
        for after in Stage:
            came = can_move(before, after, is_history=True)
            assert can_move(after, before, is_history=True, is_undo=True) is came
