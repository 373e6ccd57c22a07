"""What erasing a person is made of: who is meant, what each table holds of them, and the licence to take it out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

import orjson
from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

ERASED = "[erased]"
"""What stands where a person was named, or where somebody wrote about them."""
NOBODY = "a^"
"""A pattern that nothing matches."""
_BETWEEN = r"[\s().\-/]*"
_BEGINS = r"(?:(?<![\w.+-])|(?<=\\[nrtbf]))"
"""Before a word: nothing of another one; in JSON a line break is written as a letter."""
_SHORTEST_NAME = 5
_SHORTEST_NUMBER = 6


@dataclass(frozen=True)
class Subject:
    """The people who are meant, all that is theirs by id, and the words by which texts may name them.

    `names` are (first, last) of those whom nobody shares a name with. `others` are ids of what happened to their leads:
    hand-offs, contests, answers. `public_ids` are all of these as answers of the API show them.
    """

    people: tuple[UUID, ...] = ()
    leads: tuple[UUID, ...] = ()
    submissions: tuple[UUID, ...] = ()
    others: tuple[UUID, ...] = ()
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    names: tuple[tuple[str, str], ...] = ()
    public_ids: tuple[str, ...] = ()
    digests: tuple[str, ...] = field(default=(), repr=False)

    @cached_property
    def addresses(self) -> str:
        """Finds their e-mail addresses and phone numbers in a text; the same for PostgreSQL and for Python."""
        parts = [rf"{_BEGINS}{re.escape(email)}(?!\w)" for email in self.emails if "@" in email]
        parts += [number for phone in self.phones if (number := _number(phone))]
        return "|".join(parts) or NOBODY

    @cached_property
    def pattern(self) -> str:
        """Finds their addresses, numbers and full names in a text."""
        parts = [self.addresses] if self.addresses != NOBODY else []
        parts += [words for first, last in self.names if (words := _named(first, last))]
        return "|".join(parts) or NOBODY

    @cached_property
    def rough(self) -> str:
        """Finds all that `pattern` finds, and a little more, several times faster: it looks around for nothing."""
        parts = [re.escape(email) for email in self.emails if "@" in email]
        parts += [spaced for phone in self.phones if (spaced := _spaced(phone))]
        parts += [words for first, last in self.names if (words := _named(first, last, begins="", ends=""))]
        return "|".join(parts) or NOBODY

    def parameters(self, now: datetime) -> dict[str, Any]:
        """What the SQL of a `Holding` may ask for."""
        return {
            "now": now,
            "people": list(self.people),
            "leads": list(self.leads),
            "submissions": list(self.submissions),
            "subjects": [*self.people, *self.leads, *self.submissions, *self.others],
            "emails": [email.lower() for email in self.emails],
            "digests": list(self.digests),
            "addresses": self.addresses,
            "pattern": self.pattern,
            "answers": "|".join(self.public_ids) or NOBODY,
        }


@dataclass(frozen=True)
class Holding:
    """What one table holds of a person: the rows (`where`, over `Subject.parameters`), and what becomes of them.

    `empties` are columns with the SQL of what is left of them; with `removes` the rows go whole. `stays` says why the
    rest is kept; empty if nothing is.
    """

    table: str
    what: str | Promise
    where: str
    empties: Mapping[str, str] = field(default_factory=dict)
    removes: bool = False
    stays: str | Promise = ""

    @property
    def is_left(self) -> str:
        """SQL: whether there is still something to erase in a row."""
        if self.removes:
            return "true"
        return " OR ".join(f"{name} IS DISTINCT FROM {value}" for name, value in self.empties.items()) or "false"


@dataclass(frozen=True, slots=True)
class Held:
    """How many rows of a holding there are, and how many of them still hold something that would go."""

    holding: Holding
    rows: int
    goes: int


def count_holdings(holdings: Sequence[Holding], subject: Subject, now: datetime) -> list[Held]:
    """How much each table holds, in order. One query."""
    counted = " UNION ALL ".join(
        f"SELECT {place} AS place, count(*) AS n, count(*) FILTER (WHERE {one.is_left}) FROM {one.table}"  # noqa: S608
        f" WHERE {one.where}"
        for place, one in enumerate(holdings)
    )
    with connection.cursor() as cursor:
        cursor.execute(f"{counted} ORDER BY place", subject.parameters(now))
        return [Held(holdings[place], rows, goes) for place, rows, goes in cursor.fetchall()]


def rows_held(holding: Holding, subject: Subject, now: datetime) -> list[dict[str, Any]]:
    """The rows of a holding, whole, for the person they are about. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT to_jsonb(held)::text FROM {holding.table} held WHERE {holding.where}",  # noqa: S608 - declared in code
            subject.parameters(now),
        )
        return [orjson.loads(row) for (row,) in cursor.fetchall()]


