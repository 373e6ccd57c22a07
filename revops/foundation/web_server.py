"""The web server: gunicorn with threads, where pages take turns and a busy process leaves newcomers to the others.

Threads of one process share one core. Two pages made at once there are both late, while the same two one after the
other are late and early; and a process that has nothing to do should be the one that takes the next visitor.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

PATIENCE = 0.1
"""Seconds that a page waits for those before it, and a busy process for others to take newcomers, at most."""
READS = frozenset({"GET", "HEAD"})

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def gunicorn_command(bind: str, *, workers: int = 2, threads: int = 8, log_level: str = "warning") -> list[str]:
    """What starts the portal's web server on an address ("127.0.0.1:8000")."""
    return [
        *[sys.executable, "-m", "gunicorn", "revops.wsgi:application", f"--bind={bind}"],
        *[f"--worker-class={__name__}.Worker", f"--workers={workers}", f"--threads={threads}"],
        *["--timeout=60", "--graceful-timeout=10", "--keep-alive=15", f"--log-level={log_level}"],
        "--no-control-socket",
    ]


class TakingTurns:
    """An application that makes one page at a time, in the order in which they were asked for.

    Nobody waits longer than `patience` seconds, whatever goes on: a long page then goes on beside the others. Writes
    do not take turns; some of them wait for each other in order to share a journey.
    """

    def __init__(self, application: Application, patience: float = PATIENCE) -> None:
        self._application = application
        self._patience = patience
        self._turn = threading.Lock()
        self._over_at = 0.0

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] not in READS:
            return self._application(environ, start_response)
        has_turn = self._turn.acquire(timeout=max(0.0, self._over_at - time.monotonic()))
        if has_turn:
            self._over_at = time.monotonic() + self._patience
        try:
            return self._application(environ, start_response)
        finally:
            if has_turn:
                self._turn.release()


class Worker(ThreadWorker):
    """A process of the server. While it makes pages it accepts no connection, for `patience` seconds at most.

    Connections wait with the system meanwhile, where the first process that is free takes the oldest. One that a write
    came in on does not count, for the next write may join it.
    """

    patience = PATIENCE
    wsgi: Application

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._reading: set[Any] = set()
        self._closed_at: float | None = None

    def load_wsgi(self) -> None:
        super().load_wsgi()
        self.wsgi = TakingTurns(self.wsgi, self.patience)

    def accept(self, listener: Any) -> None:
        if self._reading and self._closed_at is None:
            self._closed_at = time.monotonic()
        if self._is_closed():
            self.set_accept_enabled(False)
        else:
            self._closed_at = None
            super().accept(listener)

    def set_accept_enabled(self, enabled: bool) -> None:
        """Called before every look at the sockets, whenever connections could be accepted and are not."""
        super().set_accept_enabled(enabled and not self._is_closed())

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        super().wait_for_and_dispatch_events(timeout if self._accepting else min(timeout, self.patience))

    def enqueue_req(self, conn: Any) -> None:
        self._reading.add(conn)  # until it is known to be a write
        super().enqueue_req(conn)

    def handle_request(self, req: Any, conn: Any) -> Any:
        if req.method not in READS:
            self._reading.discard(conn)
            if not self._accepting:
                self.method_queue.defer(lambda: None)  # wakes the loop, which accepts again
        return super().handle_request(req, conn)

    def finish_request(self, conn: Any, fs: Any) -> None:
        self._reading.discard(conn)
        super().finish_request(conn, fs)

    def _is_closed(self) -> bool:
        if self._closed_at is None or not self._reading:
            return False
        return time.monotonic() < self._closed_at + self.patience
