"""Reasons to trust a backtest less: few cases, data that did not exist yet, rules that do not hold over time. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from scoring.backtest.beforehand import Beforehand
from scoring.backtest.judging import Judge
from scoring.backtest.past import Past
from scoring.backtest.report import Caution, Changes, Half
from scoring.engine.frame import date_of
from scoring.rules.attributes import ATTRIBUTES
from scoring.rules.conditions import Known

FEWEST = 200
"""Fewer answered cases than this say too little about a change."""

_LATE_DAYS = 14
_RARELY = 0.05


def cautions_about(
    standing: Beforehand,
    before: Judge,
    after: Judge,
    changes: Changes,
    halves: Sequence[Half],
    unseen: int,
) -> Iterator[Caution]:
    """Everything that should be said beside the numbers, the gravest first."""
    yield from _few(changes, standing.seen)
    yield from _unseen(unseen)
    yield from _not_recorded(standing, after)
    yield from _rarely_known(standing.past, before, after)
    yield from _does_not_hold(halves)
    yield from _undated(standing.undated)
    yield from _narrow(standing.narrow, before, after)


def _few(changes: Changes, seen: int) -> Iterator[Caution]:
    if not seen:
        yield Caution("no_past", _("Sales has not answered any lead here yet: there is nothing to learn from."))
        return
    moved = [group for group in (changes.newly_in, changes.newly_out) if group.n]
    answered = sum(group.acceptance.n for group in moved)
    if moved and answered < FEWEST:
        words = ngettext(
            "Only %(n)d case that changes was answered by sales: too few to say much.",
            "Only %(n)d cases that change were answered by sales: too few to say much.",
            answered,
        )
        yield Caution("few", words % {"n": answered})


def _unseen(unseen: int) -> Iterator[Caution]:
    if unseen:
        words = ngettext(
            "%(n)d lead that would be handed off was never shown to sales: what it would have become nobody knows.",
            "%(n)d leads that would be handed off were never shown to sales: what they would have become nobody knows.",
            unseen,
        )
        yield Caution("unseen", words % {"n": unseen})


def _not_recorded(standing: Beforehand, after: Judge) -> Iterator[Caution]:
    """Kinds of signals that begin well after the cases do."""
    days = standing.days
    if not len(days):
        return
    since: dict[str, int] = {}
    for chunk in standing.past.chunks:
        for kind, day in chunk.since.items():
            since[kind] = min(day, since.get(kind, day))
    first = int(days[0])
    kinds = after.compiled.definition.kinds
    for code in dict.fromkeys((*after.compiled.signal_kinds, *after.compiled.account_kinds)):
        name = kinds[code].name if code in kinds else code
        if code not in since:
            yield Caution("never_recorded", _("“%(name)s” was never recorded.") % {"name": name})
        elif since[code] > first + _LATE_DAYS:
            yield Caution(
                "recorded_since",
                _("“%(name)s” was recorded only since %(day)s; %(n)s cases are older.")
                % {
                    "name": name,
                    "day": date_format(date_of(since[code]), "j F Y"),
                    "n": int(np.searchsorted(days, since[code])),
                },
            )


def _rarely_known(past: Past, before: Judge, after: Judge) -> Iterator[Caution]:
    """Facts that only the candidate asks about and hardly any case has."""
    for name in after.compiled.attributes:
        if name in before.compiled.attributes:
            continue
        masks = [chunk.memory.mask(Known(name), chunk.n) for chunk in past.chunks]
        known = sum(int(np.count_nonzero(mask)) for mask in masks if mask is not None)
        if past.n and known < _RARELY * past.n:
            yield Caution(
                "rarely_known",
                _("“%(name)s” is known of %(share)s %% of the cases only.")
                % {"name": ATTRIBUTES[name].label, "share": round(100 * known / past.n)},
            )


def _does_not_hold(halves: Sequence[Half]) -> Iterator[Caution]:
    if len(halves) != 2:
        return
    for attribute, words in (
        ("newly_in", _("What comes in newly was accepted quite differently in the older and the newer half.")),
        ("newly_out", _("What goes out newly was accepted quite differently in the older and the newer half.")),
    ):
        older, newer = (getattr(half.changes, attribute).acceptance.interval for half in halves)
        if older and newer and (older.high < newer.low or newer.high < older.low):
            yield Caution("unsteady", words)


def _undated(n: int) -> Iterator[Caution]:
    if n:
        yield Caution(
            "undated",
            _("%(n)d cases of history have no date: they count in what became of them, not in what is per week.")
            % {"n": n},
        )


def _narrow(n: int, before: Judge, after: Judge) -> Iterator[Caution]:
    if n and not set(after.compiled.attributes) <= set(before.compiled.attributes):
        yield Caution(
            "narrow",
            _("Of %(n)d cases only that is known which the rules of then asked; anything new counts as unknown.")
            % {"n": n},
        )
