"""What a lead form can ask, under the names that cleaning knows. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Question:
    """One fact to ask for. `autocomplete` is the token of HTML by which browsers fill it in."""

    name: str
    label: str | Promise
    kind: str = "text"
    autocomplete: str = "off"
    longest: int = 200
    choices: tuple[tuple[str, str | Promise], ...] = ()


ROLES: tuple[tuple[str, str | Promise], ...] = (
    ("decision maker", _("I decide")),
    ("budget holder", _("I hold the budget")),
    ("influencer", _("I advise those who decide")),
    ("user", _("I would work with it")),
    ("none", _("None of these")),
)
"""What people say of their part in a purchase; the starter rulebook knows the first two as those who decide."""

QUESTIONS = {
    question.name: question
    for question in (
        Question("email", _("Work e-mail"), "email", "email", 254),
        Question("first_name", _("First name"), "text", "given-name"),
        Question("last_name", _("Last name"), "text", "family-name"),
        Question("name", _("Name"), "text", "name"),
        Question("phone", _("Phone, with country code"), "tel", "tel", 40),
        Question("company", _("Company"), "text", "organization", 300),
        Question("title", _("Job title"), "text", "organization-title", 300),
        Question("purchasing_role", _("Your part in the decision"), "choice", "off", 32, ROLES),
        Question("employees", _("People in your company"), "number"),
        Question("country", _("Country"), "text", "country-name", 80),
        Question("city", _("City"), "text", "address-level2", 120),
        Question("industry", _("Industry"), "text", "off", 120),
        Question("website", _("Website"), "text", "url", 300),
        Question("timeline_on", _("When do you want to start?"), "date"),
        Question("use_case", _("What would you use it for?"), "text", "off", 500),
        Question("need", _("What do you need?"), "long", "off", 5000),
    )
}

ASKED_LATER = ("purchasing_role", "timeline_on", "employees", "title", "use_case", "industry", "country", "phone")
"""Facts worth one further question, the most valuable first as long as nothing better was measured."""
