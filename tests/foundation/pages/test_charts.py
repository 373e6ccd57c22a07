"""Every chart: accessible, escaped, without inline style, and with the numbers it was given."""

import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from revops.foundation.pages import charts
from revops.foundation.pages.charts import Annotation, Bar, Cell, Chart, Step
from revops.foundation.pages.charts.drawing import nice_ticks, say

NASTY = '<script>alert("1")</script> & Söhne'
WEEKS = [(f"W{week}", float(30 + week % 5)) for week in range(1, 13)]
EVERY = {
    "run_chart": lambda name: charts.run_chart(name, WEEKS, "%", [Annotation("W6", name)]),
    "run_chart_with_a_gap": lambda name: charts.run_chart(name, [*WEEKS[:5], (name, None), *WEEKS[6:]]),
    "run_chart_of_one": lambda name: charts.run_chart(name, [(name, 0.0)]),
    "sparkline": lambda name: charts.sparkline(name, [3, 4, None, 8]),
    "sparkline_of_equals": lambda name: charts.sparkline(name, [5] * 8),
    "histogram": lambda name: charts.histogram(name, [(name, 3), ("b", 0)], 1, name, [(0.5, name)]),
    "bars": lambda name: charts.bars(name, [Bar(name, 3, name), Bar("b", 0)]),
    "step_bars": lambda name: charts.step_bars(name, [Step(name, 10), Step("b", 4), Step("c", 0)]),
    "pareto": lambda name: charts.pareto(name, [Bar(name, 3), Bar("b", 9)]),
    "contributions": lambda name: charts.contributions(name, [Bar(name, 12), Bar("b", -30)]),
    "bullet": lambda name: charts.bullet(name, 12, 30, 15, name),
    "composition": lambda name: charts.composition(name, [Bar(name, part) for part in range(6)]),
}
EMPTY = {
    "run_chart": lambda: charts.run_chart("t", [], empty="none here"),
    "gaps": lambda: charts.run_chart("t", [("a", None)], empty="none here"),
    "histogram": lambda: charts.histogram("t", [], empty="none here"),
    "bars": lambda: charts.bars("t", [], empty="none here"),
    "step_bars": lambda: charts.step_bars("t", [Step("a", 0)], empty="none here"),
    "pareto": lambda: charts.pareto("t", [Bar("a", 0)], empty="none here"),
    "contributions": lambda: charts.contributions("t", [], empty="none here"),
    "composition": lambda: charts.composition("t", [], empty="none here"),
}


@pytest.mark.parametrize("kind", EVERY)
def test_a_chart_is_named_described_and_holds_no_markup_of_others(kind: str) -> None:
    chart = EVERY[kind](NASTY)
    root = ET.fromstring(chart.svg)
    names = {child.tag.rpartition("}")[2]: child.text for child in root}
    assert root.get("role") == "img"
    assert names["title"] == NASTY
    assert names["desc"] == chart.description
    assert "<script" not in chart.svg
    assert not re.search(r"\sstyle=|<style|\son\w+=|NaN|inf", chart.svg)


@pytest.mark.parametrize("kind", EVERY)
def test_a_chart_brings_its_numbers_as_a_table(kind: str) -> None:
    chart = EVERY[kind]("Leads")
    if kind == "sparkline_of_one":
        return
    assert chart.rows
    assert {len(row) for row in chart.rows} == {len(chart.columns)}


@pytest.mark.parametrize("kind", EMPTY)
def test_an_empty_chart_says_so_in_words(kind: str) -> None:
    chart = EMPTY[kind]()
    assert "none here" in chart.svg
    assert chart.rows == ()


def widths(chart: Chart, kind: str) -> list[float]:
    return [float(width) for width in re.findall(rf'<rect class="{kind}" [^>]*?width="([\d.]+)%"', chart.svg)]


def test_bars_start_at_zero_and_keep_their_proportions() -> None:
    assert widths(charts.bars("t", [Bar("a", 50), Bar("b", 200), Bar("c", 100)]), "bar") == [100, 50, 25]


def test_the_drawing_of_a_bar_is_this() -> None:
    chart = charts.bars("Leads", [Bar("Web", 4)])
    marks = chart.svg.partition("</desc>")[2]
    assert marks == (
        '<svg x="0" y="0" width="93.8%" height="22"><text x="0%" y="14">Web</text></svg>'
        '<text x="100%" y="14" text-anchor="end" class="t-2 halo">4</text>'
        '<rect class="track" x="0%" y="22" width="100%" height="8" rx="4"/>'
        '<rect class="bar" x="0%" y="22" width="100%" height="8" rx="3" data-tip="Web: 4"/></svg>'
    )


