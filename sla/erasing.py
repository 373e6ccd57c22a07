"""What this floor holds of a person, and what becomes of it when they are erased."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from revops.foundation.erasing import ERASED, Holding

_OF_LEADS = "lead_id = ANY(%(leads)s::uuid[])"
_OF_HANDOFFS = f"handoff_id IN (SELECT id FROM sla_handoff WHERE {_OF_LEADS})"  # noqa: S608 - names only


def _unless_empty(column: str) -> str:
    return f"CASE WHEN {column} = '' THEN '' ELSE '{ERASED}' END"


HOLDINGS = (
    Holding(
        "sla_handoff", _("hand-offs of their lead to sales"), _OF_LEADS,
        {"snooze_reason": _unless_empty("snooze_reason")}, stays=_("When sales got it, and when it was answered."),
    ),
    Holding(
        "sla_assignment", _("who got their lead, and why"), _OF_HANDOFFS,
        {"reason": f"CASE WHEN kind = 'auto' OR reason = '' THEN reason ELSE '{ERASED}' END"},
        stays=_("Who was chosen, and the first test that each candidate failed."),
    ),
    Holding(
        "sla_clock", _("promises about their lead"), _OF_LEADS, {"late_reason": _unless_empty("late_reason")},
        stays=_("What was promised, until when, and whether it was kept."),
    ),
    Holding(
        "sla_escalation", _("steps of the ladder"), _OF_LEADS, stays=_("Who was told that a promise runs out.")
    ),
    Holding(
        "sla_pooloffer", _("offers of their lead to others"), _OF_HANDOFFS, {"reason": _unless_empty("reason")},
        stays=_("That it was offered, and who took it."),
    ),
)  # fmt: skip
"""What this floor holds of a person."""
