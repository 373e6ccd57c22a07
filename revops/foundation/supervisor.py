"""Runs the processes of one portal together: starts them, restarts what crashes, ends them cleanly."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

_STOP_SECONDS = 20
_LONGEST_PAUSE = 5.0
_STABLE_SECONDS = 30  # who ran that long has not failed to start
_PR_SET_PDEATHSIG = 1


class ProcessFailed(RuntimeError):
    """A process ends again and again; the text says which and shows the end of its log."""


@dataclass
class Process:
    """One process to keep alive."""

    name: str
    command: Sequence[str]
    log: Path
    running: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    failures: int = 0
    start_again_at: float = 0.0

    def start(self) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.running = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # A group of its own: Ctrl-C reaches only the supervisor, which then ends its children in good order.
                start_new_session=True,
                preexec_fn=_end_with_parent,  # noqa: PLW1509 -- runs before any thread exists
            )
        self.started = time.monotonic()

    def log_end(self, lines: int = 15) -> str:
        with contextlib.suppress(OSError):
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        return ""


@dataclass
class Supervisor:
    """Keeps `processes` alive until it is told to stop.

    `tell` writes a line for the person at the terminal. `watch` is called about once a second.
    """

    processes: list[Process]
    tell: Callable[[str], None]
    watch: Callable[[], None]
    allowed_failures: int = 5
    stopping: bool = field(default=False, init=False)

    def run(self, ready: Callable[[], bool], when_ready: Callable[[], None]) -> None:
        """Run until SIGINT or SIGTERM. Raises ProcessFailed when one of the processes cannot be kept alive."""
        signal.signal(signal.SIGINT, self._stop)
        signal.signal(signal.SIGTERM, self._stop)
        try:
            for process in self.processes:
                process.start()
            self._keep_alive(ready, when_ready)
        finally:
            self._end_all()

    def _keep_alive(self, ready: Callable[[], bool], when_ready: Callable[[], None]) -> None:
        announced = False
        watched = time.monotonic()
        while not self.stopping:
            for process in self.processes:
                self._revive(process)
            if not announced and ready():
                announced = True
                when_ready()
            if time.monotonic() - watched >= 1:
                self.watch()
                watched = time.monotonic()
            time.sleep(0.2)

    def _revive(self, process: Process) -> None:
        now = time.monotonic()
        if process.running is not None:
            code = process.running.poll()
            if code is None:
                return
            process.running = None
            process.failures = 0 if now - process.started > _STABLE_SECONDS else process.failures + 1
            if process.failures > self.allowed_failures:
                raise ProcessFailed(
                    f"{process.name} ends again and again. The end of {process.log}:\n{process.log_end()}"
                )
            pause = min(_LONGEST_PAUSE, 0.25 * 2**process.failures) if process.failures > 1 else 0.0
            process.start_again_at = now + pause
            self.tell(f"{process.name} ended ({_ending(code)}); it is started again.")
        if now >= process.start_again_at:
            process.start()

    def _end_all(self) -> None:
        alive = [process for process in self.processes if process.running and process.running.poll() is None]
        for process in alive:
            _send(process, signal.SIGTERM)
        deadline = time.monotonic() + _STOP_SECONDS
        for process in alive:
            with contextlib.suppress(subprocess.TimeoutExpired):
                _popen(process).wait(max(0.1, deadline - time.monotonic()))
        for process in alive:
            if _popen(process).poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(_popen(process).pid, signal.SIGKILL)
                _popen(process).wait()

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True


def _popen(process: Process) -> "subprocess.Popen[bytes]":
    if process.running is None:
        raise ProcessFailed(f"{process.name} does not run.")
    return process.running


def _send(process: Process, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        _popen(process).send_signal(number)


def _ending(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"code {code}"


def _end_with_parent() -> None:
    """Ask Linux to end this process when the supervisor dies, so that `kill -9` leaves no orphans behind."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
