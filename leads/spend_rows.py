"""Reads rows of spend as ad platforms and spreadsheets write them. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from leads.mapping.values import NotReadable, read_date, read_number
from leads.money import NotMoney, currency_code, minor_units

COLUMNS = {
    "month": ("month", "monat", "mois", "period", "date", "day", "datum", "reportingstarts", "startdate"),
    "source": ("source", "quelle", "channel", "kanal", "platform", "utmsource", "leadsource"),
    "campaign": ("campaign", "kampagne", "campaignname", "utmcampaign", "campagne"),
    "amount": ("amount", "cost", "costs", "spend", "spent", "amountspent", "kosten", "betrag", "totalspent", "budget"),
    "currency": ("currency", "waehrung", "währung", "currencycode", "devise"),
}
NEEDED = ("month", "amount")
_CURRENCY_IN_HEADER = re.compile(r"\(?\b([A-Z]{3})\b\)?\s*$")
_MONTHS = ("%Y-%m", "%m/%Y", "%m.%Y", "%b %Y", "%B %Y", "%b-%y", "%Y/%m", "%Y%m")


class BadSpend(ValueError):
    """Why a row or a file of spend cannot be taken, in words."""


@dataclass(frozen=True, slots=True)
class SpendRow:
    """One row as read. `source` and `campaign` are the words of the file."""

    month_on: date
    source: str
    campaign: str
    amount_minor: int
    currency: str


def find_columns(headers: Sequence[str]) -> dict[str, str]:
    """Which column holds what: month, source, campaign, amount, currency → name of the column. Raises BadSpend."""
    bare = {header: re.sub(r"[^a-zäöüß]", "", _CURRENCY_IN_HEADER.sub("", header).casefold()) for header in headers}
    found: dict[str, str] = {}
    for name, words in COLUMNS.items():
        for word in words:
            if header := next((h for h, text in bare.items() if text == word and h not in found.values()), None):
                found[name] = header
                break
    missing = [name for name in NEEDED if name not in found]
    if missing:
        raise BadSpend(
            f"No column is called {' or '.join(missing)}. Name them month, source, campaign, amount and currency."
        )
    return found


def currency_in(header: str) -> str:
    """The currency a column names, like “Amount spent (EUR)”; empty if none."""
    found = _CURRENCY_IN_HEADER.search(header)
    return found[1] if found else ""


def read_month(text: str) -> date:
    """The first day of a month: 2026-03, 03/2026, Mar 2026, or any day of it. Raises BadSpend."""
    text = " ".join(text.split())
    for pattern in _MONTHS:
        try:
            return datetime.strptime(text, pattern).date().replace(day=1)  # noqa: DTZ007 - a month has no zone
        except ValueError:
            continue
    try:
        return read_date(text).replace(day=1)
    except NotReadable:
        raise BadSpend(f"“{text[:40]}” is no month. Write it like 2026-03.") from None


def read_spend(row: Mapping[str, str], columns: Mapping[str, str], currency: str) -> SpendRow:
    """One row. Raises BadSpend."""
    cells = {name: row.get(header, "").strip() for name, header in columns.items()}
    if not cells["month"] or not cells["amount"]:
        raise BadSpend("The month or the amount is empty.")
    try:
        code = currency_code(cells.get("currency") or currency_in(columns["amount"]) or currency)
        amount = Decimal(repr(read_number(cells["amount"])))
        minor = minor_units(amount, code)
    except (NotMoney, NotReadable, InvalidOperation) as problem:
        raise BadSpend(str(problem)) from None
    return SpendRow(read_month(cells["month"]), cells.get("source", ""), cells.get("campaign", ""), minor, code)
