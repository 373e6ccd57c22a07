"""Scores every running lead by a newly published rulebook at once: from packed facts, into a table that is swapped.

Current scores are a narrow table derived from decisions. It is written anew beside the one that is read, and takes its
place in one short step, so that readers see all old scores or all new ones. Leads that change meanwhile are scored by
the live rulebook as always; their rows are carried over in that step. The decisions behind the new scores are written
afterwards, batch by batch (`is_provisional` until then); whoever asks earlier is told by the same evaluation.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import psycopg
from django.db import OperationalError, connection, transaction
from numpy.typing import NDArray
from psycopg.errors import LockNotAvailable

from scoring.backtest.columns import frame_from, names_asked
from scoring.backtest.judging import in_parallel
from scoring.backtest.packing import LEAD_IDS, lead_ids, pack_everything, packing_lock
from scoring.backtest.store import Facts, Store, store
from scoring.engine import NEVER, evaluate
from scoring.engine.frame import day_of
from scoring.publishing import LiveRulebook
from scoring.rules import Axis

_TABLE, _NEXT, _FRESH = "scoring_leadscore", "scoring_leadscore_next", "fresh_score"
_TRIES = 20
_NUMBERS = ("fit", "intent", "timing", "tier", "priority")
_RECORD = np.dtype(
    [
        *[("fields", ">i2"), ("lead_size", ">i4"), ("lead", "V16")],
        *[(f"{name}{part}", ">i4") for name in _NUMBERS for part in ("_size", "")],
        *[("again_size", ">i4"), ("again", ">i8")],
    ]
)
"""One row of COPY's binary format: every field with its size before it."""


_HEAD = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
_END = struct.pack(">h", -1)


class SwapRefused(Exception):
    """The table of scores was in use for too long: nothing changed, try again."""


@dataclass(frozen=True, slots=True)
class Rescored:
    """How many running leads have a new score, all at once."""

    leads: int


def rescore_leads(rulebook: LiveRulebook, *, now: datetime, cases: Store = store) -> Rescored:
    """Gives every running lead its score by `rulebook`, which must be live. A kill leaves the old scores as they are.

    Reads the packed facts, evaluates them chunk by chunk, writes by COPY, and swaps. Writers of scores wait only while
    the tables change places. Raises SwapRefused if somebody kept the table busy through twenty tries.
    """
    pack_everything(now=now)
    with transaction.atomic():
        packing_lock(wait=True)  # nobody packs until the swap: marks of changed leads stay
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 0")
            cursor.execute(_PREPARE)
        count = _copy(_records(rulebook, now, cases))
        with connection.cursor() as cursor:
            cursor.execute(_BUILD, {"rulebook": rulebook.id, "now": now})
        _swap(_build_indexes())
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {_TABLE}")
    return Rescored(count)


def _records(rulebook: LiveRulebook, now: datetime, cases: Store) -> Iterator[NDArray[Any]]:
    """The new scores of each chunk of running leads as rows of PostgreSQL's binary format."""
    compiled = rulebook.compiled
    names = names_asked(
        compiled.attributes, acts=bool(compiled.signal_kinds), colleagues=bool(compiled.account_kinds)
    ) | {LEAD_IDS}
    chunks = cases.chunks(is_past=False)
    today = day_of(now.astimezone(UTC).date())

    def scored(facts: Facts) -> NDArray[Any]:
        frame = frame_from(facts.columns, compiled.attributes)
        frame.as_of[:] = today
        found = evaluate(compiled, frame)
        rows = np.empty(frame.n, dtype=_RECORD)
        rows["fields"], rows["lead_size"], rows["again_size"] = 7, 16, 8
        rows["lead"] = lead_ids(facts.columns).astype(">u8").view("V16").reshape(-1)
        values = {
            "fit": found.axes[Axis.FIT], "intent": found.axes[Axis.INTENT], "timing": found.axes[Axis.TIMING],
            "tier": found.tier, "priority": found.priority,
        }  # fmt: skip
        for name, column in values.items():
            rows[f"{name}_size"], rows[name] = 4, column
        rows["again"] = np.where(found.reevaluate_day == NEVER, 0, found.reevaluate_day)
        return rows[facts.chunk.alive]

    for group in cases.facts({chunk.pk: names for chunk in chunks}, chunks):
        yield from in_parallel(scored, group)


def _copy(parts: Iterator[NDArray[Any]]) -> int:
    """One COPY for each part: the facts of the next are read over the same connection."""
    count = 0
    connection.ensure_connection()
    for rows in parts:
        statement = f"COPY {_FRESH} FROM STDIN (FORMAT binary)"
        with psycopg.Cursor(connection.connection) as cursor, cursor.copy(statement) as copy:
            copy.write(_HEAD)
            copy.write(rows.tobytes())
            copy.write(_END)
        count += len(rows)
    return count


