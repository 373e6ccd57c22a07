"""Names of people, companies and countries in one form, so that the same thing is found again. Pure."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from babel import Locale

_LEGAL_FORMS = re.compile(
    r"\b(?:incorporated|inc|corporation|corp|company|co|limited|ltd|llc|llp|lp|plc|gmbh|mbh|ag|kg|kgaa|ohg|ug|se|sa|"
    r"sas|sarl|srl|spa|bv|nv|ab|as|a s|oy|oyj|aps|kk|pty|pte|pvt|sl|slu|sp z o o|zoo|holding|holdings|group)\b"
)
_OTHER_COUNTRY_NAMES = {
    "usa": "US", "u.s.": "US", "u.s.a.": "US", "united states of america": "US", "america": "US", "uk": "GB",
    "great britain": "GB", "england": "GB", "scotland": "GB", "deutschland": "DE", "österreich": "AT", "schweiz": "CH",
    "españa": "ES", "italia": "IT", "brasil": "BR", "uae": "AE", "south korea": "KR", "korea": "KR", "russia": "RU",
    "czech republic": "CZ", "holland": "NL", "the netherlands": "NL", "hong kong": "HK", "taiwan": "TW",
    "vietnam": "VN", "turkey": "TR",
}  # fmt: skip


def normalise_company(name: str) -> str:
    """A company's name without case, accents, punctuation and legal form; empty if nothing is left to compare."""
    text = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode() or name
    text = re.sub(r"[^\w\s]", " ", text.lower().replace("&", " and ").replace(".", ""))
    return re.sub(r"\s+", " ", _LEGAL_FORMS.sub(" ", text)).strip()[:300]


def split_name(full: str) -> tuple[str, str]:
    """First and last name of "Ada Lovelace" or "Lovelace, Ada"; a single word is a first name."""
    full = re.sub(r"\s+", " ", full).strip()
    if "," in full:
        last, _, first = full.partition(",")
        return first.strip(), last.strip()
    first, _, last = full.partition(" ")
    return first, last


@cache
def country_names() -> dict[str, str]:
    """English names by ISO 3166 alpha-2 code."""
    return {code: name for code, name in Locale("en").territories.items() if len(code) == 2 and code.isalpha()}


def country_name(code: str) -> str:
    """The English name of a country we hold by its code; whatever else it is, as it stands."""
    return country_names().get(code, code)


@cache
def _countries() -> dict[str, str]:
    by_name = {name.lower(): code for code, name in country_names().items()}
    by_code = {code.lower(): code for code in country_names()}
    return by_name | by_code | _OTHER_COUNTRY_NAMES


def country_code(text: str) -> str:
    """ISO 3166 alpha-2 of a country's English name or code; empty if it is not a country we know."""
    return _countries().get(text.strip().lower(), "")
