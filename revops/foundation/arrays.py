"""Writes lists of plain values as one PostgreSQL array literal: a batch of thousands costs one short string."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID


def array_of(values: Iterable[UUID | int | datetime | None]) -> str:
    """The literal for a parameter like `%s::uuid[]`. Only values whose text needs no quoting."""
    return "{" + ",".join([_text(value) for value in values]) + "}"


def _text(value: UUID | int | datetime | None) -> str:
    if value is None:
        return "NULL"
    return value.isoformat() if isinstance(value, datetime) else str(value)
