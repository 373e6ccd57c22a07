"""What files say about the past: recorded with its own times, or none, and never live."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from feedback.history import read_amount
from feedback.models import Disposition, Outcome
from leads.models import Lead
from revops.portal import journey
from sla.models import Clock, HandOff
from tests.conftest import NOW
from tests.factories import item
from tests.feedback.company import READY, Company


def _admit(company: Company, history: dict[str, Any], **more: Any) -> Lead:
    entry = item(company.sources[0], **{**READY, "_is_history": True, "history": history, **more})
    (receipt,) = journey.admit([entry], now=NOW)
    return Lead.objects.get(pk=receipt.lead_id)


@pytest.mark.parametrize("outcome", ["meeting", "opportunity", "won", "lost"])
def test_past_outcomes_need_no_acceptance(company: Company, outcome: str) -> None:
    lead = _admit(company, {"outcome": outcome, "outcome_at": "2024-05-01T09:00:00Z", "amount": "1200.50"})
    row = Outcome.objects.get()
    assert (row.kind, row.is_history, row.amount, row.currency) == (outcome, True, Decimal("1200.50"), "EUR")
    assert row.occurred_at is not None
    assert row.occurred_at.year == 2024
    assert lead.stage == {"meeting": "new"}.get(outcome, outcome)
    assert not HandOff.objects.exists()
    assert not Clock.objects.exists()


@pytest.mark.parametrize(
    ("currency", "amount", "kept"),
    [("US Dollar", Decimal("5.00"), "USD"), ("ZZZ", None, ""), ("", Decimal("5.00"), "EUR")],
)
def test_a_sum_counts_only_in_a_currency_that_exists(
    company: Company, currency: str, amount: Decimal | None, kept: str
) -> None:
    _admit(company, {"outcome": "won", "outcome_at": "2024-05-01T09:00:00Z", "amount": "5", "currency": currency})
    row = Outcome.objects.get()
    assert (row.amount, row.currency) == (amount, kept)


def test_a_past_rejection_keeps_its_words(company: Company) -> None:
    lead = _admit(company, {"reason_code": "is_student", "reason_evidence": "  Already\n a student "})
    row = Disposition.objects.get()
    assert (row.evidence, row.user, row.handoff, row.is_history) == ("Already a student", None, None, True)
    assert lead.stage == "rejected"


def test_a_past_rejection_without_words_says_so(company: Company) -> None:
    _admit(company, {"reason_code": "no_need"})
    assert Disposition.objects.get().evidence == "As imported, without words"


def test_undated_history_stays_undated(company: Company) -> None:
    _admit(company, {"reason_code": "no_need"})
    assert Disposition.objects.get().decided_at is None


@pytest.mark.parametrize("history", [{"reason_code": "made_up"}, {"outcome": "celebrated"}, {}])
def test_what_is_unknown_is_left_out(company: Company, history: dict[str, Any]) -> None:
    lead = _admit(company, history)
    assert (lead.stage, Disposition.objects.count(), Outcome.objects.count()) == ("new", 0, 0)


def test_a_deal_that_was_won_was_not_rejected(company: Company) -> None:
    lead = _admit(company, {"outcome": "won", "reason_code": "no_need"})
    assert (lead.stage, Disposition.objects.count()) == ("won", 0)


@pytest.mark.parametrize(
    ("text", "amount"),
    [("12", "12.00"), ("12.345", "12.34"), (7, "7.00"), ("0", None), ("", None), (None, None), ("-3", None),
     ("NaN", None), ("Infinity", None), ("a lot", None)],
)  # fmt: skip
def test_amounts_are_read_or_left_out(text: Any, amount: str | None) -> None:
    assert read_amount(text) == (None if amount is None else Decimal(amount))
