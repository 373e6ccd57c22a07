"""Looks through every table for a person who is being erased, and takes them out of what others wrote."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from django.contrib.sessions.models import Session
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from revops.foundation.erasing import ERASED, NOBODY, Subject

EXEMPT_TABLES = frozenset({
    "foundation_user", "foundation_apikey", "foundation_team", "foundation_chatendpoint", "account_emailaddress",
    "account_emailconfirmation", "auth_group", "auth_permission", "django_content_type", "django_migrations",
    "django_session", "mfa_authenticator", "socialaccount_socialaccount", "socialaccount_socialapp",
    "socialaccount_socialtoken", "leads_suppressedaddress", "scoring_casecolumn",
})  # fmt: skip
"""Who works here (a colleague may share a name), sealed secrets, and what is erased in a way of its own."""
EXEMPT_COLUMNS = frozenset({("foundation_ledgerentry", "actor_label")})


class Column(NamedTuple):
    """One column that can hold words. `kind` is text, json, array or bytes; `limit` the longest text it takes."""

    name: str
    kind: str
    limit: int | None

    @property
    def as_text(self) -> str:
        if self.kind == "bytes":
            return f"encode(\"{self.name}\", 'escape')"
        return f'"{self.name}"::text'

    @property
    def without(self) -> str:
        """The column with every mention replaced, in SQL."""
        if self.kind == "json":
            return f"regexp_replace(\"{self.name}\"::text, %(pattern)s, '{ERASED}', 'gi')::jsonb"
        if self.kind == "array":
            return f"ARRAY(SELECT regexp_replace(one, %(pattern)s, '{ERASED}', 'gi') FROM unnest(\"{self.name}\") one)"  # noqa: S608
        cut = f"::varchar({self.limit})" if self.limit else ""
        return f"regexp_replace(\"{self.name}\", %(pattern)s, '{ERASED}', 'gi'){cut}"


@dataclass(frozen=True, slots=True)
class Mention:
    """How many rows of one column name somebody; `is_left` if the database did not let it be taken out."""

    table: str
    column: str
    rows: int
    is_left: bool


def columns_with_words() -> dict[str, list[Column]]:
    """Every column of every table that can hold words, also of tables that are made tomorrow. One query."""
    found: dict[str, list[Column]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_COLUMNS)
        for table, name, kind, limit in cursor.fetchall():
            if table not in EXEMPT_TABLES and (table, name) not in EXEMPT_COLUMNS:
                found.setdefault(table, []).append(Column(name, kind, limit))
    return found


def find_mentions(subject: Subject) -> Iterator[tuple[str, Column, int]]:
    """Where somebody is named, with the number of rows. One query a table; it reads the whole database."""
    if subject.pattern == NOBODY:
        return
    for table, columns in columns_with_words().items():
        all_of_it = ", ".join(column.as_text for column in columns)
        each = ", ".join(f"count(*) FILTER (WHERE {column.as_text} ~* %(pattern)s)" for column in columns)
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {each} FROM {table} WHERE concat_ws(E'\\n', {all_of_it}) ~* %(rough)s",  # noqa: S608
                {"pattern": subject.pattern, "rough": subject.rough},
            )
            counted = cursor.fetchone()
        yield from ((table, column, n) for column, n in zip(columns, counted, strict=True) if n)


def take_out_mentions(subject: Subject) -> list[Mention]:
    """Replaces every mention by “[erased]”, within `erasing()`. What cannot be changed is named in the answer."""
    return [Mention(table, column.name, n, not _take_out(table, column, subject)) for table, column, n in
            list(find_mentions(subject))]  # fmt: skip


def take_out_of_sessions(pattern: str) -> int:
    """Ends what a session still meant to say about somebody. Returns how many sessions that were."""
    import re

    looked_for, changed = re.compile(pattern, re.IGNORECASE), 0
    for session in Session.objects.filter(expire_date__gt=timezone.now()).iterator():
        kept = session.get_decoded()
        without = {key: value for key, value in kept.items() if not looked_for.search(str(value))}
        if len(without) < len(kept):
            session.session_data = Session.objects.encode(without)
            session.save(update_fields=["session_data"])
            changed += 1
    return changed


def _take_out(table: str, column: Column, subject: Subject) -> bool:
    if column.kind == "bytes":
        return False
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                f'UPDATE {table} SET "{column.name}" = {column.without}'  # noqa: S608 - names of the database itself
                f" WHERE {column.as_text} ~* %(rough)s AND {column.as_text} ~* %(pattern)s",
                {"pattern": subject.pattern, "rough": subject.rough},
            )
    except DatabaseError:
        return False
    return True


_COLUMNS = """
SELECT tables.table_name, columns.column_name,
       CASE WHEN columns.data_type IN ('json', 'jsonb') THEN 'json' WHEN columns.data_type = 'bytea' THEN 'bytes'
            WHEN columns.data_type = 'ARRAY' THEN 'array' ELSE 'text' END,
       columns.character_maximum_length
  FROM information_schema.tables
  JOIN information_schema.columns USING (table_schema, table_name)
 WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'
   AND (columns.data_type IN ('text', 'character varying', 'json', 'jsonb', 'bytea')
        OR columns.udt_name IN ('citext', '_text', '_varchar', '_citext'))
 ORDER BY 1, 2
"""