def _swap(names: Sequence[tuple[str, str]]) -> None:
    """Puts the new table in the place of the old one, with the rows of leads that changed since they were packed."""
    for _try in range(_TRIES):
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '300ms'")
                cursor.execute(f"LOCK TABLE {_TABLE} IN ACCESS EXCLUSIVE MODE")
                cursor.execute(_CARRY_OVER)
                cursor.execute(_TRIGGERS, [_TABLE])
                triggers = [definition for (definition,) in cursor.fetchall()]
                cursor.execute(f"DROP TABLE {_TABLE}")
                cursor.execute(f"ALTER TABLE {_NEXT} RENAME TO {_TABLE}")
                for other, name in names:
                    cursor.execute(f'ALTER INDEX "{other}" RENAME TO "{name}"')
                for definition in triggers:  # they judge single writes; what was swapped in follows from the rules
                    cursor.execute(definition)
            return
        except OperationalError as error:
            if not isinstance(error.__cause__, LockNotAvailable):
                raise
    raise SwapRefused


def _build_indexes() -> list[tuple[str, str]]:
    """Gives the new table every index of the old one, under other names. Returns (other name, name)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relation.relname, pg_get_indexdef(relation.oid), held.indisprimary"
            "  FROM pg_index held JOIN pg_class relation ON relation.oid = held.indexrelid"
            " WHERE held.indrelid = %s::regclass ORDER BY held.indisprimary DESC",
            [_TABLE],
        )
        found = cursor.fetchall()
        for name, definition, is_primary in found:
            start, _on, rest = definition.partition(f" {name} ON ")
            columns = rest.partition(" ")[2]
            cursor.execute(f'{start} "{name}_next" ON {_NEXT} {columns}')
            if is_primary:
                cursor.execute(
                    f'ALTER TABLE {_NEXT} ADD CONSTRAINT "{name}_next" PRIMARY KEY USING INDEX "{name}_next"'
                )
    return [(f"{name}_next", name) for name, _definition, _is_primary in found]


_TRIGGERS = "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal"
_COLUMNS = (
    "lead_id, decision_id, rulebook_id, fit, intent, timing, tier, priority, decided_at, reevaluate_at, is_provisional"
)
_PREPARE = f"""
DROP TABLE IF EXISTS {_NEXT};
CREATE TABLE {_NEXT} (LIKE {_TABLE} INCLUDING DEFAULTS INCLUDING CONSTRAINTS);
DROP TABLE IF EXISTS {_FRESH};
CREATE TEMPORARY TABLE {_FRESH} (lead_id uuid, fit int, intent int, timing int, tier int, priority int, again bigint)
    ON COMMIT DROP
"""
# Closed leads, and those of history, keep the score they had; so does whoever was never packed.
_BUILD = f"""
INSERT INTO {_NEXT} ({_COLUMNS})
SELECT old.lead_id, old.decision_id,
       CASE WHEN fresh.lead_id IS NULL THEN old.rulebook_id ELSE %(rulebook)s END,
       coalesce(fresh.fit, old.fit), coalesce(fresh.intent, old.intent), coalesce(fresh.timing, old.timing),
       coalesce(fresh.tier, old.tier), coalesce(fresh.priority, old.priority),
       CASE WHEN fresh.lead_id IS NULL THEN old.decided_at ELSE %(now)s END,
       CASE WHEN fresh.lead_id IS NULL THEN old.reevaluate_at WHEN fresh.again > 0
            THEN to_timestamp(fresh.again * 86400) END,
       fresh.lead_id IS NOT NULL OR old.is_provisional
  FROM {_TABLE} old
  LEFT JOIN {_FRESH} fresh ON fresh.lead_id = old.lead_id AND NOT EXISTS (
       SELECT FROM leads_lead closed
        WHERE closed.id = old.lead_id AND (closed.stage IN ('won', 'lost') OR closed.withdrawn_at IS NOT NULL))
"""  # noqa: S608 - names only
_SET = ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS.split(", ")[1:])
_CARRY_OVER = f"""
INSERT INTO {_NEXT} ({_COLUMNS})
SELECT {_COLUMNS} FROM {_TABLE} old
 WHERE old.lead_id IN (SELECT lead_id FROM scoring_casemark)
ON CONFLICT (lead_id) DO UPDATE SET {_SET}
"""  # noqa: S608 - names only
