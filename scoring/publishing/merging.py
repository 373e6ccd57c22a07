"""Brings two changes of one rulebook together, piece by piece: what does not collide is kept from both. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Path = tuple[str, ...]
Definition = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Collision:
    """One piece that both changed, each otherwise. A piece that somebody took out is None."""

    path: Path
    base: Any
    mine: Any
    theirs: Any

    @property
    def name(self) -> str:
        return "/".join(self.path)


@dataclass(frozen=True, slots=True)
class Merged:
    """The definition with both changes; where they collide it has `theirs`, unless a choice said otherwise."""

    definition: dict[str, Any]
    collisions: tuple[Collision, ...]


def merge(base: Definition, mine: Definition, theirs: Definition, choices: Mapping[str, str] | None = None) -> Merged:
    """Both changes of `base` in one definition, without signal kinds.

    A piece is one rule, one disqualifier, one cap, one tier's minimum. `choices` says “mine” or “theirs” for the name
    of a collision; a collision with a choice is none any more.
    """
    old, own, other = _pieces(base), _pieces(mine), _pieces(theirs)
    chosen = choices or {}
    collisions, made = [], dict[Path, Any]()
    for path in dict.fromkeys((*other, *own, *old)):
        before, me, they = old.get(path), own.get(path), other.get(path)
        name = "/".join(path)
        if me in (they, before):
            value = they
        elif they == before or chosen.get(name) == "mine":
            value = me
        else:
            value = they
            if chosen.get(name) != "theirs":
                collisions.append(Collision(path, before, me, they))
        if value is not None:
            made[path] = value
    return Merged(_whole(made, _orders(base, mine, theirs)), tuple(collisions))


def piece(definition: Definition, path: Path) -> Any:
    """One piece of a definition; None if it has none there."""
    return _pieces(definition).get(path)


def with_piece(definition: Definition, path: Path, value: Any) -> dict[str, Any]:
    """The definition with one piece replaced; None takes it out."""
    pieces = _pieces(definition)
    pieces.pop(path, None) if value is None else pieces.update({path: value})
    return {**_whole(pieces, _orders(definition, definition, definition)), "kinds": definition.get("kinds", {})}


def _is_listed(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(entry, dict) and "key" in entry for entry in value)


def _pieces(definition: Definition) -> dict[Path, Any]:
    pieces: dict[Path, Any] = {}
    for part, value in definition.items():
        if part == "kinds":
            continue
        if _is_listed(value):
            pieces |= {(part, entry["key"]): entry for entry in value}
        elif part == "tiers":
            pieces |= {(part, tier, name): one for tier, asked in value.items() for name, one in asked.items()}
        elif isinstance(value, dict):
            pieces |= {(part, name): one for name, one in value.items()}
        else:
            pieces[(part,)] = value
    return pieces


def _orders(base: Definition, mine: Definition, theirs: Definition) -> dict[str, list[str]]:
    """The order of listed parts: mine if I moved something, else theirs; what only one has comes last."""
    orders = {}
    parts = {part for one in (base, mine, theirs) for part, value in one.items() if _is_listed(value)}
    for part in parts:
        before, own, other = ([entry["key"] for entry in one.get(part) or []] for one in (base, mine, theirs))
        first, second = (own, other) if _moved(before, own) else (other, own)
        orders[part] = [*first, *(key for key in second if key not in first)]
    return orders


def _moved(before: Sequence[str], after: Sequence[str]) -> bool:
    return [key for key in before if key in after] != [key for key in after if key in before]


def _whole(pieces: Mapping[Path, Any], orders: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    whole: dict[str, Any] = {}
    for path, value in pieces.items():
        match path:
            case (part,):
                whole[part] = value
            case (part, _key) if part in orders:
                whole.setdefault(part, []).append(value)
            case (part, name):
                whole.setdefault(part, {})[name] = value
            case (part, tier, name):
                whole.setdefault(part, {}).setdefault(tier, {})[name] = value
    for part, order in orders.items():
        whole[part] = sorted(whole.get(part, []), key=lambda entry, order=order: order.index(entry["key"]))  # type: ignore[misc]
    return whole
