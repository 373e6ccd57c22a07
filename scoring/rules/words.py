"""Whole-word search that does not care for case, punctuation or spacing. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

_MARK = "\ue000"
_BREAKS = re.compile(rf"(?:[^\w{_MARK}]|_)+")


def plain(text: str) -> str:
    """Lower-case words with one space between and around them; empty text gives spaces only."""
    return f" {_BREAKS.sub(' ', text.casefold()).strip()} "


def mentioned(text: str, words: Iterable[str]) -> list[str]:
    """Those of `words` that occur in `text` as whole words, in their order."""
    haystack = plain(text)
    return [word for word in words if plain(word) in haystack]


def text_of(words: Iterable[str]) -> str:
    """A text that mentions exactly these words: no phrase can be read across two, and it equals none of them."""
    return f"{_MARK} {f' {_MARK} '.join(words)} {_MARK}"


def words_of(text: str) -> list[str]:
    """The words of a `text_of` text, any other text as a single entry."""
    return [part.strip() for part in text.split(_MARK) if part.strip()]


def same(text: str) -> str:
    """The form in which two texts are compared for equality."""
    return text.casefold().strip()
