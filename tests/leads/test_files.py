# ruff: noqa: DTZ001 - Excel knows no zones
"""Any file becomes rows or a worded refusal; no file becomes a traceback."""

import io
import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook

from leads.files import FileShape, RowError, UnreadableFile, count_rows, read_rows, sniff


def written(tmp_path: Path, content: bytes | str, name: str = "file.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def rows_of(path: Path, **known):
    shape = sniff(path, **known)
    return shape, list(read_rows(path, shape))


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("name,town\nJörg,Köln\n".encode(), "utf-8"),
        ("\ufeffname,town\nJörg,Köln\n".encode(), "utf-8-sig"),
        ("name,town\nJörg,Köln\n".encode("utf-16"), "utf-16"),
        ("name,town\nJörg,Köln\n".encode("utf-16-le"), "utf-16-le"),
        ("name,town\nJörg,Köln\n".encode("utf-16-be"), "utf-16-be"),
        ("name,town\nJörg,Köln\n".encode("cp1252"), "cp1252"),
    ],
)
def test_every_encoding_gives_the_same_row(tmp_path, content, encoding):
    shape, rows = rows_of(written(tmp_path, content))
    assert (shape.encoding, shape.headers, rows) == (encoding, ("name", "town"), [(2, ["Jörg", "Köln"])])


@pytest.mark.parametrize(("sign", "name"), [(",", "csv"), (";", "csv"), ("\t", "tsv"), ("|", "psv")])
def test_the_separator_is_found_by_content(tmp_path, sign, name):
    lines = [["name", "need"], ["Ann", "1,5 t; soon"], ["Bob", "a|b"]]
    text = "\n".join(sign.join(f'"{cell}"' for cell in line) for line in lines)
    shape, rows = rows_of(written(tmp_path, text, f"file.{name}"))
    assert shape.delimiter == sign
    assert [cells for _line, cells in rows] == lines[1:]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end_gives_the_same_rows_and_lines(tmp_path, end):
    text = end.join(["a,b", "1,2", f'"over{end}two",4', "5,6", ""])
    shape, rows = rows_of(written(tmp_path, text))
    assert shape.line_end == end
    assert rows == [(2, ["1", "2"]), (3, [f"over{end}two", "4"]), (5, ["5", "6"])]


def test_a_preamble_is_left_out_and_said(tmp_path):
    shape, rows = rows_of(written(tmp_path, "Report of May\n\n,,\nname,email,town\nAnn,a@x.org,Rome\n"))
    assert (shape.header_line, shape.headers) == (4, ("name", "email", "town"))
    assert rows == [(5, ["Ann", "a@x.org", "Rome"])]
    assert "preamble" in dict(shape.notes)


def test_a_missing_header_is_said_and_no_row_is_taken_for_it(tmp_path):
    shape, rows = rows_of(written(tmp_path, "Ann,a@x.org,3\nBob,b@x.org,4\n"))
    assert not shape.has_header
    assert shape.headers == ("Column 1", "Column 2", "Column 3")
    assert len(rows) == 2
    assert "no_header" in dict(shape.notes)


def test_a_person_may_say_where_the_header_is(tmp_path):
    path = written(tmp_path, "x,y\nname,email\nAnn,a@x.org\n")
    shape, rows = rows_of(path, header_line=2)
    assert shape.headers == ("name", "email")
    assert rows == [(3, ["Ann", "a@x.org"])]


def test_double_blank_and_broken_headers_become_unique_lines(tmp_path):
    shape, _rows = rows_of(written(tmp_path, '"first\nname",Mail,mail,,x\na,b,c,d,e\n'))
    assert shape.headers == ("first name", "Mail", "mail (2)", "Column 4", "x")
    assert {"duplicate_headers", "blank_headers"} <= dict(shape.notes).keys()


def test_a_ragged_row_is_an_error_and_its_neighbours_are_not(tmp_path):
    _shape, rows = rows_of(written(tmp_path, "a,b,c\n1,2,3\n1,2\n1,2,3,4\n1,2,3,,\n"))
    assert [cells.code if isinstance(cells, RowError) else cells for _line, cells in rows] == [
        ["1", "2", "3"],
        "too_few_cells",
        "too_many_cells",
        ["1", "2", "3"],
    ]


def test_a_ten_megabyte_cell_costs_its_row_only(tmp_path):
    path = written(tmp_path, b"a,b\n1,2\n3," + b"x" * 10_000_000 + b"\n5,6\n")
    shape, rows = rows_of(path)
    assert [cells.code if isinstance(cells, RowError) else cells for _line, cells in rows] == [
        ["1", "2"],
        "row_too_long",
        ["5", "6"],
    ]
    assert rows[2][0] == 4
    assert count_rows(path, shape) == 3


def test_an_unclosed_quote_costs_its_row_only(tmp_path):
    rest = "".join(f"{n},{n}\n" for n in range(1_000))
    _shape, rows = rows_of(written(tmp_path, f'a,b\n1,2\n"open,3\n{rest}'))
    errors = [(line, cells.code) for line, cells in rows if isinstance(cells, RowError)]
    assert errors == [(3, "unclosed_quote")]
    assert len(rows) == 1_002
    assert rows[-1] == (1_003, ["999", "999"])


