"""The condition about one act that followed another. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from scoring.rules.conditions.acts import on_day
from scoring.rules.conditions.base import ActQuestion
from scoring.rules.fields import MAX_DAYS, SIGNALS, WITHIN_DAYS, Field, FieldType
from scoring.rules.kinds import Kind
from scoring.rules.phrases import join_names, window
from scoring.rules.reading import Reader

if TYPE_CHECKING:
    from scoring.engine.acts import Acts, Mask
    from scoring.engine.workspace import Measure, Workspace


@dataclass(frozen=True, slots=True)
class Sequence(ActQuestion):
    """An act of `kinds` was followed by one of `then`, at most `gap_days` later; the second within `within_days`.

    Decisions keep days, not hours: two acts of one day count as following one another.
    """

    key = "sequence"
    label = gettext_noop("did this, and then that")
    fields = (
        SIGNALS,
        Field("then", FieldType.SIGNAL_KINDS, gettext_noop("then")),
        Field(
            "gap_days", FieldType.NUMBER, gettext_noop("at most"), gettext_noop("days later"), highest=MAX_DAYS
        ),
        WITHIN_DAYS,
    )  # fmt: skip
    markers = ("then",)
    since = "0.2"

    kinds: tuple[str, ...]
    then: tuple[str, ...]
    gap_days: int
    within_days: int | None = None

    def check(self, reader: Reader) -> None:
        if set(self.kinds) & set(self.then):
            raise reader.refuse(_("An act cannot follow itself: name different acts before and after."), "then")

    def asked_kinds(self) -> tuple[str, ...]:
        return (*self.kinds, *self.then)

    def followers(self, facts: Workspace) -> Acts:
        """The second acts that did follow a first one in time."""
        first, second = facts.acts(self.kinds).dated(), facts.acts(self.then, self.within_days).dated()
        if not len(first.rows) or not len(second.rows):
            return second.keep(np.zeros(len(second.rows), dtype=np.bool_))
        # Lead and day as one rising number: the latest first act up to each second one is found by halving.
        span = np.int64(1 << 32)
        before, after = first.lead * span + first.day, second.lead * span + second.day
        latest = np.searchsorted(before, after, side="right") - 1
        gap = after - before[np.maximum(latest, 0)]  # another lead's act is far more than any gap away
        return second.keep((latest >= 0) & (gap <= self.gap_days))

    def measured(self, facts: Workspace) -> Measure:
        acts = self.followers(facts)
        return facts.measure_of(acts, acts.sums("quantity"))

    def holds(self, facts: Workspace) -> Mask:
        measure = facts.measure(self)
        answer = measure.count >= 1
        if self.within_days is not None:
            facts.change_at(measure.latest + self.within_days + 1, answer)
        return answer

    def clause(self, kinds: Mapping[str, Kind]) -> str:
        words = {"first": join_names(self.kinds, kinds), "then": join_names(self.then, kinds), "n": self.gap_days}
        if self.gap_days == 0:
            clause = _("%(first)s, then %(then)s the same day") % words
        else:
            clause = _("%(first)s, then %(then)s at most %(n)d days later") % words
        return f"{clause},{window(self.within_days)}" if self.within_days is not None else clause

    def happened(self, facts: Workspace, lead: int) -> tuple[str, ...]:
        done = facts.acts(self.kinds).dated().kinds_of(lead) | self.followers(facts).kinds_of(lead)
        return tuple(code for code in self.asked_kinds() if code in done)

    def found(self, facts: Workspace, lead: int, kinds: Mapping[str, Kind]) -> str:
        measure = facts.measure(self)
        done = self.happened(facts, lead)
        text = _("%(first)s, then %(then)s") % {
            "first": join_names([code for code in self.kinds if code in done] or self.kinds, kinds),
            "then": join_names([code for code in self.then if code in done] or self.then, kinds),
        }
        return on_day(text, facts, int(measure.latest[lead]), int(measure.count[lead]))
