"""How long each step of a lead took and whose time it was; the numbers of the dictionary say the same."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from feedback.lead_times import LeadTimes, Reached, Step, Whose, times_of
from feedback.metrics import METRICS, Week, measure
from feedback.outcomes import Result
from leads.attempts import Try
from leads.models import Lead
from revops.foundation import outbox
from revops.portal import journey
from sla.handoffs import complete_details
from sla.models import HandOff, RepProfile
from tests.feedback.company import Company

pytestmark = pytest.mark.django_db
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def steps_of(lead: Lead) -> list[tuple[str, timedelta | None, str | None]]:
    """Each step, how long it took, and whose time that was."""
    return [(one.step, one.took, one.whose) for one in times_of([lead.pk])[lead.pk].steps]


def call(company: Company, lead: Lead, at: datetime, result: str = "no_answer", **more: Any) -> None:
    recorded = more.pop("recorded_at", at)
    journey.log_tries([Try(lead.pk, company.owner_of(lead).pk, "call", result, at, **more)], now=recorded)


def test_from_received_to_meeting_every_minute_is_somebodys(company: Company, now: datetime) -> None:
    (lead,) = company.hand_off(1)
    outbox.deliver_due(now + 2 * MINUTE)
    company.accept(lead, at=now + 10 * MINUTE)
    call(company, lead, now + HOUR)
    call(company, lead, now + 3 * HOUR, "contact")
    call(company, lead, now + 5 * HOUR, "conversation")
    journey.conclude([Result(lead.pk, "meeting", now + DAY)], now=now + DAY)
    assert steps_of(lead) == [
        ("received", None, None),
        ("qualified", timedelta(0), "marketing"),
        ("assigned", timedelta(0), "machine"),
        ("notified", 2 * MINUTE, "machine"),
        ("first_attempt", 58 * MINUTE, "rep"),
        ("contact", 2 * HOUR, "buyer"),
        ("conversation", 2 * HOUR, "buyer"),
        ("meeting", 19 * HOUR, "buyer"),
    ]
    times = times_of([lead.pk])[lead.pk]
    assert sum((times.time_of(whose) for whose in Whose), timedelta()) == DAY
    assert times.shares == [("Machine", 2 * MINUTE), ("Rep", 58 * MINUTE), ("Buyer", 23 * HOUR)]


def test_a_lead_that_waited_for_its_score_was_marketings(company: Company, now: datetime) -> None:
    (lead,) = company.hand_off(1)
    Lead.objects.filter(pk=lead.pk).update(received_at=now - 3 * DAY)
    assert steps_of(lead)[:2] == [("received", None, None), ("qualified", 3 * DAY, "marketing")]


def test_until_somebody_could_take_it_the_time_is_the_machines(company: Company, now: datetime) -> None:
    RepProfile.objects.update(is_routable=False)
    (lead,) = company.hand_off(1)
    assert [step for step, _took, _whose in steps_of(lead)] == ["received", "qualified"]
    RepProfile.objects.update(is_routable=True)
    journey.deal_waiting(now=now + 2 * HOUR)
    assert steps_of(lead)[-1] == ("assigned", 2 * HOUR, "machine")


def test_a_rep_who_waits_for_details_waits_on_marketings_account(company: Company, now: datetime) -> None:
    (lead,) = company.hand_off(1, title="", last_name="Nobody")
    outbox.deliver_due(now + MINUTE)
    with transaction.atomic():
        complete_details({lead.pk: now + 3 * HOUR}, now=now + 3 * HOUR)
    call(company, lead, now + 4 * HOUR)
    assert steps_of(lead)[3:] == [
        ("notified", MINUTE, "machine"), ("details", 3 * HOUR - MINUTE, "marketing"), ("first_attempt", HOUR, "rep"),
    ]  # fmt: skip


def test_details_that_were_there_at_the_hand_off_are_no_step(company: Company) -> None:
    (lead,) = company.hand_off(1)
    assert Step.DETAILS not in [step for step, _took, _whose in steps_of(lead)]


def test_bots_never_count_and_a_word_counts_from_when_it_was_written_down(company: Company, now: datetime) -> None:
    (lead,) = company.hand_off(1)
    call(company, lead, now + HOUR, grade="A", is_automatic=True)
    assert Step.FIRST_ATTEMPT not in [step for step, _took, _whose in steps_of(lead)]
    call(company, lead, now + HOUR, grade="C", recorded_at=now + 6 * HOUR)
    assert steps_of(lead)[-1] == ("first_attempt", 6 * HOUR, "rep")
    call(company, lead, now + 2 * HOUR, grade="A", recorded_at=now + 7 * HOUR)
    assert steps_of(lead)[-1] == ("first_attempt", 2 * HOUR, "rep")


def test_the_newest_hand_off_is_what_counts(company: Company, now: datetime) -> None:
    (lead,) = company.hand_off(1)
    call(company, lead, now + HOUR)
    company.reject(lead, at=now + 2 * HOUR)
    HandOff.objects.create(
        lead=lead, number=2, tier=1, priority=1, qualified_at=now + DAY, handed_off_at=now + DAY, cause_kind="signal",
        owner=company.reps[0],
    )  # fmt: skip
    assert [step for step, _took, _whose in steps_of(lead)] == ["received", "qualified"]


def test_nobody_and_history_have_no_times(company: Company, now: datetime) -> None:
    (lead,) = company.hand_off(1)
    Lead.objects.filter(pk=lead.pk).update(is_history=True)
    assert times_of([]) == {}
    assert times_of([lead.pk]) == {}


def test_many_leads_are_one_query(company: Company) -> None:
    leads = company.hand_off(3)
    with CaptureQueriesContext(connection) as captured:
        assert len(times_of([lead.pk for lead in leads])) == 3
    assert len(captured) == 1


def test_words_say_what_a_step_is_and_whose() -> None:
    first = Reached(Step.RECEIVED, datetime(2026, 3, 4), None, None)  # noqa: DTZ001 - only its words are read
    told = Reached(Step.NOTIFIED, first.at, MINUTE, Whose.MACHINE)
    assert [(one.label, one.whose_label) for one in (first, told)] == [("Received", ""), ("Owner notified", "Machine")]
    assert LeadTimes([]).shares == []


def test_the_numbers_of_the_dictionary_are_those_of_the_leads(company: Company, week: Week, now: datetime) -> None:
    """System and person apart: as each lead's page says, the median of all."""
    leads = company.hand_off(5)
    outbox.deliver_due(now + 6 * MINUTE)
    for hours, lead in enumerate(leads[:3], start=1):
        call(company, lead, now + hours * HOUR)
    late = company.hand_off(1, title="", last_name="Nobody")[0]
    outbox.deliver_due(now + 8 * MINUTE)
    with transaction.atomic():
        complete_details({late.pk: now + 10 * HOUR}, now=now + 10 * HOUR)
    call(company, late, now + 12 * HOUR)
    reached = {
        lead: {one.step: one for one in times.steps}
        for lead, times in times_of([lead.pk for lead in (*leads, late)]).items()
    }
    by_rep = sorted(steps[Step.FIRST_ATTEMPT].took for steps in reached.values() if Step.FIRST_ATTEMPT in steps)
    assert by_rep == [54 * MINUTE, 2 * HOUR - 6 * MINUTE, 2 * HOUR, 3 * HOUR - 6 * MINUTE]
    person = measure(METRICS["speed_to_lead_person"], week.period)
    assert (person.n, person.value) == (4, pytest.approx((1.9 + 2) / 2))
    machine = sorted(times.time_of(Whose.MACHINE) for times in times_of([*reached]).values())
    assert machine == [6 * MINUTE] * 5 + [8 * MINUTE]
    system = measure(METRICS["speed_to_lead_system"], week.period)
    assert (system.n, system.value) == (6, 6.0)
    whole = measure(METRICS["speed_to_lead"], week.period)
    assert (whole.n, whole.value) == (4, 2.5)
