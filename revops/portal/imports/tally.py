"""Counts what rows come to, so that the report balances and a killed import goes on where it was."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple
from uuid import UUID

OUTCOMES = ("new", "attached", "quarantined", "refused", "pending", "unchanged", "recorded")


class Ending(NamedTuple):
    """What one row came to; `rule` is the one of the gate that stopped it, if one did."""

    outcome: str
    detail: str = ""
    lead_id: UUID | None = None
    rule: str = ""


class Tally:
    """Running counts of an import. `line` is the last one taken."""

    def __init__(self) -> None:
        self.line = 0
        self.rows = 0
        self.outcomes: Counter[str] = Counter()
        self.notes: Counter[str] = Counter()
        self.rules: Counter[str] = Counter()

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Tally:
        tally = cls()
        if data:
            tally.restore(data)
        return tally

    def restore(self, data: dict[str, Any]) -> None:
        self.line, self.rows = data["line"], data["rows"]
        self.outcomes, self.notes = Counter(data["outcomes"]), Counter(data["notes"])
        self.rules = Counter(data.get("rules", {}))

    def as_json(self) -> dict[str, Any]:
        return {
            "line": self.line,
            "rows": self.rows,
            "outcomes": dict(self.outcomes),
            "notes": dict(self.notes),
            "rules": dict(self.rules),
        }

    def count(self, line: int, ending: Ending) -> None:
        self.line = line
        self.rows += 1
        self.outcomes[ending.outcome] += 1
        if ending.rule:
            self.rules[ending.rule] += 1

    def note(self, column: str, code: str) -> int:
        """Counts one cell that could not be used; how many there were in its column for that reason."""
        self.notes[f"{code}\n{column}"] += 1
        return self.notes[f"{code}\n{column}"]

    def counts(self) -> dict[str, Any]:
        """For the report: rows, each outcome (zero included), rules that stopped rows, notes by column and code."""
        notes = [
            {"column": key.partition("\n")[2], "code": key.partition("\n")[0], "rows": times}
            for key, times in self.notes.most_common()
        ]
        outcomes = {name: self.outcomes[name] for name in OUTCOMES}
        return {"rows": self.rows, **outcomes, "rules": dict(self.rules.most_common()), "notes": notes}
