"""What a row of the list says of a lead, read no wider than that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from leads.models import Lead
from leads.models.people import person_name
from revops.foundation.ids import encode
from revops.foundation.kept_queries import KeptQuery, any_of


@dataclass(frozen=True, slots=True)
class ListedLead:
    """One row. `account` and `owner` are names, None without one; tier and priority are None if it was never judged."""

    pk: UUID
    stage: str
    received_at: datetime
    occurred_at: datetime | None
    is_history: bool
    title: str
    account: str | None
    source: str
    owner: str | None
    tier: int | None
    priority: int | None
    person: str

    @property
    def public_id(self) -> str:
        return encode("lead", self.pk)


def listed_leads(ids: Sequence[UUID]) -> list[ListedLead]:
    """These leads in this order. One query."""
    found = {row[0]: ListedLead(*row[:-4], person_name(*row[-4:])) for row in _ROWS.fetch(leads=list(ids))}
    return [found[pk] for pk in ids if pk in found]


_ROWS = KeptQuery(
    Lead.objects.filter(pk=any_of("leads")).values_list(
        "pk", "stage", "received_at", "occurred_at", "is_history", "person__title", "account__name", "source__name",
        "owner__name", "score__tier", "score__priority",
        "person__first_name", "person__last_name", "person__email", "person__erased_at",
    )
)  # fmt: skip
