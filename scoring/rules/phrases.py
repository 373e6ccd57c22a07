"""The small words that sentences about rules are made of. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.utils.translation import gettext as _

from scoring.rules.attributes import ATTRIBUTES
from scoring.rules.kinds import Kind

_SHORTEST_VALUES = {"c_level": "C-level", "vp": "VP", "hr": "HR", "it": "IT", "revops": "RevOps"}
_MEASURES = {"webinar_attended": "%(n)d %%", "time_on_site": "%(n)d seconds"}


def plain_points(points: int) -> str:
    """Thousandths as a number to read: 12000 is “12”, 12500 “12.5”."""
    whole, rest = divmod(abs(points), 1000)
    sign = "−" if points < 0 else ""
    return f"{sign}{whole}" + (f".{rest:03d}".rstrip("0") if rest else "")


def signed_points(points: int) -> str:
    return plain_points(points) if points < 0 else f"+{plain_points(points)}"


def either(texts: Iterable[str]) -> str:
    """Like “a, b or c”."""
    *first, last = texts
    return _("%(list)s or %(last)s") % {"list": ", ".join(first), "last": last} if first else last


def join_names(codes: Iterable[str], kinds: Mapping[str, Kind]) -> str:
    """Like “requested a demo or asked for pricing”."""
    return either(name[:1].lower() + name[1:] for name in (kinds[code].name for code in codes))


def label_of(attribute: str) -> str:
    return _(ATTRIBUTES[attribute].label)


def shown_value(value: str | int) -> str:
    """A value as people write it: thousands apart, codes of two letters in capitals."""
    if isinstance(value, int):
        return f"{value:,}"
    text = str(value)
    return _SHORTEST_VALUES.get(text) or (text.upper() if len(text) == 2 and text.isalpha() else text)


def window(within_days: int | None) -> str:
    """Like “ within 14 days”, with the space before it; empty without a window."""
    if within_days is None:
        return ""
    if within_days == 0:
        return _(" today")
    return _(" within %(n)d days") % {"n": within_days}


def measured(codes: Iterable[str], number: int) -> str:
    """A measured number with the unit of the first kind that has one."""
    return next((_MEASURES[code] for code in codes if code in _MEASURES), "%(n)d") % {"n": number}
