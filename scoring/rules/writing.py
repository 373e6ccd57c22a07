"""Writes a definition as the JSON that the parser reads: for export, for comparing, for editors. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from scoring.rules.definition import Rule, RulebookDefinition, TierCriteria
from scoring.rules.reading import InvalidRulebook, Problem

FORMAT = "revops-rulebook/1"


def rulebook_json(book: RulebookDefinition) -> dict[str, Any]:
    """The whole definition, signal kinds included; parsing it again gives an equal one."""
    hand_raise = {"signals": list(book.hand_raise.kinds), "within_days": book.hand_raise.within_days}
    return {
        "rules": [rule_json(rule) for rule in book.rules],
        "caps": {axis.value: cap for axis, cap in book.caps.items()},
        **({"floors": {axis.value: floor for axis, floor in book.floors.items()}} if book.floors else {}),
        "family_caps": dict(book.family_caps),
        "disqualifiers": [{"key": no.key, "when": no.condition.json()} for no in book.disqualifiers],
        "tiers": {"1": {"hand_raise": hand_raise, **_criteria(book.tier_1)}, "2": _criteria(book.tier_2)},
        "stages": [{"key": rule.stage.value, "when": rule.condition.json()} for rule in book.stages],
        **({"axis_reason": book.axis_reason} if book.axis_reason else {}),
        "kinds": {
            code: {"name": kind.name, "strength": kind.strength, "is_proven": kind.is_proven}
            for code, kind in book.kinds.items()
        },
    }


def rule_json(rule: Rule) -> dict[str, Any]:
    """One rule; what is empty is left out."""
    return {
        "key": rule.key,
        "axis": rule.axis.value,
        "points": rule.points,
        **({"family": rule.family} if rule.family else {}),
        **({"half_life_days": rule.half_life_days} if rule.half_life_days else {}),
        "when": rule.condition.json(),
    }


def _criteria(criteria: TierCriteria) -> dict[str, Any]:
    return {
        "minimum": {axis.value: least for axis, least in criteria.minimum.items()},
        **({"required_facts": list(criteria.required_facts)} if criteria.required_facts else {}),
        **({"when": criteria.condition.json()} if criteria.condition is not None else {}),
    }


def export_rulebook(name: str, summary: str, definition: Mapping[str, Any]) -> dict[str, Any]:
    """A rulebook as a file for another portal. Signal kinds stay behind: each portal knows its own."""
    return {
        "format": FORMAT,
        "name": name,
        "summary": summary,
        "definition": {part: value for part, value in definition.items() if part != "kinds"},
    }


def import_rulebook(value: Any) -> tuple[str, str, dict[str, Any]]:
    """Name, summary and definition of an exported file, or of a bare definition. Raises InvalidRulebook.

    The definition is checked when a draft is made of it, with the signal kinds that are known then.
    """
    if isinstance(value, Mapping) and "format" in value:
        if value["format"] != FORMAT:
            message = _("This file is “%(format)s”; this portal reads “%(known)s”.")
            raise InvalidRulebook([Problem("/format", message % {"format": value["format"], "known": FORMAT})])
        name, summary, value = value.get("name"), value.get("summary"), value.get("definition")
    else:
        name = summary = ""
    if not isinstance(value, Mapping) or "rules" not in value:
        raise InvalidRulebook([Problem("/definition", _("There is no rulebook in this file: “rules” is missing."))])
    definition = {part: entry for part, entry in value.items() if part != "kinds"}
    return str(name or "")[:120], str(summary or "")[:500], definition
