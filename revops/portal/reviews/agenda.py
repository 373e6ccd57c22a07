"""Turns the plain data of a review into the rows its page shows, in the fixed order of the agenda."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from feedback.metrics import METRICS, Unit, Week
from feedback.metrics.dictionary import Fold
from feedback.models.reviews import Answer, ReviewDecision
from feedback.reviews import Effect
from revops.foundation.pages.charts import Chart, sparkline, xmr
from revops.portal.wording import Chip, change_in, chart_unit, chart_values, metric_url, say_value, verdict_chip

ANSWER_TONES = {Answer.DONE: "good", Answer.NOT_DONE: "warn", Answer.DROPPED: "neutral"}
SIDES = {"marketing": gettext_lazy("Marketing → Sales"), "sales": gettext_lazy("Sales → Marketing")}


@dataclass(frozen=True, slots=True)
class Number:
    """A value with what it rests on; `url` opens what counts, `all_url` everything it rests on."""

    text: str
    n: int
    hits: int | None
    url: str
    all_url: str
    low: str = ""
    high: str = ""
    few: bool = False


@dataclass(frozen=True, slots=True)
class MetricRow:
    """One metric of the agenda. `judged` is the newest ripe week if that is not the week itself.

    `versus` and `versus_4` say which weeks the changes compare, "W46 vs W45" and "vs mean of W42–W45".
    """

    name: str
    definition: str
    now: Number
    judged: Number | None
    judged_week: str
    versus: str
    versus_4: str
    change: float | None
    change_to_4_weeks: float | None
    change_unit: str
    good_when: str
    chip: Chip
    trend: Chart


@dataclass(frozen=True, slots=True)
class Section:
    key: str
    rows: list[MetricRow]


def sections_of(review: Mapping[str, Any]) -> dict[str, list[MetricRow]]:
    """The rows of each section of metrics by its key."""
    return {one["key"]: [_metric_row(line, review["week"]) for line in one["lines"]] for one in review["sections"]}


def _metric_row(line: Mapping[str, Any], week: str) -> MetricRow:
    unit, judged = line["unit"], line["judged"]
    own, before, fourth = (_short(judged["week"], ago) for ago in (0, 1, 4))
    change, change_unit = change_in(unit, line["change"])
    ripe = [point["value"] for point in line["series"] if point["week"] <= judged["week"]][-13:]
    values = chart_values(unit, ripe)
    ceiling = 100 if unit == Unit.SHARE else None
    limits = xmr([value for value in values if value is not None], floor=0, ceiling=ceiling)
    return MetricRow(
        name=line["name"],
        definition=line["definition"],
        now=_number(line["key"], unit, line, week),
        judged=None if line["is_mature"] else _number(line["key"], unit, judged, judged["week"]),
        judged_week=own,
        versus=_("%(week)s vs %(before)s") % {"week": own, "before": before},
        versus_4=_("vs mean of %(weeks)s") % {"weeks": f"{fourth}–{before}"},
        change=change,
        change_to_4_weeks=change_in(unit, line["change_to_4_weeks"])[0],
        change_unit=change_unit,
        good_when=_good_when(line),
        chip=verdict_chip(line["verdict"], higher_is_better=line["higher_is_better"], signal=line["signal"]),
        trend=sparkline(f"{line['name']}, {judged['week']}", values, chart_unit(unit), limits),
    )


def _short(week: str, ago: int = 0) -> str:
    """ "W46" for 2026-W46, or for the week so many weeks before it."""
    return Week.parse(week, ZoneInfo("UTC")).plus(-ago).name.partition("-")[2]


def _good_when(line: Mapping[str, Any]) -> str:
    """Which way is good; neither while the change is routine, because then it says nothing."""
    if not line["verdict"].startswith("signal"):
        return "neither"
    return "up" if line["higher_is_better"] else "down"


def _number(key: str, unit: str, value: Mapping[str, Any], week: str) -> Number:
    is_share = unit == Unit.SHARE
    return Number(
        text=say_value(unit, value["value"], value["n"]),
        n=value["n"],
        hits=value["hits"] if is_share else None,
        url=metric_url(key, week, "hits" if is_share else "all") if value["hits" if is_share else "n"] else "",
        all_url=metric_url(key, week) if value["n"] else "",
        low=say_value(unit, value["low"], value["n"]) if value["low"] is not None else "",
        high=say_value(unit, value["high"], value["n"]) if value["high"] is not None else "",
        few=value["too_few"],
    )


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One source: answered and accepted, entered and become an opportunity, each with its link."""

    name: str
    accepted: int
    answered: int
    opportunities: int
    entered: int
    accepted_url: str
    answered_url: str
    opportunities_url: str
    entered_url: str


