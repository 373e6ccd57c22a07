"""The next best step with a lead, and the ladder of six attempts. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from django.utils.translation import gettext as _

LADDER = ("call", "email", "call", "message", "call", "email")
"""The channel of each of the six attempts; two channels at least, as the agreement asks."""

GAPS = (1, 1, 2, 2, 3)
"""Working days between an attempt and the next one."""

DAY_STARTS = 9


@dataclass(frozen=True, slots=True)
class Tried:
    """One attempt made: on which channel, with what result, when."""

    channel: str
    result: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Reach:
    """How a person can be reached."""

    has_phone: bool
    has_email: bool
    do_not_contact: bool


@dataclass(frozen=True, slots=True)
class NextStep:
    """What to do now. `channel` is empty if nobody may be contacted; `by` is None without a deadline."""

    words: str
    channel: str
    attempt: int
    by: datetime | None

    @property
    def of(self) -> int:
        return len(LADDER)


def next_step(stage: str, tried: Sequence[Tried], reach: Reach, first_due: datetime | None, zone: tzinfo) -> NextStep:
    """What a rep does next with a lead; `tried` is oldest first, `first_due` the deadline of the first contact."""
    attempt = len(tried) + 1
    if reach.do_not_contact:
        return NextStep(_("Do not contact this person: they asked us not to."), "", attempt, None)
    if stage not in ("handed_off", "accepted"):
        return NextStep(_idle_words(stage), "", attempt, None)
    if any(one.result == "conversation" for one in tried):
        return NextStep(_("You have talked: agree on a meeting, or record what became of it."), "", attempt, None)
    if attempt > len(LADDER):
        words = _("Six attempts are made: record the outcome, or reject with “No response”.")
        return NextStep(words, "", attempt, None)
    channel = _channel(attempt, reach)
    if not channel:
        return NextStep(_("No phone and no e-mail address: ask marketing to complete the details."), "", attempt, None)
    by = next_attempt_at(tried, first_due, zone)
    return NextStep(_verb(channel), channel, attempt, by)


def next_attempt_at(tried: Sequence[Tried], first_due: datetime | None, zone: tzinfo) -> datetime | None:
    """When the next attempt is due: the first by its clock, each later one some working days after the last."""
    if not tried:
        return first_due
    if len(tried) >= len(LADDER):
        return None
    day = tried[-1].at.astimezone(zone)
    left = GAPS[len(tried) - 1]
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < 5
    return day.replace(hour=DAY_STARTS + 8, minute=0, second=0, microsecond=0)


def _channel(attempt: int, reach: Reach) -> str:
    wanted = LADDER[attempt - 1]
    if wanted in ("call", "message") and not reach.has_phone:
        return "email" if reach.has_email else ""
    if wanted == "email" and not reach.has_email:
        return "call" if reach.has_phone else ""
    return wanted


def _verb(channel: str) -> str:
    return {"call": _("Call"), "email": _("Write an e-mail"), "message": _("Send a message")}[channel]


def _idle_words(stage: str) -> str:
    return {
        "new": _("Nothing to do: it is being qualified."),
        "nurture": _("Nothing to do: marketing looks after it."),
        "opportunity": _("Move the deal on, and record what becomes of it."),
        "won": _("Won: nothing is open."),
        "lost": _("Lost: nothing is open."),
        "rejected": _("Rejected: nothing is open."),
    }[stage]
