"""Proves that a backtest of the rules of then makes every stored hand-off again: from packed facts, to the point."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from scoring.backtest.columns import frame_from, names_asked
from scoring.backtest.judging import Judge, judge_of
from scoring.backtest.remembering import Memory, RememberingWorkspace
from scoring.backtest.store import Facts, Store
from scoring.engine import evaluate
from scoring.engine.compiled import judge, priority_of
from scoring.models import Rulebook
from scoring.rules import Axis

MOST_EXAMPLES = 20


class Otherwise(NamedTuple):
    """A number of a stored decision that the backtest does not come to."""

    case_id: int
    decision_id: int
    field: str
    stored: Any
    judged: Any


@dataclass(slots=True)
class PastProof:
    """How many packed hand-offs were judged by the rulebook that decided them, by its version, and where that differs.

    `differing` counts cases; `examples` are the first of them.
    """

    checked: int = 0
    by_version: dict[int, int] = field(default_factory=dict)
    differing: int = 0
    examples: list[Otherwise] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return {
            "checked": self.checked,
            "by_version": self.by_version,
            "differing": self.differing,
            "examples": [one._asdict() for one in self.examples],
        }


class _Decided(NamedTuple):
    """What was stored for one packed hand-off."""

    place: int
    case_id: int
    decision_id: int
    rulebook_id: UUID
    tier: int
    fit: int
    intent: int
    timing: int
    contributions: list[int]


def prove_cases() -> PastProof:
    """Judges every packed hand-off once more by the rulebook that decided it, as backtests do, and compares tier, axes
    and the points of every rule with the stored decision. Reads chunk by chunk; writes nothing.
    """
    books = {book.pk: book for book in Rulebook.objects.exclude(decisions=None)}
    judges = {pk: judge_of(book.definition) for pk, book in books.items()}
    proof = PastProof()
    cases = Store(budget=0)  # each chunk is read once
    chunks = cases.chunks(is_past=True)
    wanted = {chunk.pk: _columns(judges.values()) for chunk in chunks}
    for group in cases.facts(wanted, chunks):
        for facts in group:
            decided = _decided(facts.chunk.pk)
            for pk, one in judges.items():
                mine = [case for case in decided if case.rulebook_id == pk]
                if mine:
                    version = books[pk].version
                    proof.by_version[version] = proof.by_version.get(version, 0) + len(mine)
                    _compare(proof, mine, _judged(one, facts))
    return proof


def _columns(judges: Iterable[Judge]) -> set[str]:
    return {
        name
        for one in judges
        for name in names_asked(
            one.compiled.attributes,
            acts=bool(one.compiled.signal_kinds),
            colleagues=bool(one.compiled.account_kinds),
        )
    }


def _judged(one: Judge, facts: Facts) -> dict[str, NDArray[Any]]:
    """What the backtest says to every case of a chunk, and the reasons behind it."""
    tier, points = judge(one.compiled, RememberingWorkspace(facts.columns, Memory(), facts.chunk.n))
    again = evaluate(one.compiled, frame_from(facts.columns, one.compiled.attributes))
    return {
        "tier": tier, "points": points, "fit": again.axes[Axis.FIT], "intent": again.axes[Axis.INTENT],
        "timing": again.axes[Axis.TIMING], "contributions": again.contributions,
    }  # fmt: skip


def _compare(proof: PastProof, decided: Sequence[_Decided], judged: dict[str, NDArray[Any]]) -> None:
    places = np.array([case.place for case in decided])
    axes = {axis: np.array([getattr(case, axis) for case in decided], dtype=np.int64) for axis in Axis}
    stored = {
        "tier": np.array([case.tier for case in decided]), "points": priority_of(axes),
        **{str(axis): numbers for axis, numbers in axes.items()},
        "contributions": np.array([case.contributions for case in decided]),
    }  # fmt: skip
    differs = np.zeros(len(decided), dtype=np.bool_)
    for name, numbers in stored.items():
        others = judged[name][places]
        wrong = (others != numbers).reshape(len(decided), -1).any(axis=1)
        differs |= wrong
        for index in np.flatnonzero(wrong)[: MOST_EXAMPLES - len(proof.examples)].tolist():
            case = decided[index]
            proof.examples.append(
                Otherwise(case.case_id, case.decision_id, name, numbers[index].tolist(), others[index].tolist())
            )
    proof.checked += len(decided)
    proof.differing += int(np.count_nonzero(differs))


def _decided(chunk_id: int) -> list[_Decided]:
    with connection.cursor() as cursor:
        cursor.execute(_DECIDED, [chunk_id])
        return [_Decided(*row) for row in cursor.fetchall()]


_DECIDED = """
SELECT packed.place, packed.id, decision.id, decision.rulebook_id, decision.tier, decision.fit, decision.intent,
       decision.timing, decision.contributions
  FROM scoring_case packed
  JOIN scoring_scoredecision decision ON decision.id = packed.decision_id
 WHERE packed.chunk_id = %s AND packed.kind = 1
 ORDER BY packed.place
"""
