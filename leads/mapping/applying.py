"""Turns a row into a payload by a mapping. Compiled once for a file, then a few microseconds a cell."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from leads.files.writing import undefused

from .setters import (
    HISTORY,
    UTM,
    Column,
    RowInProgress,
    Setter,
    Trouble,
    attribute_setter,
    boolean_setter,
    count_setter,
    date_setter,
    fold,
    kind_setter,
    moment_setter,
    number_setter,
    outcome_setter,
    reason_setter,
    text_setter,
    value_setter,
)
from .targets import TARGETS, attribute_name, check_target


class MappingError(Exception):
    """The mapping itself cannot be used. Each of `problems` says in words what to change."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = list(problems)


@dataclass(slots=True)
class MappedRow:
    """A row as a payload for intake; `errors` are cells that a person may want to mend."""

    payload: dict[str, Any]
    errors: list[Trouble] = field(default_factory=list)


class CompiledMapping:
    """A mapping made ready for the columns of one file. Raises MappingError if it does not fit them."""

    def __init__(self, mapping: Mapping[str, Any], headers: Sequence[str]) -> None:
        columns = mapping.get("columns")
        if not isinstance(columns, Mapping):
            raise MappingError(["A mapping needs “columns”: a JSON object from column name to {“to”: target}."])
        self.zone = str(mapping.get("zone") or "UTC")
        positions = {header: position for position, header in enumerate(headers)}
        folded = {header.casefold(): header for header in headers}
        problems: list[str] = []
        self.steps: list[tuple[int, frozenset[str], list[Setter]]] = []
        self._columns = _columns_by_target(columns)
        for named, spec in columns.items():
            header = named if named in positions else folded.get(str(named).casefold(), "")
            plan = {"to": spec} if isinstance(spec, str) else spec
            if not isinstance(plan, Mapping):
                problems.append(f"“{named}” needs an object like {{“to”: “email”}}.")
                continue
            targets = [str(plan.get("to") or "ignore"), *(str(more) for more in plan.get("also") or [])]
            wrong = [words for words in map(check_target, targets) if words]
            problems += wrong
            used = [target for target in targets if target != "ignore"]
            if not header and used:
                problems.append(f"The file has no column “{named}”. Take it out of the mapping or correct its name.")
            elif used and not wrong:
                empty = frozenset(str(word).strip().casefold() for word in plan.get("empty") or ())
                setters = [self._setter(header, target, plan) for target in used]
                self.steps.append((positions[header], empty, setters))
        self.steps.sort(key=lambda step: step[0])
        self.defaults: list[tuple[str, Setter, str]] = []
        for target, value in (mapping.get("defaults") or {}).items():
            problems += [words for words in [check_target(target)] if words]
            if not check_target(target):
                self.defaults.append((target, self._setter(f"default {target}", target, {}), str(value)))
        if not self.steps and not problems:
            problems.append("No column is mapped. Map at least an e-mail address, a phone number or an id.")
        if problems:
            raise MappingError(problems)

    def columns_of(self, target: str) -> list[str]:
        """The columns that become a target."""
        return self._columns.get(target, [])

    def apply(self, row: Sequence[str]) -> MappedRow:
        """The payload of one row; cells are as many as the headers."""
        filled = RowInProgress({})
        for position, empty, setters in self.steps:
            text = row[position].strip()
            if not text:
                continue
            if text[0] == "'":
                text = undefused(text)
            if empty and text.casefold() in empty:
                continue
            for setter in setters:
                setter(filled, text)
        for target, setter, value in self.defaults:
            if not _is_filled(filled, target):
                setter(filled, value)
        payload = filled.payload
        if filled.signals:
            payload["signals"] = list(filled.signals.values())
        if filled.history:
            payload["history"] = _settled(filled)
        return MappedRow(payload, filled.errors)

    def _setter(self, header: str, target: str, plan: Mapping[str, Any]) -> Setter:
        column = Column(header, str(plan.get("keep_as") or attribute_name(header)))
        name, _colon, parameter = target.partition(":")
        form = str(plan.get("format") or "")
        values = _folded(plan.get("values") or {})
        if plan.get("also") and _kind_of(target) not in {"kind", "outcome", "reason", "boolean"}:
            values = {}
        if name == "attribute":
            return attribute_setter(parameter, values)
        if name == "signal":
            return count_setter(column, parameter, form)
        if name == "signal_value":
            return value_setter(column, parameter, form)
        setters: dict[str, Callable[[], Setter]] = {
            "text": lambda: text_setter(column, target, values),
            "kind": lambda: kind_setter(column, values),
            "outcome": lambda: outcome_setter(column, values),
            "reason": lambda: reason_setter(column, values),
            "boolean": lambda: boolean_setter(column, target, values),
            "date": lambda: date_setter(column, target, form),
            "moment": lambda: moment_setter(column, target, form, self.zone),
            "number": lambda: number_setter(column, target, form),
        }
        return setters[_kind_of(target)]()


def apply_mapping(mapping: Mapping[str, Any], headers: Sequence[str], row: Sequence[str]) -> MappedRow:
    """One row by a mapping. For a whole file compile once: `CompiledMapping(mapping, headers).apply(row)`."""
    return CompiledMapping(mapping, headers).apply(row)


def _columns_by_target(columns: Mapping[str, Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for header, plan in columns.items():
        target = plan.get("to") if isinstance(plan, Mapping) else plan
        found.setdefault(str(target or "ignore"), []).append(header)
    return found


def _kind_of(target: str) -> str:
    return TARGETS[target].kind if target in TARGETS else "text"


def _folded(values: Mapping[str, Any]) -> dict[str, str]:
    return {fold(str(word)): str(meaning or "") for word, meaning in values.items()}


def _is_filled(row: RowInProgress, target: str) -> bool:
    if target in HISTORY:
        return target in row.history or (target == "reason" and "reason_code" in row.history)
    if target == "signal_kind" or target.startswith("signal"):
        return bool(row.signals)
    if target in UTM:
        return target in row.payload.get("utm", {})
    name, _colon, parameter = target.partition(":")
    return parameter in row.payload.get("attributes", {}) if name == "attribute" else target in row.payload


def _settled(row: RowInProgress) -> dict[str, Any]:
    """The history of a row without contradiction: a deal that was won has no reason for its rejection."""
    history = row.history
    if history.get("outcome") == "won" and "reason_code" in history:
        row.payload.setdefault("attributes", {}).setdefault("after_contact_reason", history["reason_evidence"])
        history.pop("reason_code"), history.pop("reason_evidence")
    return history
