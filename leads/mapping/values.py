"""Reads what people type into cells: numbers of any country, dates of any order, yes and no in a few languages."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

YES = frozenset({"yes", "y", "true", "t", "1", "1.0", "x", "on", "ja", "oui", "si", "sí", "sim", "wahr", "vrai", "✓"})
NO = frozenset({"no", "n", "false", "f", "0", "0.0", "off", "nein", "non", "não", "nao", "falsch", "faux", "none"})

DATE_FORMATS = {
    "": "Found out from the values",
    "iso": "2026-05-31 or 2026-05-31 14:00",
    "day_first": "31/05/2026, 31.05.2026",
    "month_first": "05/31/2026",
    "year_day_month": "2026-31-05",
    "unix": "Seconds since 1970",
    "unix_ms": "Milliseconds since 1970",
    "excel": "Days since 1900 (Excel)",
}
"""Formats of dates a column can have: code → words or example. Any strptime pattern with % is taken too."""

NUMBER_FORMATS = {"": "Found out from the values", "point": "1,234.56", "comma": "1.234,56"}

_SLASHED = re.compile(
    r"(\d{1,2})[./-](\d{1,2})[./-](\d{2}|\d{4})(?:[ T,]+(\d{1,2}:\d{2}(?::\d{2})?)(?:\.\d+)?\s*([AaPp][Mm])?)?"
)
_COMPACT = re.compile(r"(19|20)\d{6}")
_WORDED = ("%d %B %Y", "%d %b %Y", "%B %d, %Y", "%b %d, %Y", "%d-%b-%Y", "%d-%b-%y", "%a %b %d %H:%M:%S %Y")
_EXCEL_EPOCH = datetime(1899, 12, 30, tzinfo=UTC)


class NotReadable(ValueError):
    """The cell cannot be read as what its column should hold; the words say what was expected."""


def read_boolean(text: str) -> bool:
    """Yes or no. Raises NotReadable."""
    word = text.strip().casefold()
    if word in YES:
        return True
    if word in NO:
        return False
    raise NotReadable(f"“{_short(text)}” is neither yes nor no.")


def read_number(text: str, form: str = "") -> float:
    """A number; thousands marks, currency and percent signs, accountants' brackets are fine. Raises NotReadable."""
    bare = re.sub(r"[\s\u00a0\u202f'’%€$£¥]|[A-Z]{3}", "", text)
    negative = bare.startswith("(") and bare.endswith(")")
    bare = bare.strip("()")
    if form == "comma" or (not form and _reads_as_comma(bare)):
        bare = bare.replace(".", "").replace(",", ".")
    else:
        bare = bare.replace(",", "")
    if not re.fullmatch(r"[-+]?\d*\.?\d+(?:[eE][-+]?\d{1,3})?|[-+]?\d+\.", bare):
        raise NotReadable(f"“{_short(text)}” is not a number.")
    number = float(bare)
    return -number if negative else number


def _reads_as_comma(bare: str) -> bool:
    """Is the comma the decimal sign? 1.234,5 and 1,5 yes; 1,234 and 1,234.5 no."""
    if "," not in bare:
        return bare.count(".") > 1
    if "." in bare:
        return bare.rindex(",") > bare.rindex(".")
    return bare.count(",") == 1 and not re.search(r",\d{3}$", bare)


def read_moment(text: str, form: str = "", zone: str = "UTC") -> datetime:
    """An instant in aware UTC; a time without a zone is taken to be in `zone`. Raises NotReadable."""
    found = _moment(text.strip(), form)
    if found.tzinfo is None:
        found = found.replace(tzinfo=_zone(zone))
    if not 1900 <= found.year <= 2200:
        raise NotReadable(f"“{_short(text)}” is not a date between 1900 and 2200.")
    return found.astimezone(UTC)


def read_date(text: str, form: str = "") -> date:
    """A calendar date, never shifted by a zone. Raises NotReadable."""
    found = _moment(text.strip(), form).date()
    if not 1900 <= found.year <= 2200:
        raise NotReadable(f"“{_short(text)}” is not a date between 1900 and 2200.")
    return found


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError) as problem:
        raise NotReadable(f"“{name}” is not a time zone we know.") from problem