@contextmanager
def erasing() -> Iterator[None]:
    """Lets this transaction take personal text out of append-only rows (see `ErasableText`)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('revops.erasing', 'yes', true), set_config('statement_timeout', '0', true)")
    yield
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('revops.erasing', '', true)")


def erase_holdings(holdings: Sequence[Holding], subject: Subject, now: datetime) -> dict[str, int]:
    """Takes out what goes, within `erasing()`. Answers how many rows changed, by table. One statement a holding."""
    changed: dict[str, int] = {}
    with connection.cursor() as cursor:
        for one in holdings:
            if not (one.empties or one.removes):
                continue
            sets = ", ".join(f"{name} = {value}" for name, value in one.empties.items())
            verb = f"DELETE FROM {one.table}" if one.removes else f"UPDATE {one.table} SET {sets}"  # noqa: S608
            cursor.execute(f"{verb} WHERE ({one.where}) AND ({one.is_left})", subject.parameters(now))
            if cursor.rowcount:
                changed[one.table] = changed.get(one.table, 0) + cursor.rowcount
    return changed


def _number(phone: str) -> str:
    """Finds a phone number however it is written: with spaces and brackets, with and without its country."""
    spaced, country = _spaced(phone), _country_code(phone)
    if not spaced:
        return ""
    prefix = rf"(?:(?:\+|00)?{_BETWEEN.join(country)}{_BETWEEN})?" if country else r"\+?"
    return rf"(?<!\d){prefix}(?:\(?0\)?{_BETWEEN})?{spaced}(?!\d)"


def _spaced(phone: str) -> str:
    """The digits of a number without its country, with anything between them that people write there."""
    digits = re.sub(r"\D", "", phone)
    return _BETWEEN.join(digits[len(_country_code(phone)) :]) if len(digits) >= _SHORTEST_NUMBER else ""


def _country_code(phone: str) -> str:
    import phonenumbers

    try:
        return str(phonenumbers.parse(phone).country_code or "")
    except phonenumbers.NumberParseException:
        return ""


def _named(first: str, last: str, *, begins: str = _BEGINS, ends: str = r"(?!\w)") -> str:
    if len(first) + len(last) < _SHORTEST_NAME or not first or not last:
        return ""
    one, two = (r"\s+".join(re.escape(word) for word in name.split()) for name in (first, last))
    return rf"{begins}(?:{one}\s+{two}|{two},\s*{one}){ends}"


_ABOUT = "subject_id = ANY(%(subjects)s::uuid[])"
_TYPED = "cause <> '' AND cause !~ '^[a-z]+_[0-9a-z]{26}$' AND cause !~ '^[0-9a-f-]{36}$'"
_GONE = """convert_to('{"type": "/docs/problems/erased/", "title": "This was erased", "status": 410,
 "code": "erased"}', 'UTF8')"""

HOLDINGS = (
    Holding(
        "foundation_notice", _("what colleagues were told about them"), _ABOUT,
        {"text": f"'{ERASED}'"}, stays=_("That somebody was told, and when."),
    ),
    Holding(
        "foundation_digestline", _("lines of digests about them"), _ABOUT,
        {"text": f"'{ERASED}'"}, stays=_("That somebody was told, and when."),
    ),
    Holding(
        "foundation_outboxmessage", _("messages to them and about them"),
        f"({_ABOUT} AND kind <> 'lead.erased') OR lower(recipient) = ANY(%(emails)s)",
        {
            "payload": "'{}'::jsonb",
            "recipient": "CASE WHEN lower(recipient) = ANY(%(emails)s) THEN '' ELSE recipient END",
            "last_error": "''",
        },
        stays=_("That a message of this kind left, and when."),
    ),
    Holding(
        "foundation_idempotencykey", _("answers kept for systems that repeat a request"),
        "body IS NOT NULL AND (encode(body, 'escape') ~ %(answers)s OR encode(body, 'escape') ~* %(pattern)s"
        " OR key ~* %(pattern)s)",
        {
            "body": _GONE, "status": "410", "headers": """'{"Content-Type": "application/problem+json"}'::jsonb""",
            "key": "CASE WHEN key ~* %(pattern)s THEN 'erased-' || id ELSE key END",
        },
        stays=_("That the request was answered: repeating it says that the person was erased."),
    ),
    Holding(
        "foundation_ledgerentry", _("entries of the audit ledger"), _ABOUT,
        {"cause": f"CASE WHEN {_TYPED} THEN '{ERASED}' ELSE cause END"},
        stays=_("Who did what, when, and to which id: the ledger names nobody, it refers."),
    ),
)  # fmt: skip
"""What the ground holds of a person."""
