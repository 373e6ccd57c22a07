"""What scoring holds of a person, and taking them out of the packed past."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from revops.foundation.erasing import ERASED, Holding
from scoring.backtest.packing.forgetting import forget_texts
from scoring.backtest.recording import stop_standing
from scoring.models import LeadScore

_OF_LEADS = "lead_id = ANY(%(leads)s::uuid[])"

HOLDINGS = (
    Holding(
        "scoring_scoredecision", _("decisions about their lead"), _OF_LEADS,
        stays=_("Which rules counted how much; the facts behind it hold no name, address or free text."),
    ),
    Holding("scoring_leadscore", _("the score of their lead"), _OF_LEADS, stays=_("The last decision, as numbers.")),
    Holding(
        "scoring_tieroverride", _("exceptions that were granted for them"), _OF_LEADS, {"reason": f"'{ERASED}'"},
        stays=_("That somebody treated the lead otherwise, who, and until when."),
    ),
    Holding(
        "scoring_reasonmark", _("what sales said of the reasons"), _OF_LEADS, stays=_("Helpful or misleading: a tick.")
    ),
)  # fmt: skip
"""What scoring holds of a person. The packed past is no table of rows: `forget_people` sees to it."""


def forget_people(lead_ids: Sequence[UUID]) -> int:
    """Takes what these leads typed out of the packed past, and never judges them again. Returns how many cases."""
    forgotten = forget_texts(lead_ids)
    stop_standing(lead_ids)
    LeadScore.objects.filter(lead_id__in=lead_ids).update(reevaluate_at=None, is_provisional=False)
    return forgotten
