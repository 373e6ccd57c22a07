"""A draft while it is edited: its lines in their order, those switched off among them, however unfinished. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from django.http import QueryDict

from revops.portal.rules.editor.nodes import ANY, Node, blank, node_of, read_node, whole
from scoring.rules import AXES, POINT, InvalidRulebook, parse_rulebook
from scoring.rules.conditions import CONDITION_KINDS
from scoring.rules.definition import MAX_RULES
from scoring.rules.stages import default_stages

RULES, NOES, STAGES = "rules", "disqualifiers", "stages"
TIERS = {"tier_1": "1", "tier_2": "2"}
"""What a tier asks for besides points and facts: one line each, under these names."""

_HANDLED = (RULES, NOES, STAGES, "caps", "floors", "family_caps", "tiers", "axis_reason", "kinds")
_HANDLED_OF_TIERS = ("hand_raise", "minimum", "required_facts", "when")
_MOST_LINES = MAX_RULES * 2
_KEY = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Line:
    """One rule, one disqualifier (which has no axis), what makes one evaluation stage (axis `stages`), or what else a
    tier asks for (axis `tier_1` or `tier_2`; such a line cannot be switched off, only removed).

    `points` in thousandths, or as they were typed.
    """

    key: str
    axis: str
    node: Node
    is_on: bool = True
    points: Any = None
    family: str = ""
    half_life: Any = None

    @property
    def part(self) -> str:
        """Where in the definition it stands."""
        if self.axis in TIERS:
            return self.axis
        return {"": NOES, STAGES: STAGES}.get(self.axis, RULES)

    def json(self) -> dict[str, Any]:
        if self.part != RULES:
            return {"key": self.key, "when": self.node.json()}
        made: dict[str, Any] = {"key": self.key, "axis": self.axis, "points": self.points, "when": self.node.json()}
        if self.family:
            made["family"] = self.family
        if self.half_life not in (None, ""):
            made["half_life_days"] = self.half_life
        return made


@dataclass(frozen=True, slots=True)
class Working:
    """What the editor holds. `limits` maps names of the other inputs to what stands there; `rest` is untouched."""

    lines: tuple[Line, ...]
    limits: dict[str, Any]
    hand_raises: tuple[str, ...]
    required: dict[str, tuple[str, ...]]
    axis_reason: str = ""
    rest: dict[str, Any] = field(default_factory=dict)
    tier_rest: dict[str, dict[str, Any]] = field(default_factory=dict)

    # --- what it says ------------------------------------------------------------------------------------------------
    def definition(self) -> dict[str, Any]:
        """The definition as it stands, without signal kinds. It may be wrong; the parser says where."""
        made: dict[str, Any] = {
            **self.rest,
            RULES: [line.json() for line in self.lines if line.part == RULES and line.is_on],
            NOES: [line.json() for line in self.lines if line.part == NOES and line.is_on],
            "caps": {axis.value: self.limits.get(f"cap.{axis}") for axis in AXES},
            "family_caps": {name: self.limits.get(f"family.{name}", 10 * POINT) for name in self.families()},
            "tiers": {"1": self._tier("1"), "2": self._tier("2")},
        }
        floors = {axis.value: least for axis in AXES if (least := self.limits.get(f"floor.{axis}")) not in (None, "")}
        if floors:
            made["floors"] = floors
        if stages := [line.json() for line in self.lines if line.part == STAGES and line.is_on]:
            made[STAGES] = stages
        if self.axis_reason:
            made["axis_reason"] = self.axis_reason
        return made

    def _tier(self, tier: str) -> dict[str, Any]:
        asked = {axis.value: self.limits.get(f"tier.{tier}.{axis}") for axis in AXES}
        made: dict[str, Any] = {
            **self.tier_rest.get(tier, {}),
            "minimum": {axis: least for axis, least in asked.items() if least not in (None, "")},
        }
        if tier == "1":
            days = self.limits.get("hand_raise")
            made["hand_raise"] = {"signals": list(self.hand_raises)} | (
                {"within_days": days} if days not in (None, "") else {}
            )
        if self.required.get(tier):
            made["required_facts"] = list(self.required[tier])
        if (asked_too := next((line for line in self.lines if TIERS.get(line.axis) == tier), None)) is not None:
            made["when"] = asked_too.node.json()
        return made

    def parked(self) -> list[dict[str, Any]]:
        """The lines that are switched off, with their places, as the draft keeps them."""
        return [
            {"place": place, "line": line.json(), "axis": line.axis}
            for place, line in enumerate(self.lines)
            if not line.is_on
        ]

    def families(self) -> list[str]:
        """Families of the rules that count, in their order."""
        return list(
            dict.fromkeys(line.family for line in self.lines if line.is_on and line.part == RULES and line.family)
        )

    def place_of(self, part: str, index: int) -> int | None:
        """The line behind an index of the definition's rules, disqualifiers or stages."""
        places = [n for n, line in enumerate(self.lines) if line.is_on and line.part == part]
        return places[index] if index < len(places) else None

    # --- changes -----------------------------------------------------------------------------------------------------
    def with_line(self, axis: str, kind: str) -> Working:
        """One more line on an axis, or one more disqualifier if `axis` is empty; a tier has one line at most."""
        if len(self.lines) >= _MOST_LINES or (axis in TIERS and any(line.axis == axis for line in self.lines)):
            return self
        taken = {line.key for line in self.lines}
        stem = _KEY.sub("_", f"{axis or 'no'}_{kind}")
        key = next(name for n in range(1, _MOST_LINES * 2) if (name := f"{stem}_{n}") not in taken)
        line = Line(axis if axis in TIERS else key, axis, blank(kind), points=5 * POINT if axis in set(AXES) else None)
        after = max((n for n, one in enumerate(self.lines) if one.axis == axis), default=len(self.lines) - 1)
        return replace(self, lines=(*self.lines[: after + 1], line, *self.lines[after + 1 :]))

    def with_stages(self, lines: tuple[Line, ...]) -> Working:
        """Evaluation stages of its own, unless there are some."""
        return self if any(line.part == STAGES for line in self.lines) else replace(self, lines=(*self.lines, *lines))

    def without(self, place: int) -> Working:
        return replace(self, lines=tuple(line for n, line in enumerate(self.lines) if n != place))

    def moved(self, place: int, by: int) -> Working:
        """The line one place up or down among those of its axis."""
        peers = [n for n, line in enumerate(self.lines) if line.axis == self.lines[place].axis]
        to = peers.index(place) + by
        if not 0 <= to < len(peers):
            return self
        lines = list(self.lines)
        lines[place], lines[peers[to]] = lines[peers[to]], lines[place]
        return replace(self, lines=tuple(lines))

    def changed(self, place: int, line: Line) -> Working:
        return replace(self, lines=(*self.lines[:place], line, *self.lines[place + 1 :]))

    def act(self, act: str, chosen: Mapping[str, str]) -> Working:
        """What a button of the editor does: `add:fit`, `remove:3`, `up:3`, `part:3.0`, `drop:3.0.1` and so on.

        `chosen` has the kind of condition that stands beside the button. What is no such act changes nothing.
        """
        name, _, rest = act.partition(":")
        if name == "add" and rest in {*AXES, "no", *TIERS}:
            kind = chosen.get(f"add.{rest}", "count")
            return self.with_line("" if rest == "no" else rest, kind if _is_kind(kind) else "count")
        steps = [int(step) for step in rest.split(".") if step.isdecimal()]
        if not steps or steps[0] >= len(self.lines):
            return self
        place, path = steps[0], tuple(steps[1:])
        if name == "remove":
            return self.without(place)
        if name in {"up", "down"}:
            return self.moved(place, -1 if name == "up" else 1)
        line = self.lines[place]
        if name == "part":
            kind = chosen.get(f"part.{rest}", "")
            part = blank(kind) if _is_kind(kind) else blank("count")
            node = line.node.at(path, lambda one: one.joined(part, chosen.get(f"join.{rest}") or ANY))
        elif name == "drop":
            node = line.node.at(path, lambda one: None)
        else:
            return self
        return self.changed(place, replace(line, node=node)) if node is not None else self


