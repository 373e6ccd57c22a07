"""The parts of the rejection page: the run of the rate, the heat table, the few causes of most, what it costs."""

from __future__ import annotations

from dataclasses import replace

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from feedback.metrics import METRICS, Measure, Unit, Week, weekly_of
from feedback.models import RootCause
from feedback.rejections import LABELS, By, Column, Matrix, Row
from revops.foundation.pages.charts import (
    Annotation,
    Bar,
    Cell,
    Chart,
    HtmlTable,
    composition,
    heat_table,
    pareto,
    run_chart,
    xmr,
)
from revops.foundation.pages.charts.drawing import say
from revops.foundation.statistics import is_too_few
from revops.portal.rejections.asked import Asked
from revops.portal.wording import Chip, chart_values, verdict_chip
from scoring.models import Rulebook

WEEKS_DRAWN = 26


def rate_by_week(asked: Asked) -> dict[Week, Measure]:
    """The rejection rate of half a year up to the last week asked for. One query, one more if one of them changed."""
    (found,) = weekly_of({METRICS["rejection_rate"]: max(WEEKS_DRAWN, asked.weeks)}, asked.until).values()
    return found


def run_of(rates: dict[Week, Measure], is_running: bool) -> tuple[Chart, Chip]:
    """The run chart with its verdict. A week that still runs, or rests on too few answers, is a gap, not a point."""
    weeks = list(rates)
    judged = [
        None if rate.too_few or (is_running and week == weeks[-1]) else rate.value for week, rate in rates.items()
    ]
    values = chart_values(Unit.SHARE, judged)
    limits = xmr([value for value in values if value is not None], floor=0, ceiling=100)
    chart = run_chart(
        _("Rejection rate by week"),
        [(week.name.partition("-")[2], value) for week, value in zip(weeks, values, strict=True)],
        "%",
        annotations=_publications(weeks[0], weeks[-1]),
        ceiling=100,
        limits=limits,
        empty=_("No week had 20 answers yet, so there is no rate to follow."),
    )
    signal = str(limits.last_signal or "")
    return chart, verdict_chip(limits.verdict, higher_is_better=False, signal=signal)


def _publications(first: Week, last: Week) -> list[Annotation]:
    """Rulebooks published in the weeks shown: what most often explains a change. One query."""
    found = Rulebook.objects.filter(published_at__gte=first.start, published_at__lt=last.end).order_by("version")
    return [
        Annotation(Week.of(at, first.zone).name.partition("-")[2], _("rulebook v%(version)s") % {"version": version})
        for version, at in found.values_list("version", "published_at")
        if at is not None
    ]


def heat_of(matrix: Matrix, asked: Asked) -> HtmlTable:
    """Reason × column; each cell opens its leads. A diamond marks what is more than its row and column explain."""
    labels = _row_labels(matrix.rows)
    cells: dict[tuple[str, str], Cell] = {}
    for row in matrix.rows:
        urls = replace(asked, reason=row.reason).urls_of([one.value for one in matrix.columns], "rejections-list")
        for column in matrix.columns:
            n = matrix.cells.get((row.reason, column.value), 0)
            if n:
                mark = _("more than its row and column explain") if (row.reason, column.value) in matrix.marked else ""
                cells[labels[row.reason], column.name] = Cell(n, _share_note(n, column), urls[column.value], mark)
    return heat_table(
        _("Rejections: reason by %(by)s") % {"by": str(LABELS[asked.by]).lower()},
        [labels[row.reason] for row in matrix.rows],
        [column.name for column in matrix.columns],
        cells,
        corner=_("Reason"),
    )


def _share_note(n: int, column: Column) -> str:
    """The share of the answers of the column; nothing where they are too few for a share."""
    return "" if is_too_few(column.answered) else say(round(100 * n / column.answered), "%")


def _row_labels(rows: list[Row]) -> dict[str, str]:
    return {row.reason: f"{row.label} · {row.n}" for row in rows}


def pareto_of(matrix: Matrix) -> Chart:
    """Which few reasons make up most rejections."""
    rows = [Bar(row.label, row.n) for row in matrix.rows]
    return pareto(_("The few reasons behind most rejections"), rows, empty=_("No rejections in these weeks."))


def causes_of(matrix: Matrix) -> Chart:
    """What would have to change: whom we target, our rules, or our message."""
    words = {
        RootCause.TARGETING: _("Targeting: whom we reach"),
        RootCause.RULES: _("Rules: whom we pass on"),
        RootCause.MESSAGING: _("Messaging: what we promise"),
    }
    parts = [Bar(words[cause], n) for cause, n in matrix.root_causes if n]
    return composition(_("What would have to change"), parts, empty=_("No rejections in these weeks."))


def said_of(matrix: Matrix) -> str:
    """The page in one sentence."""
    if not matrix.rejected:
        words = ngettext(
            "No rejections; sales gave %(n)s answer.", "No rejections; sales gave %(n)s answers.", matrix.answered
        )
        return words % {"n": matrix.answered}
    top = matrix.rows[0]
    return _("“%(reason)s” is the most frequent reason: %(n)s of %(all)s rejections.") % {
        "reason": top.label,
        "n": top.n,
        "all": matrix.rejected,
    }


def splits_for(may_see_people: bool) -> tuple[By, ...]:
    """What somebody may split by: people only see other people's numbers as managers."""
    return tuple(by for by in By if may_see_people or by is not By.REP)
