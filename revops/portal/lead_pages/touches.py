"""How a lead came to us: every touch that carried UTM values, the first and the last one, and what they looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import F, QuerySet

from leads.models import Asset, Lead, Signal, Touch
from leads.url_patterns import belongs
from revops.foundation.ids import encode
from revops.foundation.kept_queries import KeptQuery, any_of

SHOWN = 20
_FIRST = (F("touched_at").asc(nulls_first=True), "pk")
_NEWEST = (F("touched_at").desc(nulls_last=True), "-pk")
_WITH = ("source", "campaign")
_NEWEST_OF = KeptQuery(
    Touch.objects.filter(lead__person=any_of("people")).select_related(*_WITH).order_by(*_NEWEST)[: SHOWN + 1]
)
_ADDRESSES = KeptQuery(
    Signal.objects.filter(person=any_of("people"), submission_id=any_of("submissions"))
    .exclude(url="")
    .values_list("submission_id", "url")
)
_ASSETS = KeptQuery(Asset.objects.filter(archived_at__isnull=True))


@dataclass(frozen=True, slots=True)
class TouchRow:
    """One touch: its marks, the address that was looked at, and the content asset which that belongs to."""

    touch: Touch
    url: str
    asset: Asset | None
    is_first: bool = False
    is_last: bool = False

    @property
    def came_by(self) -> str:
        """Source and medium as the link said, like “google / cpc”."""
        return " / ".join(self.touch.utm[name] for name in ("utm_source", "utm_medium") if self.touch.utm.get(name))

    @property
    def details(self) -> list[str]:
        """Content, term and whatever else the link said."""
        told = {"utm_source", "utm_medium", "utm_campaign"}
        return [value for name, value in sorted(self.touch.utm.items()) if name not in told and value]

    @property
    def receipt(self) -> str:
        return encode("sub", self.touch.submission_id)


@dataclass(frozen=True, slots=True)
class Touches:
    """The touches of a lead, the newest first; of many the first one and the newest."""

    rows: Sequence[TouchRow]
    total: int

    @property
    def left_out(self) -> int:
        return self.total - len(self.rows)


def touches_of_lead(lead: Lead) -> Touches:
    """What the page shows. One query without touches, else up to three, and two more where there are many."""
    found = _NEWEST_OF.fetch(people=lead.person.everybody)
    total = len(found)
    if total > SHOWN:
        found, total = [*found[: SHOWN - 1], *_of(lead).order_by(*_FIRST)[:1]], _of(lead).count()
    return Touches(described(lead, found), total)


def every_touch(lead: Lead, most: int) -> list[TouchRow]:
    """The touches of a lead's person, the newest first. Up to three queries."""
    return described(lead, list(_of(lead).order_by(*_NEWEST)[:most]))


def described(lead: Lead, touches: Sequence[Touch]) -> list[TouchRow]:
    """Touches, the newest first, with what was looked at. One query if there are any, two if an address is known."""
    if not touches:
        return []
    submissions = [touch.submission_id for touch in touches]
    urls: dict[UUID | None, str] = dict(_ADDRESSES.fetch(people=lead.person.everybody, submissions=submissions))
    assets = _ASSETS.fetch() if urls else []
    addresses = [urls.get(touch.submission_id, "") for touch in touches]
    return [
        TouchRow(touch, url, _asset(url, assets), is_first=touch is touches[-1], is_last=touch is touches[0])
        for touch, url in zip(touches, addresses, strict=True)
    ]


def _of(lead: Lead) -> QuerySet[Touch]:
    """Every touch of the lead's person, for life: also those of earlier leads, and of whoever was merged into them."""
    return Touch.objects.filter(lead__person__in=lead.person.everybody).select_related(*_WITH)


def _asset(url: str, assets: Sequence[Asset]) -> Asset | None:
    return next((asset for asset in assets if url and belongs(url, asset.url_patterns)), None)
