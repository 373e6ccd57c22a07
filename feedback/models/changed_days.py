"""Which days' facts changed: what remembered numbers are compared with before they are believed."""

from __future__ import annotations

from django.db import models


class FactKind(models.TextChoices):
    """Facts by the day they are counted on; a change of anything they rest on marks that day."""

    LEADS = "leads", "leads, on the day they were received"
    HANDOFFS = "handoffs", "hand-offs, on the day they were made"
    ANSWERS = "answers", "hand-offs, on the day they were answered"
    DISPOSITIONS = "dispositions", "answers of sales, on the day they were given"
    OUTCOMES = "outcomes", "outcomes, on the day they happened"
    ACTS = "acts", "attempts and outcomes, on the day they happened"
    CLOCKS = "clocks", "clocks, on the day they fall due"


class ChangedDay(models.Model):
    """One change of the facts of one UTC day. Written by triggers, in the transaction of the change, whoever writes.

    The sum of the salts of a kind and day is its version: equal sums, equal facts. Rows are folded into one a kind and
    day without changing the sum. A row of kind “epoch” tells this database from a copy of it.
    """

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=12)
    day = models.DateField(help_text="In UTC.")
    salt = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.kind} of {self.day}"
