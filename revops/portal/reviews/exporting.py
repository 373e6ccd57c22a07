"""The review as a file: JSON as it is kept, and one flat CSV that opens in any spreadsheet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from feedback.models import ReviewDecision
from leads.files import BYTE_ORDER_MARK, csv_lines

COLUMNS = (
    "week", "item", "key", "name", "unit", "value", "n", "hits", "low", "high", "judged_week", "judged_value", "change",
    "change_to_4_weeks", "verdict",
)  # fmt: skip


def review_csv(review: Mapping[str, Any], decisions: Iterable[ReviewDecision]) -> str:
    """Every number of the review, one a row, in the order of the agenda."""
    rows = (dict(row) for row in _rows(review, decisions))
    lines = csv_lines([COLUMNS, *([row.get(column) for column in COLUMNS] for row in rows)])
    return BYTE_ORDER_MARK + "".join(lines)


def decision_dicts(decisions: Iterable[ReviewDecision]) -> list[dict[str, Any]]:
    """Decisions for the JSON of a review."""
    return [
        {
            "text": decision.text,
            "owner": decision.owner.name,
            "due_on": decision.due_on.isoformat(),
            "metric": decision.metric,
            "direction": decision.direction,
            "baseline": decision.baseline,
            "answer": decision.answer,
            "answer_note": decision.answer_note,
            "answered_at": decision.answered_at.isoformat() if decision.answered_at else None,
        }
        for decision in decisions
    ]


def _rows(review: Mapping[str, Any], decisions: Iterable[ReviewDecision]) -> Iterable[Iterable[tuple[str, Any]]]:
    def row(item: str, **values: Any) -> Iterable[tuple[str, Any]]:
        return {"week": review["week"], "item": item, **values}.items()

    for section in review["sections"]:
        for line in section["lines"]:
            own = {key: line[key] for key in COLUMNS if key in line}
            judged = {"judged_week": line["judged"]["week"], "judged_value": line["judged"]["value"]}
            yield row(section["key"], **own, **judged)
    for source in review["sources"]:
        counts = (("acceptance_rate", "acceptance", "accepted", "answered"),
                  ("lead_to_opportunity", "lead_to_opportunity", "opportunities", "entered"))  # fmt: skip
        for key, value, hits, n in counts:
            yield row(
                f"source {source['source']}", key=key, name=source["name"], unit="share", value=source[value],
                n=source[n], hits=source[hits],
            )  # fmt: skip
    for reason in review["reasons"]:
        yield row("reason", key=reason["reason"], name=reason["label"], unit="share", value=reason["share"],
                  hits=reason["n"])  # fmt: skip
    for clause in review["sla"]:
        counts_only = {"n": clause["kept"] + clause["late"], "hits": clause["kept"], "value": clause["total"]}
        yield row(f"sla {clause['side']}", key=clause["code"], name=clause["text"], unit="count", **counts_only)
    for decision in decisions:
        yield row("decision", key=decision.metric, name=decision.text, value=decision.baseline,
                  verdict=decision.answer or "open")  # fmt: skip
