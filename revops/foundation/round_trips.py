"""Sends several statements in one round trip, where waiting for each would cost more than running it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.db.backends.postgresql.base import ServerBindingCursor
from psycopg import Cursor

from revops.foundation.bulk import FEW

Statement = tuple[str, Sequence[Any]]
"""SQL with placeholders, and its values."""

HANDFUL = 64
_PREPARE_AFTER = 2
_PLANS = 400
"""As many as the portal has statements of this kind; forgetting and making plans anew costs more than keeping them."""


def fetch_together(*statements: Statement) -> list[list[tuple[Any, ...]]]:
    """The rows of each statement. The server runs them one after the other, so a later one sees what an earlier did.

    Each has its own snapshot: what is read after a lock is as of the lock. The server keeps their plans: use it for
    statements whose text never changes.
    """
    raw, cursors = _preparing(), []
    with connection.wrap_database_errors, raw.pipeline():
        for sql, values in statements:
            cursors.append(Cursor(raw).execute(sql, values))
            if connection.queries_logged:
                connection.queries_log.append({"sql": sql, "time": "0.000"})
    return [cursor.fetchall() for cursor in cursors]


@contextmanager
def one_round_trip(rows: int = 1) -> Iterator[None]:
    """Statements inside are sent without waiting for their answers; an error of any is raised at the end at latest.

    With more than a few `rows` to each they run as usual, because a crowd is copied; with none nothing is sent. Reading
    rows inside costs a round trip of its own. COPY is not possible inside. The server keeps the plans.
    """
    if not 0 < rows <= FEW:
        yield
        return
    with plans_kept(), connection.wrap_database_errors, connection.connection.pipeline():
        yield


@contextmanager
def plans_kept(longest: int = 1) -> Iterator[None]:
    """The server keeps the plans of the statements inside, so that the next time it only runs them.

    A plan that is kept is made for a handful of values and reads thousands badly: with a list of more than HANDFUL
    among them (`longest`) the statements run as usual.
    """
    if longest > HANDFUL:
        yield
        return
    raw = _preparing()
    usual = raw.cursor_factory
    raw.cursor_factory = ServerBindingCursor
    try:
        yield
    finally:
        raw.cursor_factory = usual


def _preparing() -> Any:
    """The connection of the driver, ready to let the server keep plans."""
    connection.ensure_connection()
    raw = connection.connection
    if raw.prepare_threshold is None:
        raw.prepare_threshold = _PREPARE_AFTER
        raw.prepared_max = _PLANS
    return raw
