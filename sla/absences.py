"""Plans, moves and cancels absences; clocks that still run are worked out anew, as one audited event."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from revops.foundation.models import User
from sla.ics import Event
from sla.models import Absence, AbsenceKind
from sla.recomputing import Change, recompute_open_clocks


class AbsenceRefused(ValueError):
    """It cannot be planned like this; the message says why."""


@dataclass(frozen=True, slots=True)
class EventTaken:
    """What becomes of one event: `what` is made, moved (from when it `was`), same or refused (and `why`, in words)."""

    event: Event
    what: str
    why: str = ""
    was: tuple[datetime, datetime] | None = None


@dataclass(slots=True)
class Imported:
    """What became of the events of a file, in their order."""

    rows: list[EventTaken] = field(default_factory=list)

    def count(self, what: str) -> int:
        return sum(row.what == what for row in self.rows)

    @property
    def refusals(self) -> list[EventTaken]:
        return [row for row in self.rows if row.what == "refused"]


def whole_days(person: User, first: date, last: date) -> tuple[datetime, datetime]:
    """From the start of the first day until the end of the last, in the person's own zone."""
    zone = ZoneInfo(person.timezone)
    return datetime.combine(first, time(), zone), datetime.combine(last + timedelta(days=1), time(), zone)


@transaction.atomic
def plan_absence(
    person: User, starts_at: datetime, ends_at: datetime, *, kind: str, by: User, now: datetime, event: str = ""
) -> Absence:
    """A time in which somebody gets no leads and runs no business time. Raises AbsenceRefused if they are away then."""
    _check(person, starts_at, ends_at)
    absence = Absence.objects.create(
        user=person, starts_at=starts_at, ends_at=ends_at, kind=kind, event=event, created_at=now
    )
    recompute_open_clocks(Change("absence", absence.pk, by), now=now, user_ids=[person.pk])
    return absence


@transaction.atomic
def move_absence(
    absence: Absence, starts_at: datetime, ends_at: datetime, *, kind: str, by: User, now: datetime
) -> Absence:
    """Changes when and why somebody is away. Raises AbsenceRefused if they are away then already."""
    _check(absence.user, starts_at, ends_at, but=absence)
    Absence.objects.filter(pk=absence.pk).update(
        starts_at=starts_at, ends_at=ends_at, kind=kind, version=F("version") + 1
    )
    absence.refresh_from_db()
    recompute_open_clocks(Change("absence", absence.pk, by), now=now, user_ids=[absence.user_id])
    return absence


@transaction.atomic
def cancel_absence(absence: Absence, *, by: User, now: datetime) -> None:
    """Takes an absence back."""
    pk, user_id = absence.pk, absence.user_id
    absence.delete()
    recompute_open_clocks(Change("absence", pk, by), now=now, user_ids=[user_id])


@transaction.atomic
def import_absences(person: User, events: Sequence[Event], *, by: User, now: datetime) -> Imported:
    """Plans what a file says. The same event again is moved, never doubled; one that overlaps is refused in words."""
    User.objects.select_for_update().get(pk=person.pk)
    known = {absence.event: absence for absence in Absence.objects.filter(user=person).exclude(event="")}
    result, changed = Imported(), None
    for event in events:
        row, absence = _take(person, event, known.get(event.key), now)
        result.rows.append(row)
        changed = changed or absence
    if changed is not None:
        recompute_open_clocks(Change("absence", changed.pk, by), now=now, user_ids=[person.pk])
    return result


def preview_absences(person: User, events: Sequence[Event], *, by: User, now: datetime) -> Imported:
    """What `import_absences` would do; nothing stays."""
    with transaction.atomic():
        result = import_absences(person, events, by=by, now=now)
        transaction.set_rollback(True)
    return result


def _take(person: User, event: Event, known: Absence | None, now: datetime) -> tuple[EventTaken, Absence | None]:
    """Plans or moves one event; what became of it, and the absence that changed."""
    span = (event.starts_at, event.ends_at)
    was = (known.starts_at, known.ends_at) if known else None
    if was == span:
        return EventTaken(event, "same"), None
    try:
        _check(person, *span, but=known)
    except AbsenceRefused as refusal:
        return EventTaken(event, "refused", str(refusal)), None
    if known is None:
        made = Absence.objects.create(
            user=person, starts_at=span[0], ends_at=span[1], kind=AbsenceKind.LEAVE, event=event.key, created_at=now
        )
        return EventTaken(event, "made"), made
    Absence.objects.filter(pk=known.pk).update(starts_at=span[0], ends_at=span[1], version=F("version") + 1)
    return EventTaken(event, "moved", was=was), known


def _check(person: User, starts_at: datetime, ends_at: datetime, *, but: Absence | None = None) -> None:
    User.objects.select_for_update().get(pk=person.pk)
    if ends_at <= starts_at:
        raise AbsenceRefused(_("It ends before it begins."))
    others = Absence.objects.filter(user=person, starts_at__lt=ends_at, ends_at__gt=starts_at)
    if but is not None:
        others = others.exclude(pk=but.pk)
    if others.exists():
        raise AbsenceRefused(_("%(name)s is away on some of these days already.") % {"name": person})
