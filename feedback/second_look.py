"""When a rejection needs a second look: colleagues are active, the buyer moves, or the words say “later”. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext as _

COLLEAGUES = 2
WITHIN = timedelta(days=14)
NOT_NOW_FOR = timedelta(days=90)
"""When “not now” is looked at again if nobody named a day."""
SHORTEST_LOOK = 10
"""So many characters say what a second look found."""

_NUMBERS = {"a": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "nine": 9, "twelve": 12, "few": 3}
_SPAN = re.compile(
    r"\b(?:in|after|for)\s+(?:about\s+|another\s+|a\s+)?(\d{1,3}|"
    + "|".join(_NUMBERS)
    + r")\s+(week|month|quarter|year)s?\b"
)
_DAYS = {"week": 7, "month": 30, "quarter": 91, "year": 365}
_LATER = re.compile(
    r"\b(?:later|not (?:right )?now|not yet|on hold|postponed?|put off|too early|revisit|call(?:ed)? back|come back"
    r"|check back|again (?:in|next|after)|next (?:week|month|quarter|year|spring|summer|autumn|fall|winter)"
    r"|(?:after|until) (?:the )?(?:summer|holidays|year[- ]end|budget|q[1-4]|20\d\d|january|february|march|april|may"
    r"|june|july|august|september|october|november|december)|q[1-4] ?20\d\d)\b"
)


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody else of the company who did something lately."""

    name: str
    acts: int
    last_on: date


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What goes on around a lead: active colleagues, the latest first, and the buyer's own moves since the hand-off."""

    colleagues: tuple[Colleague, ...] = ()
    moves: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SecondLook:
    """Why a rejection cannot close yet, each cause with its sentence, and the day proposed for “not now”."""

    causes: tuple[str, ...]
    sentences: tuple[str, ...]
    wakes_on: date

    @property
    def words(self) -> str:
        return " ".join(self.sentences)


NOTHING_AROUND = Surroundings()


def second_look(around: Surroundings, said: str, *, is_dated: bool, today: date) -> SecondLook | None:
    """What speaks against closing the lead; None if nothing does.

    `said` is all that the rep wrote. `is_dated` says that the reason itself wakes the lead on a day: then it is
    “not now” already, and nothing is asked.
    """
    if is_dated:
        return None
    found = {
        "colleagues": _active(around.colleagues),
        "moving": _moving(around.moves),
        "later": _("You wrote that it is for later.") if says_later(said) else "",
    }
    causes = {cause: words for cause, words in found.items() if words}
    if not causes:
        return None
    return SecondLook(tuple(causes), tuple(causes.values()), proposed_day(said, today))


def says_later(text: str) -> bool:
    """Whether the words put the need off rather than deny it."""
    lower = text.lower()
    return bool(_LATER.search(lower) or _SPAN.search(lower))


def proposed_day(text: str, today: date) -> date:
    """The day that the words name (“in six months”), else three months from today."""
    named = re.search(r"\b(20\d\d-\d\d-\d\d)\b", text)
    if named:
        try:
            return max(date.fromisoformat(named.group(1)), today + timedelta(days=1))
        except ValueError:
            pass
    span = _SPAN.search(text.lower())
    if span is None:
        return today + NOT_NOW_FOR
    count = int(span.group(1)) if span.group(1).isdecimal() else _NUMBERS[span.group(1)]
    return today + timedelta(days=min(count * _DAYS[span.group(2)], 3 * 365) or 1)


def _active(colleagues: Sequence[Colleague]) -> str:
    if len(colleagues) < COLLEAGUES:
        return ""
    names = ", ".join(one.name for one in colleagues[:3])
    more = len(colleagues) - 3
    return _("%(n)d colleagues were active in the last %(days)d days: %(names)s%(more)s.") % {
        "n": len(colleagues), "days": WITHIN.days, "names": names,
        "more": _(" and %(more)d more") % {"more": more} if more > 0 else "",
    }  # fmt: skip


def _moving(moves: Sequence[str]) -> str:
    if not moves:
        return ""
    return _("They moved on since the hand-off: %(moves)s.") % {"moves": ", ".join(moves[:3])}
