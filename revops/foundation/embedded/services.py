"""Starts, watches and stops the embedded services of one portal; safe when many processes do it at once."""

import contextlib
import fcntl
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from revops.foundation.embedded import postgres, valkey
from revops.foundation.embedded.account import service_account
from revops.foundation.embedded.errors import ServiceError, ServicesInUse
from revops.foundation.embedded.layout import DATABASE_NAME, DATABASE_USER, Layout

_LOCK_SECONDS = 180

_guard = threading.RLock()
_in_use: dict[Path, int] = {}  # open files of the shared locks this process holds
_answered: dict[Path, float] = {}  # when they last did, on the monotonic clock
_LOOK_EVERY = 1.0
"""Seconds. Each look makes PostgreSQL fork a process that finds nobody to serve: too dear for every request."""


def ensure_services(layout: Layout | None = None, *, look: bool = True) -> list[str]:
    """Make the embedded services answer; costs microseconds when they do. Returns the names of those it started.

    Without `look` they count as answering for a second after they last did. Also marks this process as a user of the
    services until it ends. Raises ServiceError with what to do.
    """
    layout = layout or _configured()
    if not look and time.monotonic() - _answered.get(layout.var, -_LOOK_EVERY) < _LOOK_EVERY:
        return []
    wanted = _wanted()
    with _guard:
        _mark_in_use(layout)
        started: list[str] = []
        if not (layout.record.exists() and all(_accepts(_socket_of(layout, name)) for name in wanted)):
            with _starting(layout):
                started = _start_missing(layout, wanted)
        _answered[layout.var] = time.monotonic()
        return started


def stop_services(layout: Layout | None = None, *, force: bool = False) -> list[str]:
    """Stop the embedded services. Returns the names of those that ran.

    Raises ServicesInUse when another process uses them, unless `force`.
    """
    layout = layout or _configured()
    if not layout.var.exists():
        return []
    with _guard, _starting(layout):
        _answered.pop(layout.var, None)
        held = _in_use.pop(layout.var, None)
        if held is not None:
            os.close(held)
        file = os.open(layout.use_lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if not force:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            layout.record.unlink(missing_ok=True)
            services = {"postgres": postgres.stop, "valkey": valkey.stop}
            return [name for name, stop in services.items() if stop(layout)]
        except BlockingIOError as busy:
            raise ServicesInUse(
                "Another process of this portal still uses the services. Stop it first (Ctrl-C in its terminal), "
                "or run 'manage.py services stop --force'."
            ) from busy
        finally:
            os.close(file)


def services_status(layout: Layout | None = None) -> dict[str, dict[str, Any]]:
    """What runs, by name: `running`, `pid`, `version`, `address`, `data`. Starts nothing."""
    layout = layout or _configured()
    answering = postgres.is_answering(layout)
    valkey_version = valkey.version(layout)
    return {
        "postgres": {
            "running": answering,
            "pid": postgres.pid(layout),
            "version": postgres.version(layout) if answering else None,
            "address": f"postgresql://{DATABASE_USER}@/{DATABASE_NAME}?host={layout.sockets}",
            "data": str(layout.postgres_data),
        },
        "valkey": {
            "running": valkey_version is not None,
            "pid": valkey.pid(layout),
            "version": valkey_version,
            "address": layout.valkey_url,
            "data": str(layout.valkey_data),
        },
    }


def _configured() -> Layout:
    from django.conf import settings

    layout: Layout = settings.EMBEDDED
    return layout


def _wanted() -> list[str]:
    from django.conf import settings

    switches = {"postgres": settings.EMBEDDED_POSTGRES, "valkey": settings.EMBEDDED_VALKEY}
    return [name for name, embedded in switches.items() if embedded]


def _start_missing(layout: Layout, wanted: list[str]) -> list[str]:
    services = {"postgres": postgres, "valkey": valkey}
    missing = [name for name in wanted if not services[name].is_answering(layout)]
    if missing:
        layout.record.unlink(missing_ok=True)
        account = service_account(layout.var)
        account.own_directory(layout.sockets)
        for name in missing:
            services[name].start(layout, account)
    if missing or not layout.record.exists():
        draft = layout.record.with_name(f"{layout.record.name}.{os.getpid()}")
        draft.write_text(json.dumps(services_status(layout), indent=2) + "\n")
        draft.replace(layout.record)
    return missing


def _socket_of(layout: Layout, name: str) -> Path:
    return layout.postgres_socket if name == "postgres" else layout.valkey_socket


def _accepts(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(5)
        try:
            probe.connect(str(path))
        except OSError:
            return False
        return True


@contextlib.contextmanager
def _starting(layout: Layout) -> Iterator[None]:
    """Hold the lock that only one starting or stopping process can have."""
    file = _open_in_var(layout, layout.start_lock)
    try:
        deadline = time.monotonic() + _LOCK_SECONDS
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise ServiceError(
                        f"Another process holds {layout.start_lock} since {_LOCK_SECONDS} s. "
                        "End it, or wait, and start again."
                    ) from None
                time.sleep(0.05)
        yield
    finally:
        os.close(file)


def _mark_in_use(layout: Layout) -> None:
    if layout.var not in _in_use:
        file = _open_in_var(layout, layout.use_lock)
        fcntl.flock(file, fcntl.LOCK_SH)
        _in_use[layout.var] = file


def _open_in_var(layout: Layout, path: Path) -> int:
    try:
        layout.var.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except PermissionError as problem:
        raise ServiceError(
            f"{layout.var} cannot be written by you. Run as its owner, or set VAR_DIR to a directory of your own."
        ) from problem