def _is_kind(kind: str) -> bool:
    return kind in CONDITION_KINDS


def stage_lines(kinds: Mapping[str, Any]) -> tuple[Line, ...]:
    """What makes each evaluation stage if a rulebook does not say so itself."""
    return tuple(Line(stage["key"], STAGES, Node("count", dict(stage["when"]))) for stage in default_stages(kinds))


def working_copy(definition: Mapping[str, Any], parked: Sequence[Mapping[str, Any]] = ()) -> Working:
    """The editor's copy of a valid definition, with the lines that are switched off in their places."""
    book = parse_rulebook(definition)
    lines = [
        Line(rule.key, rule.axis.value, node_of(rule.condition), True, rule.points, rule.family, rule.half_life_days)
        for rule in book.rules
    ]
    lines += [Line(no.key, "", node_of(no.condition)) for no in book.disqualifiers]
    if definition.get(STAGES):
        lines += [Line(stage.stage.value, STAGES, node_of(stage.condition)) for stage in book.stages]
    asked = (("tier_1", book.tier_1), ("tier_2", book.tier_2))
    lines += [Line(axis, axis, node_of(tier.condition)) for axis, tier in asked if tier.condition is not None]
    lines.sort(key=lambda line: [*AXES, "", STAGES, *TIERS].index(line.axis))
    for entry in sorted(parked, key=lambda one: one["place"]):
        if (line := _unparked(entry, definition)) and line.key not in {one.key for one in lines}:
            lines.insert(entry["place"], line)
    tiers = definition["tiers"]
    limits: dict[str, Any] = {f"cap.{axis}": definition["caps"][axis] for axis in AXES}
    limits |= {f"floor.{axis}": definition.get("floors", {}).get(axis) for axis in AXES}
    limits |= {f"family.{name}": cap for name, cap in definition.get("family_caps", {}).items()}
    limits |= {f"tier.{tier}.{axis}": tiers[tier].get("minimum", {}).get(axis) for tier in ("1", "2") for axis in AXES}
    limits["hand_raise"] = tiers["1"]["hand_raise"].get("within_days")
    return Working(
        tuple(lines),
        limits,
        tuple(tiers["1"]["hand_raise"]["signals"]),
        {tier: tuple(tiers[tier].get("required_facts", [])) for tier in ("1", "2")},
        definition.get("axis_reason", ""),
        {part: value for part, value in definition.items() if part not in _HANDLED},
        _tier_rest(definition),
    )


