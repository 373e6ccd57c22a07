"""Keeps uploaded files, and finds out and confirms what they are."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from leads.files import FileShape, RowError, UnreadableFile, read_rows, sniff
from leads.files.shape import LARGEST_FILE
from leads.mapping.presets import preset_for
from leads.models import ImportFile, ImportKind, ImportRun
from revops.foundation.ids import new_id
from revops.foundation.models import User

SAMPLE_ROWS = 500


def stored_path(file: ImportFile) -> Path:
    """Where the content of a file is."""
    return Path(settings.VAR_DIR) / "uploads" / file.path


def store_upload(chunks: Iterable[bytes], name: str, user: User | None, now: datetime) -> ImportFile:
    """Keeps an upload and finds out its shape. Raises UnreadableFile, and then keeps nothing."""
    folder = Path(settings.VAR_DIR) / "uploads"
    folder.mkdir(parents=True, exist_ok=True)
    file_id = new_id(now)
    path = folder / str(file_id)
    try:
        digest, size = _write(path, chunks)
        shape = sniff(path)
        return ImportFile.objects.create(
            id=file_id,
            name=Path(name).name[:255] or "upload",
            sha256=digest,
            size=size,
            path=str(file_id),
            shape=shape.as_json(),
            uploaded_by=user,
            uploaded_at=now,
        )
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def store_file(path: Path, user: User | None, now: datetime) -> ImportFile:
    """Keeps a copy of a file of this machine, as if it had been uploaded. Raises UnreadableFile."""
    with path.open("rb") as stream:
        return store_upload(_pieces(stream), path.name, user, now)


def kind_of(file: ImportFile, told: str) -> str:
    """What the rows of a file are: what a person says, but known deals of people are never taken for leads.

    Deals that name nobody come in as past leads of their companies, unless a person says that they belong to leads.
    """
    headers = FileShape.from_json(file.shape).headers
    preset = preset_for(headers)
    is_of_people = preset is not None and preset.is_deals and preset.names_people(headers)
    return ImportKind.OUTCOMES if is_of_people else told or ImportKind.LEADS


def begin_import(file: ImportFile, user: User | None, now: datetime, kind: str = ImportKind.LEADS) -> ImportRun:
    """Opens an import of a stored file; nothing is read into the portal yet."""
    return ImportRun.objects.create(file=file, kind=kind, created_by=user, created_at=now)


def reshape(
    run: ImportRun,
    *,
    encoding: str = "",
    delimiter: str = "",
    sheet: str = "",
    header_line: int | None = None,
) -> FileShape:
    """Reads the file anew as a person told. Raises UnreadableFile and changes nothing if it cannot be read so."""
    shape = sniff(stored_path(run.file), encoding=encoding, delimiter=delimiter, sheet=sheet, header_line=header_line)
    with transaction.atomic():
        run.file.shape = shape.as_json()
        run.file.save(update_fields=["shape"])
        run.mapping, run.shape_confirmed_at = {}, None
        run.save(update_fields=["mapping", "shape_confirmed_at"])
    return shape


def shape_of(run: ImportRun) -> FileShape:
    """How the file of an import is read."""
    return FileShape.from_json(run.file.shape)


def sample_rows(run: ImportRun, limit: int = SAMPLE_ROWS) -> list[list[str]]:
    """The first readable rows of the file."""
    rows = islice(read_rows(stored_path(run.file), shape_of(run)), limit)
    return [cells for _line, cells in rows if not isinstance(cells, RowError)]


def _write(path: Path, chunks: Iterable[bytes]) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with path.open("wb") as kept:
        for chunk in chunks:
            size += len(chunk)
            if size > LARGEST_FILE:
                raise UnreadableFile("too_large", _too_large())
            digest.update(chunk)
            kept.write(chunk)
    return digest.hexdigest(), size


def _pieces(stream: BinaryIO) -> Iterable[bytes]:
    while piece := stream.read(1024 * 1024):
        yield piece


def _too_large() -> str:
    return _("The file is over %(limit)s MB. Split it and import the parts.") % {"limit": LARGEST_FILE // 2**20}
