"""Conditions made of conditions: all of, any of, not. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from django.utils.translation import gettext as _

from scoring.rules.conditions.base import Condition, Question
from scoring.rules.kinds import Kind

if TYPE_CHECKING:
    from scoring.engine.acts import Mask
    from scoring.engine.workspace import Workspace


@dataclass(frozen=True, slots=True)
class AllOf(Condition):
    parts: tuple[Condition, ...]

    def questions(self) -> Iterator[Question]:
        for part in self.parts:
            yield from part.questions()

    def clause(self, kinds: Mapping[str, Kind]) -> str:
        return _(" and ").join(_inner(part, kinds) for part in self.parts)

    def holds(self, facts: Workspace) -> Mask:
        return np.logical_and.reduce([facts.mask(part) for part in self.parts])

    def found(self, facts: Workspace, lead: int, kinds: Mapping[str, Kind]) -> str:
        return _(" and ").join(part.found(facts, lead, kinds) for part in self.parts)

    def json(self) -> dict[str, Any]:
        return {"all_of": [part.json() for part in self.parts]}


@dataclass(frozen=True, slots=True)
class AnyOf(Condition):
    parts: tuple[Condition, ...]

    def questions(self) -> Iterator[Question]:
        for part in self.parts:
            yield from part.questions()

    def clause(self, kinds: Mapping[str, Kind]) -> str:
        return _(" or ").join(_inner(part, kinds) for part in self.parts)

    def holds(self, facts: Workspace) -> Mask:
        return np.logical_or.reduce([facts.mask(part) for part in self.parts])

    def found(self, facts: Workspace, lead: int, kinds: Mapping[str, Kind]) -> str:
        true = [part for part in self.parts if facts.mask(part)[lead]]
        return _(" and ").join(part.found(facts, lead, kinds) for part in true)

    def json(self) -> dict[str, Any]:
        return {"any_of": [part.json() for part in self.parts]}


@dataclass(frozen=True, slots=True)
class Not(Condition):
    part: Condition

    def questions(self) -> Iterator[Question]:
        return self.part.questions()

    def clause(self, kinds: Mapping[str, Kind]) -> str:
        if isinstance(self.part, Question):
            return self.part.negation(kinds)
        return _("not: %(clause)s") % {"clause": _inner(self.part, kinds)}

    def holds(self, facts: Workspace) -> Mask:
        return ~facts.mask(self.part)

    def json(self) -> dict[str, Any]:
        return {"not": self.part.json()}


def _inner(part: Condition, kinds: Mapping[str, Kind]) -> str:
    clause = part.clause(kinds)
    return f"({clause})" if isinstance(part, AllOf | AnyOf) else clause
