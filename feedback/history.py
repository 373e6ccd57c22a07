"""Writes down what the past says became of leads: answers and outcomes that never start a live clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from feedback.labels import refresh_labels
from feedback.models import Disposition, ReasonCode
from feedback.outcomes import Result, record_outcomes
from leads.admission import Admission
from leads.cleaning import one_line, read_moment
from leads.models import Lead
from leads.money import NotMoney, currency_code
from leads.transitions import Move, move_leads
from revops.foundation.bulk import insert_rows

OUTCOME_KINDS = frozenset({"meeting", "opportunity", "won", "lost", "churned"})


def record_history(admissions: Sequence[Admission], *, now: datetime) -> None:
    """Records the rejections and outcomes that historic submissions carry. Undated facts stay undated."""
    past = [(a, a.history) for a in admissions if a.lead is not None and a.lead.is_history and a.history]
    if not past:
        return
    _record_rejections([(a, h) for a, h in past if h.get("reason_code") and h.get("outcome") != "won"], now=now)
    record_outcomes([_result(a.lead, h) for a, h in past if a.lead and h.get("outcome") in OUTCOME_KINDS], now=now)


def _record_rejections(past: Sequence[tuple[Admission, dict[str, Any]]], *, now: datetime) -> None:
    known = set(ReasonCode.objects.values_list("code", flat=True))
    rows, moves = [], []
    for admission, history in past:
        lead, code = admission.lead, str(history["reason_code"])
        if lead is None or code not in known:
            continue
        at = read_moment(history["outcome_at"]) if history.get("outcome_at") else lead.occurred_at
        row = Disposition(
            lead_id=lead.pk,
            kind="rejected",
            reason_id=code,
            evidence=one_line(history.get("reason_evidence"), 500) or "As imported, without words",
            decided_at=at,
            recorded_at=now,
            is_history=True,
        )
        rows.append(row)
        if lead.stage == "new":
            moves.append(Move(lead.pk, "new", "rejected", at, "history", str(row.pk)))
            lead.stage = "rejected"
    insert_rows(Disposition, rows)
    move_leads(moves, now=now, is_history=True)
    refresh_labels(row.lead_id for row in rows)


def _result(lead: Lead, history: dict[str, Any]) -> Result:
    at = read_moment(history["outcome_at"]) if history.get("outcome_at") else lead.occurred_at
    amount, currency = read_money(history)
    return Result(
        lead_id=lead.pk,
        kind=str(history["outcome"]),
        occurred_at=at,
        amount=amount,
        currency=currency,
        reason=one_line(history.get("reason_evidence"), 300),
        external_id=one_line(history.get("external_id"), 200),
        is_history=True,
    )


def read_money(history: Mapping[str, Any]) -> tuple[Decimal | None, str]:
    """Sum and currency of a deal, EUR if none is stated; no sum if its currency does not exist."""
    amount = read_amount(history.get("amount"))
    try:
        currency = currency_code(one_line(history.get("currency"), 40) or "EUR")
    except NotMoney:
        return None, ""
    return amount, "" if amount is None else currency


def read_amount(value: Any) -> Decimal | None:
    """A sum of money; None when nothing or zero is stated (many exports write 0 for unknown)."""
    try:
        amount = Decimal(str(value)) if value not in (None, "") else None
    except InvalidOperation:
        return None
    return amount.quantize(Decimal("0.01")) if amount and amount.is_finite() and amount > 0 else None
