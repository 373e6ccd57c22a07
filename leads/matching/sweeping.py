"""Looks at people and accounts that changed: keeps what they are found by, compares them, proposes what may be one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection, transaction

from leads.matching import companies, people
from leads.matching.companies import KnownCompany
from leads.matching.people import PROPOSE_FROM, Judgement, Known
from leads.matching.proposing import Found, keep_proposals
from leads.models import Sweep

AT_ONCE = 2000
AGAIN = timedelta(minutes=2)
"""A transaction may commit after a later one did: so far back the sweep looks again, at rows it has not seen."""
MOST_TO_COMPARE = 60
"""A key that more people share tells nothing: so many of them are compared at most."""
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


class _Side(NamedTuple):
    """How one kind of row is swept: its name, statements, and the pure rules."""

    name: str
    changed: str
    facts: str
    read: Callable[[Sequence[Any]], Any]
    text: Callable[[Any], str]
    keys: Callable[[Any], list[int]]
    judge: Callable[[Any, Any], Judgement]


def sweep_people(*, now: datetime, limit: int = AT_ONCE) -> int:
    """Compares people that changed since the last time. Returns how many; 0 also if another sweep is at it.

    A constant number of statements for each `limit` people; cost grows with what changed, not with what exists.
    """
    return _sweep(_PEOPLE, now, limit)


def sweep_accounts(*, now: datetime, limit: int = AT_ONCE) -> int:
    """Compares accounts that changed since the last time. Returns how many."""
    return _sweep(_ACCOUNTS, now, limit)


def sweep_all(*, now: datetime, most: int = 25) -> int:
    """Sweeps until nothing is left, or for `most` rounds. Returns how many rows were looked at."""
    done = 0
    for sweep in (sweep_accounts, sweep_people):
        for _round in range(most):
            swept = sweep(now=now)
            if not swept:
                break
            done += swept
    return done


@transaction.atomic
def _sweep(side: _Side, now: datetime, limit: int) -> int:
    Sweep.objects.get_or_create(name=side.name)
    mark = Sweep.objects.select_for_update(skip_locked=True).filter(name=side.name).first()
    if mark is None:
        return 0
    since = (mark.reached_at or _BEGINNING + AGAIN) - AGAIN
    with connection.cursor() as cursor:
        cursor.execute(side.changed, [since, limit])
        changed = cursor.fetchall()
        if not changed:
            mark.reached_at = max(now, mark.reached_at or now)
            mark.save(update_fields=["reached_at"])
            return 0
        ids = [row[0] for row in changed]
        known = _known(cursor, side, ids)
        _remember(cursor, side, changed, known)
        pairs = _candidates(cursor, side, ids)
        others = {pk for pair in pairs for pk in pair} - known.keys()
        known |= _known(cursor, side, list(others))
    found = [
        Found(first, second, judged.score, judged.reasons)
        for first, second in pairs
        if first in known and second in known
        if (judged := side.judge(known[first], known[second]))
    ]
    good = [one for one in found if one.score >= PROPOSE_FROM]
    keep_proposals(side.name, good, looked_at=ids, now=now)
    mark.reached_at = max(changed[-1][1], mark.reached_at or _BEGINNING)
    mark.save(update_fields=["reached_at"])
    return len(changed)


def _known(cursor: Any, side: _Side, ids: Sequence[UUID]) -> dict[UUID, Any]:
    """The facts of those that stand for themselves."""
    if not ids:
        return {}
    cursor.execute(side.facts, [list(ids)])
    return {row[0]: side.read(row[1:]) for row in cursor.fetchall()}


def _remember(cursor: Any, side: _Side, changed: Sequence[tuple[UUID, datetime]], known: dict[UUID, Any]) -> None:
    """Writes what the rows are found by from now on. Who was merged is still found and no longer compared."""
    rows = [(pk, at, side.text(known[pk]), side.keys(known[pk])) for pk, at in changed if pk in known]
    if rows:
        ids, seen, texts, keys = zip(*rows, strict=True)
        written = ["{" + ",".join(map(str, found)) + "}" for found in keys]
        cursor.execute(_REMEMBER[side.name], [list(ids), list(seen), list(texts), written])
    gone = [(pk, at) for pk, at in changed if pk not in known]
    if gone:
        cursor.execute(_LET_GO[side.name], [[pk for pk, _ in gone], [at for _, at in gone]])


def _candidates(cursor: Any, side: _Side, ids: Sequence[UUID]) -> list[tuple[UUID, UUID]]:
    """Pairs that share a key. Each key is asked of the index, also while the server has not counted the table yet."""
    cursor.execute("SET LOCAL enable_seqscan = off")
    cursor.execute(_CANDIDATES[side.name], [MOST_TO_COMPARE, list(ids)])
    pairs = [(first, second) for first, second in cursor.fetchall()]
    cursor.execute("SET LOCAL enable_seqscan = on")
    return pairs


# --- the two sides ---------------------------------------------------------------------------------------------------
def _read_person(row: Sequence[Any]) -> Known:
    first, last, email, phone, title, company, domain, country, account = (str(value or "") for value in row)
    return Known(first, last, email, phone, title, company, domain, country, account)


def _read_company(row: Sequence[Any]) -> KnownCompany:
    return KnownCompany(*(value or "" for value in row[1:]))


def _words(*parts: str | None) -> str:
    return " ".join(part for part in parts if part).lower()


def _person_text(known: Known) -> str:
    return _words(known.first_name, known.last_name, known.email)


def _company_text(known: KnownCompany) -> str:
    return _words(known.normalised, known.domain)


def _changed(table: str, search: str, column: str) -> str:
    return f"""
        SELECT row.id, row.updated_at FROM {table} row LEFT JOIN {search} seen ON seen.{column} = row.id
         WHERE row.updated_at >= %s AND (seen.seen_at IS NULL OR seen.seen_at < row.updated_at)
         ORDER BY row.updated_at, row.id LIMIT %s
    """  # noqa: S608 - names of our own tables


def _remembering(search: str, column: str) -> str:
    return f"""
        INSERT INTO {search} ({column}, seen_at, text, keys)
        SELECT found.id, found.seen_at, found.text, found.keys::bigint[]
          FROM unnest(%s::uuid[], %s::timestamptz[], %s::text[], %s::text[]) AS found (id, seen_at, text, keys)
        ON CONFLICT ({column}) DO UPDATE
           SET seen_at = excluded.seen_at, text = excluded.text, keys = excluded.keys
    """  # noqa: S608


def _letting_go(search: str, column: str, erased: str) -> str:
    return f"""
        INSERT INTO {search} AS known ({column}, seen_at, text, keys)
        SELECT gone.id, gone.seen_at, '', '{{}}' FROM unnest(%s::uuid[], %s::timestamptz[]) AS gone (id, seen_at)
        ON CONFLICT ({column}) DO UPDATE
           SET seen_at = excluded.seen_at, keys = excluded.keys, text = CASE WHEN {erased} THEN '' ELSE known.text END
    """  # noqa: S608


def _comparing(search: str, column: str) -> str:
    return f"""
        SELECT DISTINCT least(own.{column}, other.{column}), greatest(own.{column}, other.{column})
          FROM {search} own
          CROSS JOIN LATERAL unnest(own.keys) AS key
          CROSS JOIN LATERAL (
               SELECT near.{column} FROM {search} near
                WHERE near.keys @> ARRAY[key] AND near.{column} <> own.{column} LIMIT %s) other
         WHERE own.{column} = ANY(%s::uuid[])
    """  # noqa: S608


_PEOPLE = _Side(
    "people",
    _changed("leads_person", "leads_personsearch", "person_id"),
    """
    SELECT person.id, person.first_name, person.last_name, person.email, person.phone, person.title,
           account.normalised_name, account.domain, person.country, person.account_id
      FROM leads_person person LEFT JOIN leads_account account ON account.id = person.account_id
     WHERE person.id = ANY(%s::uuid[]) AND person.merged_into_id IS NULL AND person.erased_at IS NULL
    """,
    _read_person, _person_text, people.keys_of, people.judge,
)  # fmt: skip
_ACCOUNTS = _Side(
    "accounts",
    _changed("leads_account", "leads_accountsearch", "account_id"),
    """
    SELECT id, name, normalised_name, domain, country FROM leads_account
     WHERE id = ANY(%s::uuid[]) AND merged_into_id IS NULL
    """,
    _read_company, _company_text, companies.keys_of, companies.judge,
)  # fmt: skip
_REMEMBER = {
    "people": _remembering("leads_personsearch", "person_id"),
    "accounts": _remembering("leads_accountsearch", "account_id"),
}
_LET_GO = {
    "people": _letting_go(
        "leads_personsearch",
        "person_id",
        "(SELECT erased_at IS NOT NULL FROM leads_person WHERE id = excluded.person_id)",
    ),
    "accounts": _letting_go("leads_accountsearch", "account_id", "false"),
}
_CANDIDATES = {
    "people": _comparing("leads_personsearch", "person_id"),
    "accounts": _comparing("leads_accountsearch", "account_id"),
}
