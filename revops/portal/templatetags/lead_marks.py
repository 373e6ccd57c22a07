"""Marks of leads in templates: tier and stage as badges, with shape and words besides colour."""

from functools import lru_cache

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from leads.lifecycle import Stage
from leads.names import country_name
from revops.foundation.templatetags.portal import badge

register = template.Library()

TIER_TONES = {1: ("strong", "flame"), 2: ("note", "trending-up"), 3: ("neutral", "")}
STAGE_TONES = {
    Stage.NEW: ("neutral", "circle-dashed"),
    Stage.NURTURE: ("neutral", "recycle"),
    Stage.HANDED_OFF: ("warn", "inbox"),
    Stage.ACCEPTED: ("good", "check"),
    Stage.OPPORTUNITY: ("note", "target"),
    Stage.WON: ("good", "star"),
    Stage.LOST: ("bad", "circle-x"),
    Stage.REJECTED: ("bad", "thumb-down"),
}


@register.filter
def country(code: str) -> str:
    """The name of a country that we hold by its code."""
    return country_name(code)


@register.simple_tag
def tier_badge(tier: int | None) -> SafeString:
    """ "Tier 1" with its shape; "not scored" without a tier."""
    return _tier_badge(tier, get_language())


@lru_cache(maxsize=64)
def _tier_badge(tier: int | None, _language: str | None) -> SafeString:
    if tier is None:
        return badge(_("Not scored"))
    tone, icon = TIER_TONES.get(tier, ("neutral", ""))
    return badge(_("Tier %(tier)s") % {"tier": tier}, tone, icon)


@register.simple_tag
def stage_badge(stage: str) -> SafeString:
    """The stage in words, with its shape."""
    return _stage_badge(str(stage), get_language())


@lru_cache(maxsize=64)
def _stage_badge(stage: str, _language: str | None) -> SafeString:
    tone, icon = STAGE_TONES[Stage(stage)]
    return badge(Stage(stage).label, tone, icon)


@register.filter
def both(first: object, second: object) -> tuple[object, object]:
    """Two things to walk over."""
    return first, second


@register.filter
def points(thousandths: int | None) -> str:
    """Thousandths of a point as people read them: 12500 is "12.5"."""
    if thousandths is None:
        return "–"
    return f"{thousandths / 1000:.1f}".removesuffix(".0")


@register.filter
def bar_width(value: int, most: int) -> str:
    """How long a bar is, in percent of the longest."""
    return f"{min(100, round(100 * abs(value) / most)) if most else 0}%"