def test_nul_and_broken_bytes_cost_their_row_only(tmp_path):
    sound = "Köln,1\n".encode() * 30
    _shape, rows = rows_of(written(tmp_path, b"town,n\n" + sound + b"a\0b,2\n" + b"K\xf6ln,3\n"))
    assert [cells.code for _line, cells in rows[30:] if isinstance(cells, RowError)] == ["nul_byte", "broken_bytes"]
    assert all("\0" not in cell for _l, cells in rows[30:] for cell in cells.cells)


def test_reading_goes_on_after_a_line(tmp_path):
    path = written(tmp_path, "a,b\n" + "".join(f"{n},x\n" for n in range(10)))
    shape = sniff(path)
    assert [cells[0] for _line, cells in read_rows(path, shape, start_line=6)] == ["5", "6", "7", "8", "9"]


def test_ndjson_is_flattened_and_late_keys_become_columns(tmp_path):
    text = '{"email":"a@x.org","person":{"name":"Ann"}}\n\n{"email":"b@x.org","tags":["x","y"],"n":2}\n[1]\n{oops\n'
    shape, rows = rows_of(written(tmp_path, text))
    assert shape.format == "ndjson"
    assert shape.headers == ("email", "person.name", "tags", "n")
    assert rows[0] == (1, ["a@x.org", "Ann", "", ""])
    assert rows[1] == (3, ["b@x.org", "", "x; y", "2"])
    assert [cells.code for _line, cells in rows[2:]] == ["bad_json", "bad_json"]


def test_json_a_million_levels_deep_is_one_bad_row(tmp_path):
    text = '{"email":"a@x.org"}\n{"email":' + "[" * 500_000 + "]" * 500_000 + "}\n"
    _shape, rows = rows_of(written(tmp_path, text))
    assert [getattr(cells, "code", "row") for _line, cells in rows] == ["row", "bad_json"]


def workbook(tmp_path, rows, name="file.xlsx"):
    book = Workbook()
    for row in rows:
        book.active.append(row)
    path = tmp_path / name
    book.save(path)
    return path


def test_a_workbook_reads_like_a_text_file(tmp_path):
    from datetime import date, datetime

    path = workbook(
        tmp_path,
        [
            ["Name", "On", "At", "N", "Ok"],
            [],
            ["Ann", date(2026, 5, 31), datetime(2026, 5, 31, 14, 0), 2.0, True],
            ["Bob"],
        ],
        "named.csv",
    )
    shape, rows = rows_of(path)
    assert shape.format == "xlsx"
    assert rows == [
        (3, ["Ann", "2026-05-31", "2026-05-31 14:00:00", "2", "true"]),
        (4, ["Bob", "", "", "", ""]),
    ]


def bomb() -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"\0" * 60_000_000)
    return memory.getvalue()


def zipped() -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        archive.writestr("a.csv", "a,b\n1,2\n")
    return memory.getvalue()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"\n \r\n\t", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"name,email\n", "no_rows"),
        (bytes(range(256)) * 40, "binary"),
        (b"%PDF-1.7 x", "pdf"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "old_excel"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"\x89PNG\r\n", "picture"),
        (b'[{"email": "a@x.org"}]', "json_array"),
        (b"<html><table><tr><td>x", "markup"),
        (b"PK\x03\x04 cut off", "damaged_workbook"),
        (zipped(), "zip"),
        (bomb(), "zip_bomb"),
        (b",".join(b"c%d" % n for n in range(3_000)) + b"\n1,2\n", "too_many_columns"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_read_says_what_to_do(tmp_path, content, code):
    with pytest.raises(UnreadableFile) as refusal:
        sniff(written(tmp_path, content))
    assert refusal.value.code == code
    assert len(refusal.value.words) > 20


def test_a_wrong_encoding_by_hand_is_refused_in_words(tmp_path):
    with pytest.raises(UnreadableFile, match="no encoding we know"):
        sniff(written(tmp_path, "a,b\n1,2\n"), encoding="klingon")


def test_formulas_stay_text(tmp_path):
    shape, rows = rows_of(written(tmp_path, 'name,email\n"=1+1",a@x.org\n"=HYPERLINK(""x"")",b@x.org\n'))
    assert rows[0][1][0] == "=1+1"
    assert "formulas" in dict(shape.notes)


def test_a_shape_survives_json(tmp_path):
    import json

    shape = sniff(written(tmp_path, "Report\n\na;b\n1;2\n"))
    assert FileShape.from_json(json.loads(json.dumps(shape.as_json()))) == shape


def test_memory_stays_flat_over_many_rows(tmp_path):
    import tracemalloc

    path = written(tmp_path, b"email,name\n" + b"someone@company.example,Some One\n" * 200_000)
    shape = sniff(path)
    tracemalloc.start()
    assert sum(1 for _row in read_rows(path, shape)) == 200_000
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4_000_000
