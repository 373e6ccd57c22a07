"""Takes people out of files: uploads that were imported or vetted, mails that were sent or taken."""

from __future__ import annotations

import csv
import dataclasses
import os
import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings
from django.db import connection

from leads.files import FileShape, RowError, UnreadableFile, read_rows
from leads.models import ImportFile
from revops.foundation.erasing import NOBODY, Subject
from revops.portal.imports.uploads import stored_path
from revops.portal.vetting.working import results_path

_LINE_ENDS = re.compile(r"\r\n|\r|\n")
_BREAKS = re.compile(r"\s*[\r\n]+\s*")


def erase_in_files(subject: Subject) -> int:
    """Takes people out of every stored file, also of files that were never imported. Returns how many files changed.

    A file that held them is written anew as CSV with the same rows on the same lines, without theirs. Doing it twice
    changes nothing, so it comes before the database forgets whom to look for.
    """
    if subject.pattern == NOBODY and not subject.submissions:
        return 0
    looked_for = re.compile(subject.pattern, re.IGNORECASE)
    lines, changed = _their_lines(subject), 0
    for file in ImportFile.objects.exclude(path="").order_by("pk").iterator():
        changed += _erase_upload(file, lines.get(file.pk, set()), looked_for)
    for folder in (Path(settings.EMAIL_FILE_PATH), *_mail_folders()):
        changed += _remove_mails(folder, looked_for)
    return changed


def _their_lines(subject: Subject) -> dict[UUID, set[int]]:
    """The lines of imported files that brought them. One query."""
    found: dict[UUID, set[int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT run.file_id, sent.line FROM leads_submission sent JOIN leads_importrun run"
            " ON run.job_id = sent.job_id WHERE sent.id = ANY(%s::uuid[]) AND sent.line IS NOT NULL",
            [list(subject.submissions)],
        )
        for file_id, line in cursor.fetchall():
            found.setdefault(file_id, set()).add(line)
    return found


def _erase_upload(file: ImportFile, lines: Collection[int], looked_for: re.Pattern[str]) -> int:
    path, shape = stored_path(file), FileShape.from_json(file.shape)
    _erase_vetted(results_path(file), looked_for)
    if not path.exists() or not shape.headers:
        return 0
    try:
        hits = {line for line, cells in read_rows(path, shape) if line in lines or looked_for.search(_text_of(cells))}
    except (UnreadableFile, OSError, ValueError):
        path.unlink(missing_ok=True)  # nobody can read it, so nobody can say that they are not in it
        hits = {0}
    if not hits and not any(looked_for.search(" ".join(row)) for row in shape.preview):
        return 0
    if path.exists():
        new = _without(path, shape, hits)
        ImportFile.objects.filter(pk=file.pk).update(shape=new.as_json(), size=path.stat().st_size)
    return 1


def _without(path: Path, shape: FileShape, hits: Collection[int]) -> FileShape:
    """Writes a file anew without some rows; every other row stays on its line. Answers how to read it now."""
    beside = path.with_name(f"{path.name}.new")
    keeps_breaks = shape.format == "csv"
    with beside.open("w", encoding="utf-8", newline="") as kept:
        writer, at = csv.writer(kept, lineterminator="\n"), 1
        for line, cells in _kept(path, shape, hits):
            shown = cells if keeps_breaks else [_BREAKS.sub(" ", cell) for cell in cells]
            if line > at:
                kept.write("\n" * (line - at))
            writer.writerow(shown)
            at = max(line, at) + 1 + sum(len(_LINE_ENDS.findall(cell)) for cell in shown)
    os.replace(beside, path)  # noqa: PTH105 - at once
    return dataclasses.replace(
        shape, format="csv", encoding="utf-8", delimiter=",", quote='"', line_end="\n", sheet="", sheets=(),
        pads_short_rows=False, preview=(), size=path.stat().st_size,
        first_line=max(shape.first_line, shape.header_line + 1),
    )  # fmt: skip


def _kept(path: Path, shape: FileShape, hits: Collection[int]) -> Iterator[tuple[int, list[str]]]:
    if shape.has_header:
        yield shape.header_line, list(shape.headers)
    for line, cells in read_rows(path, shape):
        if line not in hits and not isinstance(cells, RowError):
            yield line, cells


def _text_of(cells: Any) -> str:
    return "\n".join(cells.cells if isinstance(cells, RowError) else cells)


def _erase_vetted(path: Path, looked_for: re.Pattern[str]) -> None:
    """Takes rows out of the judgements of a vetted list."""
    if not path.exists():
        return
    found = False
    beside = path.with_name(f"{path.name}.new")
    with path.open("rb") as rows, beside.open("wb") as kept:
        for line in rows:
            row = orjson.loads(line)
            if any(looked_for.search(text) for text in _texts(row)):
                row, found = {name: _emptied(value) for name, value in row.items()}, True
            kept.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
    if found:
        os.replace(beside, path)  # noqa: PTH105
    else:
        beside.unlink()


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)


def _emptied(value: Any) -> Any:
    if isinstance(value, str):
        return ""
    if isinstance(value, list):
        return [_emptied(one) for one in value]
    return {name: _emptied(one) for name, one in value.items()} if isinstance(value, dict) else value


def _mail_folders() -> Iterable[Path]:
    if settings.MAILBOX_DIR:
        yield from (Path(settings.MAILBOX_DIR) / name for name in ("done", "failed"))


def _remove_mails(folder: Path, looked_for: re.Pattern[str]) -> int:
    """Removes mails that name somebody, whole: what is in them was taken long ago."""
    if not folder.is_dir():
        return 0
    removed = 0
    for path in folder.iterdir():
        if path.is_file() and looked_for.search(_mail_text(path.read_bytes())):
            path.unlink(missing_ok=True)
            removed += 1
    return removed


def _mail_text(raw: bytes) -> str:
    """The headers and the body of a mail as people read them, and as they stand."""
    from email import message_from_bytes, policy

    text = raw.decode("utf-8", "replace")
    mail = message_from_bytes(raw, policy=policy.default)
    try:
        parts = [str(value) for value in mail.values()]
        body = mail.get_body(("plain", "html"))
        parts.append(body.get_content() if body is not None else "")
    except (LookupError, ValueError, KeyError):
        parts = []
    return "\n".join([text, *parts])
