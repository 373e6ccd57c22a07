"""The gate for whole lists: one bad row in five, and nothing of the list goes on before a person has looked. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from leads.cleaning import clean
from leads.hygiene import ActiveRule, judge

BAD_SHARE = 0.2
"""Above this share of refused and quarantined rows a list is held whole (product rule A4)."""

SUSPICIOUS = 0.1
"""From this share in a sample on, every row is judged before any is let in: a sample may flatter."""

FEWEST_ROWS = 20
"""Fewer rows are judged one by one only: two bad rows of five are no pattern."""

UNREADABLE = "unreadable"


class Candidate(NamedTuple):
    """One row as it would be sent: `payload` is None for what cannot be read."""

    payload: Mapping[str, Any] | None
    has_external_id: bool = False


@dataclass(frozen=True, slots=True)
class ListVerdict:
    """How many rows were judged, how many are bad, and by which rule."""

    judged: int
    bad: int
    rules: dict[str, int]

    @property
    def share(self) -> float:
        return self.bad / self.judged if self.judged else 0.0

    @property
    def is_suspicious(self) -> bool:
        return self.judged >= FEWEST_ROWS and self.share > SUSPICIOUS

    @property
    def is_bad(self) -> bool:
        return self.judged >= FEWEST_ROWS and self.share > BAD_SHARE


def judge_list(rows: Iterable[Candidate], rules: Sequence[ActiveRule], *, only_flags: bool = False) -> ListVerdict:
    """Judges each row as the gate would, without letting any in."""
    found: Counter[str] = Counter()
    judged = 0
    for row in rows:
        judged += 1
        if rule := rule_against(row, rules, only_flags=only_flags):
            found[rule] += 1
    return ListVerdict(judged, found.total(), dict(found.most_common()))


def rule_against(row: Candidate, rules: Sequence[ActiveRule], *, only_flags: bool = False) -> str:
    """The rule that keeps a row out; empty if it would be let in."""
    if row.payload is None:
        return UNREADABLE
    verdict = judge(clean(row.payload), rules, has_external_id=row.has_external_id, only_flags=only_flags)
    return verdict.rule if verdict.action else ""


def spread(rows: Sequence[Any], most: int) -> Sequence[Any]:
    """At most `most` rows, evenly spread over all of them."""
    if len(rows) <= most:
        return rows
    step = len(rows) / most
    return [rows[int(place * step)] for place in range(most)]
