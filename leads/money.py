"""Money as integers of the smallest unit of its currency. Pure."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

from revops.foundation.currencies import currency_named, is_currency

_NO_DECIMALS = frozenset(
    {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF",
     "XPF"}
)  # fmt: skip
"""ISO 4217, exponent 0."""

_THREE_DECIMALS = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})
"""ISO 4217, exponent 3."""

_CODE = re.compile(r"[A-Z]{3}")

MOST_MINOR = 10**15
"""No amount is larger than this: beyond it somebody mistook a column."""


class NotMoney(ValueError):
    """The words say what an amount or a currency must be."""


def decimals_of(currency: str) -> int:
    """How many digits stand behind the point."""
    return 0 if currency in _NO_DECIMALS else 3 if currency in _THREE_DECIMALS else 2


def units_of(currency: str) -> int:
    """How many of the smallest unit make one."""
    return int(10 ** decimals_of(currency))


def minor_units(amount: Decimal, currency: str) -> int:
    """12.50 EUR is 1250. Rounds half up what is finer than the currency. Raises NotMoney."""
    if not amount.is_finite():
        raise NotMoney("This is not a sum of money.")
    if amount < 0:
        raise NotMoney("Money spent is not negative.")
    minor = (amount * units_of(currency)).quantize(Decimal(1), rounding=ROUND_HALF_UP) if amount < MOST_MINOR else None
    if minor is None or minor > MOST_MINOR:
        raise NotMoney("This sum is too large to be meant.")
    return int(minor)


def major_units(minor: int, currency: str) -> Decimal:
    """1250 of EUR is 12.50, with the digits the currency has."""
    return Decimal(minor).scaleb(-decimals_of(currency))


def as_typed(minor: int, currency: str) -> str:
    """The amount as people type it: 45000, not 45000.00."""
    whole, rest = divmod(minor, units_of(currency))
    return str(major_units(minor, currency)) if rest else str(whole)


def currency_code(text: str) -> str:
    """Three letters in upper case. Raises NotMoney."""
    code = text.strip().upper()
    code = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY"}.get(code, currency_named(code) or code)
    if not _CODE.fullmatch(code):
        raise NotMoney("Write the currency with three letters, like EUR.")
    if not is_currency(code):
        raise NotMoney(f"“{code}” is no currency. Write its three letters, like EUR.")
    return code
