"""Sends several statements in one round trip, where waiting for each would cost more than running it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from django.db import connection

Statement = tuple[str, Sequence[Any]]
"""SQL with placeholders, and its values."""


def fetch_together(*statements: Statement) -> list[list[tuple[Any, ...]]]:
    """The rows of each statement. The server runs them one after the other, so a later one sees what an earlier did.

    Each has its own snapshot: what is read after a lock is as of the lock.
    """
    with ExitStack() as stack:
        cursors = [stack.enter_context(connection.cursor()) for _ in statements]
        with one_round_trip():
            for cursor, (sql, values) in zip(cursors, statements, strict=True):
                cursor.execute(sql, values)
        return [cursor.fetchall() for cursor in cursors]


@contextmanager
def one_round_trip() -> Iterator[None]:
    """Statements inside are sent without waiting for their answers; an error of any is raised at the end at latest.

    Reading rows inside costs a round trip of its own. COPY is not possible inside.
    """
    connection.ensure_connection()
    with connection.connection.pipeline():
        yield
