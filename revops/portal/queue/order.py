"""Why a lead stands where it stands in the queue, in one sentence. Pure."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from revops.foundation.pages.words import duration_words


def order_words(due_at: datetime | None, tier: int | None, priority: int | None, now: datetime) -> str:
    """The facts that decide the order, in their order: “because it is due in 40 min, tier 1, priority 172”."""
    parts = []
    if due_at is not None:
        words = _("it is late by %(span)s") if due_at < now else _("it is due in %(span)s")
        parts.append(words % {"span": duration_words(abs(due_at - now))})
    if tier is not None:
        parts.append(_("tier %(tier)d") % {"tier": tier})
    if priority is not None:
        parts.append(_("priority %(n)d") % {"n": round(priority / 1000)})
    return _("because %(facts)s") % {"facts": ", ".join(parts)} if parts else ""
