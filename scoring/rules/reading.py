"""Reads values out of JSON and notes what is wrong in words, with a pointer to where. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from django.utils.translation import gettext as _


class Problem(NamedTuple):
    """`pointer` is an RFC 6901 JSON pointer into the definition; `message` says what to do."""

    pointer: str
    message: str


class InvalidRulebook(Exception):
    """The definition cannot become a rulebook; `problems` lists every reason, not only the first."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("; ".join(f"{problem.pointer or '/'}: {problem.message}" for problem in problems))


class Refused(Exception):
    """The value at hand is unusable; the problem is already noted."""


class Reader:
    """One JSON object, read key by key; `done` refuses the keys that nobody asked for."""

    def __init__(self, value: Any, pointer: str, problems: list[Problem]) -> None:
        self.pointer = pointer
        self.problems = problems
        if not isinstance(value, Mapping):
            raise self.refuse(_("Expected an object with named values here."))
        self.value = value
        self._asked: set[str] = set()

    def refuse(self, message: str, *path: str | int) -> Refused:
        pointer = "".join([self.pointer, *(f"/{_escaped(step)}" for step in path)])
        self.problems.append(Problem(pointer, message))
        return Refused()

    def has(self, key: str) -> bool:
        return key in self.value

    def get(self, key: str, default: Any = None) -> Any:
        self._asked.add(key)
        return self.value.get(key, default)

    def child(self, key: str) -> Reader:
        if not self.has(key):
            raise self.refuse(_("Add “%(key)s”; it is missing.") % {"key": key})
        return Reader(self.get(key), f"{self.pointer}/{_escaped(key)}", self.problems)

    def items(self, key: str, *, at_least: int = 1) -> list[tuple[int, Any]]:
        values = self.get(key, [])
        if not isinstance(values, list) or len(values) < at_least:
            raise self.refuse(_("Give a list with at least %(n)d entries.") % {"n": at_least}, key)
        return list(enumerate(values))

    def text(self, key: str, *, longest: int = 64, default: str | None = None) -> str:
        value = self.get(key, default)
        if value == default and isinstance(value, str):
            return value
        if not _is_text(value, longest):
            raise self.refuse(_("Give a text of 1 to %(n)d characters on one line.") % {"n": longest}, key)
        return value.strip()

    def texts(self, key: str, *, at_least: int = 1) -> tuple[str, ...]:
        values = [value for _index, value in self.items(key, at_least=at_least)]
        if not all(_is_text(value, 120) for value in values):
            raise self.refuse(_("Every entry must be a text of 1 to 120 characters."), key)
        if len(set(values)) < len(values):
            raise self.refuse(_("The same entry is listed twice; remove one."), key)
        return tuple(value.strip() for value in values)

    def number(self, key: str, *, lowest: int, highest: int) -> int:
        value = self.get(key)
        if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
            message = _("Give a whole number from %(low)d to %(high)d.") % {"low": lowest, "high": highest}
            raise self.refuse(message, key)
        return value

    def number_or_none(self, key: str, *, lowest: int, highest: int) -> int | None:
        return None if self.get(key) is None else self.number(key, lowest=lowest, highest=highest)

    def truth(self, key: str) -> bool:
        value = self.get(key)
        if not isinstance(value, bool):
            raise self.refuse(_("Give true or false."), key)
        return value

    def choice(self, key: str, choices: Iterable[str]) -> str:
        value = self.get(key)
        if value not in (known := list(choices)):
            raise self.refuse(_("Choose one of: %(choices)s.") % {"choices": ", ".join(known)}, key)
        return str(value)

    def done(self) -> None:
        for key in sorted(set(self.value) - self._asked, key=str):
            self.refuse(_("“%(key)s” means nothing here; remove it or correct its name.") % {"key": key}, str(key))


def _is_text(value: object, longest: int) -> bool:
    """Readable text on one line: no control characters, which no database and no sentence could hold."""
    return isinstance(value, str) and bool(value.strip()) and len(value) <= longest and value.isprintable()


def _escaped(step: str | int) -> str:
    return str(step).replace("~", "~0").replace("/", "~1")
