"""Which three letters are a currency."""

from functools import cache

from babel.numbers import list_currencies


@cache
def _currencies() -> frozenset[str]:
    return frozenset(list_currencies())


def is_currency(code: str) -> bool:
    """Whether ISO 4217 knows the code, also of money that is no longer used."""
    return code in _currencies()
