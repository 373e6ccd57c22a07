"""What the pages of privacy say of a request: who asks, and how much of the thirty days is left."""

from __future__ import annotations

from datetime import date

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from leads.models import PrivacyRequest, RequestKind
from revops.foundation.models import Job
from revops.foundation.templatetags.portal import badge
from revops.portal.privacy.clock import clock_of
from revops.portal.privacy.retention import RULES

register = template.Library()


@register.simple_tag
def asked_by(row: PrivacyRequest) -> str:
    """Whom a request is about, in words; a request whose address was erased says what it asked for."""
    if row.person is not None:
        return row.person.name
    return row.asked_about or (
        _("Somebody who asked for a copy") if row.kind == RequestKind.EXPORT else _("Somebody who was erased")
    )


@register.simple_tag
def request_clock(row: PrivacyRequest, today: date) -> SafeString:
    """The thirty days as a badge."""
    return badge(*clock_of(row, today))


@register.simple_tag
def taken_by_rule(run: Job) -> str:
    """What one run of retention took, rule by rule."""
    titles = {rule.code: str(rule.title) for rule in RULES}
    taken = {code: n for code, n in (run.result.get("rules") or {}).items() if n}
    return ", ".join(f"{titles.get(code, code)}: {n:,}" for code, n in taken.items()) or _("Nothing was old enough.")
