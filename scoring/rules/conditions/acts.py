"""Conditions about acts: how many, how many different, how much in total, and when last. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from scoring.rules.conditions.base import ActQuestion
from scoring.rules.conditions.facts import shown_date
from scoring.rules.fields import AT_LEAST, BY, MAX_COUNT, MAX_DAYS, SIGNALS, TOPICS, WITHIN_DAYS, Field, FieldType
from scoring.rules.kinds import Kind
from scoring.rules.phrases import either, join_names, measured, window

if TYPE_CHECKING:
    from scoring.engine.acts import Acts, Mask
    from scoring.engine.workspace import Measure, Workspace

ACCOUNT = "account"
MINIMUM_VALUE = Field("minimum_value", FieldType.NUMBER, gettext_noop("measuring at least"), required=False)


class Counting(ActQuestion):
    """Acts of some kinds, of the person or of everybody at the account, counted against a threshold."""

    __slots__ = ()
    kinds: tuple[str, ...]
    at_least: int
    within_days: int | None

    @property
    def is_by_account(self) -> bool:
        return getattr(self, "by", "") == ACCOUNT

    def asked_kinds(self) -> tuple[str, ...]:
        return self.kinds

    def asked_account_kinds(self) -> tuple[str, ...]:
        return self.kinds if self.is_by_account else ()

    def acts(self, facts: Workspace) -> Acts:
        """The acts that count."""
        return facts.acts(self.kinds, self.within_days, by_account=self.is_by_account)

    def holds(self, facts: Workspace) -> Mask:
        measure = facts.measure(self)
        if measure is facts.nothing:
            return facts.nobody
        answer = measure.count >= self.at_least
        if self.within_days is not None:
            # With one act enough, the latest keeps it true; with more, the first to leave may turn it.
            last = measure.latest if self.at_least == 1 else measure.earliest
            facts.change_at(last + self.within_days + 1, answer)
        return answer

    def names(self, kinds: Mapping[str, Kind]) -> str:
        """The acts in words, with who did them if that is anybody at the account."""
        return self.said(join_names(self.kinds, kinds))

    def said(self, acts: str) -> str:
        return _("somebody at the company %(acts)s") % {"acts": acts} if self.is_by_account else acts

    def found(self, facts: Workspace, lead: int, kinds: Mapping[str, Kind]) -> str:
        words = {"acts": self.said(join_names(self.happened(facts, lead) or self.kinds, kinds))}
        measure = facts.measure(self)
        return on_day(self.tell(words, int(measure.count[lead])), facts, int(measure.latest[lead]), measure.count[lead])

    def happened(self, facts: Workspace, lead: int) -> tuple[str, ...]:
        done = self.acts(facts).kinds_of(lead)
        return tuple(code for code in self.kinds if code in done)

    def tell(self, words: dict[str, Any], count: int) -> str:
        """What was counted, from `acts` in words."""
        return words["acts"] if count == 1 else _("%(acts)s %(n)d times") % {**words, "n": count}


def on_day(text: str, facts: Workspace, latest: int, count: int) -> str:
    """The text with the day of the only or the last act."""
    day = facts.date(latest)
    if day is None:
        return _("%(text)s (no date)") % {"text": text}
    words = {"text": text, "day": shown_date(day)}
    return (_("%(text)s on %(day)s") if count == 1 else _("%(text)s, last on %(day)s")) % words


@dataclass(frozen=True, slots=True)
class SignalCount(Counting):
    """At least `at_least` acts of these kinds, each measuring at least `minimum_value` if given.

    `topics` empty means any topic.
    """

    key = "count"
    label = gettext_noop("did this so often")
    fields = (SIGNALS, BY, TOPICS, MINIMUM_VALUE, AT_LEAST, WITHIN_DAYS)

    kinds: tuple[str, ...]
    topics: tuple[str, ...] = ()
    at_least: int = 1
    within_days: int | None = None
    minimum_value: int | None = None
    by: str = "person"

    def acts(self, facts: Workspace) -> Acts:
        acts = facts.acts(self.kinds, self.within_days, by_account=self.is_by_account)
        if self.minimum_value is not None:
            acts = acts.keep(acts.column("value") >= self.minimum_value)
        return acts.about(self.topics) if self.topics else acts

    def measured(self, facts: Workspace) -> Measure:
        acts = self.acts(facts)
        return facts.measure_of(acts, acts.sums("quantity"))

    def clause(self, kinds: Mapping[str, Kind]) -> str:
        clause = self.names(kinds)
        if self.topics:
            clause += _(" about %(topics)s") % {"topics": either(self.topics)}
        if self.minimum_value is not None:
            clause += _(" (at least %(measure)s)") % {"measure": measured(self.kinds, self.minimum_value)}
        if self.at_least > 1:
            clause += _(" at least %(n)d times") % {"n": self.at_least}
        return clause + window(self.within_days)


_OF = {
    "kinds": gettext_noop("different acts"),
    "topics": gettext_noop("topics"),
    "days": gettext_noop("days"),
    "people": gettext_noop("people of the company"),
}
_DISTINCT = {
    "kinds": gettext_noop("%(acts)s (at least %(n)d different acts)%(window)s"),
    "topics": gettext_noop("%(acts)s (at least %(n)d topics)%(window)s"),
    "days": gettext_noop("%(acts)s (on at least %(n)d days)%(window)s"),
    "people": gettext_noop("at least %(n)d people of the company %(acts)s%(window)s"),
}


@dataclass(frozen=True, slots=True)
class DistinctCount(Counting):
    """At least `at_least` different kinds, topics or days among the acts, or different people of the account."""

    key = "distinct"
    label = gettext_noop("did so many different ones")
    fields = (
        SIGNALS,
        Field("distinct", FieldType.CHOICE, gettext_noop("different"), choices=_OF, attribute="of"),
        Field("at_least", FieldType.NUMBER, gettext_noop("at least"), lowest=2, highest=MAX_COUNT),
        WITHIN_DAYS,
        BY,
    )
    markers = ("distinct",)

    of: str
    kinds: tuple[str, ...]
    at_least: int
    within_days: int | None = None
    by: str = "person"

    @property
    def is_by_account(self) -> bool:
        return self.by == ACCOUNT or self.of == "people"

    def measured(self, facts: Workspace) -> Measure:
        acts = self.acts(facts)
        return facts.measure_of(acts, acts.distinct(self.of))

    def clause(self, kinds: Mapping[str, Kind]) -> str:
        words = {"acts": self.names(kinds), "n": self.at_least, "window": window(self.within_days)}
        return _(_DISTINCT[self.of]) % words

    def said(self, acts: str) -> str:
        return acts if self.of == "people" else Counting.said(self, acts)

    def tell(self, words: dict[str, Any], count: int) -> str:
        if self.of == "people":
            return _("%(n)d people of the company: %(acts)s") % {**words, "n": count}
        return _("%(acts)s, %(n)d different %(of)s") % {**words, "n": count, "of": self.of}


@dataclass(frozen=True, slots=True)
class Total(Counting):
    """What the acts measured, added up, reaches `at_least`: minutes on the website, percent of webinars."""

    key = "total"
    label = gettext_noop("did so much of it in total")
    fields = (
        SIGNALS,
        BY,
        TOPICS,
        Field(
            "total_at_least", FieldType.NUMBER, gettext_noop("adding up to at least"), lowest=1, attribute="at_least"
        ),
        WITHIN_DAYS,
    )
    markers = ("total_at_least",)
    since = "0.2"

    kinds: tuple[str, ...]
    topics: tuple[str, ...]
    at_least: int
    within_days: int | None = None
    by: str = "person"

    def acts(self, facts: Workspace) -> Acts:
        acts = facts.acts(self.kinds, self.within_days, by_account=self.is_by_account)
        acts = acts.about(self.topics) if self.topics else acts
        return acts.keep(acts.column("total") > 0)

    def measured(self, facts: Workspace) -> Measure:
        acts = self.acts(facts)
        return facts.measure_of(acts, acts.sums("total"))

    def holds(self, facts: Workspace) -> Mask:
        measure = facts.measure(self)
        answer = measure.count >= self.at_least
        if self.within_days is not None:
            facts.change_at(measure.earliest + self.within_days + 1, answer)
        return answer

    def clause(self, kinds: Mapping[str, Kind]) -> str:
        about = _(" about %(topics)s") % {"topics": either(self.topics)} if self.topics else ""
        total = _(" (at least %(measure)s in total)") % {"measure": measured(self.kinds, self.at_least)}
        return f"{self.names(kinds)}{about}{total}{window(self.within_days)}"

    def tell(self, words: dict[str, Any], count: int) -> str:
        return _("%(acts)s (%(measure)s in total)") % {**words, "measure": measured(self.kinds, count)}


@dataclass(frozen=True, slots=True)
class LastAct(Counting):
    """The last act of these kinds was at most so many days ago."""

    key = "last"
    label = gettext_noop("did this last within")
    fields = (
        SIGNALS,
        BY,
        TOPICS,
        Field(
            "last_within_days", FieldType.NUMBER, gettext_noop("last within"), gettext_noop("days"),
            highest=MAX_DAYS, attribute="within_days",
        ),
    )  # fmt: skip
    markers = ("last_within_days",)
    since = "0.2"

    kinds: tuple[str, ...]
    topics: tuple[str, ...]
    within_days: int | None
    by: str = "person"

    @property
    def at_least(self) -> int:  # type: ignore[override]
        return 1

    def acts(self, facts: Workspace) -> Acts:
        acts = facts.acts(self.kinds, self.within_days, by_account=self.is_by_account)
        return acts.about(self.topics) if self.topics else acts

    def measured(self, facts: Workspace) -> Measure:
        acts = self.acts(facts)
        return facts.measure_of(acts, acts.sums("quantity"))

    def clause(self, kinds: Mapping[str, Kind]) -> str:
        about = _(" about %(topics)s") % {"topics": either(self.topics)} if self.topics else ""
        return _("last %(acts)s%(about)s%(window)s") % {
            "acts": self.names(kinds), "about": about, "window": window(self.within_days),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class GoneQuiet(Counting):
    """They did this once, but not during the last `quiet_for_days` days. Never having done it is not quiet."""

    key = "quiet"
    label = gettext_noop("did this once, but not for")
    fields = (
        SIGNALS,
        BY,
        Field(
            "quiet_for_days", FieldType.NUMBER, gettext_noop("not for"), gettext_noop("days"),
            lowest=1, highest=MAX_DAYS,
        ),
    )  # fmt: skip
    markers = ("quiet_for_days",)
    since = "0.2"
    can_fade = False

    kinds: tuple[str, ...]
    quiet_for_days: int
    by: str = "person"

    @property
    def within_days(self) -> int | None:  # type: ignore[override]
        return None

    def measured(self, facts: Workspace) -> Measure:
        acts = self.acts(facts)
        return facts.measure_of(acts, acts.sums("quantity"))

    def holds(self, facts: Workspace) -> Mask:
        latest = facts.measure(self).latest
        dated = facts.is_day(latest)
        answer = dated & (facts.frame.as_of - latest > self.quiet_for_days)
        facts.change_at(latest + self.quiet_for_days + 1, dated & ~answer)
        return answer

    def clause(self, kinds: Mapping[str, Kind]) -> str:
        return _("last %(acts)s more than %(n)d days ago") % {"acts": self.names(kinds), "n": self.quiet_for_days}
