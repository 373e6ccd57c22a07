"""What a posted body holds: its value, its entries if it is a list, and what a JSON pointer leads to. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

import orjson
from django.utils.translation import gettext as _

MOST_ITEMS = 1_000
MOST_POINTERS = 300
MOST_LEVELS = 32
_MISSING = object()


class NotReadable(Exception):
    """The body cannot become submissions; the words say what to change."""


def read_body(text: str, content_type: str) -> Any:
    """The value of a body: JSON, or the fields of a form. Raises NotReadable."""
    if content_type.partition(";")[0].strip().lower() == "application/x-www-form-urlencoded":
        try:
            return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=500))
        except ValueError:
            raise NotReadable(_("The form holds more than 500 fields.")) from None
    if not text.strip():
        raise NotReadable(_("The body is empty."))
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise NotReadable(_("The body is no JSON: %(why)s.") % {"why": str(error)[:200]}) from None
    if _depth(value) > MOST_LEVELS:
        raise NotReadable(_("The body is nested deeper than %(n)s levels.") % {"n": MOST_LEVELS})
    return value


def entries_of(value: Any, pointer: str, *, unpacks: bool) -> list[Any]:
    """The things in a body that each become a submission: the body itself, or the list a pointer leads to.

    Raises NotReadable if there is no such list, or too long a one.
    """
    if not unpacks:
        return [value]
    found = value_at(value, pointer, None)
    if not isinstance(found, list):
        raise NotReadable(_("There is no list at “%(pointer)s”.") % {"pointer": pointer or "/"})
    if len(found) > MOST_ITEMS:
        raise NotReadable(
            _("The list holds %(has)s entries; at most %(n)s are taken.") % {"has": len(found), "n": MOST_ITEMS}
        )
    return found


def value_at(value: Any, pointer: str, whole: Any = _MISSING) -> Any:
    """What a JSON pointer (RFC 6901) leads to, None if nothing is there. “#/…” begins at `whole`, if that is given."""
    if pointer.startswith("#") and whole is not _MISSING:
        value, pointer = whole, pointer[1:]
    if not pointer:
        return value
    for step in pointer.removeprefix("/").split("/"):
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict):
            value = value.get(name)
        elif isinstance(value, list) and name.isascii() and name.isdigit() and int(name) < len(value):
            value = value[int(name)]
        else:
            return None
    return value


def pointers_in(value: Any) -> list[tuple[str, str]]:
    """Every pointer to a plain value in a sample, in order, with the value as text."""
    found = []
    for pointer, plain in _leaves(value, ""):
        found.append((pointer, "" if plain is None else str(plain)[:200]))
        if len(found) == MOST_POINTERS:
            break
    return found


def _leaves(value: Any, pointer: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(value, list):
        for number, inner in enumerate(value[:20]):
            yield from _leaves(inner, f"{pointer}/{number}")
    else:
        yield pointer, value


def _depth(value: Any) -> int:
    deepest, level = 0, [value]
    while level and deepest <= MOST_LEVELS:
        deepest += 1
        level = [
            inner
            for one in level
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
    return deepest
