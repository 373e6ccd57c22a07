"""The place of a measurement: a database of its own with a small company in it, and the portal's web server on it."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from psycopg import sql

from leads.models import Source
from revops.foundation.api_keys import create_api_key
from revops.foundation.models import Role, Side, Team, User
from revops.foundation.policy import SCOPES
from revops.foundation.web_server import gunicorn_command
from revops.portal.benchmarking.crowd import fill
from revops.portal.benchmarking.crowd_work import work_through
from revops.portal.benchmarking.site import BareLead
from scoring.starter import publish_starter
from sla.starter import publish_starter_agreement, save_rep_profile, write_office_hours

REPS = 12


@contextmanager
def own_database(keep: str = "") -> Iterator[str]:
    """Points this process at a new, migrated database; drops it in the end.

    One that has a name to `keep` stays, and is used again as it was left.
    """
    name, before = keep or f"bench_{os.getpid()}", connection.settings_dict["NAME"]
    connection.ensure_connection()  # starts the portal's own server, if it has one
    parameters = {**connection.get_connection_params(), "dbname": "postgres"}
    for extra in ("cursor_factory", "context", "pool", "prepare_threshold"):
        parameters.pop(extra, None)
    _switch_to(name)
    with psycopg.connect(**parameters, autocommit=True) as server:
        is_there = server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
        if not is_there:
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            call_command("migrate", interactive=False, verbosity=0)
            if not is_there:
                with connection.schema_editor() as editor:
                    editor.create_model(BareLead)
            yield name
        finally:
            _switch_to(before)
            if not keep:
                server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def open_company() -> str:
    """People, rules, agreement and a source. Returns an API key with all scopes."""
    now = datetime.now(UTC)
    long_ago = now - timedelta(days=60)
    sales = Team.objects.create(name="Sales", side=Side.SALES)
    marketing = Team.objects.create(name="Marketing", side=Side.MARKETING)

    def hire(name: str, role: Role, team: Team | None) -> User:
        return User.objects.create_user(f"{name}@bench.invalid", name=name, role=role, team=team)

    heads = hire("marketing", Role.MARKETING_MANAGER, marketing), hire("sales", Role.SALES_MANAGER, sales)
    publish_starter(hire("admin", Role.ADMIN, None), *heads, long_ago)
    publish_starter_agreement(*heads, long_ago)
    hours = write_office_hours(long_ago, zone="Europe/Berlin")
    for number in range(REPS):
        save_rep_profile(hire(f"rep{number}", Role.REP, sales), hours, now=long_ago)
    Source.objects.create(key="website", name="Website", created_at=long_ago)
    _key, text = create_api_key("bench", hire("machine", Role.INTEGRATION, None), SCOPES, long_ago)
    return text


def open_large_company(leads: int, acts: int) -> None:
    """A company with a crowd of leads that everybody but the first rep worked through; nothing if it is there."""
    if User.objects.exists():
        return
    open_company()
    now = datetime.now(UTC)
    fill(leads, now=now, acts=acts)
    work_through(leads, list(User.objects.filter(role=Role.REP).order_by("email")[1:]), now=now)


@contextmanager
def web_server(database: str, workers: int, threads: int, static: str = "") -> Iterator[int]:
    """The portal's web server on a free port, ended afterwards. Gives the port.

    With `static`, the directory of collected files, they are served from there as in production: compressed, for ever.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "revops.portal.benchmarking.settings",
        "BENCH_DATABASE": database,
        "BENCH_THREADS": str(threads),
        "BENCH_STATIC": static,
        "SECRET_KEY": settings.SECRET_KEY,
    }
    command = gunicorn_command(f"127.0.0.1:{port}", workers=workers, threads=threads, log_level="error")
    server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        _wait_for(port, server)
        yield port
    finally:
        server.terminate()
        server.wait(20)


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until and server.poll() is None:
        try:
            with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as client:
                client.request("GET", "/healthz/live", headers={"Host": "localhost"})
                client.getresponse().read()
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("The web server did not start.")


def _switch_to(name: str) -> None:
    connection.close()
    if getattr(connection, "pool", None) is not None:
        connection.close_pool()  # type: ignore[attr-defined]
    connection.settings_dict["NAME"] = name
