"""Reads what the environment says about switches, secrets and databases; used by the settings, so it needs none."""

import contextlib
import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from revops.foundation.embedded.layout import DATABASE_NAME, DATABASE_USER, Layout

_ON = {"1", "true", "yes", "on"}
_OFF = {"", "0", "false", "no", "off"}


def switch(name: str, default: bool = False) -> bool:
    """Whether the environment variable `name` is on. Raises ImproperlyConfigured when it is neither on nor off."""
    value = os.environ.get(name, "1" if default else "").strip().lower()
    if value in _ON:
        return True
    if value in _OFF:
        return False
    raise ImproperlyConfigured(f"{name} is '{value}'. Set it to 1 (on) or 0 (off).")


def kept_secret(path: Path, *, may_create: bool) -> str:
    """The secret kept in `path`; a new one when there is none and `may_create`, else an empty text."""
    with contextlib.suppress(FileNotFoundError):
        return path.read_text().strip()
    if not may_create:
        return ""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(secrets.token_urlsafe(60))
    with contextlib.suppress(FileExistsError):  # another process was first: its secret counts
        os.link(draft, path)
    draft.unlink()
    return path.read_text().strip()


def embedded_database(layout: Layout) -> dict[str, Any]:
    """The database entry of the portal's own server, which starts on the first connection."""
    return {
        "ENGINE": "revops.foundation.embedded.database",
        "NAME": DATABASE_NAME,
        "USER": DATABASE_USER,
        "HOST": str(layout.sockets),
    }


def database_from_url(url: str) -> dict[str, Any]:
    """The database entry of `postgresql://user:password@host:port/name?sslmode=require`.

    Raises ImproperlyConfigured for any other kind of database: the portal needs PostgreSQL 18 or newer.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"} or not parts.path.strip("/"):
        raise ImproperlyConfigured(
            "DATABASE_URL must look like postgresql://user:password@host:5432/name. "
            "Correct it, or remove it: then the portal runs its own PostgreSQL."
        )
    options = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", "") or unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "OPTIONS": options,
    }
