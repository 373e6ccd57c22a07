"""What long work takes at most: a web worker that is asked about a million cases, and a process that scores as many."""

from __future__ import annotations

import http.client
import json
import os
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from revops.portal.benchmarking import past
from scoring.beside import Helper


def ask_over_http(port: int, key: str) -> float:
    """Seconds for an exact backtest over the API, of a web server that knows nothing yet."""
    definition = {part: value for part, value in past.bent(1).items() if part != "kinds"}
    body = json.dumps({"definition": definition, "mode": "exact"})
    headers = {"Host": "localhost", "Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    began = time.perf_counter()
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=120)) as client:
        client.request("POST", "/api/v1/backtests/", body, headers)
        answer = client.getresponse()
        said = json.loads(answer.read())
    if answer.status != 200 or not said["is_exact"]:  # a figure of a refusal would lie
        raise RuntimeError(said)
    return time.perf_counter() - began


def web_workers() -> tuple[float, float]:
    """The most that a web worker of this process's web server took so far, and a helper of one, in megabytes."""
    masters = [pid for pid in children_of(os.getpid()) if "gunicorn" in _command(pid)]
    workers = [pid for master in masters for pid in children_of(master)]
    helpers = [pid for worker in workers for pid in children_of(worker) if "spawn_main" in _command(pid)]
    return max(map(_peak, workers), default=0.0), max(map(_peak, helpers), default=0.0)


def rescoring_apart() -> tuple[float, float]:
    """Leads a second, and the most that whoever scored them took: a new process with all that a task worker has."""
    helper = Helper()
    try:
        return helper.ask(_rescore).result()
    finally:
        helper.end()


def _rescore() -> tuple[float, float]:
    import revops.portal.tasks  # noqa: F401 - what a task worker has read before its first task

    rate = past.rescoring()
    return rate, _peak(os.getpid())


def children_of(pid: int) -> Iterator[int]:
    """The processes that a process started."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            yield int(path.parent.name)


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def _peak(pid: int) -> float:
    """Resident memory at its highest; 0 where the system does not tell."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)
