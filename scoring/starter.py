"""The rulebook that ships with the product: a readable first guess for a B2B software company, signed by both sides."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from leads.signal_kinds import STARTER_KINDS
from revops.foundation.models import User
from scoring.models import Rulebook, SigningSide
from scoring.publishing import create_draft, publish_rulebook, sign_rulebook
from scoring.rules.definition import POINT
from scoring.rules.stages import default_stages

_FIT: list[dict[str, Any]] = [
    {
        "key": "decision_maker",
        "points": 12 * POINT,
        "when": {"fact": "person.seniority", "one_of": ["c_level", "vp", "director", "head"]},
    },
    {"key": "manager", "points": 6 * POINT, "when": {"fact": "person.seniority", "equals": "manager"}},
    {
        "key": "revenue_team",
        "points": 8 * POINT,
        "when": {"fact": "person.function", "one_of": ["sales", "marketing", "revops", "general"]},
    },
    {
        "key": "decides_or_pays",
        "points": 5 * POINT,
        "when": {"fact": "person.purchasing_role", "mentions": ["decision maker", "budget", "economic buyer"]},
    },
    {"key": "right_size", "points": 10 * POINT, "when": {"fact": "account.employees", "at_least": 50, "at_most": 1000}},
    {"key": "large_company", "points": 5 * POINT, "when": {"fact": "account.employees", "at_least": 1001}},
    {"key": "too_small", "points": -10 * POINT, "when": {"fact": "account.employees", "at_most": 9}},
    {
        "key": "target_industry",
        "points": 6 * POINT,
        "when": {
            "fact": "account.industry",
            "mentions": ["software", "saas", "technology", "financial", "consulting", "manufacturing", "logistics"],
        },
    },
    {
        "key": "target_country",
        "points": 4 * POINT,
        "when": {"fact": "lead.country", "one_of": ["us", "ca", "gb", "ie", "de", "at", "ch", "nl", "fr", "se"]},
    },
    {"key": "free_mail", "points": -8 * POINT, "when": {"fact": "person.is_free_mail", "is": True}},
]
_INTENT: list[dict[str, Any]] = [
    {
        "key": "asked_for_sales",
        "points": 30 * POINT,
        "when": {"signals": ["demo_request", "pricing_request", "consultation_request"], "within_days": 30},
    },
    {
        "key": "asked_for_contact",
        "points": 20 * POINT,
        "when": {"signals": ["contact_request"], "within_days": 30},
    },
    {
        "key": "replied",
        "points": 12 * POINT,
        "half_life_days": 14,
        "when": {"signals": ["inbound_reply"], "within_days": 30},
    },
    {
        "key": "trial",
        "points": 14 * POINT,
        "half_life_days": 14,
        "when": {"signals": ["trial_started"], "within_days": 30},
    },
    {
        "key": "pricing_twice",
        "points": 12 * POINT,
        "family": "buying",
        "when": {"signals": ["pricing_page_visit"], "at_least": 2, "within_days": 14},
    },
    {
        "key": "calculated_return",
        "points": 10 * POINT,
        "family": "buying",
        "half_life_days": 14,
        "when": {"signals": ["roi_calculator"], "within_days": 60},
    },
    {
        "key": "case_study",
        "points": 6 * POINT,
        "family": "buying",
        "half_life_days": 14,
        "when": {"signals": ["case_study_view"], "within_days": 60},
    },
    {
        "key": "product_thrice",
        "points": 10 * POINT,
        "when": {"signals": ["product_page_visit"], "at_least": 3, "within_days": 7},
    },
    {
        "key": "webinar",
        "points": 8 * POINT,
        "half_life_days": 21,
        "when": {"signals": ["webinar_attended"], "minimum_value": 75, "within_days": 60},
    },
    {
        "key": "came_back",
        "points": 8 * POINT,
        "half_life_days": 30,
        "when": {"signals": ["repeat_enquiry"], "within_days": 120},
    },
    {
        "key": "talked_with_us",
        "points": 6 * POINT,
        "half_life_days": 21,
        "when": {"signals": ["chat_conversation", "event_conversation"], "within_days": 60},
    },
    {
        "key": "download",
        "points": 3 * POINT,
        "family": "content",
        "when": {"signals": ["content_download", "form_submission"], "within_days": 30},
    },
    {
        "key": "reads_blog",
        "points": 3 * POINT,
        "family": "content",
        "when": {"signals": ["blog_visit", "page_visit"], "at_least": 3, "within_days": 30},
    },
    {
        "key": "mail_activity",
        "points": 0,
        "family": "content",
        "when": {"signals": ["email_click", "email_open"], "within_days": 30},
    },
]
_TIMING: list[dict[str, Any]] = [
    {"key": "starts_soon", "points": 15 * POINT, "when": {"fact": "lead.timeline_on", "within_days_ahead": 90}},
    {"key": "contract_ends", "points": 10 * POINT, "when": {"fact": "lead.contract_end_on", "within_days_ahead": 120}},
    {"key": "budget_round", "points": 6 * POINT, "when": {"fact": "lead.budget_on", "within_days_ahead": 90}},
    {"key": "trigger_event", "points": 6 * POINT, "when": {"fact": "lead.trigger_event", "known": True}},
]

STARTER_DEFINITION: dict[str, Any] = {
    "rules": [
        *({"axis": "fit", **rule} for rule in _FIT),
        *({"axis": "intent", **rule} for rule in _INTENT),
        *({"axis": "timing", **rule} for rule in _TIMING),
    ],
    "caps": {"fit": 40 * POINT, "intent": 60 * POINT, "timing": 30 * POINT},
    "family_caps": {"buying": 20 * POINT, "content": 5 * POINT},
    "disqualifiers": [
        {"key": "student", "when": {"fact": "person.seniority", "equals": "student"}},
        {"key": "do_not_contact", "when": {"fact": "person.do_not_contact", "is": True}},
        {"key": "purchased_list", "when": {"fact": "source.kind", "equals": "purchased"}},
    ],
    "tiers": {
        "1": {
            "hand_raise": {
                "signals": ["demo_request", "pricing_request", "consultation_request", "contact_request"],
                "within_days": 30,
            },
            "minimum": {"fit": 12 * POINT, "intent": 20 * POINT},
            "required_facts": ["account.is_known"],
        },
        "2": {"minimum": {"fit": 6 * POINT, "intent": 16 * POINT}},
    },
    "stages": default_stages({kind.code: kind for kind in STARTER_KINDS}),
}
"""Without its signal kinds: drafting stamps them as they are known then."""


def publish_starter(author: User, marketing_signer: User, sales_signer: User, now: datetime) -> Rulebook:
    """Drafts, signs and publishes the starter rulebook, by the same way as any other."""
    draft = create_draft(
        STARTER_DEFINITION,
        author,
        name="Starter rulebook",
        summary="The first shared definition of a good lead: who they are, what they did, and why now.",
        now=now,
    )
    sign_rulebook(draft, sales_signer, SigningSide.SALES, now)
    sign_rulebook(draft, marketing_signer, SigningSide.MARKETING, now)
    return publish_rulebook(draft, now)
