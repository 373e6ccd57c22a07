"""Which three letters are a currency, and which currency a name means."""

from functools import cache
from unicodedata import category

from babel import Locale
from babel.numbers import list_currencies


@cache
def _currencies() -> frozenset[str]:
    return frozenset(list_currencies())


def is_currency(code: str) -> bool:
    """Whether ISO 4217 knows the code, also of money that is no longer used."""
    return code in _currencies()


def stands_before(unit: str) -> bool:
    """Whether a unit is money, by its code or its sign, and so stands before the amount: “€ 12”, but “12 h”."""
    return is_currency(unit) or (len(unit) == 1 and category(unit) == "Sc")


@cache
def _by_name() -> dict[str, str]:
    return {name.lower(): code for code, name in Locale("en").currencies.items()}


def currency_named(name: str) -> str:
    """The code of a currency's English name, like “US Dollar”; empty if none is called so."""
    return _by_name().get(name.strip().lower(), "")
