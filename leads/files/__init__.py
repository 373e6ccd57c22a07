"""Files of rows: what an unknown file is, and its rows one after the other with bounded memory. No database here."""

from .reading import count_rows, read_rows
from .shape import FileShape, RowError, UnreadableFile
from .sniffing import sniff
from .writing import BYTE_ORDER_MARK, csv_lines, defused, undefused

__all__ = [
    "BYTE_ORDER_MARK",
    "FileShape",
    "RowError",
    "UnreadableFile",
    "count_rows",
    "csv_lines",
    "defused",
    "read_rows",
    "sniff",
    "undefused",
]
