"""Shares and differences of shares as the report of questions prints them."""

from django import template

register = template.Library()


@register.filter
def percent(share: float | None) -> str:
    """ "41 %"; a dash when there is none."""
    return "–" if share is None else f"{100 * share:.0f}\u202f%"


@register.filter
def points(difference: float | None) -> str:
    """ "+4.2" percentage points; a dash when there is none."""
    return "–" if difference is None else f"{100 * difference:+.1f}".replace("-", "−")
