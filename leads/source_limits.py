"""How far the rules alone may carry leads of a source, and where its leads usually begin. Pure."""

from __future__ import annotations

from collections.abc import Collection

from django.utils.translation import gettext as _

from leads.lifecycle import Stage

SALES_TIER = 1
WITH_MARKETING = (Stage.NEW, Stage.NURTURE)


def tier_allowed(tier: int, allowed: Collection[int]) -> int:
    """The tier that a lead is treated as: the derived one, or the next one down that its source allows."""
    return min((one for one in allowed if one >= tier), default=tier)


def limit_words(source: str, tier: int | None, stage: str, allowed: Collection[int]) -> str:
    """Why a lead is treated as less than the rules say; empty if it is not. `source` is a name."""
    if tier is None or stage not in WITH_MARKETING or tier_allowed(tier, allowed) == tier:
        return ""
    if tier == SALES_TIER:
        words = _(
            "Tier 1 by the rules, but leads of “%(source)s” do not go to sales by the rules alone. Marketing keeps it "
            "until the person asks through a source that may, or somebody overrides the tier."
        )
        return words % {"source": source}
    words = _("Tier %(tier)d by the rules, but leads of “%(source)s” are treated as tier %(allowed)d at most.")
    return words % {"source": source, "tier": tier, "allowed": tier_allowed(tier, allowed)}
