"""Scores every running lead by a newly published rulebook at once: from packed facts, into a table that is swapped.

Current scores are a narrow table derived from decisions. It is written anew beside the one that is read, and takes its
place in one short step, so that readers see all old scores or all new ones. Leads that change meanwhile are scored by
the live rulebook as always; their rows are carried over in that step. Each new row keeps the points of every rule, so
that its explanation adds up to it; the decisions behind the new scores are written afterwards, batch by batch
(`is_provisional` until then).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import connection, transaction

from scoring.backtest.columns import frame_from, names_asked
from scoring.backtest.judging import in_parallel
from scoring.backtest.packing import LEAD_IDS, lead_ids, pack_everything, packing_lock
from scoring.backtest.store import Facts, Store
from scoring.engine import evaluate
from scoring.engine.frame import day_of
from scoring.engine.reasons import pack_reasons
from scoring.publishing import LiveRulebook
from scoring.rescoring import generation
from scoring.rescoring.generation import SwapRefused
from scoring.rescoring.rows import rows_of, write_rows
from scoring.rescoring.standing import Standing, read_standing

__all__ = ["Rescored", "SwapRefused", "rescore_leads"]


@dataclass(frozen=True, slots=True)
class Rescored:
    """How many running leads have a new score, all at once."""

    leads: int


def rescore_leads(rulebook: LiveRulebook, *, now: datetime) -> Rescored:
    """Gives every running lead its score by `rulebook`, which must be live. A kill leaves the old scores as they are.

    Reads the packed facts, evaluates them chunk by chunk, writes by COPY, and swaps. Writers of scores wait only while
    the tables change places. Raises SwapRefused if somebody kept the table busy through twenty tries.
    """
    pack_everything(now=now)
    with transaction.atomic():
        packing_lock(wait=True)  # nobody packs until the swap: marks of changed leads stay
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 0")
        generation.begin()
        standing = read_standing()
        for rows in _scored(rulebook, now, standing):
            write_rows(generation.NEXT, rows)
        generation.complete(rulebook.id, now, standing.left_over())
        generation.swap(generation.build_indexes())
    generation.look_over()
    return Rescored(standing.taken)


def _scored(rulebook: LiveRulebook, now: datetime, standing: Standing) -> Iterator[bytes]:
    """The new scores of each chunk of running leads as rows of PostgreSQL's binary format."""
    compiled = rulebook.compiled
    names = names_asked(
        compiled.attributes, acts=bool(compiled.signal_kinds), colleagues=bool(compiled.account_kinds)
    ) | {LEAD_IDS}
    today = day_of(now.astimezone(UTC).date())

    def scored(facts: Facts) -> bytes:
        ids = lead_ids(facts.columns)
        places, decisions = standing.take(ids, facts.chunk.alive)
        if not len(places):
            return b""
        frame = frame_from(facts.columns, compiled.attributes)
        frame.as_of[:] = today
        found = evaluate(compiled, frame)
        return rows_of(found, pack_reasons(compiled, found.contributions), ids, decisions, places)

    cases = Store(budget=0)  # each chunk is read once
    chunks = cases.chunks(is_past=False)
    written: Iterator[bytes] = iter(())
    for group in cases.facts({chunk.pk: names for chunk in chunks}, chunks):
        upcoming = in_parallel(scored, group)  # is judged while the group before it is written
        yield from written
        written = upcoming
    yield from written
