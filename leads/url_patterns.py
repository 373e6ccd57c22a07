"""Which addresses belong to a content asset: patterns like /guides/planning* or shop.example.com/*. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

MOST_PATTERNS = 50
LONGEST_PATTERN = 300
_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://", re.IGNORECASE)


class BadPattern(ValueError):
    """The words say which pattern cannot be used, and how to write it."""


def read_patterns(text: str) -> list[str]:
    """Patterns from text, one a line. Raises BadPattern."""
    patterns = list(dict.fromkeys(_SCHEME.sub("", line.strip()) for line in text.splitlines() if line.strip()))
    if len(patterns) > MOST_PATTERNS:
        raise BadPattern(f"These are {len(patterns)} addresses; {MOST_PATTERNS} are the most. A * stands for any text.")
    for pattern in patterns:
        if len(pattern) > LONGEST_PATTERN or any(letter.isspace() for letter in pattern):
            raise BadPattern(f"“{pattern[:60]}” is no address. Write it like /guides/planning* on a line of its own.")
        if not pattern.strip("*/"):
            raise BadPattern(f"“{pattern}” would take in every page. Name a part of the address.")
    return patterns


def belongs(url: str, patterns: Iterable[str]) -> bool:
    """Whether an address is one of these. Scheme, query, fragment, case and a last slash make no difference."""
    bare = _SCHEME.sub("", url.strip()).partition("#")[0].partition("?")[0].rstrip("/")
    host, slash, rest = bare.partition("/")
    path = bare if bare.startswith("/") else f"{slash}{rest}" or "/"
    whole = bare if not bare.startswith("/") else ""
    return any(_compiled(p).fullmatch(path if p.startswith("/") else whole or host) for p in patterns)


def addresses_of(urls: Sequence[str], patterns: Sequence[str]) -> list[str]:
    """Those of `urls` that belong."""
    return [url for url in urls if belongs(url, patterns)]


@lru_cache(maxsize=2_048)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in pattern.rstrip("/").split("*")), re.IGNORECASE)
