"""Conditions about dates that lie ahead or have passed. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from scoring.rules.attributes import FactType
from scoring.rules.conditions.facts import FactQuestion
from scoring.rules.fields import FACT, MAX_DAYS, WITHIN_DAYS, Field, FieldType
from scoring.rules.kinds import Kind
from scoring.rules.phrases import label_of

if TYPE_CHECKING:
    from scoring.engine.acts import Mask
    from scoring.engine.workspace import Workspace


@dataclass(frozen=True, slots=True)
class DateAhead(FactQuestion):
    """The date is today or at most `within_days` ahead."""

    key = "date_ahead"
    label = gettext_noop("lies ahead within")
    fields = (
        FACT,
        Field(
            "within_days_ahead", FieldType.NUMBER, gettext_noop("within the next"), gettext_noop("days"),
            highest=MAX_DAYS, attribute="within_days",
        ),
    )  # fmt: skip
    markers = ("within_days_ahead",)
    fits = frozenset({FactType.DATE})

    attribute: str
    within_days: int

    def clause(self, kinds: Mapping[str, Kind]) -> str:
        return _("%(fact)s within %(n)d days") % {"fact": label_of(self.attribute), "n": self.within_days}

    def holds(self, facts: Workspace) -> Mask:
        days, ahead = facts.days_ahead(self.attribute)
        answer = (ahead >= 0) & (ahead <= self.within_days)
        facts.change_at(days - self.within_days, facts.is_known(self.attribute) & (ahead > self.within_days))
        facts.change_at(days + 1, answer)
        return answer


@dataclass(frozen=True, slots=True)
class DatePassed(FactQuestion):
    """The date is before today, at most `within_days` ago if given."""

    key = "date_passed"
    label = gettext_noop("has passed")
    fields = (
        FACT,
        Field("passed", FieldType.TRUTH, gettext_noop("has passed")),
        replace(WITHIN_DAYS, lowest=1),
    )
    markers = ("passed",)
    fits = frozenset({FactType.DATE})

    attribute: str
    within_days: int | None

    def clause(self, kinds: Mapping[str, Kind]) -> str:
        words = {"fact": label_of(self.attribute), "n": self.within_days}
        if self.within_days is None:
            return _("%(fact)s has passed") % words
        return _("%(fact)s passed within %(n)d days") % words

    def negation(self, kinds: Mapping[str, Kind]) -> str:
        if self.within_days is None:
            return _("%(fact)s has not passed") % {"fact": label_of(self.attribute)}
        return _("not: %(clause)s") % {"clause": self.clause(kinds)}

    def holds(self, facts: Workspace) -> Mask:
        days, ahead = facts.days_ahead(self.attribute)
        known = facts.is_known(self.attribute)
        facts.change_at(days + 1, known & (ahead >= 0))
        if self.within_days is None:
            return known & (ahead < 0)
        answer = (ahead < 0) & (ahead >= -self.within_days)
        facts.change_at(days + self.within_days + 1, answer)
        return answer
