"""Which encoding a file is in: marks first, then what decodes, then an educated guess that a person confirms."""

from __future__ import annotations

import codecs
from itertools import pairwise
from typing import BinaryIO

from charset_normalizer import from_bytes

SAMPLE = 256 * 1024
CHUNK = 1024 * 1024

MARKS = [
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
]
CHOICES = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8 with a mark",
    "utf-16": "UTF-16 with a mark",
    "utf-16-le": "UTF-16, little end first",
    "utf-16-be": "UTF-16, big end first",
    "utf-32": "UTF-32 with a mark",
    "cp1252": "Windows-1252 (Western Europe)",
    "latin-1": "ISO 8859-1 (Western Europe)",
    "cp1250": "Windows-1250 (Central Europe)",
    "cp1251": "Windows-1251 (Cyrillic)",
    "mac_roman": "Mac Roman",
    "gb18030": "GB 18030 (Chinese)",
    "big5": "Big5 (Chinese)",
    "shift_jis": "Shift JIS (Japanese)",
    "euc_kr": "EUC-KR (Korean)",
}
"""What the confirmation page offers: code → words."""

_ASIAN = ["gb18030", "big5", "shift_jis", "euc_kr"]


def detect_encoding(stream: BinaryIO) -> tuple[str, list[tuple[str, str]]]:
    """The encoding of a whole text file, and notes where it is a guess. Reads the file once."""
    stream.seek(0)
    head = stream.read(SAMPLE)
    for mark, name in MARKS:
        if head.startswith(mark):
            return name, []
    wide = _wide_without_mark(head)
    if wide:
        return wide, [("guessed_encoding", f"The file looks like {CHOICES[wide]}. Check that the preview reads well.")]
    broken, sound = _utf8_faults(stream)
    if not broken:
        return "utf-8", []
    if sound >= 10 * broken:
        return "utf-8", [
            ("broken_bytes", f"{broken} places are not UTF-8. The rows that hold them will be reported, not guessed.")
        ]
    name = _legacy(stream)
    return name, [
        (
            "guessed_encoding",
            f"The file is not UTF-8; it was read as {CHOICES.get(name, name)}. Check accents in the preview.",
        )
    ]


def _wide_without_mark(head: bytes) -> str:
    """UTF-16 without a mark shows as a zero in every other byte of Western text."""
    even, odd = head[0::2], head[1::2]
    if len(head) < 4:
        return ""
    if odd.count(0) > 0.4 * len(odd) and even.count(0) < 0.1 * len(even):
        return "utf-16-le"
    if even.count(0) > 0.4 * len(even) and odd.count(0) < 0.1 * len(odd):
        return "utf-16-be"
    return ""


def _utf8_faults(stream: BinaryIO) -> tuple[int, int]:
    """Places that are not UTF-8, and characters beyond ASCII that are. Stops counting at 1,000 faults."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="surrogateescape")
    broken = sound = 0
    stream.seek(0)
    while chunk := stream.read(CHUNK):
        text = decoder.decode(chunk)
        if text.isascii():
            continue
        beyond = len(text) - len(text.encode("ascii", "ignore"))
        faults = sum("\udc80" <= sign <= "\udcff" for sign in text) if _has_escape(text) else 0
        broken += faults
        sound += beyond - faults
        if broken > 1_000 and broken * 10 > sound:
            break
    if _has_escape(decoder.decode(b"", final=True)):
        broken += 1
    return broken, sound


def _has_escape(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False


_COMMON = frozenset(
    "的一是不了在人有我他這这中大來来上個国國到說说們们為为和你地出道也時时年得就那要下以生會会自着去之過家學学對对可里後后"
    "小心多天而能好都然沒没日於于起還还發发成事只作當当想看文開开手用主行方如前所本見见經经頭头面公同三已老從从動动長长市區区"
    "路號号站水景點点の に は を た が で て と し れ さ 이 다 는 을 의 가 에 고"
) - {" "}


def _commonness(text: bytes, encoding: str) -> float:
    """Share of a text's characters that are everyday ones if it is read in `encoding`; -1 if it cannot be."""
    try:
        read = text.decode(encoding)
    except UnicodeDecodeError:
        return -1.0
    return sum(sign in _COMMON for sign in read) / max(1, len(read))


def _legacy(stream: BinaryIO) -> str:
    """An encoding from before Unicode, from a sample rich in bytes that decide."""
    stream.seek(0)
    sample = bytearray()
    while len(sample) < SAMPLE and (chunk := stream.read(CHUNK)):
        sample += b"\n".join(line for line in chunk.splitlines() if not line.isascii())[:SAMPLE]
    text = bytes(sample[: sample.rfind(b"\n") + 1] or sample)
    high = [byte > 127 for byte in text]
    beside = sum(1 for one, two in pairwise(high) if one and two)
    if beside > 0.3 * sum(high) and beside > 10:
        best = from_bytes(text, cp_isolation=[*_ASIAN, "cp1251", "cp1250", "cp1252"]).best()
        if best is not None and best.encoding in CHOICES:
            return best.encoding
        return max((*_ASIAN, "cp1252"), key=lambda name: _commonness(text, name))
    try:
        text.decode("cp1252")
    except UnicodeDecodeError:
        return "latin-1"
    return "cp1252"
