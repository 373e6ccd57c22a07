"""Turns what was sent into comparable facts: one e-mail form, one phone form, one domain, one country code. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

import phonenumbers
import tldextract
from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

from leads.names import country_code, normalise_company, split_name
from leads.titles import function_of, seniority_of

_extract_domain = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
_SPACE = re.compile(r"\s+")
_PLAIN_LOCAL = re.compile(r"(?=.{1,64}\Z)[a-zA-Z0-9_-]+(?:[.+][a-zA-Z0-9_-]+)*")
_PLAIN_DOMAIN = re.compile(r"(?=.{4,200}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
_SPECIAL = tuple(f".{name}" for name in SPECIAL_USE_DOMAIN_NAMES)
MOST_PLAIN = 200
"""Addresses up to this length whose local part holds only what nobody argues about need no further look."""

COLUMN_FACTS = (
    "email", "phone", "first_name", "last_name", "name", "title", "company", "website", "country", "city", "industry",
    "employees", "need", "purchasing_role", "do_not_contact",
)  # fmt: skip
"""Facts that have a column of their own."""

LEAD_FACTS = (
    "use_case",
    "timeline_on",
    "contract_end_on",
    "budget_on",
    "trigger_event",
)
"""Facts kept in the lead's attributes under their own names, known to every rulebook."""

DATE_FACTS = frozenset({"timeline_on", "contract_end_on", "budget_on"})
AS_SENT = "_as_sent"
"""What the attribute that keeps a fact nobody could read is called after: phone_as_sent."""
UTM_FACTS = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")


@dataclass(slots=True)
class Facts:
    """One cleaned submission. Empty text means not stated; `problems` say what was sent but could not be read."""

    email: str = ""
    phone: str = ""
    first_name: str = ""
    last_name: str = ""
    title: str = ""
    seniority: str = ""
    function: str = ""
    company: str = ""
    company_key: str = ""
    domain: str = ""
    country: str = ""
    city: str = ""
    industry: str = ""
    employees: int | None = None
    need: str = ""
    purchasing_role: str = ""
    do_not_contact: bool = False
    attributes: dict[str, Any] = field(default_factory=dict)
    utm: dict[str, str] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)

    @property
    def mail_domain(self) -> str:
        """The part of the address after the @, in lower case."""
        return self.email.rpartition("@")[2]


def one_line(value: Any, limit: int = 300) -> str:
    """Text without control characters, folded to single spaces, cut at `limit`."""
    if value is None or isinstance(value, dict | list):
        return ""
    if isinstance(value, str) and value.isprintable() and "  " not in value:
        return value.strip()[:limit]  # nearly everything; the only printable space is the plain one
    text = "".join(letter if letter.isprintable() else " " for letter in str(value))
    return _SPACE.sub(" ", text).strip()[:limit]


@lru_cache(maxsize=65_536)
def registered_domain(host: str) -> str:
    """The domain somebody registered: "eu.mail.acme.co.uk" and "https://acme.co.uk/x" give "acme.co.uk"."""
    parts = _extract_domain(host.strip().lower())
    return f"{parts.domain}.{parts.suffix}" if parts.domain and parts.suffix else ""


def clean_email(text: str) -> tuple[str, str]:
    """(normalised address, "") or ("", what is wrong with it). Case of the local part is dropped."""
    text = text.strip().strip("<>").removeprefix("mailto:")
    if not text:
        return "", ""
    local, _, domain = text.partition("@")
    if _PLAIN_LOCAL.fullmatch(local) and len(text) <= MOST_PLAIN and _is_plain_domain(domain.lower()):
        return text.lower(), ""
    try:
        return validate_email(text, check_deliverability=False, strict=False).normalized.lower(), ""
    except EmailNotValidError as error:
        words = str(error).replace("email address", "e-mail address")
        return "", f"{words} Write one address, like ada@company.com."


@lru_cache(maxsize=65_536)
def _is_plain_domain(domain: str) -> bool:
    """Whether a domain in lower case is good as it stands. The judgement is kept: most mail comes from few domains."""
    if _PLAIN_DOMAIN.fullmatch(domain) and "--" not in domain and not domain.endswith(_SPECIAL):
        return domain not in SPECIAL_USE_DOMAIN_NAMES
    try:
        return validate_email(f"a@{domain}", check_deliverability=False, strict=False).normalized == f"a@{domain}"
    except EmailNotValidError:
        return False


