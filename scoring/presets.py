"""Rulebooks to begin with; each starts a draft that people then make their own."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from scoring.rules.definition import POINT
from scoring.starter import STARTER_DEFINITION

_HAND_RAISES = ["demo_request", "pricing_request", "consultation_request", "contact_request"]


@dataclass(frozen=True, slots=True)
class Preset:
    """A rulebook without signal kinds: drafting stamps them as they are known then."""

    key: str
    name_text: str
    summary_text: str
    content: dict[str, Any]

    @property
    def name(self) -> str:
        return _(self.name_text)

    @property
    def summary(self) -> str:
        """What it is for, in one sentence."""
        return _(self.summary_text)

    @property
    def definition(self) -> dict[str, Any]:
        """A copy that may be changed."""
        return deepcopy(self.content)


_ENQUIRIES_ONLY: dict[str, Any] = {
    "rules": [
        {
            "key": "asked_for_sales", "axis": "intent", "points": 30 * POINT,
            "when": {"signals": _HAND_RAISES, "within_days": 30},
        },
        {
            "key": "replied", "axis": "intent", "points": 15 * POINT, "half_life_days": 14,
            "when": {"signals": ["inbound_reply"], "within_days": 30},
        },
        {
            "key": "company_known", "axis": "fit", "points": 10 * POINT,
            "when": {"fact": "account.is_known", "is": True},
        },
        {
            "key": "need_stated", "axis": "timing", "points": 10 * POINT,
            "when": {"fact": "lead.need", "known": True},
        },
    ],
    "caps": {"fit": 10 * POINT, "intent": 40 * POINT, "timing": 10 * POINT},
    "family_caps": {},
    "disqualifiers": deepcopy(STARTER_DEFINITION["disqualifiers"]),
    "tiers": {
        "1": {"hand_raise": {"signals": _HAND_RAISES, "within_days": 30}, "minimum": {"intent": 30 * POINT}},
        "2": {"minimum": {"intent": 10 * POINT}},
    },
}  # fmt: skip


def _with_colleagues() -> dict[str, Any]:
    """The B2B template with what several people of one company do."""
    definition = deepcopy(STARTER_DEFINITION)
    definition["rules"] += [
        {
            "key": "two_people", "axis": "intent", "points": 12 * POINT, "family": "company",
            "when": {
                "signals": ["pricing_page_visit", "roi_calculator", "case_study_view"],
                "distinct": "people", "at_least": 2, "within_days": 7,
            },
        },
        {
            "key": "colleague_asked", "axis": "intent", "points": 10 * POINT, "family": "company",
            "when": {"signals": _HAND_RAISES[:2], "by": "account", "within_days": 30},
        },
        {
            "key": "read_then_priced", "axis": "intent", "points": 6 * POINT,
            "when": {
                "signals": ["case_study_view"], "then": ["pricing_page_visit"], "gap_days": 7, "within_days": 30,
            },
        },
        {
            "key": "open_opportunity", "axis": "timing", "points": 8 * POINT,
            "when": {"fact": "account.has_opportunity", "is": True},
        },
    ]  # fmt: skip
    definition["family_caps"]["company"] = 15 * POINT
    return definition


PRESETS: dict[str, Preset] = {
    preset.key: preset
    for preset in (
        Preset(
            "b2b",
            gettext_noop("B2B template"),
            gettext_noop("Who they are, what they did and why now: hand-raises, pricing, case studies, role, size."),
            STARTER_DEFINITION,
        ),
        Preset(
            "enquiries_only",
            gettext_noop("Enquiries only"),
            gettext_noop("Four rules: sales gets everybody who asks to be contacted, and nobody else."),
            _ENQUIRIES_ONLY,
        ),
        Preset(
            "buying_groups",
            gettext_noop("Buying groups"),
            gettext_noop("The B2B template, and what several people of one company do together."),
            _with_colleagues(),
        ),
    )
}
"""By key, in the order in which they are offered."""
