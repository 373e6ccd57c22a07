"""The next generation of the table of scores: created, filled, indexed, and put in the place of the one before.

What is the same for all new rows (rulebook, moment, that they are provisional) is added after they were written, as
columns with a default: PostgreSQL keeps such a value once for the table and not in every row, which saves a third of
what has to be written.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import OperationalError, connection, transaction
from psycopg.errors import LockNotAvailable

from revops.foundation.arrays import array_of
from scoring.rescoring.rows import COLUMNS

TABLE, NEXT = "scoring_leadscore", "scoring_leadscore_next"
_SAME_FOR_ALL = ("rulebook_id", "decided_at", "is_provisional")
_TRIES = 20


class SwapRefused(Exception):
    """The table of scores was in use for too long: nothing changed, try again."""


def begin() -> None:
    """An empty table with the columns that differ from row to row, and the constraints of the old one."""
    with connection.cursor() as cursor:
        cursor.execute(_BEGIN)
        cursor.execute(_CONSTRAINTS, [TABLE])
        for name, definition in cursor.fetchall():
            cursor.execute(f'ALTER TABLE {NEXT} ADD CONSTRAINT "{name}" {definition}')


def complete(rulebook_id: UUID, now: datetime, left_over: Sequence[UUID]) -> None:
    """Says of all rows written so far whose they are and since when; then adds those that stay as they were."""
    with connection.cursor() as cursor:
        cursor.execute(_SAY_FOR_ALL, {"rulebook": str(rulebook_id), "now": now.isoformat()})
        cursor.execute(_SAY_NO_MORE)
        if left_over:
            cursor.execute(_KEEP, [array_of(left_over)])


def build_indexes() -> list[tuple[str, str]]:
    """Gives the new table every index of the old one, under other names. Returns (other name, name)."""
    with connection.cursor() as cursor:
        cursor.execute(_INDEXES, [TABLE])
        found = cursor.fetchall()
        for name, definition, is_primary in found:
            start, _on, rest = definition.partition(f" {name} ON ")
            columns = rest.partition(" ")[2]
            cursor.execute(f'{start} "{name}_next" ON {NEXT} {columns}')
            if is_primary:
                cursor.execute(f'ALTER TABLE {NEXT} ADD CONSTRAINT "{name}_next" PRIMARY KEY USING INDEX "{name}_next"')
    return [(f"{name}_next", name) for name, _definition, _is_primary in found]


def swap(names: Sequence[tuple[str, str]]) -> None:
    """Puts the new table in the place of the old one, with the rows of leads that changed since they were packed."""
    for _try in range(_TRIES):
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '300ms'")
                cursor.execute(f"LOCK TABLE {TABLE} IN ACCESS EXCLUSIVE MODE")
                cursor.execute(_CARRY_OVER)
                cursor.execute(_TRIGGERS, [TABLE])
                triggers = [definition for (definition,) in cursor.fetchall()]
                cursor.execute(f"DROP TABLE {TABLE}")
                cursor.execute(f"ALTER TABLE {NEXT} RENAME TO {TABLE}")
                for other, name in names:
                    cursor.execute(f'ALTER INDEX "{other}" RENAME TO "{name}"')
                for definition in triggers:  # they judge single writes; what was swapped in follows from the rules
                    cursor.execute(definition)
            return
        except OperationalError as error:
            if not isinstance(error.__cause__, LockNotAvailable):
                raise
    raise SwapRefused


def look_over() -> None:
    """Lets the planner know what is in the table now."""
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {TABLE}")


_BEGIN = f"""
DROP TABLE IF EXISTS {NEXT};
CREATE TABLE {NEXT} AS SELECT {COLUMNS} FROM {TABLE} WITH NO DATA;
ALTER TABLE {NEXT} {", ".join(f"ALTER {name} SET NOT NULL" for name in COLUMNS.split(", ")[:-2])}
"""  # noqa: S608 - names only
_CONSTRAINTS = """
SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'c'
"""
_SAY_FOR_ALL = f"""
ALTER TABLE {NEXT} ADD COLUMN rulebook_id uuid NOT NULL DEFAULT %(rulebook)s,
    ADD COLUMN decided_at timestamptz NOT NULL DEFAULT %(now)s::timestamptz,
    ADD COLUMN is_provisional boolean NOT NULL DEFAULT true
"""
_SAY_NO_MORE = f"""
ALTER TABLE {NEXT} ALTER rulebook_id DROP DEFAULT, ALTER decided_at DROP DEFAULT,
    ALTER is_provisional SET DEFAULT false
"""
_ALL = ", ".join((COLUMNS, *_SAME_FOR_ALL))
_KEEP = f"""
INSERT INTO {NEXT} ({_ALL}) SELECT {_ALL} FROM {TABLE} WHERE lead_id = ANY(%s::uuid[])
"""  # noqa: S608 - names only
_INDEXES = """
SELECT relation.relname, pg_get_indexdef(relation.oid), held.indisprimary
  FROM pg_index held JOIN pg_class relation ON relation.oid = held.indexrelid
 WHERE held.indrelid = %s::regclass ORDER BY held.indisprimary DESC
"""
_TRIGGERS = "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal"
_SET = ", ".join(f"{name} = excluded.{name}" for name in _ALL.split(", ")[1:])
_CARRY_OVER = f"""
INSERT INTO {NEXT} ({_ALL})
SELECT {_ALL} FROM {TABLE} old
 WHERE old.lead_id IN (SELECT lead_id FROM scoring_casemark)
ON CONFLICT (lead_id) DO UPDATE SET {_SET}
"""  # noqa: S608 - names only
