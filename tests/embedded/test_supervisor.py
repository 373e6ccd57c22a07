"""The supervisor: it restarts what crashes, gives up with words, and leaves nothing behind."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from revops.foundation.supervisor import Process, ProcessFailed, Supervisor

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture(autouse=True)
def own_signals() -> Iterator[None]:
    """The supervisor takes over Ctrl-C; pytest wants it back."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_a_stop_signal_ends_every_process(tmp_path: Path) -> None:
    processes = [Process(name, SLEEP, tmp_path / f"{name}.log") for name in ("one", "two")]
    said = _run(processes, when_ready=lambda: os.kill(os.getpid(), signal.SIGTERM))
    assert [process.running.poll() for process in processes if process.running] == [-signal.SIGTERM] * 2
    assert said == []


def test_a_killed_process_is_started_again(tmp_path: Path) -> None:
    process = Process("The worker", SLEEP, tmp_path / "worker.log")
    first: list[int] = []

    def kill() -> None:
        assert process.running
        first.append(process.running.pid)
        os.kill(first[0], signal.SIGKILL)
        threading.Timer(1, os.kill, (os.getpid(), signal.SIGINT)).start()

    said = _run([process], when_ready=kill)
    assert said == ["The worker ended (signal SIGKILL); it is started again."]
    assert process.running
    assert process.running.pid != first[0]


def test_a_process_that_cannot_start_ends_the_portal_with_its_log(tmp_path: Path) -> None:
    process = Process("The web server", [sys.executable, "-c", "raise SystemExit('no room')"], tmp_path / "web.log")
    with pytest.raises(ProcessFailed, match=r"The web server ends again and again[\s\S]*no room"):
        _run([process], ready=lambda: False, allowed_failures=2)


def test_a_process_that_ignores_the_signal_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("revops.foundation.supervisor._STOP_SECONDS", 0.5)
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('on', flush=True); time.sleep(60)"
    process = Process("deaf", [sys.executable, "-c", deaf], tmp_path / "deaf.log")
    started = time.monotonic()
    _run([process], ready=lambda: "on" in process.log_end(), when_ready=lambda: os.kill(os.getpid(), signal.SIGINT))
    assert process.running
    assert process.running.returncode == -signal.SIGKILL
    assert time.monotonic() - started < 10


def _run(
    processes: list[Process],
    *,
    when_ready: Callable[[], None] = lambda: None,
    ready: Callable[[], bool] = lambda: True,
    allowed_failures: int = 5,
) -> list[str]:
    said: list[str] = []
    supervisor = Supervisor(processes, tell=said.append, watch=lambda: None, allowed_failures=allowed_failures)
    supervisor.run(ready=ready, when_ready=when_ready)
    return said
