"""The two-sided board: clauses with clocks and clauses that count, each number with what is behind it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from feedback.metrics import Week
from feedback.metrics.promised import COUNTED, leads_of_promise
from feedback.outcomes import Result
from feedback.promises import Promise, promise_board
from feedback.reviews import close_review
from leads.attempts import Try
from leads.models import Lead
from revops.portal import journey
from sla.models import Clause
from tests.conftest import NOW
from tests.feedback.company import Company


def board(week: Week, now=NOW) -> dict[str, Promise]:
    return {promise.clause.code: promise for promise in promise_board(week, now)}


def attempt(company: Company, lead: Lead, *hours: float, channel: str = "call") -> None:
    for each in hours:
        at = NOW + timedelta(hours=each)
        journey.log_tries([Try(lead.pk, company.owner_of(lead).pk, channel, "no_answer", at)], now=at)


def numbers(promise: Promise) -> tuple[int, int, int]:
    return promise.kept, promise.late, promise.pending


def behind(code: str, week: Week, now, verdict: str = "") -> set:
    return set(leads_of_promise(code, week, now, verdict).values_list("pk", flat=True))


def test_every_clause_of_both_sides_is_on_the_board(company: Company, week: Week) -> None:
    shown = promise_board(week, NOW)
    assert [promise.clause for promise in shown] == list(Clause.objects.order_by("side", "position"))
    assert {promise.clause.code for promise in shown if not promise.is_measured} == {
        "nurture_unresponsive",
        "rejection_answered",
    }


def test_clocks_are_counted_by_week(company: Company, week: Week) -> None:
    for lead in company.hand_off(2, at=NOW - timedelta(days=7)):
        company.accept(lead, at=NOW - timedelta(days=7) + timedelta(minutes=5))
    late = company.hand_off(1)[0]
    decision = board(week, NOW + timedelta(days=2))["decision"]
    assert numbers(decision) == (0, 1, 0)
    assert [clock.lead for clock in decision.worst] == [late]
    assert [(each.name, kept, missed) for each, kept, missed in decision.series[-2:]] == [
        (week.plus(-1).name, 2, 0),
        (week.name, 0, 1),
    ]
    assert decision.shares[-3:] == [None, 1.0, 0.0]
    assert decision.share == 0.0


def test_accepted_leads_are_followed_up_within_a_day(company: Company, week: Week) -> None:
    done, missed, young = company.hand_off(3)
    company.accept(done)
    company.accept(missed)
    company.accept(young, at=NOW + timedelta(hours=30))
    attempt(company, done, 1)
    now = NOW + timedelta(hours=31)
    assert numbers(board(week, now)["follow_up"]) == (1, 1, 1)
    assert behind("follow_up", week, now, "kept") == {done.pk}
    assert behind("follow_up", week, now, "late") == {missed.pk}
    assert behind("follow_up", week, now, "pending") == {young.pk}
    assert len(behind("follow_up", week, now)) == 3


def test_what_happened_after_the_week_does_not_change_it(company: Company, week: Week) -> None:
    (lead,) = company.hand_off(1)
    company.accept(lead)
    attempt(company, lead, 24 * 6)
    assert numbers(board(week, week.end + timedelta(days=7))["follow_up"]) == (0, 1, 0)


def test_no_response_had_its_six_attempts(company: Company, week: Week) -> None:
    (lead,) = company.hand_off(1)
    attempt(company, lead, 1, 2, 3, 4, 5)
    attempt(company, lead, 6, channel="email")
    company.reject(lead, "no_response", "", at=NOW + timedelta(hours=7))
    assert numbers(board(week, week.end)["attempts"]) == (1, 0, 0)
    assert behind("attempts", week, week.end) == {lead.pk}


def test_every_rejection_has_its_reason(company: Company, week: Week) -> None:
    leads = company.hand_off(3)
    for lead in leads[:2]:
        company.reject(lead)
    row = company.reject(leads[2])
    company.undo(row.pk, at=NOW + timedelta(hours=1))
    assert numbers(board(week, week.end)["specific_reason"]) == (2, 0, 0)


def test_accepted_leads_are_kept_current(company: Company, week: Week) -> None:
    company.at = NOW - timedelta(days=10)
    worked, left, met = company.hand_off(3)
    for lead in (worked, left, met):
        company.accept(lead)
    attempt(company, worked, 1)
    (recorded,) = journey.conclude([Result(met.pk, "meeting", NOW)], now=NOW)
    assert recorded.refusal == ""
    now = NOW + timedelta(days=1)
    assert numbers(board(week, now)["outcome_updates"]) == (2, 1, 0)
    assert behind("outcome_updates", week, now, "late") == {left.pk}


def test_volume_is_measured_against_the_pace_of_the_month(company: Company, week: Week) -> None:
    for lead in company.hand_off(3):
        company.accept(lead)
    volume = board(week, NOW + timedelta(hours=2))["volume"]
    assert (volume.total, volume.target) == (3, float(Decimal(40)))
    assert volume.pace == pytest.approx(40 * 3.5 / 31, abs=0.1)
    assert volume.span is not None
    assert volume.span.start.isoformat() == "2026-03-01T00:00:00+00:00"


def test_the_huddle_is_held_when_last_weeks_review_is_closed(company: Company, week: Week) -> None:
    assert numbers(board(week, NOW)["huddle"]) == (0, 0, 1)
    assert numbers(board(week, week.end)["huddle"]) == (0, 1, 0)
    close_review(week.plus(-1), user=company.sales_head, now=NOW)
    assert numbers(board(week, week.end)["huddle"]) == (1, 0, 0)


def test_history_and_withdrawn_leads_do_not_count(company: Company, week: Week) -> None:
    (lead,) = company.hand_off(1)
    company.reject(lead)
    Lead.objects.update(withdrawn_at=NOW)
    assert not any(behind(code, week, week.end) for code in COUNTED)


def test_without_an_agreement_the_board_is_empty(week: Week, db: None) -> None:
    assert promise_board(week, NOW) == []


@pytest.mark.parametrize("leads", [1, 3])
def test_queries_do_not_grow_with_the_promises(company: Company, week: Week, leads: int) -> None:
    company.hand_off(leads)
    with CaptureQueriesContext(connection) as captured:
        promise_board(week, NOW + timedelta(days=2))
    assert len(captured) == 7
