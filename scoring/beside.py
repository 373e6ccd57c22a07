"""A process beside this one for what takes much memory or holds the interpreter; it ends when nobody needs it.

It is started anew, not forked: threads and connections of whoever starts it stay out. It ends after ten minutes without
a question, and when whoever started it is gone, however that ended. This module imports no model, because it is the
first that such a process reads.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from typing import Any, TypeVar

import django
from django.db import close_old_connections, connection
from django.utils import translation

T = TypeVar("T")

IDLE_SECONDS = 600


class Helper:
    """One process, started when it is first asked. It sees what is committed in the same database."""

    def __init__(self) -> None:
        self.forget()
        os.register_at_fork(after_in_child=self.forget)

    def forget(self) -> None:
        """Leaves whatever was started to itself: it ends by itself. So a forked process does, whose it is not."""
        self._lock = threading.Lock()
        self._database = ""
        self._pool: ProcessPoolExecutor | None = None

    def ask(self, ask: Callable[..., T], *arguments: Any, **options: Any) -> Future[T]:
        """Calls a function there, in the language of the caller. BrokenProcessPool: it is gone, forget it."""
        database = str(connection.settings_dict["NAME"])
        with self._lock:
            if self._pool is None or self._database != database:
                self._end()
                self._database = database
                self._pool = ProcessPoolExecutor(
                    1, mp_context=multiprocessing.get_context("spawn"), initializer=_begin, initargs=(database,)
                )
            pool = self._pool
        return pool.submit(_in_helper, ask, translation.get_language(), arguments, options)

    def end(self) -> None:
        """Ends it, once it has answered what it was asked."""
        with self._lock:
            self._end()

    def _end(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None


# --- in the helper --------------------------------------------------------------------------------------------------
def _begin(database: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever started it
    django.setup()
    connection.settings_dict["NAME"] = database
    threading.Thread(target=_end_in_time, name="backtest-end", daemon=True).start()


def _end_in_time() -> None:
    parent = multiprocessing.parent_process()
    while time.monotonic() - _last_asked[0] < IDLE_SECONDS:
        if parent is None or not parent.is_alive():
            break
        parent.join(1)
    os._exit(0)


def _in_helper(ask: Callable[..., T], language: str | None, arguments: tuple[Any, ...], options: dict[str, Any]) -> T:
    _last_asked[0] = float("inf")
    close_old_connections()
    try:
        with translation.override(language):
            return ask(*arguments, **options)
    finally:
        close_old_connections()
        _last_asked[0] = time.monotonic()


_last_asked = [time.monotonic()]