def clean_phone(text: str, country: str) -> tuple[str, str]:
    """(E.164, "") or ("", what is wrong). Numbers without a country prefix are read in `country`."""
    if not text:
        return "", ""
    try:
        number = phonenumbers.parse(text, country or None)
    except phonenumbers.NumberParseException:
        return "", "Write the phone number with its country, like +49 30 1234567."
    if not phonenumbers.is_possible_number(number):
        return "", "This phone number has too many or too few digits. Write it like +49 30 1234567."
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), ""


def read_moment(value: Any) -> datetime | None:
    """An ISO date or time as aware UTC (times without a zone are taken as UTC); None if it is not one."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    try:
        moment = datetime.fromisoformat(str(value).strip())
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):  # the year 9999 has no other zone
        return None


def _whole_number(value: Any) -> int | None:
    digits = re.sub(r"[^\d.]", "", str(value).split("-")[0])
    try:
        number = int(float(digits))
    except ValueError:
        return None
    return number if 0 < number < 2_000_000_000 else None


def clean(payload: Mapping[str, Any]) -> Facts:
    """Cleans one payload. Never raises: what cannot be read is left empty, named in `problems`, and kept among the
    attributes as it was sent, because a person can read what we cannot ("040 1234567").
    """
    facts = Facts()
    text = {name: one_line(payload.get(name)) for name in COLUMN_FACTS}
    facts.email, wrong = clean_email(text["email"])
    if wrong:
        facts.problems["email"] = wrong
    facts.country = country_code(text["country"]) if text["country"] else ""
    if text["country"] and not facts.country:
        facts.problems["country"] = (
            f"“{text['country']}” is not a country we know. Write its name, or its code like DE."
        )
    facts.phone, wrong = clean_phone(text["phone"], facts.country)
    if wrong:
        facts.problems["phone"] = wrong
    facts.first_name, facts.last_name = (
        text["first_name"][:200],
        text["last_name"][:200],
    )
    if text["name"] and not (facts.first_name or facts.last_name):
        facts.first_name, facts.last_name = split_name(text["name"][:200])
    facts.title = text["title"]
    facts.seniority, facts.function = (
        seniority_of(facts.title),
        function_of(facts.title),
    )
    facts.company, facts.company_key = (
        text["company"],
        normalise_company(text["company"]),
    )
    facts.domain = registered_domain(text["website"]) if text["website"] else ""
    facts.city, facts.industry = text["city"][:120], text["industry"][:120]
    facts.purchasing_role = text["purchasing_role"][:32]
    facts.need = str(payload.get("need") or "").replace("\x00", "")[:5000].strip()
    facts.do_not_contact = str(payload.get("do_not_contact", "")).strip().lower() in {
        "true",
        "yes",
        "1",
        "y",
    }
    if text["employees"]:
        facts.employees = _whole_number(text["employees"])
        if facts.employees is None:
            facts.problems["employees"] = f"“{text['employees']}” is not a number of employees. Write digits, like 250."
    _clean_attributes(payload, facts)
    facts.utm = {name: one_line(payload.get(name), 200) for name in UTM_FACTS if payload.get(name)}
    facts.utm |= {name: one_line(value, 200) for name, value in (payload.get("utm") or {}).items() if value}
    for name in facts.problems:
        facts.attributes.setdefault(f"{name}{AS_SENT}", one_line(payload.get(name)))
    return facts


def _clean_attributes(payload: Mapping[str, Any], facts: Facts) -> None:
    for name, value in (payload.get("attributes") or {}).items():
        facts.attributes[one_line(name, 64)] = one_line(value, 500) if isinstance(value, str) else value
    for name in LEAD_FACTS:
        value = payload.get(name)
        if value in (None, ""):
            continue
        if name in DATE_FACTS:
            moment = value if isinstance(value, date) else read_moment(value)
            if moment is None:
                facts.problems[name] = f"“{one_line(value, 40)}” is not a date; write it like 2026-05-31."
                continue
            value = moment.isoformat()[:10]
        facts.attributes[name] = one_line(value, 500)
