"""Reads a directory of .eml files: taken mails go to done/, unreadable ones to failed/, each once."""

from __future__ import annotations

import os
from collections import Counter
from datetime import datetime
from pathlib import Path

from leads.mail_reading import MOST_BYTES
from leads.models import Source
from revops.portal.mailbox.taking import Taken, take_mails

AT_ONCE = 50
DONE, FAILED = "done", "failed"


def read_directory(directory: Path, source: Source, *, now: datetime, limit: int = 1_000) -> Counter[str]:
    """Takes up to `limit` mails of a directory, the oldest first. Counts what they were by kind.

    A file is moved only after its mail is committed; one that is read again after a crash changes nothing. Files that
    are still being written (their name begins with a dot or ends with .tmp) are left alone.
    """
    for name in (DONE, FAILED):
        (directory / name).mkdir(exist_ok=True)
    waiting = sorted(
        (path for path in directory.iterdir() if path.is_file() and path.suffix.lower() == ".eml"
         and not path.name.startswith(".")),
        key=lambda path: (path.stat().st_mtime, path.name),
    )[:limit]  # fmt: skip
    counts: Counter[str] = Counter()
    for start in range(0, len(waiting), AT_ONCE):
        files = waiting[start : start + AT_ONCE]
        raws = [_bytes(path) for path in files]
        present = [(path, raw) for path, raw in zip(files, raws, strict=True) if raw is not None]
        taken = take_mails([raw for _path, raw in present], source, now=now)
        for (path, _raw), one in zip(present, taken, strict=True):
            _move(path, directory / (DONE if one.kind else FAILED))
            counts[_word(one)] += 1
    return counts


def _word(taken: Taken) -> str:
    if taken.is_repeat:
        return "repeat"
    return "reply" if taken.is_reply else taken.kind or "unreadable"


def _bytes(path: Path) -> bytes | None:
    """What stands in a file, one byte more than a mail may have at most; None if somebody else took it meanwhile."""
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        return None


def _move(path: Path, folder: Path) -> None:
    """Into a folder; a name that is taken there gets a number."""
    target, number = folder / path.name, 1
    while target.exists():
        number += 1
        target = folder / f"{path.stem}-{number}{path.suffix}"
    try:
        os.replace(path, target)  # noqa: PTH105 - on the same file system, at once
    except FileNotFoundError:
        return
