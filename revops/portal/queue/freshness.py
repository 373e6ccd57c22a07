"""How old what we know is: a download grows cold after three months, a blog visit after six. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

STALE_AFTER = timedelta(days=14)
COLD_AFTER = {"content_download": timedelta(days=91), "form_submission": timedelta(days=91)}
USUALLY_COLD_AFTER = timedelta(days=182)


def is_cold(kind_code: str, at: datetime | None, now: datetime) -> bool:
    """Whether an act is too old to build a call on. What has no date is not known to be cold."""
    return at is not None and now - at > COLD_AFTER.get(kind_code, USUALLY_COLD_AFTER)


def all_cold(acts: Iterable[tuple[str, datetime | None]], now: datetime) -> bool:
    """Whether everything dated that somebody did has grown cold; False if nothing has a date."""
    dated = [(kind, at) for kind, at in acts if at is not None]
    return bool(dated) and all(is_cold(kind, at, now) for kind, at in dated)


def freshness_words(last: datetime | None, *, is_all_cold: bool, now: datetime) -> str:
    """How fresh a lead is: "active today", "silent for 3 weeks", "cold: silent for 5 months"."""
    if last is None:
        return _("no dated activity")
    days = max(0, (now - last).days)
    if days < 1:
        return _("active in the last 24 hours")
    silent = _span(days)
    if is_all_cold:
        return _("cold: silent for %(span)s") % {"span": silent}
    words = _("silent for %(span)s") if now - last > STALE_AFTER else _("active %(span)s ago")
    return words % {"span": silent}


def _span(days: int) -> str:
    if days < 14:
        return ngettext("%(n)d day", "%(n)d days", days) % {"n": days}
    if days < 61:
        return _("%(n)d weeks") % {"n": days // 7}
    return _("%(n)d months") % {"n": days // 30}
