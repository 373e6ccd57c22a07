"""An executive lets a purchased list in for a while, or takes that back."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from leads.models import Source, SourceException
from leads.models.sources import SourceKind
from revops.foundation import ledger
from revops.foundation.models import LedgerEntry, User

LONGEST = timedelta(days=90)


class ExceptionRefused(Exception):
    """The exception cannot be made; the words say why."""


def grant_exception(source: Source, *, until: datetime, reason: str, by: User, now: datetime) -> SourceException:
    """Lets a purchased list in until then. What comes is marked as purchased. Raises ExceptionRefused."""
    if source.kind != SourceKind.PURCHASED:
        raise ExceptionRefused("Only purchased lists are refused; this source needs no exception.")
    if not reason.strip():
        raise ExceptionRefused("Say why this list is let in. It stands in the ledger.")
    if not now < until <= now + LONGEST:
        raise ExceptionRefused(f"An exception ends within {LONGEST.days} days.")
    with transaction.atomic():
        locked = Source.objects.select_for_update().get(pk=source.pk)
        if not locked.is_refused(now):
            raise ExceptionRefused("This list is let in already.")
        granted = SourceException.objects.create(
            source=source, reason=reason.strip()[:300], granted_by=by, granted_at=now, until=until
        )
        source.exception_until = until
        source.save(update_fields=["exception_until"])
        _note(source, "source.exception_granted", by, now, cause=granted.reason, until=until)
    return granted


def end_exception(source: Source, *, by: User, now: datetime) -> bool:
    """Refuses a purchased list again before its exception ends. False if none was in force."""
    with transaction.atomic():
        locked = Source.objects.select_for_update().get(pk=source.pk)
        if locked.exception_until is None or locked.exception_until <= now:
            return False
        SourceException.objects.filter(source=source, until__gt=now, ended_at__isnull=True).update(ended_at=now)
        source.exception_until = None
        source.save(update_fields=["exception_until"])
        _note(source, "source.exception_ended", by, now)
    return True


def _note(
    source: Source, action: str, by: User, now: datetime, *, cause: str = "", until: datetime | None = None
) -> None:
    after = {"source": source.key, "until": until.isoformat() if until else None}
    entry = LedgerEntry(
        occurred_at=now, actor=by, action=action, subject_kind="source", subject_id=source.pk, cause=cause[:200],
        after=after,
    )  # fmt: skip
    ledger.record([entry])
