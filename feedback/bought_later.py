"""Leads that we rejected and whose company bought later, through another person: what a second look is for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import DateTimeField, Exists, F, OuterRef, QuerySet, Subquery, UUIDField

from feedback.models import Disposition, DispositionKind, Outcome, OutcomeStage


@dataclass(frozen=True, slots=True)
class BoughtLater:
    """One rejection and the deal that the same company closed after it."""

    rejection: Disposition
    deal: Outcome

    @property
    def days(self) -> int:
        """From the no to the purchase."""
        at, no = self.deal.occurred_at, self.rejection.decided_at
        return (at - no).days if at and no else 0


def bought_later() -> QuerySet[Disposition]:
    """Rejections whose company bought later through somebody else; `bought_at` and `deal_id` are its first deal."""
    deals = (
        Outcome.objects.standing()
        .filter(
            kind=OutcomeStage.WON,
            lead__account_id=OuterRef("lead__account_id"),
            lead__withdrawn_at__isnull=True,
            occurred_at__gt=OuterRef("decided_at"),
        )
        .exclude(lead__person_id=OuterRef("lead__person_id"))
        .order_by("occurred_at", "pk")
    )
    return (
        Disposition.objects.filter(kind=DispositionKind.REJECTED, undone_by__isnull=True, decided_at__isnull=False)
        .filter(lead__account__isnull=False, lead__withdrawn_at__isnull=True)
        .filter(Exists(deals))
        .annotate(
            bought_at=Subquery(deals.values("occurred_at")[:1], output_field=DateTimeField()),
            deal_id=Subquery(deals.values("pk")[:1], output_field=UUIDField()),
            account_name=F("lead__account__name"),
        )
        .select_related("lead__person", "lead__account", "reason__family", "user")
    )


def with_deals(rejections: Sequence[Disposition]) -> list[BoughtLater]:
    """Rejections of `bought_later` with their deals. One query."""
    ids = {row.deal_id for row in rejections}  # type: ignore[attr-defined]
    found = Outcome.objects.filter(pk__in=ids).select_related("lead__person", "lead__account")
    deals = {row.pk: row for row in found}
    return [BoughtLater(row, deals[row.deal_id]) for row in rejections]  # type: ignore[attr-defined]
