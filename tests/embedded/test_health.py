"""Health endpoints and the doctor: each line is ok or says what to do."""

import json
from io import StringIO

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.test import Client

from revops.foundation import health

pytestmark = pytest.mark.django_db


def test_a_living_process_says_so_without_asking_anybody(client: Client, django_assert_num_queries: object) -> None:
    with django_assert_num_queries(0):  # type: ignore[operator]
        assert client.get("/healthz/live").json() == {"status": "ok"}


def test_a_ready_portal_says_so(client: Client, valkey: object) -> None:
    answer = client.get("/healthz/ready")
    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"
    assert set(answer.json()["checks"]) == {"database", "migrations", "valkey"}
    assert "no-store" in answer["Cache-Control"]


def test_without_valkey_the_portal_still_serves(client: Client, settings: LazySettings) -> None:
    settings.REDIS_URL = "unix:///nowhere/valkey.sock"
    answer = client.get("/healthz/ready")
    assert answer.status_code == 200
    assert answer.json()["status"] == "degraded"
    assert "work starts with a delay" in answer.json()["checks"]["valkey"]["action"]


def test_tables_older_than_the_code_are_not_ready(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    late = health.Check("migrations", "1 not applied: leads.0009_new", "Run 'manage.py migrate'.")
    monkeypatch.setattr(health, "check_migrations", lambda: late)
    answer = client.get("/healthz/ready")
    assert answer.status_code == 503
    assert answer.json()["checks"]["migrations"] == {"ok": False, "action": "Run 'manage.py migrate'."}


def test_the_doctor_finds_a_healthy_portal_healthy(valkey: object) -> None:
    out = StringIO()
    call_command("doctor", "--json", stdout=out)
    found = json.loads(out.getvalue())
    assert found["ok"] is True
    assert [check["name"] for check in found["checks"]] == [
        "versions", "disk", "services", "database", "migrations", "valkey", "queue", "jobs", "outbox", "clock",
        "time zones",
    ]  # fmt: skip


def test_the_doctor_says_what_to_do_and_fails(settings: LazySettings) -> None:
    settings.REDIS_URL = "unix:///nowhere/valkey.sock"
    out = StringIO()
    with pytest.raises(CommandError, match="To be repaired: valkey, queue"):
        call_command("doctor", stdout=out)
    assert "Run 'manage.py services start'" in out.getvalue()
