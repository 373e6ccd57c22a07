"""What the pages of the rules say of shares and flows: never a rate without its n, and its interval."""

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.numberformat import format as plain_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from revops.foundation.policy import can

register = template.Library()


@register.simple_tag
def share(value: Any) -> SafeString:
    """A share (or the dictionary of one) like “34 % of 112 (26–43)”; too few are named, not judged."""
    given = value if isinstance(value, dict) else value.as_dict()
    hits, n = given["hits"], given["n"]
    if not n:
        return format_html('<span class="rate-few">{}</span>', "–")
    if given.get("too_few", n < 20):
        words = _("%(hits)s of %(n)s") % {"hits": hits, "n": n}
        return format_html(
            '<span class="rate-few">{}<span class="reader"> {}</span></span>', words, _("too few to say")
        )
    told = {"n": f"{n:,}".replace(",", "\u202f"), "low": round(100 * given["low"]), "high": round(100 * given["high"])}
    return format_html(
        '<span class="text-nowrap">{}\u202f% <span class="text-secondary">{}</span></span> '
        '<span class="text-secondary text-nowrap">{}</span>',
        round(100 * hits / n),
        _("of %(n)s") % told,
        _("(%(low)s–%(high)s)") % told,
    )


@register.filter
def may(user: Any, permission: str) -> bool:
    """Whether the person who looks is allowed something."""
    return can(user, permission)


@register.filter
def weekly(value: float | None) -> str:
    """Leads a week: whole from ten on, one digit below."""
    if value is None:
        return "–"
    return plain_format(round(value, 1 if abs(value) < 10 else 0), ".", 1 if abs(value) < 10 else 0)


@register.filter
def more_or_fewer(value: float | None) -> str:
    """A change with its sign; one too small for a digit gets two, so that it does not look like none."""
    if value is None:
        return "–"
    if abs(value) < 0.005:
        return "±0"
    shown = f"{abs(value):.2f}" if abs(value) < 0.05 else weekly(abs(value))
    return f"{'+' if value > 0 else '−'}{shown}"
