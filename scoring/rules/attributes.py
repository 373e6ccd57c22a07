"""The facts a rule may ask about: one list for parser, sentences, facts loader and docs. Pure."""

from __future__ import annotations

from difflib import get_close_matches
from enum import StrEnum
from typing import NamedTuple


class FactType(StrEnum):
    """What a fact holds, and therefore which conditions fit it.

    A `choice` is a word of a short list and is stored with the decision as it is; a `free_text` may hold anything a
    person typed, so only the words that the rulebook looks for are stored.
    """

    CHOICE = "choice"
    FREE_TEXT = "free_text"
    NUMBER = "number"
    FLAG = "flag"
    DATE = "date"
    PRESENCE = "presence"


class Nature(StrEnum):
    """The part of the qualification matrix that a fact or an act belongs to."""

    FIRMOGRAPHIC = "firmographic"
    DEMOGRAPHIC = "demographic"
    BEHAVIOURAL = "behavioural"
    SITUATION = "situation"


class Attribute(NamedTuple):
    """`label` is the middle of a sentence (“… country is DE”); `since` the product version that knows it."""

    key: str
    label: str
    type: FactType
    since: str = "0.1"

    @property
    def nature(self) -> Nature:
        """What is said about the company, the person, or the situation they are in."""
        return _NATURES[self.key.partition(".")[0]]


_NATURES = {
    "account": Nature.FIRMOGRAPHIC,
    "person": Nature.DEMOGRAPHIC,
    "lead": Nature.SITUATION,
    "source": Nature.SITUATION,
}


ATTRIBUTES: dict[str, Attribute] = {
    attribute.key: attribute
    for attribute in (
        Attribute("person.title", "job title", FactType.FREE_TEXT),
        Attribute("person.seniority", "seniority", FactType.CHOICE),
        Attribute("person.function", "function", FactType.CHOICE),
        Attribute("person.purchasing_role", "purchasing role", FactType.FREE_TEXT),
        Attribute("person.country", "person's country", FactType.CHOICE),
        Attribute("person.has_email", "an e-mail address is known", FactType.FLAG),
        Attribute("person.has_phone", "a phone number is known", FactType.FLAG),
        Attribute("person.is_free_mail", "uses a free e-mail provider", FactType.FLAG),
        Attribute("person.is_role_account", "writes from a shared mailbox", FactType.FLAG),
        Attribute("person.do_not_contact", "asked not to be contacted", FactType.FLAG),
        Attribute("account.industry", "industry", FactType.FREE_TEXT),
        Attribute("account.employees", "number of employees", FactType.NUMBER),
        Attribute("account.country", "company's country", FactType.CHOICE),
        Attribute("account.is_known", "the company is known", FactType.FLAG),
        Attribute("account.people", "number of known people at the company", FactType.NUMBER, "0.2"),
        Attribute("account.has_opportunity", "a colleague has an open opportunity", FactType.FLAG, "0.2"),
        Attribute("account.is_customer", "the company is a customer", FactType.FLAG, "0.2"),
        Attribute("lead.country", "country", FactType.CHOICE),
        Attribute("lead.need", "stated need", FactType.PRESENCE),
        Attribute("lead.rejections", "number of earlier rejections", FactType.NUMBER),
        Attribute("lead.use_case", "use case", FactType.FREE_TEXT),
        Attribute("lead.trigger_event", "trigger event", FactType.FREE_TEXT),
        Attribute("lead.timeline_on", "stated project date", FactType.DATE),
        Attribute("lead.contract_end_on", "end of the current contract", FactType.DATE),
        Attribute("lead.budget_on", "next budget date", FactType.DATE),
        Attribute("source.key", "source", FactType.CHOICE),
        Attribute("source.kind", "kind of source", FactType.CHOICE),
    )
}
"""`lead.country` is the person's country, else the company's."""

COUNTRIES = frozenset({"person.country", "account.country", "lead.country"})
"""Held by code, said by name where a value was found; rules say codes, which are shorter and exact."""

TEXT_TYPES = frozenset({FactType.CHOICE, FactType.FREE_TEXT})


def find_attribute(key: str) -> Attribute | None:
    return ATTRIBUTES.get(key)


def suggest_attribute(key: str) -> str:
    """The known name that looks most like `key`; empty if none does."""
    return next(iter(get_close_matches(key, ATTRIBUTES, n=1, cutoff=0.5)), "")
