"""Judges a log of cases against a promise: when each was queued, when work on it began. Pure.

The file is a CSV with the columns `case`, `queued_at` and `started_at` (empty: nobody began). Instants carry their
offset from UTC, so that a night in which the clocks change stays clear.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sla.business_time import BusinessHours, NoBusinessHours, due_many, elapsed
from sla.calendar_spec import WEEKDAYS, CalendarError

COLUMNS = ("case", "queued_at", "started_at")
ROUND_THE_CLOCK = "24x7"
MOST_PROBLEMS = 100
_PROMISE = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd])\Z")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_OFFICE = re.compile(r"(\w{3})-(\w{3})\s+(\d{1,2})(?::(\d\d))?-(\d{1,2})(?::(\d\d))?\s+(\S+)\Z")


class LogError(ValueError):
    """The file, the promise or the calendar cannot be read; the message says what to write instead."""


@dataclass(frozen=True, slots=True)
class Case:
    """One row of the log."""

    line: int
    name: str
    queued_at: datetime
    started_at: datetime | None


@dataclass(frozen=True, slots=True)
class Problem:
    """A row that cannot be judged, and why."""

    line: int
    reason: str


@dataclass(slots=True)
class Verdicts:
    """What became of the promise. Waits are in the calendar's time; `unanswered` cases are judged as of `as_of`."""

    as_of: datetime
    kept: int = 0
    breached: int = 0
    unanswered: int = 0
    still_in_time: int = 0
    waits: list[timedelta] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def n(self) -> int:
        """Cases judged either way."""
        return self.kept + self.breached

    def wait_at(self, share: float) -> timedelta | None:
        """The wait that this share of the started cases did not exceed (nearest rank); None if none was started."""
        if not self.waits:
            return None
        ordered = sorted(self.waits)
        return ordered[max(0, -(-int(share * 1000) * len(ordered) // 1000) - 1)]

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        median, p90 = self.wait_at(0.5), self.wait_at(0.9)
        return {
            "n": self.n,
            "cases": self.n + self.still_in_time,
            "kept": self.kept,
            "breached": self.breached,
            "kept_share": round(self.kept / self.n, 4) if self.n else None,
            "median_seconds": median.total_seconds() if median is not None else None,
            "p90_seconds": p90.total_seconds() if p90 is not None else None,
            "median_minutes": round(median.total_seconds() / 60, 2) if median is not None else None,
            "p90_minutes": round(p90.total_seconds() / 60, 2) if p90 is not None else None,
            "unanswered": self.unanswered,
            "still_in_time": self.still_in_time,
            "as_of": self.as_of.isoformat(),
            "bad_rows": len(self.problems),
            "problems": [{"line": one.line, "reason": one.reason} for one in self.problems[:MOST_PROBLEMS]],
        }


def read_log(lines: Iterable[str]) -> Iterator[Case | Problem]:
    """The cases of a log in its order, and what is wrong with the rows that are none.

    Raises LogError for a file without these columns, or that is no CSV.
    """
    reader = csv.reader(lines)
    try:
        yield from _rows(reader)
    except csv.Error as error:
        raise LogError(f"Line {reader.line_num} is no CSV: {error}.") from error


def _rows(reader: Any) -> Iterator[Case | Problem]:
    header = [name.strip().lower().lstrip("\ufeff") for name in next(reader, [])]
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        raise LogError(f"The first line names the columns {', '.join(COLUMNS)}; missing: {', '.join(missing)}.")
    places = [header.index(name) for name in COLUMNS]
    for row in reader:
        if not any(cell.strip() for cell in row):
            continue
        cells = [row[place].strip() if place < len(row) else "" for place in places]
        yield _case(reader.line_num, *cells)


def _case(line: int, name: str, queued: str, started: str) -> Case | Problem:
    try:
        queued_at = read_instant("queued_at", queued)
        started_at = read_instant("started_at", started) if started else None
    except ValueError as error:
        return Problem(line, str(error))
    if started_at is not None and started_at < queued_at:
        return Problem(line, "started_at lies before queued_at.")
    return Case(line, name, queued_at, started_at)


def read_instant(column: str, text: str) -> datetime:
    """A time with its offset, as UTC. Raises ValueError in words."""
    if not text:
        raise ValueError(f"{column} is empty.")
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{column} “{text[:40]}” is not a time. Write it like 2026-10-25T02:30:00+02:00.") from None
    if at.tzinfo is None:
        raise ValueError(f"{column} “{text[:40]}” has no offset from UTC. Write it like 2026-10-25T02:30:00+02:00.")
    return at.astimezone(UTC)


def judge_log(
    rows: Iterable[Case | Problem], promise: timedelta, hours: BusinessHours | None, *, as_of: datetime | None = None
) -> Verdicts:
    """Kept or breached, case by case: work began at the latest when the promise ended, in `hours` (None: all hours).

    A case that nobody began is breached if its promise ended before `as_of`, else still in time; without `as_of` the
    last instant of the log counts.
    """
    judged: list[Case] = []
    problems: list[Problem] = []
    for row in rows:
        if isinstance(row, Problem):
            problems.append(row)
        else:
            judged.append(row)
    last = max((case.started_at or case.queued_at for case in judged), default=datetime(1970, 1, 1, tzinfo=UTC))
    verdicts = Verdicts(as_of or last, problems=problems)
    due = _due([case.queued_at for case in judged], promise, hours)
    for case, end in zip(judged, due, strict=True):
        if case.started_at is None:
            verdicts.unanswered += 1
            if verdicts.as_of <= end:
                verdicts.still_in_time += 1
                continue
        else:
            waited = elapsed(case.queued_at, case.started_at, hours) if hours else case.started_at - case.queued_at
            verdicts.waits.append(waited)
        if case.started_at is not None and case.started_at <= end:
            verdicts.kept += 1
        else:
            verdicts.breached += 1
    return verdicts


def _due(starts: list[datetime], promise: timedelta, hours: BusinessHours | None) -> list[datetime]:
    if hours is None:
        return [start + promise for start in starts]
    try:
        return due_many(starts, promise, hours)
    except NoBusinessHours as error:
        raise LogError(str(error)) from error


def read_promise(text: str) -> timedelta:
    """60m, 4h, 90s or 2d. Raises LogError."""
    match = _PROMISE.match(text.strip().lower())
    if match is None or not float(match[1]):
        raise LogError(f"“{text}” is not a promise. Write it like 60m, 4h or 2d.")
    return timedelta(**{_UNITS[match[2]]: float(match[1])})


def read_office_hours(text: str) -> BusinessHours | None:
    """Office hours written like “mon-fri 9-17 Europe/Berlin”; None if the text names a calendar. Raises LogError."""
    match = _OFFICE.match(text.strip())
    if match is None:
        return None
    first, last, opens, opens_minute, closes, closes_minute, zone = match.groups()
    days = [day.lower() for day in (first, last)]
    if not set(days) <= set(WEEKDAYS):
        raise LogError(f"“{first}-{last}” are no days. Use {', '.join(WEEKDAYS)}.")
    begin, end = (WEEKDAYS.index(day) for day in days)
    window = [f"{int(opens):02d}:{opens_minute or '00'}", f"{int(closes):02d}:{closes_minute or '00'}"]
    open_days = [WEEKDAYS[(begin + number) % 7] for number in range((end - begin) % 7 + 1)]
    try:
        return BusinessHours.read(zone, {"week": {day: [window] for day in open_days}})
    except CalendarError as error:
        raise LogError(str(error)) from error