def sources_of(review: Mapping[str, Any]) -> list[SourceRow]:
    week = review["week"]
    return [
        SourceRow(
            name=row["name"],
            accepted=row["accepted"],
            answered=row["answered"],
            opportunities=row["opportunities"],
            entered=row["entered"],
            accepted_url=metric_url("acceptance_rate", week, "hits", row["source"]),
            answered_url=metric_url("acceptance_rate", week, "all", row["source"]),
            opportunities_url=metric_url("lead_to_opportunity", week, "hits", row["source"]),
            entered_url=metric_url("lead_to_opportunity", week, "all", row["source"]),
        )
        for row in review["sources"]
    ]


@dataclass(frozen=True, slots=True)
class PromiseRow:
    """One clause in the review: kept, late and pending, or an amount against its pace."""

    text: str
    kept: int
    late: int
    pending: int
    total: str
    target: str
    pace: str
    is_behind: bool
    is_measured: bool
    urls: dict[str, str]
    trend: Chart | None


def promises_of(review: Mapping[str, Any]) -> list[tuple[str | Promise, list[PromiseRow]]]:
    """Both sides' clauses under their headings, marketing first."""
    return [
        (title, [_promise_row(row, review["week"]) for row in review["sla"] if row["side"] == side])
        for side, title in SIDES.items()
    ]


def _promise_row(row: Mapping[str, Any], week: str) -> PromiseRow:
    shares = [one["kept"] / (one["kept"] + one["late"]) if one["kept"] + one["late"] else None for one in row["series"]]
    address = reverse("sla-clause", args=[row["code"]])
    return PromiseRow(
        text=row["text"],
        kept=row["kept"],
        late=row["late"],
        pending=row["pending"],
        total=say_value(Unit.COUNT, row["total"]),
        target=say_value(Unit.COUNT, row["target"]),
        pace=say_value(Unit.COUNT, row["pace"]),
        is_behind=row["total"] is not None and row["total"] < row["pace"],
        is_measured=row["is_measured"],
        urls={part: f"{address}?week={week}&part={part}" for part in ("kept", "late", "pending", "all")},
        trend=sparkline(_("Kept, by week"), chart_values(Unit.SHARE, shares), "%") if row["series"] else None,
    )


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """A decision with what became of its number in the newest full week; `after_week` names that week.

    `moved` is None while no week after the decision is full; `stayed` says that what people read is the same.
    """

    decision: ReviewDecision
    metric: str
    before: str
    after: str
    after_week: str
    moved: bool | None
    stayed: bool
    is_routine: bool
    is_overdue: bool
    may_answer: bool
    answer_tone: str
    url: str


def known_values(review: Mapping[str, Any]) -> dict[str, float | None]:
    """{metric key: value of the newest full week} of what the review holds; a week that still runs proves nothing."""
    return {line["key"]: line["judged"]["value"] for section in review["sections"] for line in section["lines"]}


def decision_rows(
    decisions: Iterable[ReviewDecision],
    effects: Mapping[UUID, Effect],
    review: Mapping[str, Any],
    *,
    user_id: UUID | None,
    may_decide: bool,
) -> list[DecisionRow]:
    """Decisions of earlier weeks, the open ones first."""
    lines = {line["key"]: line for section in review["sections"] for line in section["lines"]}
    rows = []
    for decision in decisions:
        entry, effect = METRICS[decision.metric], effects[decision.pk]
        line = lines.get(decision.metric)
        judged = line["judged"]["week"] if line else review["week"]
        is_early = judged <= Week(decision.week_on, ZoneInfo("UTC")).name
        before, after = say_value(entry.unit, effect.before), say_value(entry.unit, effect.after)
        rows.append(
            DecisionRow(
                decision=decision,
                metric=str(entry.name),
                before=before,
                after="–" if is_early else after,
                after_week="" if is_early else _short(judged),
                moved=None if is_early else effect.moved,
                stayed=not is_early and before == after,
                is_routine=line is not None and line["verdict"] == "routine",
                is_overdue=not decision.answer and decision.due_on.isoformat() <= review["to"],
                may_answer=not decision.answer and (may_decide or decision.owner_id == user_id),
                answer_tone=ANSWER_TONES.get(Answer(decision.answer), "neutral") if decision.answer else "",
                url=metric_url(
                    decision.metric,
                    judged,
                    "hits" if entry.unit is Unit.SHARE and entry.fold is Fold.MEAN else "all",
                ),
            )
        )
    return sorted(rows, key=lambda row: (bool(row.decision.answer), row.decision.due_on))
