"""Numbers of the metric dictionary as the learning pages print them, and the links from a number to its leads."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.conf import settings
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from feedback.metrics import Unit
from revops.foundation.pages.charts.drawing import say

FEW_DECIMALS_UNDER = 200
"""A share of fewer leads is printed without decimals; they would claim more than is known."""

_SIGNS = {"EUR": "€", "USD": "$", "GBP": "£"}
_UNITS = {Unit.SHARE: "%", Unit.MINUTES: "min", Unit.HOURS: "h", Unit.DAYS: "d"}


@dataclass(frozen=True, slots=True)
class Chip:
    """A verdict as a badge: words, tone and icon, and the rule it rests on."""

    words: str | Promise
    tone: str
    icon: str
    reason: str | Promise


def say_value(unit: str, value: float | None, n: int = FEW_DECIMALS_UNDER) -> str:
    """ "41 %", "€ 215,600", "6.9 h", "12 d", "25"; a dash when there is none."""
    if value is None:
        return "–"
    match Unit(unit):
        case Unit.SHARE:
            return say(round(100 * value) if n < FEW_DECIMALS_UNDER else 100 * value, "%")
        case Unit.MONEY:
            currency = settings.REPORTING_CURRENCY
            return f"{_SIGNS.get(currency, currency)}\u202f{say(round(value))}"
        case kind:
            return say(value, _UNITS.get(kind, ""))


def change_in(unit: str, change: float | None) -> tuple[float | None, str]:
    """A change as the component `delta` takes it: rounded, with its unit; shares in percentage points."""
    if change is None:
        return None, ""
    match Unit(unit):
        case Unit.SHARE:
            return round(100 * change, 1), str(_("points"))
        case Unit.MONEY:
            return round(change), _SIGNS.get(settings.REPORTING_CURRENCY, settings.REPORTING_CURRENCY)
        case kind:
            return round(change, 1), _UNITS.get(kind, "")


def chart_values(unit: str, values: list[float | None]) -> list[float | None]:
    """Values in the unit they are printed in: shares become percentages."""
    return [100 * value if value is not None and unit == Unit.SHARE else value for value in values]


def chart_unit(unit: str) -> str:
    return settings.REPORTING_CURRENCY if unit == Unit.MONEY else _UNITS.get(Unit(unit), "")


def metric_url(key: str, period: str, part: str = "all", source: str = "", until: str = "") -> str:
    """The list of the leads behind a number; "" while there is no such list."""
    try:
        address = reverse("leads")
    except NoReverseMatch:
        return ""
    asked = {"metric": key, "period": period, "period_to": until, "part": part, "source": source}
    return f"{address}?{urlencode({name: value for name, value in asked.items() if value})}"


def verdict_chip(verdict: str, *, higher_is_better: bool, signal: str = "") -> Chip:
    """The chip of an XmR verdict; a signal is good or bad by the direction that is wanted."""
    if verdict == "signal up":
        tone = "good" if higher_is_better else "bad"
        return Chip(_("Signal up"), tone, "trending-up", signal)
    if verdict == "signal down":
        tone = "bad" if higher_is_better else "good"
        return Chip(_("Signal down"), tone, "trending-down", signal)
    if verdict == "routine":
        return Chip(_("Routine"), "neutral", "minus", _("within the natural limits of the weeks before (XmR)"))
    return Chip(_("Too few to judge"), "neutral", "circle-dashed", _("it rests on fewer than 20 leads, or 6 weeks"))
