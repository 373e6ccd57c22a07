"""The editor as its template reads it: lines with their blanks, choices, sentences, and what the lint says of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from revops.portal.rules.editor.nodes import ALL, ANY, MOST_PARTS, Node, facts_for, shown, ways_of
from revops.portal.rules.editor.saying import problems_by_line, sentences_of
from revops.portal.rules.editor.working import RULES, STAGES, TIERS, Line, Working, plain
from scoring.rules import AXES
from scoring.rules.attributes import ATTRIBUTES
from scoring.rules.conditions import CONDITION_KINDS, About
from scoring.rules.definition import MAX_DEPTH, RulebookDefinition
from scoring.rules.fields import Field, FieldType
from scoring.rules.kinds import Kind
from scoring.rules.reading import Problem

AXIS_TITLES: dict[str, str | Promise] = {
    "fit": gettext_lazy("Fit: who they are"),
    "intent": gettext_lazy("Intent: what they do"),
    "timing": gettext_lazy("Timing: why now"),
    "": gettext_lazy("Not for sales, whatever the points"),
    "stages": gettext_lazy("Evaluation stages: how far they have come"),
    "tier_1": gettext_lazy("Tier 1: sales-ready"),
    "tier_2": gettext_lazy("Tier 2: fast-track nurture"),
}

Choice = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Blank:
    """One input. `value` is its text, `chosen` what is ticked of `choices`; `name` is what the form sends."""

    name: str
    type: str
    label: str
    unit: str
    value: str
    choices: tuple[Choice, ...] = ()
    chosen: tuple[str, ...] = ()
    is_extra: bool = False
    is_way: bool = False
    size: int = 4

    @property
    def chosen_words(self) -> str:
        labels = dict(self.choices)
        return ", ".join(labels.get(one, one) for one in self.chosen) or _("choose")


@dataclass(frozen=True, slots=True)
class NodeView:
    """A question, or a group of `parts` joined by `word`. `path` names its inputs, `spot` its buttons."""

    path: str
    spot: str
    kind: str
    is_group: bool
    is_denied: bool
    word: str = ""
    ways: tuple[Choice, ...] = ()
    blanks: tuple[Blank, ...] = ()
    parts: tuple[NodeView, ...] = ()
    can_grow: bool = False
    can_drop: bool = False

    @property
    def plain_blanks(self) -> list[Blank]:
        return [blank for blank in self.blanks if not blank.is_extra]

    @property
    def extra_blanks(self) -> list[Blank]:
        return [blank for blank in self.blanks if blank.is_extra]


@dataclass(frozen=True, slots=True)
class LineView:
    place: int
    line: Line
    node: NodeView
    sentence: str
    problems: tuple[str, ...]
    warnings: tuple[str, ...]
    is_open: bool
    is_changed: bool
    marks: Mapping[str, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"r{self.place}"

    @property
    def has_points(self) -> bool:
        return self.line.part == RULES

    @property
    def can_be_off(self) -> bool:
        return self.line.axis not in TIERS

    @property
    def points(self) -> str:
        return plain(self.line.points)

    @property
    def half_life(self) -> str:
        return "" if self.line.half_life is None else str(self.line.half_life)


@dataclass(frozen=True, slots=True)
class Limit:
    """One number beside the rules: a cap, a floor, a threshold."""

    name: str
    label: str
    value: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class AxisView:
    axis: str
    title: str | Promise
    lines: tuple[LineView, ...]
    limits: tuple[Limit, ...]


@dataclass(frozen=True, slots=True)
class TierView:
    """What makes one tier: least numbers, facts that must be known, and one more condition, if `line` is there."""

    tier: str
    axis: str
    title: str | Promise
    limits: tuple[Limit, ...]
    required: Blank
    line: LineView | None


@dataclass(frozen=True, slots=True)
class Shown:
    """Everything the editor's form shows of the rules."""

    axes: tuple[AxisView, ...]
    noes: AxisView
    stages: AxisView
    families: tuple[Limit, ...]
    tiers: tuple[TierView, ...]
    hand_raise: Limit
    hand_raises: Blank
    axis_reason: str
    new_kinds: tuple[tuple[str, tuple[Choice, ...]], ...]
    problems: tuple[str, ...]
    count: int
    is_valid: bool


def show(
    working: Working,
    kinds: Mapping[str, Kind],
    problems: Sequence[Problem] = (),
    *,
    book: RulebookDefinition | None = None,
    warnings: Sequence[Problem] = (),
    opened: Sequence[int] = (),
    changed: Sequence[int] = (),
    marks: Mapping[str, Mapping[str, int]] | None = None,
) -> Shown:
    """The form for a working copy. `book` is it parsed, None while it is wrong; `marks` counts what reps marked."""
    said, rest = problems_by_line(working, problems)
    warned, _others = problems_by_line(working, warnings)
    sentences = sentences_of(working, book, kinds)
    views = [
        LineView(
            place,
            line,
            _node(line.node, f"r{place}.c", str(place), kinds, alone=True),
            sentences.get(place, ""),
            tuple(said.get(place, ())),
            tuple(warned.get(place, ())),
            place in opened or bool(said.get(place)),
            place in changed,
            (marks or {}).get(line.key, {}),
        )
        for place, line in enumerate(working.lines)
    ]
    return Shown(
        tuple(_axis(axis.value, views, working, rest) for axis in AXES),
        _axis("", views, working, rest),
        _axis(STAGES, views, working, rest),
        tuple(
            _limit(f"family.{name}", _("Most that “%(name)s” adds") % {"name": name}, working, rest)
            for name in working.families()
        ),
        tuple(_tier(axis, views, working, rest) for axis in TIERS),
        Limit("hand_raise", _("days old at most"), str(working.limits.get("hand_raise") or ""), rest.pop("hand", "")),
        _kinds_blank("hand_raises", [kind for kind in kinds.values() if kind.is_hand_raise], working.hand_raises),
        working.axis_reason,
        tuple(
            (label, tuple((key, said % _(kind.label)) for key, kind in CONDITION_KINDS.items() if kind.about is about))
            for about, label, said in (
                (About.FACT, _("What is known"), _("a fact that %s …")),
                (About.SIGNALS, _("What they did"), _("they %s")),
            )
        ),
        tuple(rest.pop(name) for name in list(rest)),
        len(working.lines),
        book is not None,
    )