def _tier_rest(definition: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        tier: {name: value for name, value in asked.items() if name not in _HANDLED_OF_TIERS}
        for tier, asked in definition["tiers"].items()
    }


def _unparked(entry: Mapping[str, Any], definition: Mapping[str, Any]) -> Line | None:
    """A line that was switched off, if the language still knows what it says."""
    written, axis = entry["line"], entry["axis"]
    part = Line("", axis, Node("")).part
    alone = {**definition, part: [written]}
    if part == RULES:
        alone["family_caps"] = {written["family"]: POINT} if written.get("family") else {}
    try:
        book = parse_rulebook(alone)
    except InvalidRulebook:
        return None
    entries: Sequence[Any] = {RULES: book.rules, NOES: book.disqualifiers, STAGES: book.stages}[part]
    return Line(
        written["key"], axis, node_of(entries[0].condition), False,
        written.get("points"), written.get("family", ""), written.get("half_life_days"),
    )  # fmt: skip


def read_working(data: QueryDict, rest: Mapping[str, Any]) -> Working:
    """The editor's copy from what was sent, mistakes included; `rest` are the parts the form does not show."""
    count = data.get("lines", "")
    lines = (_read_line(data, n) for n in range(min(int(count) if count.isdecimal() else 0, _MOST_LINES)))
    limits = {
        name: whole(data.get(name, "").strip()) if name == "hand_raise" else thousandths(data.get(name, ""))
        for name in data
        if name == "hand_raise" or name.startswith(("cap.", "floor.", "family.", "tier."))
    }
    return Working(
        tuple(lines),
        limits,
        tuple(data.getlist("hand_raises")),
        {tier: tuple(data.getlist(f"required.{tier}")) for tier in ("1", "2")},
        data.get("axis_reason", "").strip(),
        {part: value for part, value in rest.items() if part not in _HANDLED},
        _tier_rest(rest),
    )


def _read_line(data: QueryDict, n: int) -> Line:
    axis = data.get(f"r{n}.axis", "")
    axis = axis if axis in {*AXES, STAGES, *TIERS} else ""
    return Line(
        data.get(f"r{n}.key", "").strip(),
        axis,
        read_node(data, f"r{n}.c"),
        bool(data.get(f"r{n}.on")) or axis in TIERS,
        thousandths(data.get(f"r{n}.points", "")) if axis in set(AXES) else None,
        data.get(f"r{n}.family", "").strip(),
        whole(data.get(f"r{n}.half", "").strip()),
    )


def thousandths(text: str) -> int | str | None:
    """Points as they are stored; what is no number stays as it was typed, for the parser to refuse."""
    typed = text.strip().replace(",", ".").replace("−", "-")
    if not typed:
        return None
    try:
        points = Decimal(typed) * POINT
    except InvalidOperation:
        return text
    return int(points) if points.is_finite() and points == points.to_integral_value() else text


def plain(points: Any) -> str:
    """Thousandths as they stand in an input."""
    if points is None:
        return ""
    return f"{(Decimal(points) / POINT).normalize() + 0:f}" if isinstance(points, int) else str(points)


def changed_lines(before: Working, after: Working) -> Iterable[int]:
    """Places of the lines of `after` that say something else than in `before`, or are new."""
    known = {line.key: line.json() for line in before.lines if line.is_on}
    return [n for n, line in enumerate(after.lines) if known.get(line.key) != line.json() or not line.is_on]
