"""Outcomes are corrected by further rows: the latest version counts, and a withdrawal puts the lead back."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from feedback.corrections import Correction, correct_outcomes
from feedback.metrics import METRICS, Period, measure
from feedback.models import Outcome
from feedback.outcomes import Result, record_outcomes
from leads.models import Lead, LifecycleEvent
from tests.conftest import NOW
from tests.feedback.company import Company

LATER = NOW + timedelta(days=3)
SPAN = Period(NOW - timedelta(days=1), NOW + timedelta(days=30))


@pytest.fixture
def accepted(company: Company) -> Lead:
    (lead,) = company.hand_off(1)
    company.accept(lead)
    return lead


def record(lead: Lead, kind: str, amount: str = "", reason: str = "", at: datetime = LATER) -> Outcome:
    money: dict[str, Any] = {"amount": Decimal(amount), "currency": "EUR"} if amount else {}
    (recorded,) = record_outcomes([Result(lead.pk, kind, at, reason=reason, **money)], now=at)
    assert recorded.outcome is not None, recorded.refusal
    return recorded.outcome


def correct(company: Company, outcome: Outcome, **facts: Any) -> str:
    by = company.reps[0].pk
    facts = {"occurred_at": LATER, **facts}
    return correct_outcomes([Correction(outcome.pk, by, **facts)], now=LATER + timedelta(days=1))[0].refusal


def test_a_restated_amount_replaces_the_first_in_every_number(company: Company, accepted: Lead) -> None:
    won = record(accepted, "won", "5000")
    assert measure(METRICS["revenue_won"], SPAN).value == 5000
    assert correct(company, won, amount=Decimal(4100), currency="EUR") == ""
    assert measure(METRICS["revenue_won"], SPAN).value == 4100
    assert Outcome.objects.count() == 2
    assert Outcome.objects.standing().get().amount == 4100
    accepted.refresh_from_db()
    assert accepted.stage == "won"


def test_a_withdrawn_outcome_puts_the_lead_back_and_counts_nowhere(company: Company, accepted: Lead) -> None:
    won = record(accepted, "won", "5000")
    assert correct(company, won, withdraws=True, reason="Pressed by mistake") == ""
    accepted.refresh_from_db()
    assert accepted.stage == "accepted"
    assert measure(METRICS["revenue_won"], SPAN).value == 0
    assert not Outcome.objects.standing().exists()
    assert LifecycleEvent.objects.filter(lead=accepted, cause_kind="undo", to_stage="accepted").count() == 1
    record(accepted, "lost", reason="Too dear", at=LATER + timedelta(days=2))


def test_withdrawing_a_restated_outcome_still_puts_the_lead_back(company: Company, accepted: Lead) -> None:
    won = record(accepted, "won", "5000")
    correct(company, won, amount=Decimal(4100), currency="EUR")
    version = Outcome.objects.standing().get()
    correct(company, version, amount=Decimal(4200), currency="EUR")
    version = Outcome.objects.standing().get()
    assert correct(company, version, withdraws=True) == ""
    accepted.refresh_from_db()
    assert accepted.stage == "accepted"


def test_only_the_latest_version_can_be_corrected(company: Company, accepted: Lead) -> None:
    won = record(accepted, "won", "5000")
    correct(company, won, amount=Decimal(4100), currency="EUR")
    assert "corrected already" in correct(company, won, withdraws=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        Outcome.objects.create(lead=accepted, kind="won", occurred_at=LATER, recorded_at=LATER, corrects=won)


def test_what_came_later_is_withdrawn_first(company: Company, accepted: Lead) -> None:
    opportunity = record(accepted, "opportunity", "9000")
    won = record(accepted, "won", "9000")
    assert "withdraw what came later first" in correct(company, opportunity, withdraws=True)
    assert correct(company, won, withdraws=True) == ""
    assert correct(company, opportunity, withdraws=True) == ""
    accepted.refresh_from_db()
    assert accepted.stage == "accepted"


def test_a_closed_lead_stays_closed_while_the_person_has_another_one(company: Company, accepted: Lead) -> None:
    lost = record(accepted, "lost", reason="Too dear")
    again = Lead.objects.get(pk=accepted.pk)
    again.pk, again.stage = uuid4(), "nurture"
    again._state.adding = True
    again.save()
    assert "another open lead" in correct(company, lost, withdraws=True)


@pytest.mark.parametrize(
    ("kind", "facts", "words"),
    [
        ("lost", {"reason": " "}, "A lost deal needs its reason."),
        ("won", {"occurred_at": None}, "Say when it happened"),
    ],
)
def test_a_version_needs_what_its_kind_needs(
    company: Company, accepted: Lead, kind: str, facts: dict[str, Any], words: str
) -> None:
    outcome = record(accepted, kind, reason="Too dear")
    assert words in correct(company, outcome, **facts)
    assert Outcome.objects.count() == 1


def test_a_withdrawal_cannot_be_corrected_and_unknown_outcomes_are_refused(company: Company, accepted: Lead) -> None:
    meeting = record(accepted, "meeting")
    correct(company, meeting, withdraws=True)
    assert "no such outcome" in correct(company, Outcome.objects.get(kind="withdrawn"))
    meeting.pk = uuid4()
    assert "no such outcome" in correct(company, meeting)


def test_lifetime_value_is_stated_and_restated_for_customers_only(company: Company, accepted: Lead) -> None:
    (refused,) = record_outcomes(
        [Result(accepted.pk, "lifetime_value", LATER, amount=Decimal(1), currency="EUR")], now=LATER
    )
    assert "accept" in refused.refusal
    record(accepted, "won", "5000")
    value = record(accepted, "lifetime_value", "7000")
    assert "paid so far" in correct(company, value)
    assert correct(company, value, amount=Decimal(9500), currency="EUR") == ""
    assert Outcome.objects.standing().get(kind="lifetime_value").amount == 9500


def test_corrections_cost_the_same_for_two_and_for_three(company: Company) -> None:
    leads = company.hand_off(5)
    outcomes = []
    for lead in leads:
        company.accept(lead)
        outcomes.append(record(lead, "won", "100"))

    def spend(rows: list[Outcome]) -> int:
        with CaptureQueriesContext(connection) as queries:
            correct_outcomes(
                [Correction(row.pk, company.reps[0].pk, withdraws=True) for row in rows], now=LATER + timedelta(days=1)
            )
        return len(queries)

    assert spend(outcomes[:2]) == spend(outcomes[2:]) == 11
