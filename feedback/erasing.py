"""What sales answered about a person, what became of it, and what of these words goes when they are erased."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from revops.foundation.erasing import ERASED, Holding

_OF_LEADS = "lead_id = ANY(%(leads)s::uuid[])"
_OF_CONTESTS = f"contest_id IN (SELECT id FROM feedback_contest WHERE {_OF_LEADS})"  # noqa: S608 - names only
_OF_ANSWERS = f"disposition_id IN (SELECT id FROM feedback_disposition WHERE {_OF_LEADS})"  # noqa: S608 - names only


def _unless_empty(column: str) -> str:
    return f"CASE WHEN {column} = '' THEN '' ELSE '{ERASED}' END"


HOLDINGS = (
    Holding(
        "feedback_disposition", _("what sales answered"), _OF_LEADS,
        {
            "evidence": _unless_empty("evidence"), "note": _unless_empty("note"),
            "second_look": _unless_empty("second_look"),
        },
        stays=_("The answer with its reason code, by whom and when: the rules learn from it."),
    ),
    Holding(
        "feedback_gapanswer", _("what marketing answered to that"), _OF_ANSWERS, {"words": f"'{ERASED}'"},
        stays=_("That it was answered, and how."),
    ),
    Holding(
        "feedback_outcome", _("meetings, deals and losses"), _OF_LEADS,
        {"reason": _unless_empty("reason"), "attributes": "'{}'::jsonb", "external_id": "''"},
        stays=_("What it became, when, and for how much."),
    ),
    Holding(
        "feedback_contest", _("what colleagues found wrong about it"), _OF_LEADS, {"words": _unless_empty("words")},
        stays=_("What was contested, by its code, and by whom."),
    ),
    Holding(
        "feedback_contestverdict", _("how that was decided"), _OF_CONTESTS, {"words": f"'{ERASED}'"},
        stays=_("Upheld or dismissed, and what followed from it."),
    ),
    Holding(
        "feedback_nurtureperiod", _("times in which marketing nurtured them"), _OF_LEADS,
        {"stop_reason": _unless_empty("stop_reason")}, stays=_("From when to when."),
    ),
)  # fmt: skip
"""What this floor holds of a person."""
