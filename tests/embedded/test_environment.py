"""What the environment says is read with care, and what is wrong is said in words."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from revops.foundation.embedded.environment import database_from_url, kept_secret, switch

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(("text", "on"), [("1", True), ("true", True), ("ON", True), ("0", False), ("", False)])
def test_a_switch_is_on_or_off(monkeypatch: pytest.MonkeyPatch, text: str, on: bool) -> None:
    monkeypatch.setenv("SWITCH", text)
    assert switch("SWITCH") is on


def test_a_switch_that_is_neither_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWITCH", "maybe")
    with pytest.raises(ImproperlyConfigured, match="SWITCH is 'maybe'"):
        switch("SWITCH")


def test_a_database_address_is_taken_apart() -> None:
    found = database_from_url("postgresql://an%40na:p%2Fw@db.example:6432/revops?sslmode=require")
    assert found == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "revops",
        "USER": "an@na",
        "PASSWORD": "p/w",
        "HOST": "db.example",
        "PORT": "6432",
        "OPTIONS": {"sslmode": "require"},
    }


@pytest.mark.parametrize("url", ["mysql://localhost/x", "postgresql://localhost", "sqlite:///x.db", "nonsense"])
def test_another_kind_of_database_is_refused(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL must look like"):
        database_from_url(url)


def test_a_secret_is_made_once_and_kept_private(tmp_path: Path) -> None:
    path = tmp_path / "var" / "secret_key"
    first = kept_secret(path, may_create=True)
    assert len(first) >= 50
    assert kept_secret(path, may_create=False) == first
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["secret_key"]


def test_production_without_a_secret_does_not_start(tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if name not in {"SECRET_KEY", "DEBUG", "DEMO_MODE"}}
    environment = {**kept, "VAR_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "revops.settings"}
    done = subprocess.run(
        [sys.executable, "-c", "import revops.settings"], cwd=ROOT, env=environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "SECRET_KEY is not set, so the portal does not start. Set SECRET_KEY" in done.stderr
