"""The thirty days of a request, in words. Pure: `today` is passed in."""

from __future__ import annotations

from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from leads.models import PrivacyRequest, RequestState

SOON = 7


def clock_of(asked: PrivacyRequest, today: date) -> tuple[str, str, str]:
    """(words, tone, icon) of how much time is left, or of how it ended."""
    if asked.is_over:
        return str(asked.get_state_display()), *(
            ("good", "check") if asked.state == RequestState.DONE else ("neutral", "x")
        )
    left = (asked.due_on - today).days
    if left < 0:
        return ngettext("Overdue by %(n)s day", "Overdue by %(n)s days", -left) % {"n": -left}, "bad", "alert-triangle"
    if left == 0:
        return _("Due today"), "warn", "clock"
    words = ngettext("%(n)s day left", "%(n)s days left", left) % {"n": left}
    return words, "warn" if left <= SOON else "note", "clock"
