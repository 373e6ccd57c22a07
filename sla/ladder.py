"""The escalation ladder: which step is due when, and who is told. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Protocol
from uuid import UUID

from django.utils.translation import gettext as _

from sla.business_time import BusinessHours, NoBusinessHours, due_at

LEAST, MOST = 1, 1000
"""Percent of a promise after which a step may come."""
MOST_MOVES = 2
"""How often escalation moves one lead, unless a ladder says otherwise."""
NOTICED_LATE = timedelta(minutes=5)
"""A step taken so much after it was due says that it is late."""


class Action(StrEnum):
    """The rungs in the order in which they may stand."""

    REMIND = "remind"
    BACKUP = "backup"
    MANAGER = "manager"
    POOL = "pool"


class LadderError(ValueError):
    """The ladder cannot be like this; the message says what to change."""


@dataclass(frozen=True, slots=True)
class Step:
    """One rung: what happens after `after` percent of the promise."""

    action: Action
    after: int


STEPS = (Step(Action.REMIND, 50), Step(Action.BACKUP, 100), Step(Action.MANAGER, 150), Step(Action.POOL, 200))
"""The ladder of an agreement that says nothing else."""


class Promise(Protocol):
    """What a step needs to know of a clock."""

    started_at: datetime
    due_at: datetime
    promise: timedelta
    paused_total: timedelta


@dataclass(frozen=True, slots=True)
class Receiver:
    """Somebody who may be told: whether they are away now, and when they work next (None: not in sight)."""

    user_id: UUID
    is_absent: bool
    works_at: datetime | None


@dataclass(frozen=True, slots=True)
class Chosen:
    """Who is told, and whom the ladder passed over because they are away."""

    receiver: Receiver | None
    passed_over: tuple[UUID, ...] = ()


def read_steps(raw: object) -> tuple[Step, ...]:
    """The steps as they are stored: `[{"action": "remind", "after": 50}, …]`. Raises LadderError in words."""
    if not isinstance(raw, Sequence) or isinstance(raw, str):
        raise LadderError(_("A ladder is a list of steps."))
    steps = tuple(_read_step(one) for one in raw)
    order = [list(Action).index(step.action) for step in steps]
    if len(set(order)) != len(order):
        raise LadderError(_("Each step can be on the ladder once."))
    if order != sorted(order):
        raise LadderError(_("The steps go from reminder over backup and manager to the offer to others."))
    for earlier, later in pairwise(steps):
        if later.after <= earlier.after:
            words = _("“%(later)s” comes after “%(earlier)s”. Give it a higher percentage.")
            raise LadderError(words % {"later": later.action, "earlier": earlier.action})
    return steps


def write_steps(steps: Sequence[Step]) -> list[dict[str, object]]:
    """Steps as they are stored."""
    return [{"action": step.action.value, "after": step.after} for step in steps]


def step_due_at(clock: Promise, after: int, hours: BusinessHours | None) -> datetime:
    """When `after` percent of a promise are used up, in the time in which the promise counts."""
    share = clock.promise * after / 100
    if after >= 100:
        return _later(clock.due_at, share - clock.promise, hours)
    return min(clock.due_at, _later(clock.started_at, share + clock.paused_total, hours))


def choose_receiver(chain: Sequence[UUID], people: Mapping[UUID, Receiver]) -> Chosen:
    """The first of `chain` who is there; those before them are passed over because they are away."""
    passed: list[UUID] = []
    for user_id in chain:
        person = people.get(user_id)
        if person is None or user_id in passed:
            continue
        if not person.is_absent and person.works_at is not None:
            return Chosen(person, tuple(passed))
        passed.append(user_id)
    return Chosen(None, tuple(passed))


def _later(at: datetime, span: timedelta, hours: BusinessHours | None) -> datetime:
    if hours is None:
        return at + span
    try:
        return due_at(at, span, hours)
    except NoBusinessHours:  # away for good: plain time still passes
        return at + span


def _read_step(raw: object) -> Step:
    if not isinstance(raw, Mapping) or set(raw) != {"action", "after"}:
        raise LadderError(_("A step has an action and after how many percent it comes."))
    if raw["action"] not in Action.__members__.values():
        raise LadderError(_("“%(action)s” is no step. Choose remind, backup, manager or pool.") % raw)
    after = raw["after"]
    if not isinstance(after, int) or isinstance(after, bool) or not LEAST <= after <= MOST:
        raise LadderError(
            _("A step comes after %(least)s to %(most)s percent of the promise.") % {"least": LEAST, "most": MOST}
        )
    return Step(Action(raw["action"]), after)
