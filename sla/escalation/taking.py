"""Finds the steps that are due and takes each once; a breach is confirmed from raw events before it is told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext as _

from leads.models import Attempt
from revops.foundation.ids import new_ids
from revops.foundation.kept_queries import KeptQuery, any_of
from revops.foundation.reading import rows_where
from sla.clocks import evidence_of, meet_clocks
from sla.escalation.ladders import Ladder, ladders_of
from sla.escalation.running import PAGE, RunningPromise, hours_of_promises, look_again, running_promises
from sla.escalation.staff import Staff, load_staff
from sla.ladder import NOTICED_LATE, Action, Step, choose_receiver, step_due_at
from sla.models import Escalation
from sla.pool import offer_handoffs

FIRST_CONTACT = "first_contact"
LOOK_AGAIN = timedelta(hours=1)
"""So long a clock is left alone at most: also what changes hours without changing a clock is then seen."""
_ATTEMPTS = "lead_id = ANY(%s) AND recorded_at <= %s AND NOT is_automatic"


@dataclass(frozen=True, slots=True)
class StepTaken:
    """One step with what its message needs. `late_by` is None unless the step is taken noticeably late."""

    row: Escalation
    promise: RunningPromise
    late_by: timedelta | None

    @property
    def is_breach(self) -> bool:
        return self.row.after >= 100


def escalate_due(*, now: datetime, limit: int = 10_000) -> list[StepTaken]:
    """Takes every step that is due and was not taken; a second scheduler that looks at once takes none of them.

    A breach is confirmed from the raw events before anybody is told. The cost grows with what is due: a clock that was
    looked at is left alone until its next one, or for LOOK_AGAIN.
    """
    taken: list[StepTaken] = []
    after: tuple[datetime, UUID] | None = None
    ladders: dict[UUID, Ladder] = {}
    while len(taken) < limit:
        running = running_promises(now, after)
        if not running:
            break
        after = (running[-1].due_at, running[-1].clock_id)
        ladders |= ladders_of({one.agreement_id for one in running} - ladders.keys())
        due, looks = _due_steps(running, ladders, now)
        if due:
            taken += _take(due, ladders, now)
        look_again(looks)
        if len(running) < PAGE:
            break
    return taken


def escalations_of(lead_ids: Iterable[UUID]) -> dict[UUID, list[Escalation]]:
    """Every step taken about each lead, oldest first. One query."""
    found: dict[UUID, list[Escalation]] = defaultdict(list)
    for row in _TAKEN.fetch(leads=list(lead_ids)):
        found[row.lead_id].append(row)
    return dict(found)


_TAKEN = KeptQuery(
    Escalation.objects.filter(lead=any_of("leads"))
    .select_related("receiver", "clock__clause")
    .order_by("taken_at", "after")
)


@dataclass(frozen=True, slots=True)
class _Due:
    promise: RunningPromise
    step: Step
    at: datetime


def _due_steps(
    running: Sequence[RunningPromise], ladders: Mapping[UUID, Ladder], now: datetime
) -> tuple[list[_Due], dict[UUID, datetime]]:
    """Steps that are due and not taken, one per rung of each hand-off: of several clocks the first to reach it; and
    when each clock has to be looked at again.
    """
    done = _taken_before({one.about[0] for one in running})
    hours = hours_of_promises(running, now)
    first: dict[tuple[UUID, str, int, str], _Due] = {}
    looks = dict.fromkeys((one.clock_id for one in running), now + LOOK_AGAIN)
    for one in running:
        ladder = ladders[one.agreement_id]
        for step in ladder.steps:
            key = (*one.about, step.action.value)
            if key in done or not _applies(step.action, one):
                continue
            at = max(step_due_at(one, step.after, hours.get(one.clock_id)), one.owned_at or one.started_at)
            if ladder.row is not None:
                at = max(at, ladder.row.created_at)
            if at > now:
                looks[one.clock_id] = min(looks[one.clock_id], at)
                break
            if key not in first or at < first[key].at:
                first[key] = _Due(one, step, at)
    return _confirmed(list(first.values()), now), looks


def _applies(action: Action, promise: RunningPromise) -> bool:
    """Only a lead that waits for sales' answer can be offered; only somebody can be reminded or backed up."""
    if action is Action.POOL:
        return promise.side == "sales" and promise.is_open and promise.owner_id is not None
    if action is Action.REMIND:
        return promise.owner_id is not None
    return True


