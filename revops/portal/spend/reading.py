"""Reads an uploaded file of spend into a plan of what it would change."""

from __future__ import annotations

from collections.abc import Iterator

from leads.files import FileShape, RowError, UnreadableFile, read_rows
from leads.models import SpendFile
from leads.spend_rows import BadSpend, SpendRow, find_columns, read_spend
from leads.spending import Plan, Register, plan_spend
from revops.portal.imports.uploads import stored_path


def columns_of(shape: FileShape) -> dict[str, str]:
    """Which column holds what. Raises UnreadableFile if the file does not say."""
    try:
        return find_columns(shape.headers)
    except BadSpend as problem:
        raise UnreadableFile("no_columns", str(problem)) from problem


def plan_of(spend_file: SpendFile) -> Plan:
    """What the file would change now. Raises UnreadableFile."""
    try:
        return plan_spend(_rows(spend_file), Register(spend_file.source))
    except BadSpend as problem:
        raise UnreadableFile("too_many_rows", str(problem)) from problem


def _rows(spend_file: SpendFile) -> Iterator[tuple[int, SpendRow | BadSpend]]:
    if spend_file.file is None:
        return
    path = stored_path(spend_file.file)
    if not path.exists():
        raise UnreadableFile("gone", "The uploaded file is gone from this server. Upload it again.")
    shape = FileShape.from_json(spend_file.file.shape)
    for line, cells in read_rows(path, shape):
        if isinstance(cells, RowError):
            yield line, BadSpend(cells.words)
            continue
        try:
            row = dict(zip(shape.headers, cells, strict=True))
            yield line, read_spend(row, spend_file.columns, spend_file.currency)
        except BadSpend as problem:
            yield line, problem
