"""Changes people and teams; somebody who leaves hands their open leads over first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from revops.foundation.models import Role, User
from revops.portal.back_office import note
from revops.portal.people.handing_over import HandOverRefused, How, hand_over, open_leads_of
from sla.absences import AbsenceRefused, cancel_absence, plan_absence, whole_days
from sla.models import Absence, HandOff, RepProfile


class ChangeRefused(Exception):
    """The change is not possible now; the message says what to do first."""


@dataclass(frozen=True, slots=True)
class OpenWork:
    """What somebody has to answer or to finish."""

    leads: int
    handoffs: int


def open_work_of(person: User) -> OpenWork:
    """Two queries."""
    return OpenWork(open_leads_of(person).count(), HandOff.objects.open().filter(owner=person).count())


@transaction.atomic
def deactivate(person: User, by: User, now: datetime, *, heir: User | None = None, how: str = How.HEIR) -> int:
    """Ends somebody's access. Their open leads force a decision: to `heir`, routed anew, or the pool. Says how many.

    Deadlines that still hold stay; a missed one stays theirs. Raises ChangeRefused.
    """
    person = User.objects.select_for_update().get(pk=person.pk)
    check_may_end(person, by)
    RepProfile.objects.filter(user=person).update(is_routable=False, updated_at=now)
    reason = _("%(name)s was deactivated") % {"name": person}
    try:
        handed_over = hand_over(person, how, by=by, now=now, reason=reason, heir=heir)
    except HandOverRefused as refusal:
        raise ChangeRefused(str(refusal)) from refusal
    person.is_active = False
    person.save(update_fields=["is_active"])
    after = {"is_active": False, "leads": handed_over, "heir": str(heir.pk) if heir and handed_over else None}
    note(by, "person.deactivated", person, now, before={"is_active": True}, after=after | {"how": str(how)})
    return handed_over


def check_may_end(person: User, by: User) -> None:
    """Raises ChangeRefused for oneself and for the last admin: somebody must be left who can undo it."""
    if person.pk == by.pk:
        raise ChangeRefused(_("You cannot deactivate yourself. Ask another RevOps admin."))
    check_admin_is_left(person)


def check_admin_is_left(person: User) -> None:
    """Raises ChangeRefused if nobody else could manage people."""
    if person.role != Role.ADMIN:
        return
    if not User.objects.filter(role=Role.ADMIN, is_active=True).exclude(pk=person.pk).exists():
        raise ChangeRefused(_("%(name)s is the last RevOps admin. Make somebody else one first.") % {"name": person})


@transaction.atomic
def reactivate(person: User, by: User, now: datetime) -> None:
    """Lets somebody in again. They take leads only once their place in routing is switched on again."""
    if User.objects.filter(pk=person.pk, is_active=False).update(is_active=True):
        note(by, "person.reactivated", person, now, before={"is_active": False}, after={"is_active": True})


@transaction.atomic
def add_absence(person: User, first: date, last: date, kind: str, by: User, now: datetime) -> Absence:
    """Days (both included, in their own zone) on which somebody gets no leads and runs no business time.

    Raises ChangeRefused if they are away then already.
    """
    starts, ends = whole_days(person, first, last)
    try:
        absence = plan_absence(person, starts, ends, kind=kind, by=by, now=now)
    except AbsenceRefused as refusal:
        raise ChangeRefused(str(refusal)) from refusal
    note(by, "absence.added", person, now, after=_days(absence))
    return absence


@transaction.atomic
def remove_absence(absence: Absence, by: User, now: datetime) -> None:
    """Takes an absence back; clocks that still run are worked out anew."""
    note(by, "absence.removed", absence.user, now, before=_days(absence))
    cancel_absence(absence, by=by, now=now)


def _days(absence: Absence) -> dict[str, Any]:
    """Without the kind: that somebody was ill is nobody's business for ever."""
    return {"starts_at": absence.starts_at.isoformat(), "ends_at": absence.ends_at.isoformat()}
