"""Charts drawn on the server: plain numbers in, an accessible SVG out. No models, no settings, no clock.

Widths are percentages of the chart and heights are pixels, so that type keeps its size from a phone to a printed page.
Each function returns a `Chart`: the drawing, its title, a description in words, and the same numbers as a table.
"""

from revops.foundation.pages.charts.bars import Bar, Step, bars, bullet, composition, contributions, pareto, step_bars
from revops.foundation.pages.charts.drawing import Chart
from revops.foundation.pages.charts.series import Annotation, histogram, run_chart, sparkline
from revops.foundation.pages.charts.tables import Cell, HtmlTable, cohort_table, heat_table
from revops.foundation.pages.charts.xmr import Signal, Xmr, xmr

__all__ = [
    "Annotation",
    "Bar",
    "Cell",
    "Chart",
    "HtmlTable",
    "Signal",
    "Step",
    "Xmr",
    "bars",
    "bullet",
    "cohort_table",
    "composition",
    "contributions",
    "heat_table",
    "histogram",
    "pareto",
    "run_chart",
    "sparkline",
    "step_bars",
    "xmr",
]
