"""The two-sided board: clauses with clocks and clauses that count, each number with what is behind it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from feedback.findings import FindingAnsweredError, answer_finding, leads_of_finding, open_findings
from feedback.metrics import Week
from feedback.metrics.promised import COUNTED
from feedback.models import NurturePeriod
from feedback.nurturing import start_nurture, stop_nurture, unresponsive
from feedback.outcomes import Result
from feedback.performance import AlreadySharedError, Month, campaign_performance, share_performance
from feedback.promises import Promise, promise_board, promises_behind
from feedback.reviews import ReviewClosedError, attendance_of, close_review, record_attendance
from leads.attempts import Try
from leads.models import Lead, Spend
from revops.portal import journey
from sla.models import Clause
from tests.conftest import NOW
from tests.factories import item
from tests.feedback.company import READY, Company


def board(week: Week, now=NOW) -> dict[str, Promise]:
    return {promise.clause.code: promise for promise in promise_board(week, now)}


def attempt(company: Company, lead: Lead, *hours: float, channel: str = "call") -> None:
    for each in hours:
        at = NOW + timedelta(hours=each)
        journey.log_tries([Try(lead.pk, company.owner_of(lead).pk, channel, "no_answer", at)], now=at)


def numbers(promise: Promise) -> tuple[int, int, int]:
    return promise.kept, promise.late, promise.pending


def behind(code: str, week: Week, now, verdict: str = "") -> set:
    clause = Clause.objects.get(code=code)
    return {item.lead_id for item in promises_behind(clause, week, now, verdict)}


def test_every_clause_of_both_sides_is_on_the_board(company: Company, week: Week) -> None:
    shown = promise_board(week, NOW)
    assert [promise.clause for promise in shown] == list(Clause.objects.order_by("side", "position"))
    assert all(promise.is_measured for promise in shown)
    assert {promise.owner for promise in shown if promise.clause.side == "sales"} == {company.sales_head}
    assert {promise.owner for promise in shown if promise.clause.side == "marketing"} == {company.marketing_head}


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


def test_what_happens_with_a_lead_is_written_down_within_two_days(company: Company, week: Week) -> None:
    at_once, late, met = company.hand_off(3, at=NOW - timedelta(days=6))
    for lead in (at_once, late, met):
        company.accept(lead, at=NOW - timedelta(days=6))
    happened = NOW - timedelta(days=3)
    for lead, written in ((at_once, NOW - timedelta(days=2)), (late, NOW)):
        journey.log_tries([Try(lead.pk, company.owner_of(lead).pk, "call", "contact", happened)], now=written)
    (recorded,) = journey.conclude([Result(met.pk, "meeting", happened)], now=NOW)
    assert recorded.refusal == ""
    assert numbers(board(week)["outcome_updates"]) == (1, 2, 0)
    assert behind("outcome_updates", week, NOW, "late") == {late.pk, met.pk}


def test_what_a_machine_sends_is_no_follow_up(company: Company, week: Week) -> None:
    (lead,) = company.hand_off(1)
    company.accept(lead)
    bot = Try(lead.pk, company.owner_of(lead).pk, "email", "contact", NOW, is_automatic=True)
    journey.log_tries([bot], now=NOW)
    assert numbers(board(week, week.end)["follow_up"]) == (0, 1, 0)


def test_a_back_dated_entry_never_turns_a_late_follow_up_green(company: Company, week: Week) -> None:
    said, connected = company.hand_off(2)
    for lead, grade in ((said, "C"), (connected, "A")):
        company.accept(lead)
        tried = Try(lead.pk, company.owner_of(lead).pk, "call", "contact", NOW + timedelta(hours=1), grade=grade)
        journey.log_tries([tried], now=NOW + timedelta(days=2))
    assert behind("follow_up", week, week.end, "late") == {said.pk}
    assert behind("follow_up", week, week.end, "kept") == {connected.pk}


def gave_up(company: Company, *, at: datetime = NOW) -> Lead:
    """A lead that sales tried six times and gave up for no response at `at`."""
    (lead,) = company.hand_off(1, at=at - timedelta(days=2))
    for hours in range(6):
        when = at - timedelta(days=2) + timedelta(hours=hours + 1)
        channel = "email" if hours % 2 else "call"
        journey.log_tries([Try(lead.pk, company.owner_of(lead).pk, channel, "no_answer", when)], now=when)
    company.reject(lead, "no_response", "", at=at)
    return lead


def test_who_did_not_respond_is_nurtured_for_thirty_days(company: Company, week: Week) -> None:
    kept, stopped, forgotten = (gave_up(company) for _ in range(3))
    at = NOW + timedelta(days=1)
    done = start_nurture([kept.pk, stopped.pk, company.hand_off(1)[0].pk], by=company.marketing_head, now=at)
    assert ([row.lead_id for row in done.started], len(done.refused)) == ([kept.pk, stopped.pk], 1)
    assert Lead.objects.get(pk=kept.pk).stage == "nurture"
    stop_nurture(stopped.pk, by=company.marketing_head, reason="Asked not to be written to", now=at)
    assert numbers(board(week, week.end)["nurture_unresponsive"]) == (0, 1, 0)
    assert behind("nurture_unresponsive", week, week.end, "late") == {forgotten.pk}
    due = Week.of(at + timedelta(days=30), week.zone)
    assert numbers(board(due, due.start)["nurture_unresponsive"]) == (0, 0, 2)
    assert behind("nurture_unresponsive", due, due.end, "kept") == {kept.pk}
    assert behind("nurture_unresponsive", due, due.end, "late") == {stopped.pk}


def test_nurture_ends_when_the_lead_comes_back_to_sales(company: Company, week: Week) -> None:
    lead = gave_up(company)
    at = NOW + timedelta(days=1)
    start_nurture([lead.pk], by=company.marketing_head, now=at)
    email = Lead.objects.select_related("person").get(pk=lead.pk).person.email
    again = at + timedelta(days=5)
    facts = {**READY, "timeline_on": (again + timedelta(days=40)).date().isoformat(), "_received_at": again}
    journey.admit([item(company.sources[0], email, **facts)], now=again)
    assert Lead.objects.get(pk=lead.pk).stage == "handed_off"
    due = Week.of(at + timedelta(days=30), week.zone)
    assert numbers(board(due, again + timedelta(hours=1))["nurture_unresponsive"]) == (1, 0, 0)


def test_nurture_that_ends_early_says_why(company: Company) -> None:
    lead = gave_up(company)
    with pytest.raises(NurturePeriod.DoesNotExist):
        stop_nurture(lead.pk, by=company.marketing_head, reason="Wrong person", now=NOW)
    start_nurture([lead.pk], by=company.marketing_head, now=NOW)
    with pytest.raises(ValueError, match="Say why"):
        stop_nurture(lead.pk, by=company.marketing_head, reason=" ", now=NOW)
    assert not unresponsive().exists()


def test_a_pattern_of_rejections_is_answered_within_five_business_days(company: Company, week: Week) -> None:
    for lead in company.hand_off(5):
        company.reject(lead)
    for lead in company.hand_off(4, source=1):
        company.reject(lead)
    assert open_findings(week, now=NOW) == []
    (finding,) = open_findings(week, now=week.end + timedelta(days=1))
    assert (finding.reason_id, finding.source, finding.rejections) == ("no_budget", company.sources[0], 5)
    assert finding.due_at == datetime(2026, 3, 13, 17, tzinfo=UTC)  # Friday of the week after
    assert open_findings(week, now=week.end + timedelta(days=2)) == []
    assert leads_of_finding(finding, week).count() == 5
    after = week.plus(1)
    assert numbers(board(after, finding.due_at)["rejection_answered"]) == (0, 0, 1)
    assert numbers(board(after, finding.due_at + timedelta(hours=1))["rejection_answered"]) == (0, 1, 0)
    at = finding.due_at - timedelta(hours=1)
    answer_finding(finding.pk, answer="The fair list had no budget holders.", by=company.marketing_head, now=at)
    assert numbers(board(after, after.end)["rejection_answered"]) == (1, 0, 0)
    with pytest.raises(FindingAnsweredError):
        answer_finding(finding.pk, answer="Something else, later", by=company.admin, now=at)
    with pytest.raises(ValueError, match="in a sentence"):
        answer_finding(finding.pk, answer="ok", by=company.admin, now=at)


def test_performance_is_shared_by_the_fifth_business_day(company: Company, week: Week) -> None:
    company.hand_off(2)
    march, zone = Month(date(2026, 3, 1), week.zone), week.zone
    due = Week.of(datetime(2026, 4, 7, 17, tzinfo=UTC), zone)
    assert numbers(board(due, due.start)["performance"]) == (0, 0, 1)
    with pytest.raises(ValueError, match="not over"):
        share_performance(march, by=company.marketing_head, now=NOW)
    report = share_performance(march, by=company.marketing_head, note="Fairs pay off", now=due.start)
    assert [(row["source"], row["leads"]) for row in report.numbers] == [("Website", 2)]
    assert numbers(board(due, due.end)["performance"]) == (1, 0, 0)
    with pytest.raises(AlreadySharedError):
        share_performance(march, by=company.marketing_head, now=due.end)


def test_cost_per_accepted_lead_shares_the_spend_of_a_source_among_its_campaigns(company: Company, week: Week) -> None:
    Spend.objects.create(source=company.sources[0], month_on=date(2026, 3, 1), amount_minor=30_000, currency="EUR")
    for lead in company.hand_off(2):
        company.accept(lead)
    company.hand_off(1, source=1)
    first, second = campaign_performance(Month(date(2026, 3, 1), week.zone))
    assert (first["accepted"], first["spend"], first["cost_per_accepted"]) == (2, 300.0, 150.0)
    assert (second["accepted"], second["spend"], second["cost_per_accepted"]) == (0, None, None)


def test_volume_is_measured_against_the_pace_of_the_month(company: Company, week: Week) -> None:
    for lead in company.hand_off(3):
        company.accept(lead)
    volume = board(week, NOW + timedelta(hours=2))["volume"]
    assert (volume.total, volume.target) == (3, float(Decimal(40)))
    assert volume.pace == pytest.approx(40 * 19 / 176, abs=0.1)  # 19 of 176 business hours have passed
    assert volume.span is not None
    assert volume.span.start.isoformat() == "2026-03-01T00:00:00+00:00"


def test_the_huddle_is_held_when_marketing_was_there_and_the_review_is_closed(company: Company, week: Week) -> None:
    assert numbers(board(week, NOW)["huddle"]) == (0, 0, 1)
    assert numbers(board(week, week.end)["huddle"]) == (0, 1, 0)
    record_attendance(week.plus(-1), [company.marketing_head.pk], by=company.sales_head, now=NOW)
    close_review(week.plus(-1), user=company.sales_head, now=NOW)
    assert numbers(board(week, week.end)["huddle"]) == (1, 0, 0)
    with pytest.raises(ReviewClosedError):
        record_attendance(week.plus(-1), [], by=company.sales_head, now=NOW)


def test_a_huddle_without_marketing_is_not_attended(company: Company, week: Week) -> None:
    record_attendance(week.plus(-1), [company.sales_head.pk], by=company.sales_head, now=NOW)
    close_review(week.plus(-1), user=company.sales_head, now=NOW)
    assert numbers(board(week, week.end)["huddle"]) == (0, 1, 0)


def test_attendance_is_exactly_who_was_named(company: Company, week: Week) -> None:
    last, people = week.plus(-1), [company.sales_head.pk, company.marketing_head.pk]
    assert record_attendance(last, people, by=company.admin, now=NOW) == sorted(people)
    assert record_attendance(last, people[:1], by=company.admin, now=NOW) == []
    assert [row.user for row in attendance_of(last)] == [company.sales_head]
    with pytest.raises(ValueError, match="not over"):
        record_attendance(week, people, by=company.admin, now=NOW)
    with pytest.raises(ValueError, match="work here"):
        record_attendance(last, [UUID(int=7)], by=company.admin, now=NOW)


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
    assert len(captured) == 21
    with CaptureQueriesContext(connection) as captured:
        promise_board(week, NOW + timedelta(days=2))
    assert len(captured) == 13  # nothing changed since