def _confirmed(due: list[_Due], now: datetime) -> list[_Due]:
    """Leaves out promises that the raw events show as kept; those clocks are closed instead. Two queries at most."""
    contact = {one.promise.lead_id for one in due if one.promise.clause_code == FIRST_CONTACT}
    if not contact:
        return due
    evidence = [evidence_of(attempt) for attempt in rows_where(Attempt, _ATTEMPTS, [list(contact), now])]
    since = {one.promise.lead_id: one.promise.started_at for one in due if one.promise.lead_id in contact}
    kept = [item for item in evidence if since[item.lead_id] <= item.at <= now]
    closed = set(meet_clocks(FIRST_CONTACT, kept, now=now)) if kept else set()
    return [one for one in due if one.promise.clock_id not in closed]


def _taken_before(abouts: Iterable[UUID]) -> set[tuple[UUID, str, int, str]]:
    rows = Escalation.objects.filter(about_id__in=list(abouts))
    return set(rows.values_list("about_id", "side", "move", "action"))


def _take(due: Sequence[_Due], ladders: Mapping[UUID, Ladder], now: datetime) -> list[StepTaken]:
    staff = load_staff({one.promise.agreement_id for one in due}, now)
    rows = []
    by_pk: dict[UUID, _Due] = {}
    for one, pk in zip(
        sorted(due, key=lambda one: (one.at, one.promise.clock_id)), new_ids(len(due), now), strict=True
    ):
        by_pk[pk] = one
        rows.append(_row(pk, one, ladders[one.promise.agreement_id], staff, now))
    claimed = _claim(rows)
    offered = [
        one.promise.handoff_id
        for pk in claimed
        if (one := by_pk[pk]).step.action is Action.POOL
        and one.promise.handoff_id is not None
        and one.promise.moved < ladders[one.promise.agreement_id].most_moves
    ]
    offer_handoffs(offered, reason=_("Nobody answered it in time"), now=now)
    return [
        StepTaken(row, by_pk[row.pk].promise, now - row.due_at if now - row.due_at >= NOTICED_LATE else None)
        for row in rows
        if row.pk in claimed
    ]


def _row(pk: UUID, due: _Due, ladder: Ladder, staff: Staff, now: datetime) -> Escalation:
    promise, action = due.promise, due.step.action
    stays = action is Action.POOL and promise.moved >= ladder.most_moves
    asked = Action.MANAGER if action is Action.POOL else action
    chosen = choose_receiver(staff.chain(asked, promise), staff.receivers)
    receiver = chosen.receiver
    copies = [promise.owner_id] if promise.owner_id and action in (Action.BACKUP, Action.POOL) else []
    if action is Action.BACKUP and promise.side == "sales":
        informed = choose_receiver(staff.chain(Action.MANAGER, promise), staff.receivers).receiver
        copies += [informed.user_id] if informed else []
    told = receiver.user_id if receiver else None
    return Escalation(
        id=pk,
        about_id=promise.about[0],
        side=promise.side,
        move=promise.move,
        action=action.value,
        after=due.step.after,
        lead_id=promise.lead_id,
        clock_id=promise.clock_id,
        ladder=ladder.row,
        due_at=due.at,
        taken_at=now,
        tell_at=(receiver.works_at if receiver else None) or now,
        receiver_id=told,
        copies=[one for one in dict.fromkeys(copies) if one != told],
        passed_over=[str(one) for one in chosen.passed_over],
        reason=_("Moved %(n)s times already, so it stays where it is") % {"n": promise.moved} if stays else "",
    )


def _claim(rows: Sequence[Escalation]) -> set[UUID]:
    """Inserts the steps that nobody else took meanwhile. Two statements."""
    Escalation.objects.bulk_create(rows, ignore_conflicts=True)
    return set(Escalation.objects.filter(pk__in=[row.pk for row in rows]).values_list("pk", flat=True))
