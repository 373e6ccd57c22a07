"""Kinds of signals, as far as rules know them. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """A signal kind as it was known when the rulebook was written."""

    code: str
    name: str
    strength: str
    is_proven: bool

    @property
    def is_hand_raise(self) -> bool:
        return self.strength == "hand_raise"
