"""The blanks of a condition: what an editor asks for, what the parser accepts, how a value is written back. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from scoring.rules.attributes import ATTRIBUTES, Attribute, FactType, find_attribute, suggest_attribute
from scoring.rules.kinds import Kind
from scoring.rules.reading import Reader
from scoring.rules.words import plain, same

MAX_COUNT = 10_000
MAX_VALUE = 2_000_000_000
MAX_DAYS = 3650
LONGEST_TEXT = 120


class FieldType(StrEnum):
    """What is filled in. A `value` is a text or a number, as the fact of the condition wants it."""

    FACT = "fact"
    SIGNAL_KINDS = "signal_kinds"
    TOPICS = "topics"
    TEXTS = "texts"
    VALUES = "values"
    VALUE = "value"
    NUMBER = "number"
    CHOICE = "choice"
    TRUTH = "truth"


@dataclass(frozen=True, slots=True)
class Field:
    """One blank. `name` is its key in JSON, `attribute` its name in the condition if that differs.

    `label` and `unit` stand before and after the input. A field that is not `required` may stay empty and then is
    `default`. `choices` are the words of a choice, with their labels.
    """

    name: str
    type: FieldType
    label: str = ""
    unit: str = ""
    required: bool = True
    default: Any = None
    lowest: int = 0
    highest: int = MAX_VALUE
    choices: Mapping[str, str] | None = None
    attribute: str = ""

    @property
    def place(self) -> str:
        """Its name in the condition."""
        return self.attribute or self.name

    def value_of(self, condition: object) -> Any:
        """What a condition has filled in here, in JSON's types."""
        if self.type is FieldType.TRUTH:
            return True
        value = getattr(condition, self.place)
        return list(value) if isinstance(value, tuple) else value

    def read(self, reader: Reader, kinds: Mapping[str, Kind], fact: Attribute | None) -> Any:
        """The typed value. Raises Refused after noting what is wrong."""
        if not self.required and reader.get(self.name) is None:
            return self.default
        if self.type is FieldType.SIGNAL_KINDS:
            return _signal_kinds(reader, self.name, kinds)
        if self.type is FieldType.VALUE and fact is not None and fact.type is FactType.NUMBER:
            return reader.number(self.name, lowest=0, highest=MAX_VALUE)
        return _READERS[self.type](reader, self)


def read_attribute(reader: Reader, name: object, *path: str | int) -> Attribute:
    """A known fact. Raises Refused after noting the problem and, if one is near, the name that was meant."""
    attribute = find_attribute(name) if isinstance(name, str) else None
    if attribute is None:
        meant = suggest_attribute(name) if isinstance(name, str) else ""
        hint = _("Did you mean “%(meant)s”?") % {"meant": meant} if meant else ", ".join(ATTRIBUTES)
        raise reader.refuse(_("“%(name)s” is not a fact we know. %(hint)s") % {"name": name, "hint": hint}, *path)
    return attribute


def _signal_kinds(reader: Reader, name: str, kinds: Mapping[str, Kind]) -> tuple[str, ...]:
    codes = reader.texts(name)
    for index, code in enumerate(codes):
        if code not in kinds:
            known = ", ".join(sorted(kinds)) or _("none")
            raise reader.refuse(
                _("“%(code)s” is not a signal kind. Known kinds: %(known)s.") % {"code": code, "known": known},
                name,
                index,
            )
    return codes


def _words(reader: Reader, name: str) -> tuple[str, ...]:
    words = reader.texts(name)
    if not all(any(letter.isalnum() for letter in plain(word)) for word in words):
        raise reader.refuse(_("Every word needs a letter or a digit."), name)
    return words


_READERS: dict[FieldType, Callable[[Reader, Field], Any]] = {
    FieldType.FACT: lambda reader, field: read_attribute(reader, reader.get(field.name), field.name).key,
    FieldType.TOPICS: lambda reader, field: reader.texts(field.name, at_least=0),
    FieldType.TEXTS: lambda reader, field: _words(reader, field.name),
    FieldType.VALUES: lambda reader, field: tuple(map(same, reader.texts(field.name))),
    FieldType.VALUE: lambda reader, field: same(reader.text(field.name, longest=LONGEST_TEXT)),
    FieldType.NUMBER: lambda reader, field: reader.number(field.name, lowest=field.lowest, highest=field.highest),
    FieldType.CHOICE: lambda reader, field: reader.choice(field.name, field.choices or {}),
    FieldType.TRUTH: lambda reader, field: reader.truth(field.name),
}

SIGNALS = Field("signals", FieldType.SIGNAL_KINDS, attribute="kinds")
"""The acts that most conditions about signals start with."""

TOPICS = Field("topics", FieldType.TOPICS, gettext_noop("about"), required=False, default=())
AT_LEAST = Field(
    "at_least", FieldType.NUMBER, gettext_noop("at least"), gettext_noop("times"),
    required=False, default=1, lowest=1, highest=MAX_COUNT,
)  # fmt: skip
WITHIN_DAYS = Field(
    "within_days", FieldType.NUMBER, gettext_noop("within"), gettext_noop("days"), required=False, highest=MAX_DAYS
)
BY = Field(
    "by", FieldType.CHOICE, gettext_noop("by"), required=False, default="person",
    choices={"person": gettext_noop("the person"), "account": gettext_noop("anybody at the company")},
)  # fmt: skip
FACT = Field("fact", FieldType.FACT, attribute="attribute")
