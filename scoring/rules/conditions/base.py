"""What every condition offers: its words, its answer for many leads at once, and what was found for one. Pure.

A condition about an unknown fact is false, so `not` about an unknown fact is true; ask `known` beside it if that
matters. Windows are calendar days in UTC: an act on the day `as_of − n` is still "within n days". Acts without a date
count only in conditions without a window.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

from django.utils.translation import gettext as _

from scoring.rules.attributes import Attribute, FactType
from scoring.rules.fields import Field, FieldType
from scoring.rules.kinds import Kind
from scoring.rules.reading import Reader

if TYPE_CHECKING:
    from scoring.engine.acts import Mask
    from scoring.engine.workspace import Measure, Workspace


class About(StrEnum):
    """What a condition looks at."""

    FACT = "fact"
    SIGNALS = "signals"


class Condition:
    """Something that holds for a lead or does not. Equal conditions are answered once."""

    __slots__ = ()

    def questions(self) -> Iterator[Question]:
        """The questions of a condition from left to right, without their combinations."""
        raise NotImplementedError

    def clause(self, kinds: Mapping[str, Kind]) -> str:
        """The condition in English, without capital and full stop."""
        raise NotImplementedError

    def holds(self, facts: Workspace) -> Mask:
        """For which leads it holds; called once per frame, by the workspace."""
        raise NotImplementedError

    def found(self, facts: Workspace, lead: int, kinds: Mapping[str, Kind]) -> str:
        """What made it true for one lead, in words."""
        return self.clause(kinds)

    def json(self) -> dict[str, Any]:
        """The condition as the parser reads it."""
        raise NotImplementedError


class Question(Condition):
    """A condition that asks something itself. A subclass is all there is to one kind of condition.

    `markers` are the keys that tell this kind from others about the same thing (none: the ordinary one). `fits` are
    the types of fact it can be asked about. `since` is the product version that has it.
    """

    __slots__ = ()

    key: ClassVar[str]
    label: ClassVar[str]
    about: ClassVar[About] = About.FACT
    fields: ClassVar[tuple[Field, ...]]
    markers: ClassVar[tuple[str, ...]] = ()
    fits: ClassVar[frozenset[FactType]] = frozenset()
    since: ClassVar[str] = "0.1"

    @classmethod
    def read(cls, reader: Reader, kinds: Mapping[str, Kind], fact: Attribute | None = None) -> tuple[Question, bool]:
        """The question in JSON, and whether it is denied there. Raises Refused after noting what is wrong."""
        values = [(field, field.read(reader, kinds, fact)) for field in cls.fields]
        question = cls(**{field.place: value for field, value in values if field.type is not FieldType.TRUTH})
        question.check(reader)
        return question, any(value is False for field, value in values if field.type is FieldType.TRUTH)

    def check(self, reader: Reader) -> None:
        """Refuses what no single field can: ends that cross, choices that contradict."""

    def questions(self) -> Iterator[Question]:
        yield self

    def negation(self, kinds: Mapping[str, Kind]) -> str:
        """In English that it does not hold."""
        return _("not: %(clause)s") % {"clause": self.clause(kinds)}

    def json(self) -> dict[str, Any]:
        written = [(field, field.value_of(self)) for field in self.fields]
        return {
            field.name: value for field, value in written if field.required or value not in (field.default, None, [])
        }

    # --- what it needs to be answered --------------------------------------------------------------------------------
    def asked_attributes(self) -> tuple[str, ...]:
        """Facts it asks about."""
        return ()

    def asked_words(self) -> tuple[str, ...]:
        """Words it looks for in a free text."""
        return ()

    def asked_values(self) -> tuple[str, ...]:
        """Texts it compares with, as `same` writes them."""
        return ()

    def asked_kinds(self) -> tuple[str, ...]:
        """Signal kinds it counts among the person's acts."""
        return ()

    def asked_account_kinds(self) -> tuple[str, ...]:
        """Signal kinds it counts among the acts of everybody at the account."""
        return ()


class ActQuestion(Question):
    """A question about acts. `can_fade` says whether points may fade with the latest act that it counted."""

    __slots__ = ()

    about = About.SIGNALS
    can_fade: ClassVar[bool] = True

    def measured(self, facts: Workspace) -> Measure:
        """What was counted, for every lead of the frame."""
        raise NotImplementedError

    def happened(self, facts: Workspace, lead: int) -> tuple[str, ...]:
        """The signal kinds of the acts that counted for one lead."""
        return self.asked_kinds()


def attributes_of(condition: Condition) -> set[str]:
    return {name for question in condition.questions() for name in question.asked_attributes()}


def kinds_of(condition: Condition) -> set[str]:
    """Signal kinds that it rests on, whoever's acts they are."""
    return {
        kind
        for question in condition.questions()
        for kind in (*question.asked_kinds(), *question.asked_account_kinds())
    }


def leaves(condition: Condition) -> Iterator[Question]:
    return condition.questions()
