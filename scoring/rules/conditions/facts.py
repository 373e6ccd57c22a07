"""Conditions about what is known of person, account, lead and source. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from leads.names import country_name
from scoring.rules.attributes import ATTRIBUTES, COUNTRIES, TEXT_TYPES, FactType
from scoring.rules.conditions.base import Question
from scoring.rules.fields import FACT, Field, FieldType
from scoring.rules.kinds import Kind
from scoring.rules.phrases import either, label_of, shown_value
from scoring.rules.reading import Reader
from scoring.rules.words import mentioned, plain, same, words_of

if TYPE_CHECKING:
    from scoring.engine.acts import Mask
    from scoring.engine.workspace import Workspace


class FactQuestion(Question):
    """A question about one fact."""

    __slots__ = ()
    attribute: str

    def asked_attributes(self) -> tuple[str, ...]:
        return (self.attribute,)

    @property
    def is_text(self) -> bool:
        return ATTRIBUTES[self.attribute].type in TEXT_TYPES

    def found(self, facts: Workspace, lead: int, kinds: Mapping[str, Kind]) -> str:
        """The fact with its value, which says more than the condition."""
        attribute = ATTRIBUTES[self.attribute]
        value = facts.value(self.attribute, lead)
        if value is None or attribute.type in (FactType.PRESENCE, FactType.FLAG):
            return self.clause(kinds)
        if attribute.type is FactType.FREE_TEXT:
            shown = ", ".join(words_of(str(value))) or _("known")
        elif self.attribute in COUNTRIES:
            shown = country_name(shown_value(str(value)))
        else:
            shown = shown_date(value) if isinstance(value, date) else shown_value(value)
        return _("%(fact)s is %(value)s") % {"fact": label_of(self.attribute), "value": shown}


def shown_date(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


@dataclass(frozen=True, slots=True)
class Equals(FactQuestion):
    """A text is this value (case does not matter), or a number is."""

    key = "equals"
    label = gettext_noop("is")
    fields = (
        FACT,
        Field("equals", FieldType.VALUE, gettext_noop("is"), attribute="value"),
    )
    markers = ("equals",)
    fits = TEXT_TYPES | {FactType.NUMBER}

    attribute: str
    value: str | int

    def asked_values(self) -> tuple[str, ...]:
        return (same(self.value),) if isinstance(self.value, str) else ()

    def clause(self, kinds: Mapping[str, Kind]) -> str:
        return _("%(fact)s is %(value)s") % {"fact": label_of(self.attribute), "value": shown_value(self.value)}

    def holds(self, facts: Workspace) -> Mask:
        if isinstance(self.value, str):
            return facts.worded(self.attribute, lambda text: same(text) == self.value)
        return facts.number(self.attribute) == self.value


@dataclass(frozen=True, slots=True)
class NotEquals(FactQuestion):
    """The fact is known and is something else."""

    key = "not_equals"
    label = gettext_noop("is known and is not")
    fields = (
        FACT,
        Field("not_equals", FieldType.VALUE, gettext_noop("is not"), attribute="value"),
    )
    markers = ("not_equals",)
    fits = Equals.fits
    since = "0.2"

    attribute: str
    value: str | int

    def asked_values(self) -> tuple[str, ...]:
        return (same(self.value),) if isinstance(self.value, str) else ()

    def clause(self, kinds: Mapping[str, Kind]) -> str:
        words = {"fact": label_of(self.attribute), "value": shown_value(self.value)}
        return _("%(fact)s is known and not %(value)s") % words

    def holds(self, facts: Workspace) -> Mask:
        if isinstance(self.value, str):
            return facts.worded(self.attribute, lambda text: same(text) != self.value)
        return facts.is_known(self.attribute) & (facts.number(self.attribute) != self.value)


@dataclass(frozen=True, slots=True)
class OneOf(FactQuestion):
    key = "one_of"
    label = gettext_noop("is one of")
    fields = (
        FACT,
        Field("one_of", FieldType.VALUES, gettext_noop("is one of"), attribute="values"),
    )
    markers = ("one_of",)
    fits = TEXT_TYPES

    attribute: str
    values: tuple[str, ...]

    def asked_values(self) -> tuple[str, ...]:
        return self.values

    def clause(self, kinds: Mapping[str, Kind]) -> str:
        values = either(map(shown_value, self.values))
        return _("%(fact)s is %(values)s") % {"fact": label_of(self.attribute), "values": values}

    def holds(self, facts: Workspace) -> Mask:
        wanted = frozenset(self.values)
        return facts.worded(self.attribute, lambda text: same(text) in wanted)


@dataclass(frozen=True, slots=True)
class NoneOf(FactQuestion):
    """The fact is known and is none of these."""

    key = "none_of"
    label = gettext_noop("is known and is none of")
    fields = (
        FACT,
        Field("none_of", FieldType.VALUES, gettext_noop("is none of"), attribute="values"),
    )
    markers = ("none_of",)
    fits = TEXT_TYPES
    since = "0.2"

    attribute: str
    values: tuple[str, ...]

    def asked_values(self) -> tuple[str, ...]:
        return self.values

    def clause(self, kinds: Mapping[str, Kind]) -> str:
        words = {"fact": label_of(self.attribute), "values": either(map(shown_value, self.values))}
        return _("%(fact)s is known and not %(values)s") % words

    def holds(self, facts: Workspace) -> Mask:
        unwanted = frozenset(self.values)
        return facts.worded(self.attribute, lambda text: same(text) not in unwanted)


@dataclass(frozen=True, slots=True)
class Between(FactQuestion):
    """A number lies between both ends, which belong to it; an empty end is open."""

    key = "between"
    label = gettext_noop("lies between")
    fields = (
        FACT,
        Field("at_least", FieldType.NUMBER, gettext_noop("is at least"), required=False),
        Field("at_most", FieldType.NUMBER, gettext_noop("is at most"), required=False),
    )
    markers = ("at_least", "at_most")
    fits = frozenset({FactType.NUMBER})

    attribute: str
    at_least: int | None
    at_most: int | None

    def check(self, reader: Reader) -> None:
        if self.at_least is None and self.at_most is None:
            raise reader.refuse(_("Give at least one end of the range."))
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise reader.refuse(_("The range is empty: its lower end is above its upper end."), "at_least")

    def clause(self, kinds: Mapping[str, Kind]) -> str:
        fact, low, high = label_of(self.attribute), shown_value(self.at_least or 0), shown_value(self.at_most or 0)
        if self.at_most is None:
            return _("%(fact)s is at least %(low)s") % {"fact": fact, "low": low}
        if self.at_least is None:
            return _("%(fact)s is at most %(high)s") % {"fact": fact, "high": high}
        return _("%(fact)s is %(low)s to %(high)s") % {"fact": fact, "low": low, "high": high}

    def holds(self, facts: Workspace) -> Mask:
        values = facts.number(self.attribute)
        answer = values >= (self.at_least or 0)  # an unknown number is far below zero
        return answer if self.at_most is None else answer & (values <= self.at_most)


@dataclass(frozen=True, slots=True)
class Mentions(FactQuestion):
    """A text contains any of these words or phrases, as whole words."""

    key = "mentions"
    label = gettext_noop("mentions")
    fields = (
        FACT,
        Field("mentions", FieldType.TEXTS, gettext_noop("mentions"), attribute="words"),
    )
    markers = ("mentions",)
    fits = TEXT_TYPES

    attribute: str
    words: tuple[str, ...]

    def asked_words(self) -> tuple[str, ...]:
        return self.words

    def clause(self, kinds: Mapping[str, Kind]) -> str:
        words = either(f"“{word}”" for word in self.words)
        return _("%(fact)s mentions %(words)s") % {"fact": label_of(self.attribute), "words": words}

    def holds(self, facts: Workspace) -> Mask:
        needles = [plain(word) for word in self.words]
        return facts.worded_plainly(self.attribute, lambda text: any(needle in text for needle in needles))

    def found(self, facts: Workspace, lead: int, kinds: Mapping[str, Kind]) -> str:
        value = facts.value(self.attribute, lead)
        hits = " ".join(f"“{word}”" for word in mentioned(str(value), self.words))
        return _("%(fact)s mentions %(words)s") % {"fact": label_of(self.attribute), "words": hits}


@dataclass(frozen=True, slots=True)
class IsTrue(FactQuestion):
    key = "is"
    label = gettext_noop("is true")
    fields = (FACT, Field("is", FieldType.TRUTH, gettext_noop("is")))
    markers = ("is",)
    fits = frozenset({FactType.FLAG})

    attribute: str

    def clause(self, kinds: Mapping[str, Kind]) -> str:
        return label_of(self.attribute)

    def holds(self, facts: Workspace) -> Mask:
        return facts.number(self.attribute) == 1


@dataclass(frozen=True, slots=True)
class Known(FactQuestion):
    key = "known"
    label = gettext_noop("is known")
    fields = (FACT, Field("known", FieldType.TRUTH, gettext_noop("is known")))
    markers = ("known",)
    fits = frozenset(FactType) - {FactType.FLAG}

    attribute: str

    def clause(self, kinds: Mapping[str, Kind]) -> str:
        return _("%(fact)s is known") % {"fact": label_of(self.attribute)}

    def negation(self, kinds: Mapping[str, Kind]) -> str:
        return _("%(fact)s is unknown") % {"fact": label_of(self.attribute)}

    def holds(self, facts: Workspace) -> Mask:
        return facts.is_known(self.attribute)