def _moment(text: str, form: str) -> datetime:
    try:
        if "%" in form:
            return datetime.strptime(text, form)  # noqa: DTZ007 - the zone is added by the caller
        if form in {"unix", "unix_ms"}:
            return datetime.fromtimestamp(float(text) / (1000 if form == "unix_ms" else 1), UTC)
        if form == "excel":
            return (_EXCEL_EPOCH + timedelta(days=float(text))).replace(tzinfo=None)
        if form == "year_day_month":
            return datetime.strptime(text[:10], "%Y-%d-%m")  # noqa: DTZ007
        return _guessed(text, form)
    except (ValueError, OverflowError, OSError) as problem:
        raise (
            problem if isinstance(problem, NotReadable) else NotReadable(f"“{_short(text)}” is not a date.")
        ) from problem


def _guessed(text: str, form: str) -> datetime:
    if _COMPACT.fullmatch(text):
        return datetime.strptime(text, "%Y%m%d")  # noqa: DTZ007
    slashed = _SLASHED.fullmatch(text)
    if slashed:
        return _slashed(slashed, form)
    try:
        return datetime.fromisoformat(text.removesuffix(" UTC"))
    except ValueError:
        pass
    if re.fullmatch(r"1\d{12}", text):
        return datetime.fromtimestamp(int(text) / 1000, UTC)
    if re.fullmatch(r"1\d{9}", text):
        return datetime.fromtimestamp(int(text), UTC)
    padded = re.match(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[ T](\d{1,2}):(\d{2})(?::(\d{2}))?)?", text)
    if padded:
        return datetime(*(int(part or 0) for part in padded.groups()))  # type: ignore[arg-type]  # noqa: DTZ001
    for pattern in _WORDED:
        try:
            return datetime.strptime(text, pattern)  # noqa: DTZ007
        except ValueError:
            continue
    raise NotReadable(f"“{_short(text)}” is not a date; write it like 2026-05-31.")


def _slashed(found: re.Match[str], form: str) -> datetime:
    one, two, year = int(found[1]), int(found[2]), int(found[3])
    if form not in {"day_first", "month_first"}:
        if one <= 12 and two <= 12 and one != two:
            raise NotReadable(
                f"“{found[0]}” could be two dates. Say for this column whether the day or the month comes first."
            )
        form = "month_first" if one <= 12 else "day_first"
    day, month = (one, two) if form == "day_first" else (two, one)
    year += 2000 if year < 70 else 1900 if year < 100 else 0
    day_ = datetime(year, month, day)  # noqa: DTZ001
    if not found[4]:
        return day_
    hour, minute, second = (int(part) for part in f"{found[4]}:0".split(":")[:3])
    if found[5]:
        hour = hour % 12 + (12 if found[5].lower() == "pm" else 0)
    return day_.replace(hour=hour, minute=minute, second=second)


def date_format_of(samples: list[str]) -> str:
    """Which part comes first in dates like 03/04/2026, judged from all samples; empty if nothing tells."""
    pairs = [(int(found[1]), int(found[2])) for text in samples if (found := _SLASHED.fullmatch(text.strip()))]
    if any(one > 12 for one, _two in pairs):
        return "day_first"
    if any(two > 12 for _one, two in pairs):
        return "month_first"
    return ""


def number_format_of(samples: list[str]) -> str:
    """Which sign is the decimal one, judged from all samples; empty if nothing tells."""
    signs = [re.sub(r"[^\d.,]", "", text) for text in samples]
    if any(
        "," in text and (("." in text and text.rindex(",") > text.rindex(".")) or re.search(r",\d{1,2}$", text))
        for text in signs
    ):
        return "comma"
    if any(
        "." in text and (("," in text and text.rindex(".") > text.rindex(",")) or re.search(r"\.\d{1,2}$", text))
        for text in signs
    ):
        return "point"
    return ""


def looks_masked(text: str) -> bool:
    """Is it a hash or a token in place of what was there (as in masked exports)?"""
    return bool(re.fullmatch(r"[0-9a-fA-F]{32,128}|[A-Za-z0-9+/]{20,}={1,2}", text.strip()))


def _short(text: str) -> str:
    bare = " ".join(text.split())
    return bare if len(bare) <= 40 else f"{bare[:39]}…"
