"""Test databases that append-only tables cannot spoil.

A plain database test runs in a transaction that is rolled back. A test with real commits (`transaction=True`, a live
server, a browser) cannot be cleaned up by emptying tables, because triggers forbid that; its database is thrown away
and copied anew from a template that was migrated once.
"""

import os
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connections
from django.test import TransactionTestCase
from psycopg import sql

_PREFIX = "test_revops_"


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Keep a pristine copy of the migrated database and restore from it after each test with real commits."""
    with django_db_blocker.unblock():
        _drop_abandoned()
        name = settings.DATABASES["default"]["NAME"]
        template = f"{name}_template"
        _copy(name, template)
    flush = TransactionTestCase._fixture_teardown
    TransactionTestCase._fixture_teardown = lambda self: _copy(template, name)
    yield
    TransactionTestCase._fixture_teardown = flush
    with django_db_blocker.unblock():
        _run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)"), template)


@pytest.fixture
def valkey() -> Iterator[Any]:
    """A client of an empty Valkey database that belongs to this test alone."""
    import redis

    from revops.foundation.embedded import ensure_services

    if settings.EMBEDDED_VALKEY:
        ensure_services()
    client = redis.Redis.from_url(settings.REDIS_URL)
    client.flushdb()
    yield client
    client.flushdb()
    client.close()


def _copy(source: str, target: str) -> None:
    for connection in connections.all(initialized_only=True):
        connection.close()
    _run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)"), target)
    _run(sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY WAL_LOG"), target, source)


def _drop_abandoned() -> None:
    """Drop what killed test runs have left behind; the process id in the name says whose it was."""
    with _maintenance() as connection:
        rows = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [f"{_PREFIX}%"]).fetchall()
    for (name,) in rows:
        owner = name.removeprefix(_PREFIX).split("_")[0]
        if owner.isdigit() and not _is_alive(int(owner)):
            _run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)"), name)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _run(statement: sql.SQL, *names: str) -> None:
    with _maintenance() as connection:
        connection.execute(statement.format(*map(sql.Identifier, names)))


def _maintenance() -> psycopg.Connection:
    wrapper = connections["default"]
    parameters = {
        key: value
        for key, value in wrapper.get_connection_params().items()
        if key in {"host", "port", "user", "password", "sslmode", "sslrootcert"}
    }
    return psycopg.connect(**parameters, dbname="postgres", autocommit=True)
