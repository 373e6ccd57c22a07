"""What is known about an uploaded file: how to read it, what is odd about it, and the words when it cannot be read."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any

LARGEST_FILE = 200 * 1024 * 1024
LONGEST_RECORD = 1024 * 1024
LONGEST_CELL = 100_000
MOST_COLUMNS = 2_000


class UnreadableFile(Exception):
    """The file as a whole cannot be read. `words` say why and what to do; `code` is stable."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code
        self.words = words


@dataclass(frozen=True, slots=True)
class RowError:
    """A row that cannot be read. Its neighbours can."""

    code: str
    words: str
    cells: tuple[str, ...] = ()


@dataclass(frozen=True)
class FileShape:
    """How to read one file. Made by `sniff`, shown to a person, kept as JSON with the file."""

    format: str
    """`csv` (any delimiter), `ndjson` or `xlsx`."""
    headers: tuple[str, ...]
    """One unique name for each column, in the order of the file."""
    encoding: str = "utf-8"
    delimiter: str = ","
    quote: str = '"'
    line_end: str = "\n"
    header_line: int = 1
    """Line of the header; 0 if the file has none and the names were made up."""
    first_line: int = 2
    """Where the rows start."""
    sheet: str = ""
    sheets: tuple[str, ...] = ()
    pads_short_rows: bool = False
    """Most rows leave out empty cells at their end: fill them up instead of calling them broken."""
    size: int = 0
    preview: tuple[tuple[str, ...], ...] = ()
    notes: tuple[tuple[str, str], ...] = field(default=())
    """What a person should know before going on: (code, words)."""

    @property
    def has_header(self) -> bool:
        return self.header_line > 0

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> FileShape:
        known = {item.name for item in fields(cls)}
        kept = {name: value for name, value in data.items() if name in known}
        for name in ("headers", "sheets"):
            kept[name] = tuple(kept.get(name, ()))
        for name in ("preview", "notes"):
            kept[name] = tuple(tuple(item) for item in kept.get(name, ()))
        return cls(**kept)


def clean_headers(names: list[str]) -> tuple[list[str], list[tuple[str, str]]]:
    """Unique, one-line, non-empty column names, and notes on what had to be changed."""
    seen: dict[str, int] = {}
    cleaned: list[str] = []
    renamed, invented = [], 0
    for position, raw in enumerate(names, start=1):
        name = " ".join(raw.replace("\0", " ").split())[:200]
        if not name:
            name, invented = f"Column {position}", invented + 1
        seen[name.casefold()] = seen.get(name.casefold(), 0) + 1
        if seen[name.casefold()] > 1:
            renamed.append(name)
            name = f"{name} ({seen[name.casefold()]})"
            seen[name.casefold()] = 1
        cleaned.append(name)
    notes = []
    if renamed:
        twice = ", ".join(f"“{name}”" for name in dict.fromkeys(renamed))
        notes.append(("duplicate_headers", f"Columns that share a name were numbered: {twice}."))
    if invented:
        notes.append(("blank_headers", f"{invented} columns have no name in the header; they are called “Column n”."))
    return cleaned, notes