def test_steps_show_their_share_of_the_step_before() -> None:
    chart = charts.step_bars("t", [Step("a", 200), Step("b", 100), Step("c", 25)])
    assert [row[2] for row in chart.rows] == ["–", "50\u202f%", "25\u202f%"]
    assert [row[3] for row in chart.rows] == ["100\u202f%", "50\u202f%", "12.5\u202f%"]


def test_pareto_counts_the_few_causes_that_make_four_fifths() -> None:
    chart = charts.pareto("t", [Bar("a", 50), Bar("b", 30), Bar("c", 15), Bar("d", 5)])
    assert chart.description.startswith("2 of 4 causes make 80 % of 100.")
    assert chart.rows[-1][3] == "100\u202f%"


@given(st.lists(st.integers(-60, 60).filter(bool), min_size=1, max_size=12))
def test_contributions_add_up_to_their_total_and_stay_inside(parts: list[int]) -> None:
    chart = charts.contributions("t", [Bar("p", part) for part in parts])
    assert chart.rows[-1][1] == say(sum(parts))
    for x, width in re.findall(r'x="([\d.]+)%" y="[\d.]+" width="([\d.]+)%"', chart.svg):
        assert float(x) + float(width) <= 100.5


def test_the_run_chart_names_its_limits_and_its_verdict() -> None:
    chart = charts.run_chart("Rate", [*WEEKS, ("W13", 90.0)], "%", limits=charts.xmr([value for _w, value in WEEKS]))
    assert "Verdict: signal up. Signals: 1." in chart.description
    assert 'class="dot-signal"' in chart.svg
    assert ">mean 32\u202f%<" in chart.svg


def test_the_run_chart_of_few_points_draws_no_limits() -> None:
    chart = charts.run_chart("Rate", WEEKS[:5])
    assert "Too few to judge" in chart.description
    assert 'class="limit"' not in chart.svg


def test_a_gap_in_the_series_is_not_bridged() -> None:
    chart = charts.run_chart("t", [("a", 1.0), ("b", None), ("c", 2.0)])
    assert 'class="line"' not in chart.svg


def test_the_histogram_tells_which_share_kept_the_promise() -> None:
    chart = charts.histogram("t", [("0", 6), ("1", 2), ("2", 2)], target=1, target_label="4 h")
    assert "60\u202f% kept the 4 h." in chart.description
    assert len(widths(chart, "bar-mute")) == 2


def test_more_than_four_parts_are_folded_into_other() -> None:
    chart = charts.composition("t", [Bar(str(part), part) for part in range(1, 7)])
    assert [row[0] for row in chart.rows] == ["6", "5", "4", "Other"]


@pytest.mark.parametrize(("value", "pace", "words"), [(10, 15, "5 behind pace"), (20, 15, "5 ahead of pace")])
def test_a_bullet_says_whether_it_keeps_pace(value: float, pace: float, words: str) -> None:
    assert words in charts.bullet("t", value, 30, pace).description


def test_a_heat_table_links_marks_and_escapes_its_cells() -> None:
    cells = {("r", "c"): Cell(9, "30 %", "/leads/?a=1&b=2", "signal"), (NASTY, "c"): Cell(1)}
    html = charts.heat_table("Heat", ["r", NASTY], ["c", "empty"], cells).html
    assert 'class="heat-5" data-label="c"><a href="/leads/?a=1&amp;b=2">' in html
    assert 'aria-label="signal"' in html
    assert "<script" not in html
    assert html.count("none") == 2


def test_a_small_cohort_is_not_shaded() -> None:
    html = charts.cohort_table("Cohorts", [("W1", 40, [10, 20]), ("W2", 5, [80])], ["1 week", "2 weeks"]).html
    assert "too few to judge" in html
    assert 'heat-0"><span>80' in html
    assert "not yet" in html


@given(st.floats(-1e6, 1e6), st.floats(0.01, 1e6))
def test_ticks_are_even_and_cover_the_data(low: float, size: float) -> None:
    ticks = nice_ticks(low, low + size)
    steps = [after - before for before, after in pairwise(ticks)]
    assert ticks[0] <= low + size * 1e-3
    assert ticks[-1] >= low + size * (1 - 1e-3)
    assert max(steps) == pytest.approx(min(steps), rel=1e-3)
    assert len(ticks) <= 8


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (1234.4, "", "1,234"),
        (-5, "", "−5"),
        (47.46, "%", "47.5\u202f%"),
        (None, "%", "–"),
        (-0.01, "", "0"),
        (12.0, "h", "12\u202fh"),
        (1200, "EUR", "1,200\u00a0EUR"),
    ],
)
def test_numbers_are_written_as_people_read_them(value: float | None, unit: str, words: str) -> None:
    assert say(value, unit) == words
