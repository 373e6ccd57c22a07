"""How alike two names, addresses or companies are. Pure: folded text in, words or numbers out."""

from __future__ import annotations

import re
import unicodedata
from enum import IntEnum
from functools import lru_cache

from rapidfuzz.distance import DamerauLevenshtein, JaroWinkler
from rapidfuzz.fuzz import token_set_ratio

from leads.hygiene import DISPOSABLE_DOMAINS, FREE_DOMAINS
from leads.matching.nicknames import are_forms_of_one_name
from leads.starter_rules import ROLE_PREFIXES

SHARED_MAILBOXES = frozenset(ROLE_PREFIXES) | {
    "all", "anfrage", "buero", "einkauf", "empfang", "general", "kontakt", "orders", "poststelle", "rezeption",
    "sekretariat", "vertrieb", "verwaltung", "zentrale", "accueil", "contacto", "ventas", "comercial", "procurement",
    "management", "operations", "it-support", "events", "training", "logistics", "dispatch", "frontdesk",
}  # fmt: skip
"""Whoever answers these addresses is not one person."""

DOTLESS = frozenset({"gmail.com", "googlemail.com"})
"""Providers for whom a dot in the address means nothing."""
_SAME_PROVIDER = {"googlemail.com": "gmail.com", "hotmail.de": "hotmail.com", "live.de": "live.com"}
_FOLDED = {"ß": "ss", "ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "þ": "th"}
_REGIONS = frozenset({
    "deutschland", "germany", "austria", "osterreich", "schweiz", "switzerland", "suisse", "france", "italy", "italia",
    "espana", "spain", "portugal", "uk", "britain", "ireland", "usa", "us", "america", "americas", "canada", "mexico",
    "brasil", "brazil", "india", "china", "japan", "korea", "singapore", "australia", "nederland", "netherlands",
    "belgium", "benelux", "nordic", "nordics", "sweden", "norway", "denmark", "finland", "poland", "polska", "czech",
    "hungary", "romania", "turkey", "emea", "apac", "latam", "dach", "europe", "europa", "asia", "africa", "middle",
    "east", "international", "north", "south", "west", "central", "de", "at", "ch", "fr", "it", "es", "pt", "nl", "be",
    "se", "no", "dk", "fi", "pl", "cz", "hu", "ro",
})  # fmt: skip
"""Words that tell a subsidiary from its parent, and nothing else."""


class Agreement(IntEnum):
    """How far two names agree, the best last."""

    DIFFERENT = 0
    UNKNOWN = 1
    INITIAL = 2
    LIKE = 3
    TYPO = 4
    NICKNAME = 5
    SAME = 6


@lru_cache(maxsize=65_536)
def folded(text: str) -> str:
    """Lower case, without accents; umlauts and their spelling with e become the same."""
    text = "".join(_FOLDED.get(letter, letter) for letter in text.lower())
    plain = unicodedata.normalize("NFKD", text)
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return re.sub(r"[^\w]+", " ", plain).strip()


def _unspelled(name: str) -> str:
    """ "mueller" as "muller": how people write umlauts on a foreign keyboard."""
    return re.sub(r"(?<=[^aeo])(ae|oe|ue)(?=[^aeiou]|$)", lambda found: found[0][0], name)


@lru_cache(maxsize=65_536)
def words_agree(first: str, second: str) -> Agreement:
    """How far two folded names agree, without nicknames. One wrong letter is a typo from four letters on."""
    if not first or not second:
        return Agreement.UNKNOWN
    if first == second or _unspelled(first) == _unspelled(second) or first.replace(" ", "") == second.replace(" ", ""):
        return Agreement.SAME
    short, long = sorted((first, second), key=len)
    if len(short) == 1:
        return Agreement.INITIAL if long.startswith(short) else Agreement.DIFFERENT
    wrong = DamerauLevenshtein.distance(first, second)
    if wrong == 1 and len(short) >= 4 and first[0] == second[0]:
        return Agreement.TYPO
    if wrong == 2 and len(short) >= 7:
        return Agreement.TYPO
    parts = set(first.split()), set(second.split())
    if parts[0] <= parts[1] or parts[1] <= parts[0]:
        return Agreement.LIKE  # "Maria" and "Maria Luisa"
    if wrong == 1 and len(short) >= 3:
        return Agreement.LIKE  # short names are often a letter apart and not the same
    if len(short) >= 5 and JaroWinkler.similarity(first, second) >= 0.92:
        return Agreement.LIKE
    return Agreement.DIFFERENT


def first_names_agree(first: str, second: str) -> Agreement:
    """As `words_agree`, and "Bob" is a form of "Robert"."""
    found = words_agree(first, second)
    if found is Agreement.SAME or not (first and second):
        return found
    if are_forms_of_one_name(first.partition(" ")[0], second.partition(" ")[0]):
        return Agreement.NICKNAME
    short, long = sorted((first, second), key=len)
    if found is Agreement.DIFFERENT and 3 <= len(short) <= 5 and long.startswith(short[:3]):
        return Agreement.LIKE  # a familiar form that the table does not know
    return found


def is_shared_mailbox(local: str) -> bool:
    """Whether the part before the @ names a function, not somebody."""
    plain = local.partition("+")[0]
    return plain in SHARED_MAILBOXES or re.sub(r"[\d._-]+$", "", plain) in SHARED_MAILBOXES


@lru_cache(maxsize=65_536)
def mailbox_of(email: str) -> str:
    """Whose mailbox an address reaches: without a tag, and without dots where they mean nothing."""
    local, _, domain = email.lower().partition("@")
    domain = _SAME_PROVIDER.get(domain, domain)
    local = local.partition("+")[0]
    if domain in DOTLESS:
        local = local.replace(".", "")
    return f"{local}@{domain}" if local and domain else ""


def is_private(domain: str) -> bool:
    """Whether a mail domain says nothing about an employer."""
    return domain in FREE_DOMAINS or domain in DISPOSABLE_DOMAINS


@lru_cache(maxsize=65_536)
def company_core(normalised: str) -> str:
    """A normalised company name without the words that only name a region or a branch."""
    words = folded(normalised).split()
    core = [word for word in words if word not in _REGIONS]
    return " ".join(core or words)


@lru_cache(maxsize=65_536)
def companies_alike(first: str, second: str) -> int:
    """0 to 100: how alike two company cores are. Words in another order are the same; one letter is a typo."""
    if not first or not second:
        return 0
    if first == second or first.replace(" ", "") == second.replace(" ", ""):
        return 100
    short, long = sorted((first.replace(" ", ""), second.replace(" ", "")), key=len)
    if len(short) >= 5 and DamerauLevenshtein.distance(short, long) == 1:
        return 94
    if len(short) >= 5 and long.startswith(short):
        return 88
    ratio = round(token_set_ratio(first, second)) if len(short) >= 5 else 0
    spelled = round(100 * JaroWinkler.similarity(short, long)) - 6
    return min(max(ratio - 12, spelled), 93)


def skeleton(name: str) -> str:
    """The consonants of a folded name, doubled letters once, likely confusions made equal."""
    text = name.replace("ph", "f").replace("ck", "k").replace("sch", "s").replace("th", "t").replace("dt", "t")
    text = text.translate(str.maketrans("cqzvyj", "kksfii"))
    return re.sub(r"(.)\1+", r"\1", text[:1] + re.sub(r"[aeiou\s]", "", text[1:]))
