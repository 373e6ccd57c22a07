"""What became of leads: where an outcome is possible, what it moves, and that it is recorded once."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import IntegrityError, InternalError, transaction

from feedback.models import Outcome
from feedback.outcomes import NEEDS, PATHS, Result, record_outcomes
from leads.lifecycle import Stage
from leads.models import Lead, LifecycleEvent
from tests.conftest import NOW
from tests.feedback.company import Company

LATER = NOW + timedelta(days=3)


@pytest.fixture
def accepted(company: Company) -> Lead:
    (lead,) = company.hand_off(1)
    company.accept(lead)
    return lead


def _record(lead: Lead, *kinds: str, **more: object) -> list[str]:
    reason = {"lost": "Too dear"}
    money = {"lifetime_value": {"amount": Decimal(9000), "currency": "EUR"}}
    results = [
        Result(lead.pk, kind, LATER, reason=reason.get(kind, ""), **{**money.get(kind, {}), **more})  # type: ignore[arg-type]
        for kind in kinds
    ]
    return [row.refusal for row in record_outcomes(results, now=LATER)]


@pytest.mark.parametrize(
    ("kinds", "stage"),
    [
        (["meeting"], "accepted"),
        (["opportunity"], "opportunity"),
        (["won"], "won"),
        (["lost"], "lost"),
        (["meeting", "opportunity", "won"], "won"),
        (["opportunity", "lost"], "lost"),
    ],
)
def test_outcomes_lead_through_the_stages(accepted: Lead, kinds: list[str], stage: str) -> None:
    assert _record(accepted, *kinds) == [""] * len(kinds)
    accepted.refresh_from_db()
    assert accepted.stage == stage


def test_a_deal_won_out_of_the_blue_was_an_opportunity_too(accepted: Lead) -> None:
    _record(accepted, "won")
    steps = LifecycleEvent.objects.filter(lead=accepted, cause_kind="outcome").order_by("pk")
    assert list(steps.values_list("to_stage", flat=True)) == ["opportunity", "won"]


@pytest.mark.parametrize("kind", PATHS)
@pytest.mark.parametrize("stage", Stage.values)
def test_each_outcome_is_possible_exactly_where_the_table_says(company: Company, kind: str, stage: str) -> None:
    (lead,) = company.hand_off(1)
    Lead.objects.filter(pk=lead.pk).update(stage=stage)
    (refusal,) = _record(lead, kind)
    assert (refusal == "") is (stage in NEEDS[kind])


def test_refusals_say_what_to_do(accepted: Lead) -> None:
    results = [
        Result(uuid4(), "won", LATER),
        Result(accepted.pk, "celebrated", LATER),
        Result(accepted.pk, "meeting", None),
        Result(accepted.pk, "lost", LATER),
    ]
    assert [row.refusal for row in record_outcomes(results, now=LATER)] == [
        "There is no such lead.",
        "“celebrated” is not an outcome. Use one of meeting, opportunity, won, lost, churned, lifetime_value.",
        "Say when it happened (occurred_at).",
        "A lost deal needs its reason.",
    ]
    assert not Outcome.objects.exists()


def test_the_same_outcome_sent_twice_is_recorded_once(accepted: Lead) -> None:
    result = Result(accepted.pk, "opportunity", LATER, Decimal(9000), "EUR", external_id="D-1")
    first, second = record_outcomes([result, result], now=LATER)
    (third,) = record_outcomes([result], now=LATER)
    assert (first.is_repeat, second.is_repeat, third.is_repeat) == (False, True, True)
    assert Outcome.objects.get().amount == Decimal(9000)


def test_a_currency_without_an_amount_is_not_kept(accepted: Lead) -> None:
    _record(accepted, "meeting", currency="EUR")
    assert Outcome.objects.get().currency == ""


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"kind": "won", "amount": 5}, "an_amount_names_its_currency"),
        ({"kind": "won", "amount": -5, "currency": "EUR"}, "an_amount_names_its_currency"),
        ({"kind": "lost"}, "a_lost_deal_says_why"),
        ({"kind": "won", "occurred_at": None}, "a_live_outcome_has_a_time"),
    ],
)
def test_the_database_keeps_the_same_rules(accepted: Lead, fields: dict[str, object], sentence: str) -> None:
    row = Outcome(**{"lead": accepted, "occurred_at": LATER, "recorded_at": LATER, **fields})
    with pytest.raises(IntegrityError, match=sentence), transaction.atomic():
        row.save()


def test_an_outcome_stays_as_it_was_recorded(accepted: Lead) -> None:
    _record(accepted, "meeting")
    with pytest.raises((InternalError, IntegrityError)), transaction.atomic():
        Outcome.objects.update(kind="won")
