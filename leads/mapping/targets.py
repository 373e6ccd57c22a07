"""What a column can become: every fact we know by name, plus attributes, signals and what became of the lead."""

from __future__ import annotations

import re
from typing import NamedTuple

from leads.signal_kinds import STARTER_KINDS


class Target(NamedTuple):
    code: str
    label: str
    group: str
    kind: str = "text"


TARGETS: dict[str, Target] = {
    target.code: target
    for target in [
        Target("ignore", "Ignore this column", "Nothing"),
        Target("external_id", "Their id of the person", "Who it is"),
        Target("email", "E-mail", "Who it is"),
        Target("phone", "Phone", "Who it is"),
        Target("name", "Full name", "Who it is"),
        Target("first_name", "First name", "Who it is"),
        Target("last_name", "Last name", "Who it is"),
        Target("title", "Job title", "Who it is"),
        Target("purchasing_role", "Role in the decision", "Who it is"),
        Target("do_not_contact", "Must not be contacted", "Who it is", "boolean"),
        Target("company", "Company", "Where they work"),
        Target("website", "Website", "Where they work"),
        Target("country", "Country", "Where they work"),
        Target("city", "City", "Where they work"),
        Target("industry", "Industry", "Where they work"),
        Target("employees", "Employees", "Where they work"),
        Target("need", "Need or message", "What they want"),
        Target("use_case", "Use case", "What they want"),
        Target("timeline_on", "Date they want to start", "What they want", "date"),
        Target("contract_end_on", "End of their contract", "What they want", "date"),
        Target("budget_on", "Date of their budget", "What they want", "date"),
        Target("trigger_event", "Trigger event", "What they want"),
        Target("occurred_at", "When they came to us", "How they came", "moment"),
        Target("campaign", "Campaign", "How they came"),
        Target("utm_source", "UTM source", "How they came"),
        Target("utm_medium", "UTM medium", "How they came"),
        Target("utm_campaign", "UTM campaign", "How they came"),
        Target("utm_content", "UTM content", "How they came"),
        Target("utm_term", "UTM term", "How they came"),
        Target("signal_kind", "What they did (a word for the act)", "What they did", "kind"),
        Target("outcome", "What became of it (won, lost, opportunity, meeting, open)", "What became of it", "outcome"),
        Target("outcome_at", "When that was", "What became of it", "moment"),
        Target("outcome_id", "Their id of the deal", "What became of it"),
        Target("amount", "Amount", "What became of it", "number"),
        Target("currency", "Currency", "What became of it"),
        Target("reason", "Why it was rejected or lost", "What became of it", "reason"),
    ]
}
"""Targets without a parameter, by code, in the order a page offers them."""

KIND_CODES = {kind.code: kind.name for kind in STARTER_KINDS}
OUTCOMES = ("won", "lost", "opportunity", "meeting", "open")
REASON_CODES = (
    "not_decision_maker", "wrong_function", "too_small", "outside_region", "no_budget", "no_need",
    "timeline_over_12_months", "later_this_year", "chose_competitor", "is_competitor", "is_student",
    "already_customer", "in_other_deal", "no_response", "wrong_number", "wrong_email", "wrong_company",
    "duplicate_of", "wrong_product", "not_eligible", "other_outside_criteria",
)  # fmt: skip

_ATTRIBUTE = re.compile(r"attribute:[a-z0-9_]{1,64}")


def check_target(code: str) -> str:
    """What is wrong with a target, in words; empty if it is one. Any kind of signal of [a-z0-9_] is taken."""
    if code in TARGETS or _ATTRIBUTE.fullmatch(code):
        return ""
    name, _colon, parameter = code.partition(":")
    if name == "attribute":
        return (
            f"“{code}”: an attribute is called by small letters, digits and underscores, like attribute:budget_range."
        )
    if name in {"signal", "signal_value"} and re.fullmatch(r"[a-z0-9_]{1,48}", parameter):
        return ""
    return (
        f"“{code}” is nothing a column can become. Use one of {', '.join(TARGETS)}, "
        "attribute:<name>, signal:<kind> or signal_value:<kind>."
    )


def target_label(code: str) -> str:
    """A target in words for a page."""
    if code in TARGETS:
        return TARGETS[code].label
    name, _colon, parameter = code.partition(":")
    words = KIND_CODES.get(parameter, parameter.replace("_", " "))
    if name == "attribute":
        return f"Fact “{parameter.replace('_', ' ')}”"
    return f"How often: {words}" if name == "signal" else f"How much: {words}"


def attribute_name(header: str) -> str:
    """The attribute a column becomes when it is nothing better: small letters, digits, underscores."""
    header = re.sub(r"^propert(y|ies)[_.]", "", header)
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", header)
    slug = re.sub(r"[^a-z0-9]+", "_", spaced.lower()).strip("_")[:64].strip("_")
    return slug or "column"
