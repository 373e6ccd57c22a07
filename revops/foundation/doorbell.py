"""Waking a worker after commit: the row is the truth, so a bell that nobody hears costs seconds, never work."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from celery import current_app
from django.db import transaction

logger = logging.getLogger(__name__)

_last_ring: dict[str, float] = {}
_muffled = False


@contextmanager
def muffled() -> Iterator[None]:
    """Rings nobody in this process meanwhile; for a simulated past, whose news is no news."""
    global _muffled  # noqa: PLW0603 - one bell per process
    _muffled = True
    try:
        yield
    finally:
        _muffled = False


def ring_after_commit(task: Any, *arguments: Any, at_most_every: float = 0.0) -> None:
    """Send the Celery `task`, or the one of that name, once the transaction has committed, and only if it does.

    A name spares an import of the module that does the work, which needs whoever rings. `at_most_every` seconds: skip
    if this process rang for the same task more recently. A broker that is away is logged, not raised: the sweep finds
    the row.
    """
    name = task if isinstance(task, str) else task.name
    transaction.on_commit(lambda: _ring(name, arguments, at_most_every), robust=True)


def send(name: str, arguments: tuple[Any, ...]) -> None:
    """One message to whichever worker takes the task of this name. Raises what the broker raises."""
    current_app.send_task(name, arguments, retry=False)


def _ring(name: str, arguments: tuple[Any, ...], at_most_every: float) -> None:
    started = time.monotonic()
    if _muffled:
        return
    if at_most_every and started - _last_ring.get(name, -at_most_every) < at_most_every:
        return
    _last_ring[name] = started
    try:
        send(name, arguments)
    except Exception as error:  # noqa: BLE001 - any broker, any transport: the sweep is the safety net
        logger.warning("No worker could be told of %s%s (%s). The sweep will find it.", name, arguments, error)
