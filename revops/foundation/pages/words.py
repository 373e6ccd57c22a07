"""Numbers and spans of time as people say them."""

import re
from datetime import date, timedelta
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _

_DAY = re.compile(r"\d{4}-\d{2}(-\d{2})?")
COUNTDOWN_ICONS = {
    "on_track": "clock",
    "soon": "hourglass",
    "urgent": "alarm",
    "late": "alert-triangle",
    "paused": "clock-pause",
    "met": "circle-check",
}


def about(number: Any) -> str:
    """A count as people say it: exact up to 10,000, above that "about 1.2 million"; words pass unchanged."""
    if number is None or isinstance(number, str):
        return number or ""
    if number <= 10_000:
        return number_format(round(number), use_l10n=True, force_grouping=True)
    if number < 1_000_000:
        return _("about %(n)s") % {"n": number_format(round(number, -3), force_grouping=True)}
    return _("about %(n)s million") % {"n": number_format(round(number / 1_000_000, 1)).removesuffix(".0")}


def day_words(text: str) -> str:
    """A day like 2026-11-23, or a month like 2026-11, as people write it; other words as they are."""
    if not _DAY.fullmatch(text):
        return text
    try:
        at = date.fromisoformat(f"{text}-01"[:10])
    except ValueError:
        return text
    return f"{at:%-d %b %Y}" if text == at.isoformat() else f"{at:%b %Y}"


def duration_words(span: timedelta | float | str | None) -> str:
    """A span in its two largest units: "1 h 12 m", "3 d 4 h", "40 s"; seconds may be given as a number."""
    if span is None or isinstance(span, str):
        return span or ""
    seconds = int(abs(span.total_seconds() if isinstance(span, timedelta) else span))
    if seconds < 60:
        return f"{seconds} s"
    minutes, hours, days = seconds // 60 % 60, seconds // 3600 % 24, seconds // 86_400
    if days:
        return f"{days} d {hours} h" if hours else f"{days} d"
    if hours:
        return f"{hours} h {minutes} m" if minutes else f"{hours} h"
    return f"{minutes} m"


def countdown_state(left: timedelta, whole: timedelta | None = None) -> str:
    """On track down to half of the span, then soon; urgent under 15 minutes or a tenth; late once passed."""
    if left < timedelta(0):
        return "late"
    if left < timedelta(minutes=15) or (whole and left < whole / 10):
        return "urgent"
    return "soon" if whole and left < whole / 2 else "on_track"
