"""The embedded PostgreSQL and Valkey: they start, come back after a crash, and never collide."""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import psycopg
import pytest

from revops.foundation.embedded import (
    ServiceError,
    ServicesInUse,
    ensure_services,
    postgres,
    services,
    services_status,
    stop_services,
    valkey,
)
from revops.foundation.embedded.layout import Layout
from revops.foundation.embedded.processes import runs

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("embedded")]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One data directory for all tests of this module; creating one costs a second."""
    var = tmp_path_factory.mktemp("portal") / "var"
    yield var
    stop_services(Layout(var), force=True)
    shutil.rmtree(var)


@pytest.fixture
def layout(data: Path) -> Layout:
    """A portal whose services run."""
    layout = Layout(data)
    ensure_services(layout)
    return layout


def test_both_services_answer_and_say_where(layout: Layout) -> None:
    status = services_status(layout)
    assert [(name, service["running"]) for name, service in status.items()] == [("postgres", True), ("valkey", True)]
    assert status["postgres"]["version"].startswith("18.")
    assert layout.record.exists()


def test_asking_again_starts_nothing(layout: Layout) -> None:
    assert ensure_services(layout) == []


def test_the_server_is_tuned_and_has_the_extensions_we_use(layout: Layout) -> None:
    with _connect(layout) as connection:
        for extension in ("citext", "pg_trgm", "btree_gist"):
            connection.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")
        assert [_show(connection, name) for name in ("jit", "synchronous_commit", "TimeZone", "server_encoding")] == [
            "off", "on", "UTC", "UTF8",
        ]  # fmt: skip
        assert connection.execute("SELECT 'ÉTÉ'::citext = 'été'::citext").fetchone() == (True,)


def test_nothing_listens_on_the_network(layout: Layout) -> None:
    with _connect(layout) as connection:
        assert _show(connection, "listen_addresses") == ""
    assert oct(layout.sockets.stat().st_mode & 0o777) == "0o700"


def test_the_database_server_does_not_run_as_root(layout: Layout) -> None:
    assert Path(f"/proc/{postgres.pid(layout)}").stat().st_uid != 0


def test_committed_rows_survive_a_killed_server(layout: Layout) -> None:
    with _connect(layout) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (number int)")
        connection.execute("TRUNCATE kept")
        connection.execute("INSERT INTO kept VALUES (7)")
    _kill(postgres.pid(layout))
    assert "postgres" in ensure_services(layout)
    with _connect(layout) as connection:
        assert connection.execute("SELECT number FROM kept").fetchall() == [(7,)]


def test_a_killed_valkey_comes_back(layout: Layout) -> None:
    _kill(valkey.pid(layout))
    assert ensure_services(layout) == ["valkey"]


def test_a_stale_pid_file_with_a_recycled_number_does_not_stop_the_start(layout: Layout) -> None:
    stop_services(layout)
    (layout.postgres_data / "postmaster.pid").write_text(f"{os.getpid()}\n{layout.postgres_data}\n0\n5432\n")
    assert ensure_services(layout) == ["postgres", "valkey"]


def test_stopping_twice_is_harmless(layout: Layout) -> None:
    assert stop_services(layout) == ["postgres", "valkey"]
    assert stop_services(layout) == []
    assert [service["running"] for service in services_status(layout).values()] == [False, False]


def test_many_who_start_at_once_start_one_server(layout: Layout) -> None:
    stop_services(layout)
    script = textwrap.dedent("""
        import sys
        from pathlib import Path
        import django
        django.setup()
        from revops.foundation.embedded import ensure_services
        from revops.foundation.embedded.layout import Layout
        print(len(ensure_services(Layout(Path(sys.argv[1])))))
    """)

    def start() -> str:
        command = [sys.executable, "-c", script, str(layout.var)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda _: start(), range(3)))
    assert sorted(answers) == ["0", "0", "2"]


def test_services_that_others_use_are_not_stopped(layout: Layout) -> None:
    with layout.use_lock.open("r+") as other:
        fcntl.flock(other, fcntl.LOCK_SH)
        with pytest.raises(ServicesInUse, match="still uses the services"):
            stop_services(layout)
        assert services_status(layout)["postgres"]["running"]
        assert stop_services(layout, force=True) == ["postgres", "valkey"]


def test_data_of_another_version_are_refused_with_words(layout: Layout) -> None:
    stop_services(layout)
    version = layout.postgres_data / "PG_VERSION"
    version.write_text("17\n")
    try:
        with pytest.raises(ServiceError, match="holds data of PostgreSQL 17"):
            ensure_services(layout)
    finally:
        version.write_text("18\n")


def test_two_portals_on_one_machine_do_not_meet(layout: Layout, tmp_path: Path) -> None:
    other = Layout(tmp_path / "var")
    try:
        assert ensure_services(other) == ["postgres", "valkey"]
        assert services_status(layout)["postgres"]["pid"] != services_status(other)["postgres"]["pid"]
    finally:
        stop_services(other, force=True)


def test_a_server_whose_data_were_deleted_makes_room(tmp_path: Path) -> None:
    gone = Layout(tmp_path / "var")
    ensure_services(gone)
    first = {postgres.pid(gone), valkey.pid(gone)}
    shutil.rmtree(gone.var)
    services._in_use.pop(gone.var)
    try:
        assert ensure_services(gone) == ["postgres", "valkey"]
        assert not first & {postgres.pid(gone), valkey.pid(gone), None}
        assert [pid for pid in first if psutil.pid_exists(pid) and runs(psutil.Process(pid))] == []
    finally:
        stop_services(gone, force=True)


def test_a_path_too_long_for_a_socket_gets_a_short_private_one(tmp_path: Path) -> None:
    far = Layout(tmp_path / ("a" * 20) / "very-long-name-of-a-directory" / "and-another-one-below-it" / "var")
    assert len(str(far.postgres_socket) + ".lock") < 103
    assert far.sockets != Layout(tmp_path / "var").sockets


def _connect(layout: Layout) -> psycopg.Connection:
    return psycopg.connect(host=str(layout.sockets), user="revops", dbname="revops", autocommit=True)


def _show(connection: psycopg.Connection, name: str) -> str:
    row = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
    assert row
    return str(row[0])


def _kill(pid: int | None) -> None:
    assert pid
    os.kill(pid, signal.SIGKILL)
    time.sleep(0.3)
