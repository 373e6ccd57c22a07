"""The torture files people collected elsewhere; skipped where the folder of shared data is absent."""

import json
from pathlib import Path

import pytest

from leads.files import RowError, UnreadableFile, read_rows, sniff

CORPUS = Path(__file__).parents[3] / "shared" / "data" / "messy_csv"
FILES = sorted(path for path in CORPUS.rglob("*") if path.is_file()) if CORPUS.is_dir() else []

pytestmark = pytest.mark.skipif(not FILES, reason="The shared data (../shared/data/messy_csv) is not on this machine.")

# The expected JSON of location_coordinates has another phone number than its CSV.
SPECTRUM = [path for path in FILES if path.parent.name == "csvs" and path.stem != "location_coordinates"]


@pytest.mark.parametrize("path", FILES or [Path("none")], ids=lambda path: path.name)
def test_every_torture_file_gives_rows_or_words(path):
    refusal = None
    try:
        shape = sniff(path)
    except UnreadableFile as error:
        refusal = error
    if refusal is not None:
        assert len(refusal.words) > 20
        return
    for line, cells in read_rows(path, shape):
        assert line >= shape.first_line
        assert len(cells.words) > 20 if isinstance(cells, RowError) else len(cells) == len(shape.headers)


@pytest.mark.parametrize("path", SPECTRUM or [Path("none")], ids=lambda path: path.stem)
def test_the_spectrum_reads_as_its_json_says(path):
    expected = json.loads((path.parents[1] / "json" / f"{path.stem}.json").read_text("utf-8"))
    shape = sniff(path)
    found = [dict(zip(shape.headers, cells, strict=True)) for _line, cells in read_rows(path, shape)]
    assert found == (expected if isinstance(expected, list) else [expected])


@pytest.mark.parametrize(
    ("name", "encoding", "header_line", "rows"),
    [
        ("messytables_horror/utf-16le_encoded.csv", "utf-16", 1, 327),
        ("messytables_horror/characters.csv", "big5", 1, 382),
        ("messytables_horror/spanish_chars.csv", "cp1252", 1, 115),
        ("messytables_horror/mixedGLB.csv", "utf-8", 4, 133),
        ("messytables_horror/excel_pasting.csv", "utf-8", 4, 16),
        ("messytables_horror/long.csv", "utf-8", 0, 4000),
        ("csvkit_examples/mac_newlines.csv", "utf-8", 1, 2),
        ("csvkit_examples/test_utf16_big.csv", "utf-16", 1, 2),
        ("csvkit_examples/test_latin1.csv", "cp1252", 1, 2),
        ("csvkit_examples/test_skip_lines.csv", "utf-8", 4, 1),
    ],
)
def test_known_torture_files_are_taken_for_what_they_are(name, encoding, header_line, rows):
    shape = sniff(CORPUS / name)
    assert (shape.encoding, shape.header_line) == (encoding, header_line)
    assert sum(1 for _row in read_rows(CORPUS / name, shape)) == rows