def _axis(axis: str, views: Sequence[LineView], working: Working, rest: dict[str, str]) -> AxisView:
    limits: tuple[Limit, ...] = ()
    if axis in set(AXES):
        limits = (
            _limit(f"floor.{axis}", _("Least it can fall to"), working, rest),
            _limit(f"cap.{axis}", _("Most it can reach"), working, rest),
        )
    return AxisView(axis, AXIS_TITLES[axis], tuple(view for view in views if view.line.axis == axis), limits)


def _tier(axis: str, views: Sequence[LineView], working: Working, rest: dict[str, str]) -> TierView:
    tier = TIERS[axis]
    limits = tuple(_limit(f"tier.{tier}.{one}", _least(one), working, rest) for one in AXES)
    line = next((view for view in views if view.line.axis == axis), None)
    return TierView(tier, axis, AXIS_TITLES[axis], limits, _required(tier, working), line)


def _limit(name: str, label: str, working: Working, rest: dict[str, str]) -> Limit:
    return Limit(name, label, plain(working.limits.get(name)), rest.pop(name, ""))


def _least(axis: str) -> str:
    return _("%(axis)s at least") % {"axis": axis.capitalize()}


def _required(tier: str, working: Working) -> Blank:
    chosen = working.required.get(tier, ())
    order = [*(key for key in chosen if key in ATTRIBUTES), *(key for key in ATTRIBUTES if key not in chosen)]
    choices = tuple((key, _(ATTRIBUTES[key].label)) for key in order)
    return Blank(f"required.{tier}", "many", "", "", "", choices, chosen)


# --- conditions ------------------------------------------------------------------------------------------------------
def _node(
    node: Node, path: str, spot: str, kinds: Mapping[str, Kind], *, alone: bool = False, level: int = 0
) -> NodeView:
    if node.is_group:
        parts = tuple(
            _node(part, f"{path}.{n}", f"{spot}.{n}", kinds, level=level + 1) for n, part in enumerate(node.parts)
        )
        return NodeView(
            path, spot, node.kind, True, node.is_denied,
            word=_("and") if node.kind == ALL else _("or"),
            ways=((ALL, _("all of these")), (ANY, _("any of these"))),
            parts=parts, can_grow=len(parts) < MOST_PARTS, can_drop=not alone,
        )  # fmt: skip
    question = node.question
    return NodeView(
        path, spot, node.kind, False, node.is_denied,
        ways=tuple((kind.key, _(kind.label)) for kind in ways_of(node)),
        blanks=tuple(
            _blank(one, node, f"{path}.f.{one.name}", kinds)
            for one in question.fields
            if one.type is not FieldType.TRUTH
        ),
        can_grow=level + 1 < MAX_DEPTH, can_drop=not alone,
    )  # fmt: skip


def _blank(one: Field, node: Node, name: str, kinds: Mapping[str, Kind]) -> Blank:
    value = node.values.get(one.name)
    text = shown(one, value) if one.type is not FieldType.SIGNAL_KINDS else ""
    is_extra = not one.required and value in (None, "", [], one.default) and one.name not in ("within_days", "at_most")
    label = _(one.label) if one.label else ""
    unit = _(one.unit) if one.unit else ""
    if one.type is FieldType.SIGNAL_KINDS:
        return _kinds_blank(name, kinds.values(), tuple(value or ()), label=label)
    choices: tuple[Choice, ...] = ()
    if one.type is FieldType.FACT:
        choices = tuple((key, _(ATTRIBUTES[key].label)) for key in _facts_beside(node))
    elif one.type is FieldType.CHOICE:
        choices = tuple((key, _(words)) for key, words in (one.choices or {}).items())
        text = text or str(one.default or "")
    kind = "choice" if choices else "number" if one.type is FieldType.NUMBER else "text"
    return Blank(
        name,
        kind,
        label,
        unit,
        text,
        choices,
        is_extra=is_extra,
        is_way=label == _(node.question.label),
        size=max(6, min(len(text) + 1, 44)),
    )


def _facts_beside(node: Node) -> list[str]:
    """All facts; one that this kind cannot ask about changes the kind when it is chosen."""
    return list(ATTRIBUTES) if node.question.about is About.FACT else facts_for(node.kind)


def _kinds_blank(name: str, kinds: Any, chosen: tuple[str, ...], label: str = "") -> Blank:
    names = {kind.code: kind.name for kind in sorted(kinds, key=lambda kind: kind.name)}
    # What is chosen comes first, in its order: that is the order a form sends it back in.
    order = [*(code for code in chosen if code in names), *(code for code in names if code not in chosen)]
    return Blank(name, "many", label, "", "", tuple((code, names[code]) for code in order), chosen)
