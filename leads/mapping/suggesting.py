"""Suggests a mapping for columns nobody mapped before: known exports first, then names, then values."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from .names import SYNONYMS, SYSTEM_NAMES, folded_name
from .presets import preset_for
from .targets import TARGETS, attribute_name
from .values import NotReadable, date_format_of, looks_masked, number_format_of, read_moment

FEW_COLUMNS = 80
SINGLE = frozenset(TARGETS) - {"ignore", "do_not_contact", "country", "phone", "need"}
"""Targets that one column fills; a second candidate becomes an attribute."""


def suggest_mapping(headers: Sequence[str], sample_rows: Sequence[Sequence[str]]) -> dict[str, Any]:
    """A mapping with, for each column, its `confidence` (0 to 1) and `because` in words; `preset` if one was known.

    Shape: {"columns": {header: {"to", "also"?, "values"?, "format"?, "empty"?, "keep_as"?}}, "defaults": {}}.
    """
    preset = preset_for(headers)
    columns: dict[str, dict[str, Any]] = {}
    taken: set[str] = set()
    for position, header in enumerate(headers):
        values = [row[position].strip() for row in sample_rows if position < len(row) and row[position].strip()]
        known = preset.columns.get(folded_name(header)) if preset else None
        if known is not None and preset is not None:
            plan = dict(known) if isinstance(known, Mapping) else {"to": known}
            plan |= {"confidence": 0.99, "because": f"known from {preset.name}"}
        else:
            plan = _suggest(header, values, is_wide=len(headers) > FEW_COLUMNS)
        if known is None and plan["to"] in taken and plan["to"] in SINGLE:
            plan = _attribute(header, values, f"another column is already {TARGETS[plan['to']].label.lower()}")
        taken.add(plan["to"])
        columns[header] = _with_format(plan, values)
    suggestion: dict[str, Any] = {"columns": columns, "defaults": dict(preset.defaults) if preset else {}}
    if preset:
        suggestion |= {"preset": preset.code, "name": preset.name, "is_history": preset.is_history}
    return suggestion


def signature_of(headers: Sequence[str]) -> str:
    """The same for files with the same columns, in whatever order; under it a mapping is remembered."""
    names = sorted(header.casefold() for header in headers)
    return hashlib.sha256("\x1f".join(names).encode()).hexdigest()


def _suggest(header: str, values: Sequence[str], *, is_wide: bool) -> dict[str, Any]:
    name = folded_name(header)
    if SYSTEM_NAMES.search(header.lower()) and name not in SYNONYMS:
        return {"to": "ignore", "confidence": 0.8, "because": "it serves a machine"}
    if name in SYNONYMS:
        return {"to": SYNONYMS[name], "confidence": 0.9, "because": "by its name"}
    content = _by_content(header, values)
    if content:
        return content
    if not values:
        return {"to": "ignore", "confidence": 0.6, "because": "it is empty in the rows looked at"}
    if is_wide:
        return {"to": "ignore", "confidence": 0.4, "because": f"one of over {FEW_COLUMNS} columns, and not known"}
    return _attribute(header, values, "not known; kept as a fact")


def _by_content(header: str, values: Sequence[str]) -> dict[str, Any] | None:
    if not values:
        return None
    mails = sum(bool(re.fullmatch(r"[^\s@]+@[^\s@]+\.[a-zA-Z]{2,}", value)) for value in values)
    if mails > 0.8 * len(values):
        return {"to": "email", "confidence": 0.7, "because": "its values are e-mail addresses"}
    if re.search(r"(time|date|_at$|_on$|created|when)", header.lower()) and _are_moments(values):
        return {"to": f"attribute:{attribute_name(header)}", "confidence": 0.5, "because": "a date, but which?"}
    phones = sum(bool(re.fullmatch(r"\+\d[\d\s().-]{7,18}", value)) for value in values)
    if phones > 0.8 * len(values):
        return {"to": "phone", "confidence": 0.7, "because": "its values are phone numbers"}
    return None


def _are_moments(values: Sequence[str]) -> bool:
    try:
        for value in values[:20]:
            read_moment(value, "day_first")
    except NotReadable:
        return False
    return True


def _attribute(header: str, values: Sequence[str], because: str) -> dict[str, Any]:
    if not values:
        return {"to": "ignore", "confidence": 0.6, "because": "it is empty in the rows looked at"}
    return {"to": f"attribute:{attribute_name(header)}", "confidence": 0.5, "because": because}


def _with_format(plan: dict[str, Any], values: Sequence[str]) -> dict[str, Any]:
    """The plan with the date or number format its values show, and with a warning for masked addresses."""
    target = TARGETS.get(plan["to"])
    if target and target.kind in {"date", "moment"} and not plan.get("format"):
        form = date_format_of(list(values))
        if form:
            plan["format"] = form
    if (target and target.kind == "number") or plan["to"].startswith("signal"):
        form = number_format_of(list(values))
        if form == "comma":
            plan["format"] = form
    if plan["to"] == "email" and values and sum(map(looks_masked, values)) * 2 > len(values):
        plan["because"] = "its values are masked; people will be known by their id"
    if plan["to"].startswith("attribute:") or plan["to"] in {"country", "city", "industry", "title"}:
        words = {value.casefold() for value in values}
        if "select" in words and not plan.get("empty"):
            plan["empty"] = ["Select"]
    return plan
