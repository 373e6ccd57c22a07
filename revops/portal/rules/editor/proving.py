"""What the parser and the lint say of a half-finished definition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from scoring.coverage import data_coverage
from scoring.rules import InvalidRulebook, RulebookDefinition, parse_rulebook
from scoring.rules.lint import lint
from scoring.rules.reading import Problem


@dataclass(frozen=True, slots=True)
class Checked:
    """`book` is the definition parsed; None if `problems` say why it is none. `warnings` do not stop anybody."""

    book: RulebookDefinition | None
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()


def checked(definition: Mapping[str, Any]) -> Checked:
    """Parses and lints a definition that has its signal kinds."""
    try:
        book = parse_rulebook(definition)
    except InvalidRulebook as refusal:
        return Checked(None, tuple(refusal.problems))
    now = timezone.now()
    remarks = lint(definition, data_coverage(now), now.date())
    return Checked(book, (), tuple(Problem(remark.pointer, remark.message) for remark in remarks))
