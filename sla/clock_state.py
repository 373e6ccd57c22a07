"""What a clock says at an instant. Pure: the state is read from stored instants, never stored itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from sla.business_time import BusinessHours, elapsed


class ClockState(StrEnum):
    RUNNING = "running"
    DUE_SOON = "due_soon"
    MET = "met"
    BREACHED = "breached"
    CANCELLED = "cancelled"
    PAUSED = "paused"


LABELS: dict[ClockState, str | Promise] = {
    ClockState.RUNNING: _("Running"),
    ClockState.DUE_SOON: _("Due soon"),
    ClockState.MET: _("Met"),
    ClockState.BREACHED: _("Breached"),
    ClockState.CANCELLED: _("Cancelled"),
    ClockState.PAUSED: _("Paused"),
}
TONES = {
    ClockState.RUNNING: "neutral",
    ClockState.DUE_SOON: "warn",
    ClockState.MET: "good",
    ClockState.BREACHED: "bad",
    ClockState.CANCELLED: "neutral",
    ClockState.PAUSED: "note",
}
"""Tone of the badge of each state."""


class ClockTimes(Protocol):
    """The instants a state is read from."""

    due_at: datetime
    warn_at: datetime
    met_at: datetime | None
    cancelled_at: datetime | None
    paused_at: datetime | None


@dataclass(frozen=True, slots=True)
class Reading:
    """What a clock says: its state, whether the promise is broken, and the time left (below zero: over)."""

    state: ClockState
    is_late: bool
    left: timedelta

    @property
    def label(self) -> str:
        return str(LABELS[self.state])

    @property
    def tone(self) -> str:
        return TONES[self.state]


def state(clock: ClockTimes, now: datetime) -> ClockState:
    """A promise that was broken stays breached, also when the answer came later or the clock was called off."""
    if is_late(clock, now):
        return ClockState.BREACHED
    if clock.met_at is not None:
        return ClockState.MET
    if clock.cancelled_at is not None:
        return ClockState.CANCELLED
    if clock.paused_at is not None:
        return ClockState.PAUSED
    return ClockState.DUE_SOON if now >= clock.warn_at else ClockState.RUNNING


def is_late(clock: ClockTimes, now: datetime) -> bool:
    """Whether the promise is broken at `now`. The same comparison as `Clock.objects.late(now)`."""
    return judged_at(clock, now) > clock.due_at


def judged_at(clock: ClockTimes, now: datetime) -> datetime:
    """Until when a clock ran: its pause, its end, or now."""
    return clock.paused_at or clock.met_at or clock.cancelled_at or now


def read_clock(clock: ClockTimes, now: datetime, hours: BusinessHours | None = None) -> Reading:
    """The whole reading; with `hours` the time left is business time, without it plain time."""
    until = judged_at(clock, now)
    left = clock.due_at - until if hours is None else elapsed(until, clock.due_at, hours)
    return Reading(state(clock, now), is_late(clock, now), left)


def counts_at(occurred_at: datetime, recorded_at: datetime, grade: str) -> datetime:
    """When evidence counts: a person's word (grade C) only from when it was written down, so that a back-dated entry
    never turns a breach green; a connected system (A) and matched mail or calendar (B) from when it happened.
    """
    return recorded_at if grade == "C" else min(occurred_at, recorded_at)
