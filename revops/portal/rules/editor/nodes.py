"""One condition of the editor: a question with its blanks, or several combined; to forms and back. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from django.http import QueryDict

from scoring.rules.attributes import ATTRIBUTES, FactType
from scoring.rules.conditions import CONDITION_KINDS, About, AllOf, AnyOf, Condition, Not, Question
from scoring.rules.fields import Field, FieldType

ALL, ANY = "all_of", "any_of"
MOST_PARTS = 12
_LISTS = (FieldType.TOPICS, FieldType.TEXTS, FieldType.VALUES)


@dataclass(frozen=True, slots=True)
class Node:
    """`kind` is a kind of condition or a combination; `values` are its blanks in JSON's types, or as typed."""

    kind: str
    values: dict[str, Any] = field(default_factory=dict)
    is_denied: bool = False
    parts: tuple[Node, ...] = ()

    @property
    def is_group(self) -> bool:
        return self.kind in (ALL, ANY)

    @property
    def question(self) -> type[Question]:
        return CONDITION_KINDS[self.kind]

    def json(self) -> dict[str, Any]:
        """The condition as the parser reads it; what is wrong with it the parser says."""
        if self.is_group:
            made: dict[str, Any] = {self.kind: [part.json() for part in self.parts]}
        else:
            defaults = {one.name: one.default for one in self.question.fields if not one.required}
            made = {
                name: value
                for name, value in self.values.items()
                if value not in (None, "", []) and value != defaults.get(name)
            }
            made |= {blank.name: True for blank in self.question.fields if blank.type is FieldType.TRUTH}
        return {"not": made} if self.is_denied else made

    # --- changes of the tree -----------------------------------------------------------------------------------------
    def at(self, path: tuple[int, ...], change: Any) -> Node | None:
        """The tree with the node at `path` changed; None if the change takes the whole of it away."""
        if not path:
            changed: Node | None = change(self)
            return changed
        parts = list(self.parts)
        if not 0 <= path[0] < len(parts):
            return self
        part = parts[path[0]].at(path[1:], change)
        parts[path[0] : path[0] + 1] = [part] if part is not None else []
        if len(parts) == 1:
            only = parts[0]
            return replace(only, is_denied=only.is_denied != self.is_denied)
        return replace(self, parts=tuple(parts)) if parts else None

    def joined(self, part: Node, combination: str) -> Node:
        """This and one more part: in this group, or in a new one around both."""
        if self.is_group:
            return replace(self, parts=(*self.parts, part))
        return Node(combination, parts=(self, part))


def blank(kind: str) -> Node:
    """A new question of a kind, filled in where there is something sensible to say."""
    question = CONDITION_KINDS[kind]
    values: dict[str, Any] = {}
    for one in question.fields:
        if one.type is FieldType.FACT:
            values[one.name] = facts_for(kind)[0]
        elif one.type is FieldType.CHOICE and one.required:
            values[one.name] = next(iter(one.choices or {"": ""}))
        elif one.name == "within_days":
            values[one.name] = 30
        elif one.type is FieldType.NUMBER and one.required:
            values[one.name] = max(one.lowest, 2)
    return Node(kind, values)


def facts_for(kind: str) -> list[str]:
    """The facts that a kind of condition can ask about."""
    fits = CONDITION_KINDS[kind].fits
    return [key for key, fact in ATTRIBUTES.items() if not fits or fact.type in fits]


def ways_of(node: Node) -> list[type[Question]]:
    """The kinds that could ask about the same: about signals, or about this fact."""
    about = node.question.about
    fact = ATTRIBUTES.get(str(node.values.get("fact", "")))
    return [
        kind
        for kind in CONDITION_KINDS.values()
        if kind.about is about and (about is About.SIGNALS or fact is None or not kind.fits or fact.type in kind.fits)
    ]


def node_of(condition: Condition) -> Node:
    """A parsed condition as the editor holds it."""
    match condition:
        case Not(part):
            inner = node_of(part)
            return replace(inner, is_denied=not inner.is_denied)
        case AllOf(parts):
            return Node(ALL, parts=tuple(map(node_of, parts)))
        case AnyOf(parts):
            return Node(ANY, parts=tuple(map(node_of, parts)))
        case Question():
            return Node(condition.key, condition.json())
    raise TypeError(f"The editor does not know {condition!r}.")


def read_node(data: QueryDict, path: str, level: int = 0) -> Node:
    """The condition that was sent under `path`."""
    kind, is_denied = data.get(path, ""), bool(data.get(f"{path}.not"))
    if kind in (ALL, ANY) and level < 4:
        count = min(_count(data.get(f"{path}.n", "")), MOST_PARTS)
        return Node(kind, {}, is_denied, tuple(read_node(data, f"{path}.{n}", level + 1) for n in range(count)))
    if kind not in CONDITION_KINDS:
        kind = next(iter(CONDITION_KINDS))
    fact = data.get(f"{path}.f.fact", "")
    if fact in ATTRIBUTES and fact not in facts_for(kind):  # another fact was chosen: ask it in a way that fits
        kind = next(key for key, one in CONDITION_KINDS.items() if one.about is About.FACT and fact in facts_for(key))
    return Node(kind, dict(_read_values(data, path, kind, fact)), is_denied)


def _read_values(data: QueryDict, path: str, kind: str, fact: str) -> Iterator[tuple[str, Any]]:
    for one in CONDITION_KINDS[kind].fields:
        name = f"{path}.f.{one.name}"
        text = data.get(name, "").strip()
        if one.type is FieldType.SIGNAL_KINDS:
            yield one.name, data.getlist(name)
        elif one.type in _LISTS:
            yield one.name, [word.strip() for word in text.split(",") if word.strip()]
        elif one.type is FieldType.NUMBER or (one.type is FieldType.VALUE and _is_number(fact)):
            yield one.name, whole(text)
        elif one.type is not FieldType.TRUTH:
            yield one.name, text


def whole(text: str) -> int | str | None:
    """A whole number if the text is one, nothing if it is empty, else the text, for the parser to refuse."""
    if not text:
        return None
    return int(text) if text.lstrip("-").isdecimal() and len(text) < 12 else text


def _is_number(fact: str) -> bool:
    return fact in ATTRIBUTES and ATTRIBUTES[fact].type is FactType.NUMBER


def _count(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 4 else 0


def shown(one: Field, value: Any) -> str:
    """A value as it stands in an input."""
    if one.type in _LISTS:
        return ", ".join(value or [])
    return "" if value is None else str(value)
