"""Counts how often forms are opened and sent, by the version of their questions and by day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import Sum

from leads.models import FormTally, LeadForm
from revops.foundation.statistics import Interval, is_too_few, wilson_interval

COUNTED = ("opened", "sent", "corrected", "turned_away")
SHOWN = timedelta(days=30)


def count(lead_form: LeadForm, what: str, now: datetime) -> None:
    """Adds one to what happened to a form today. One statement."""
    if what not in COUNTED:
        raise ValueError(f"Forms are not counted by {what}.")
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO leads_formtally (form_id, version, "on", opened, sent, corrected, turned_away)
            VALUES (%s, %s, %s, %s, %s, %s, %s)
            ON CONFLICT (form_id, version, "on") DO UPDATE SET {what} = leads_formtally.{what} + 1
            """,  # noqa: S608 - one of four names of ours
            [lead_form.pk, lead_form.version, now.astimezone(UTC).date(), *(int(name == what) for name in COUNTED)],
        )


@dataclass(frozen=True, slots=True)
class Completion:
    """Of those who opened a form, how many sent it. A page sent without being opened first counts as opened."""

    opened: int = 0
    sent: int = 0
    corrected: int = 0
    turned_away: int = 0

    @property
    def n(self) -> int:
        return max(self.opened, self.sent)

    @property
    def share(self) -> float | None:
        return self.sent / self.n if self.n else None

    @property
    def is_too_few(self) -> bool:
        return is_too_few(self.n)

    @property
    def interval(self) -> Interval | None:
        return wilson_interval(self.sent, self.n)


def completions(form_ids: Iterable[UUID], now: datetime) -> dict[UUID, Completion]:
    """What happened to forms in the last 30 days. One query."""
    since = (now - SHOWN).astimezone(UTC).date()
    rows = FormTally.objects.filter(form__in=list(form_ids), on__gt=since).order_by().values_list("form_id")
    return {form_id: Completion(*sums) for form_id, *sums in rows.annotate(*(Sum(name) for name in COUNTED))}
