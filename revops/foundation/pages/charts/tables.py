"""Tables that are charts: the heat table and the cohort triangle. Numbers in cells, one hue by intensity."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from revops.foundation.pages.charts.drawing import say

STRENGTHS = 5
FEW = 5
"""Counts under this are not drawn as if they were much, however few the others are."""


@dataclass(frozen=True)
class Cell:
    """One cell: what is shown, a small second line, where it leads, and a mark with its meaning in words."""

    value: float
    note: str = ""
    url: str = ""
    mark: str = ""


@dataclass(frozen=True)
class HtmlTable:
    """A finished table with its title."""

    title: str
    html: str


def heat_table(
    title: str,
    rows: Sequence[str],
    columns: Sequence[str],
    cells: Mapping[tuple[str, str], Cell],
    corner: str = "",
    unit: str = "",
) -> HtmlTable:
    """Which row × column is strong. `cells` is keyed by (row, column); what is missing is shown as a dot."""
    most = max((FEW, *(cell.value for cell in cells.values())))
    head = "".join(f'<th scope="col" class="text-center">{escape(column)}</th>' for column in columns)
    body = []
    for row in rows:
        inner = "".join(_heat_cell(cells.get((row, column)), most, unit, column) for column in columns)
        body.append(f'<tr><th scope="row">{_unbroken(row)}</th>{inner}</tr>')
    return HtmlTable(title, _table(title, corner, head, body))


def cohort_table(
    title: str,
    cohorts: Sequence[tuple[str, int, Sequence[float | None]]],
    ages: Sequence[str],
    corner: str = "Cohort",
    size_label: str = "n",
    few: int = 20,
) -> HtmlTable:
    """Do later cohorts convert better. Each cohort: label, size, percentages by age (None: not yet).

    A cohort under `few` is left without shade and says so.
    """
    most = max(
        (value for _label, size, values in cohorts if size >= few for value in values if value is not None), default=0
    )
    head = f'<th scope="col" class="num">{escape(size_label)}</th>' + "".join(
        f'<th scope="col" class="text-center">{escape(age)}</th>' for age in ages
    )
    body = []
    for label, size, values in cohorts:
        shown = []
        for at in range(len(ages)):
            value = values[at] if at < len(values) else None
            if value is None:
                shown.append('<td><b class="reader">not yet</b></td>')
            else:
                strength = _strength(value, most) if size >= few else 0
                shown.append(f'<td class="heat-{strength}"><span>{say(value, "%")}</span></td>')
        small = "" if size >= few else ' <span class="text-secondary small">too few to judge</span>'
        body.append(
            f'<tr><th scope="row">{escape(label)}{small}</th><td class="num">{say(size)}</td>{"".join(shown)}</tr>'
        )
    return HtmlTable(title, _table(title, corner, head, body))


def _heat_cell(cell: Cell | None, most: float, unit: str, column: str) -> str:
    """A cell names its column: on a phone a row becomes a list of the cells that hold something."""
    if cell is None or not cell.value:
        return '<td class="heat-0"><span aria-hidden="true">·</span><b class="reader">none</b></td>'
    mark = f' <span role="img" aria-label="{escape(cell.mark)}">◆</span>' if cell.mark else ""
    note = f"<small>{escape(cell.note)}</small>" if cell.note else ""
    inner = f"<span>{say(cell.value, unit)}{mark}</span>{note}"
    linked = f'<a href="{escape(cell.url)}">{inner}</a>' if cell.url else f"<span>{inner}</span>"
    return f'<td class="heat-{_strength(cell.value, most)}" data-label="{escape(column)}">{linked}</td>'


def _strength(value: float, most: float) -> int:
    if value <= 0 or most <= 0:
        return 0
    return min(STRENGTHS, 1 + int(STRENGTHS * value / most * 0.999))


def _unbroken(label: str) -> str:
    """A row's label; the number behind its dot stays on the line of the last word."""
    return escape(label).replace(" · ", "\u00a0·\u00a0")


def _table(title: str, corner: str, head: str, body: Sequence[str]) -> str:
    name = escape(title)
    return (
        f'<div class="table-scroll" tabindex="0" role="region" aria-label="{name}"><table class="data-table heat">'
        f'<caption class="reader">{name}</caption>'
        f'<thead><tr><th scope="col">{escape(corner)}</th>{head}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table></div>"
    )
