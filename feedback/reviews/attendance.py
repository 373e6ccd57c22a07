"""Who took part in the weekly huddle: written down until the review is closed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction

from feedback.metrics import Week
from feedback.models import HuddleAttendance, Review
from feedback.reviews.keeping import ReviewClosedError
from revops.foundation import ledger
from revops.foundation.models import LedgerEntry, Role, User


@transaction.atomic
def record_attendance(week: Week, user_ids: Collection[UUID], *, by: User, now: datetime) -> list[UUID]:
    """Says who took part in the review of a week: exactly these. Returns who is new.

    Raises ReviewClosedError once the review is closed, and ValueError before the week is over or for somebody unknown.
    """
    if now < week.end:
        raise ValueError(f"Week {week.name} is not over yet; its huddle is still to come.")
    if Review.objects.select_for_update().filter(week_on=week.monday, closed_at__isnull=False).exists():
        raise ReviewClosedError(f"The review of {week.name} is closed; who took part is settled.")
    wanted = set(user_ids)
    people = User.objects.filter(pk__in=wanted, is_active=True).exclude(role=Role.INTEGRATION)
    if people.count() != len(wanted):
        raise ValueError("Choose people who work here.")
    there = HuddleAttendance.objects.filter(week_on=week.monday)
    known = set(there.values_list("user_id", flat=True))
    if known == wanted:
        return []
    there.exclude(user__in=wanted).delete()
    fresh = sorted(wanted - known)
    HuddleAttendance.objects.bulk_create(
        HuddleAttendance(week_on=week.monday, user_id=pk, recorded_by=by, recorded_at=now) for pk in fresh
    )
    entry = LedgerEntry(
        occurred_at=now, action="huddle.attended", subject_kind="review", actor=by,
        before={"people": sorted(map(str, known))}, after={"week": week.name, "people": sorted(map(str, wanted))},
    )  # fmt: skip
    ledger.record([entry])
    return fresh


def attendance_of(week: Week) -> list[HuddleAttendance]:
    """Who took part in the review of a week, in the order it was written down. One query."""
    return list(HuddleAttendance.objects.filter(week_on=week.monday).select_related("user"))
