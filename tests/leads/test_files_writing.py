"""CSV that goes out is harmless in a spreadsheet and the same when it comes back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.files import csv_lines, defused, undefused


@pytest.mark.parametrize("cell", ["=1+1", "+cmd|x", "-2+3", "@SUM(A1)", " =1", "\t=1", "\r\n=1", "＝1+1", "|calc"])
def test_formulas_are_defused(cell):
    assert defused(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["Ann", "-5", "+49", "1.5", "-1,234.56", "a=b", "", "O'Brien", "2026-01-01"])
def test_plain_cells_stay(cell):
    assert defused(cell) == cell


@given(st.text())
def test_what_went_out_comes_back(cell):
    assert undefused(defused(cell)) == (undefused(cell) if defused(cell) == cell else cell)


def test_lines_are_quoted_where_needed():
    assert list(csv_lines([["a,b", 1], ["=x", '"']])) == ['"a,b",1\r\n', '\'=x,""""\r\n']
