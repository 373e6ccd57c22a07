"""Hand-offs on the database: routing, clocks, answers, undo, snooze, reassignment."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from leads.models import Account, Attempt, Lead, LifecycleEvent
from sla.calendars import write_calendar
from sla.candidates import RouteRequest
from sla.clock_state import ClockState, state
from sla.clocks import cancel_clocks, cancel_clocks_of_leads, meet_clocks, pause_clocks, resume_clocks
from sla.fair_turns import TURN
from sla.handoffs import (
    HandOffAnswer,
    answer_handoffs,
    complete_details,
    hand_off_leads,
    latest_handoffs,
    reassign_handoffs,
    reopen_handoffs,
    route_waiting,
    snooze_handoffs,
    wake_handoffs,
)
from sla.models import Absence, Assignment, Clock, HandOff, RepProfile, TurnEntry
from sla.routing import months_before, read_trace, try_routes, turns_owed
from sla.starter import NINE_TO_FIVE, save_rep_profile

from .conftest import ids, make_leads, make_user, requests_for

HOUR = timedelta(hours=1)
pytestmark = pytest.mark.django_db


def clocks(handoff: HandOff) -> dict[str, Clock]:
    """The clocks that count, by clause."""
    found = Clock.objects.filter(handoff=handoff, replaced_by__isnull=True).select_related("clause").order_by("pk")
    return {clock.clause.code: clock for clock in found}


def answer(handoff: HandOff, kind: str, at: datetime, user=None, **more) -> HandOffAnswer:
    return HandOffAnswer(handoff.pk, kind, (user or handoff.owner).pk, at, **more)


def test_a_hand_off_moves_the_lead_starts_both_sides_clocks_and_says_why(hand_off, reps, now):
    (handoff,) = hand_off()
    lead = Lead.objects.get(pk=handoff.lead_id)
    assert (lead.stage, lead.owner, lead.stage_at) == ("handed_off", reps[0], now)
    assert LifecycleEvent.objects.get(lead=lead).cause_id == "subm_1"
    running = clocks(handoff)
    assert running["first_contact"].due_at == now + 4 * HOUR
    assert running["first_contact"].warn_at == now + 3 * HOUR
    assert running["decision"].due_at == now + 24 * HOUR  # 8 business hours: 7 today, 1 tomorrow
    assert {running[code].user for code in ("first_contact", "decision")} == {reps[0]}
    details = running["details_within"]
    assert (details.side, details.user, details.met_at) == ("marketing", None, now)
    assert HandOff.objects.get().due_at == running["first_contact"].due_at
    assignment = Assignment.objects.get()
    assert (assignment.user, assignment.reason) == (reps[0], "Next in turn")
    assert read_trace(assignment) == [(reps[0].pk, "could take it", 0), (reps[1].pk, "could take it", 0)]


def test_saturday_afternoon_is_due_monday_at_one(hand_off):
    (handoff,) = hand_off(at=datetime(2026, 3, 7, 15, tzinfo=UTC))
    assert handoff.due_at == datetime(2026, 3, 9, 13, tzinfo=UTC)


def test_a_late_hand_off_is_marketings_breach_not_the_reps(hand_off, now):
    (handoff,) = hand_off(qualified_at=now - 2 * HOUR)
    running = clocks(handoff)
    assert state(running["details_within"], now) == ClockState.BREACHED
    assert running["first_contact"].started_at == now


def test_details_that_are_missing_keep_marketings_clock_running_until_they_come(hand_off, now):
    (handoff,) = hand_off(details_complete=False)
    assert state(clocks(handoff)["details_within"], now) == ClockState.RUNNING
    complete_details({handoff.lead_id: now + HOUR / 2}, now=now + HOUR / 2)
    assert state(clocks(handoff)["details_within"], now + 9 * HOUR) == ClockState.MET


def test_many_leads_are_shared_fairly_and_balances_sum_to_zero(hand_off, reps):
    handoffs = hand_off(9)
    owners = [handoff.owner_id for handoff in handoffs]
    assert abs(owners.count(reps[0].pk) - owners.count(reps[1].pk)) == 1
    balances = [turns_owed()[rep.pk] for rep in reps]
    assert balances == [-TURN // 2, TURN // 2]
    entry = TurnEntry.objects.get()
    assert (entry.turns, sum(entry.deltas)) == (9, 0)


@pytest.mark.parametrize("count", [2, 60])
def test_a_hand_off_takes_the_same_number_of_queries_for_any_batch(reps, now, count, django_assert_max_num_queries):
    account = Account.objects.create(name="Acme", created_at=now, updated_at=now)
    leads = make_leads(count, now, account=account)
    requests = [replace(request, at=now - timedelta(minutes=at)) for at, request in enumerate(requests_for(leads, now))]
    hand_off_leads(requests_for(make_leads(1, now), now), now=now)  # calendars and clauses are in memory from here on
    with django_assert_max_num_queries(14):
        assert len(hand_off_leads(requests, now=now)) == count


@pytest.mark.parametrize("count", [1, 40])
def test_an_answer_and_its_undo_take_the_same_number_of_queries(hand_off, now, count, django_assert_max_num_queries):
    handoffs = hand_off(count)
    answers = [answer(handoff, "rejected", now, gives_turn_back=True) for handoff in handoffs]
    with django_assert_max_num_queries(9):
        assert len(answer_handoffs(answers, now=now).won) == count
    with django_assert_max_num_queries(12):
        assert len(reopen_handoffs(ids(handoffs), now=now)) == count


def test_a_lead_that_moved_on_or_comes_twice_is_left_out(reps, now):
    moved, twice = make_leads(2, now)
    requests = requests_for([moved, twice, twice], now)
    Lead.objects.filter(pk=moved.pk).update(stage="nurture")
    assert [handoff.lead_id for handoff in hand_off_leads(requests, now=now)] == [twice.pk]
    assert hand_off_leads(requests, now=now) == []


def test_a_company_that_returns_within_four_months_goes_to_its_first_owner(reps, now):
    account = Account.objects.create(name="Acme", created_at=now, updated_at=now)
    first = hand_off_leads(requests_for(make_leads(1, now, account=account), now), now=now)[0]
    later = now + timedelta(days=100)
    second, third = hand_off_leads(requests_for(make_leads(2, later, account=account), later), now=later)
    assert {second.owner_id, third.owner_id} == {first.owner_id}
    assert TurnEntry.objects.order_by("id").last().turns == 0
    much_later = now + timedelta(days=300)
    hand_off_leads(requests_for(make_leads(1, much_later, account=account), much_later), now=much_later)
    assert TurnEntry.objects.order_by("id").last().turns == 1


def test_the_account_owner_comes_first(hand_off, reps):
    assert hand_off(account_owner_id=reps[1].pk)[0].owner_id == reps[1].pk
    assert set(turns_owed().values()) == {0}


def test_absent_leaving_full_and_inactive_people_get_nothing(hand_off, reps, now):
    Absence.objects.create(
        user=reps[0], starts_at=now + timedelta(days=1), ends_at=now + timedelta(days=15), created_at=now
    )
    (handoff,) = hand_off()
    assert handoff.owner == reps[1]
    assert read_trace(Assignment.objects.get())[0][1] == "about to leave for more than 5 days"
    RepProfile.objects.filter(pk=reps[1].pk).update(capacity=1)
    (handoff,) = hand_off()
    assert handoff.owner is None
    assert "open work" in handoff.unrouted_reason


def test_nobody_to_route_to_waits_with_a_reason_and_a_promise_of_the_side(hand_off, reps, now):
    RepProfile.objects.update(is_routable=False)
    (handoff,) = hand_off()
    assert (handoff.owner_id, handoff.unrouted_reason) == (None, "Nobody could take it: 2 not in routing")
    assert handoff.due_at == now + 4 * HOUR
    assert clocks(handoff)["first_contact"].user is None
    assert route_waiting(now=now) == []
    assert Assignment.objects.count() == 1
    RepProfile.objects.update(is_routable=True)
    later = now + HOUR
    assert route_waiting(now=later) == [handoff.pk]
    handoff.refresh_from_db()
    assert (handoff.owner, handoff.unrouted_reason, handoff.due_at) == (reps[0], "", later + 4 * HOUR)
    assert Lead.objects.get(pk=handoff.lead_id).owner == reps[0]
    old, new = Clock.objects.filter(clause__code="first_contact").order_by("started_at")
    assert (state(old, later), new.user) == (ClockState.CANCELLED, reps[0])


def test_a_dry_run_writes_nothing(reps, now):
    (lead,) = make_leads(1, now)
    request = RouteRequest(lead.pk, lead.pk, now, 1)
    assert try_routes([request], now=now).choices[0].user_id == reps[0].pk
    assert not Assignment.objects.exists()
    assert set(turns_owed().values()) == {0}


def test_accepting_meets_the_decision_and_leaves_the_first_contact_running(hand_off, now):
    (handoff,) = hand_off()
    at = now + HOUR
    assert answer_handoffs([answer(handoff, "accepted", at)], now=at).won == [handoff.pk]
    running = clocks(handoff)
    assert (running["decision"].met_at, running["first_contact"].met_at) == (at, None)
    handoff.refresh_from_db()
    assert (handoff.state, handoff.answered_at, handoff.answered_by) == ("accepted", at, handoff.owner)


def test_the_second_answer_is_told_who_was_quicker(hand_off, reps, now):
    (handoff,) = hand_off()
    answer_handoffs([answer(handoff, "accepted", now, reps[1])], now=now)
    result = answer_handoffs([answer(handoff, "rejected", now, reps[0])], now=now)
    assert (result.won, result.lost[handoff.pk].answered_by, result.lost[handoff.pk].answered_at) == ([], reps[1], now)
    assert clocks(handoff)["first_contact"].user == reps[1]


def test_a_valid_rejection_gives_the_turn_back_once_and_an_undo_takes_it_again(hand_off, now):
    (handoff,) = hand_off()
    charged = turns_owed()
    answer_handoffs([answer(handoff, "rejected", now, gives_turn_back=True)], now=now)
    assert set(turns_owed().values()) == {0}
    assert clocks(handoff)["first_contact"].cancelled_at == now
    assert reopen_handoffs([handoff.pk], now=now + HOUR) == [handoff.pk]
    assert turns_owed() == charged
    answer_handoffs([answer(handoff, "rejected", now + HOUR, gives_turn_back=True)], now=now + HOUR)
    assert set(turns_owed().values()) == {0}
    assert list(TurnEntry.objects.order_by("id").values_list("reason", flat=True)) == [
        "assigned",
        "credit_back",
        "charged_again",
        "credit_back",
    ]


@pytest.mark.parametrize("kind", ["accepted", "rejected", "returned"])
def test_an_undo_lets_the_clocks_run_on_with_their_old_deadlines(hand_off, reps, now, kind):
    (handoff,) = hand_off()
    before = {code: (clock.started_at, clock.due_at) for code, clock in clocks(handoff).items()}
    answer_handoffs([answer(handoff, kind, now + HOUR, reps[1])], now=now + HOUR)
    assert reopen_handoffs([handoff.pk], now=now + 2 * HOUR) == [handoff.pk]
    again = clocks(handoff)
    assert {code: (clock.started_at, clock.due_at) for code, clock in again.items()} == before
    assert all(again[code].met_at is None for code in ("first_contact", "decision"))
    assert {again[code].user for code in ("first_contact", "decision")} == {reps[0]}
    handoff.refresh_from_db()
    assert (handoff.state, handoff.due_at) == ("open", now + 4 * HOUR)
    assert Clock.objects.counted().filter(handoff=handoff).count() == 3
    assert reopen_handoffs([handoff.pk], now=now + 2 * HOUR) == []


def test_an_answer_stands_once_the_lead_was_handed_off_anew(hand_off, reps, now):
    (handoff,) = hand_off()
    answer_handoffs([answer(handoff, "rejected", now)], now=now)
    Lead.objects.filter(pk=handoff.lead_id).update(stage="rejected")
    lead = Lead.objects.get(pk=handoff.lead_id)
    (second,) = hand_off_leads(requests_for([lead], now + HOUR), now=now + HOUR)
    assert second.number == 2
    assert reopen_handoffs([handoff.pk], now=now + 2 * HOUR) == []
    assert latest_handoffs([lead.pk])[lead.pk] == second


def test_a_grade_c_attempt_counts_from_when_it_was_written_down(hand_off, now):
    (handoff,) = hand_off()
    late = now + 25 * HOUR

    def attempt(grade: str) -> Attempt:
        return Attempt(
            lead_id=handoff.lead_id, occurred_at=now + HOUR, recorded_at=late, grade=grade, user_id=handoff.owner_id
        )

    assert len(meet_clocks("first_contact", [attempt("C")], now=late)) == 1
    assert state(clocks(handoff)["first_contact"], late) == ClockState.BREACHED
    assert meet_clocks("first_contact", [attempt("A")], now=late) == []
    (other,) = hand_off()
    connected = Attempt(lead_id=other.lead_id, occurred_at=now + HOUR, recorded_at=late, grade="A")
    meet_clocks("first_contact", [connected], now=late)
    assert clocks(other)["first_contact"].met_at == now + HOUR
    other.refresh_from_db()
    assert other.due_at == clocks(other)["decision"].due_at


def test_evidence_from_before_the_start_counts_from_the_start(hand_off, now):
    (handoff,) = hand_off()
    early = Attempt(lead_id=handoff.lead_id, occurred_at=now - HOUR, recorded_at=now - HOUR, grade="A")
    meet_clocks("first_contact", [early], now=now)
    assert clocks(handoff)["first_contact"].met_at == now


def test_clocks_of_a_lead_that_is_lost_are_called_off_and_a_missed_one_stays_missed(hand_off, now):
    (handoff,) = hand_off()
    later = now + 23 * HOUR
    assert cancel_clocks_of_leads([handoff.lead_id], at=later, reason="lost") == 2
    running = clocks(handoff)
    assert state(running["first_contact"], later) == ClockState.BREACHED
    assert state(running["decision"], later + 99 * HOUR) == ClockState.CANCELLED
    assert cancel_clocks([running["decision"].pk], at=later, reason="again") == 0


def test_a_pause_moves_the_deadline_in_business_time(hand_off, now):
    (handoff,) = hand_off()
    clock = clocks(handoff)["first_contact"]
    assert pause_clocks([clock.pk], at=now + HOUR) == 1
    clock.refresh_from_db()
    assert state(clock, now + 99 * HOUR) == ClockState.PAUSED
    resume_at = now + 24 * HOUR
    assert resume_clocks([clock.pk], at=resume_at) == 1
    clock.refresh_from_db()
    assert (clock.due_at, clock.paused_total) == (resume_at + 3 * HOUR, 7 * HOUR)
    handoff.refresh_from_db()
    assert handoff.due_at == clocks(handoff)["decision"].due_at


@pytest.mark.parametrize("closing", [{"met_by_kind": "x"}, {"cancel_reason": "x"}])
def test_a_closed_clock_cannot_change(hand_off, now, closing):
    (handoff,) = hand_off()
    clock = clocks(handoff)["first_contact"]
    closed = {"met_at": now} if "met_by_kind" in closing else {"cancelled_at": now}
    Clock.objects.filter(pk=clock.pk).update(**closing, **closed)
    for change in ({"met_at": now - HOUR}, {"due_at": now + 99 * HOUR}, {"late_reason": "traffic"}):
        with pytest.raises(IntegrityError, match="closed clock"), transaction.atomic():
            Clock.objects.filter(pk=clock.pk).update(**change)
    with pytest.raises(IntegrityError, match="cannot be deleted"), transaction.atomic():
        Clock.objects.filter(pk=clock.pk)._raw_delete("default")


def test_an_open_clock_cannot_start_earlier_or_later(hand_off, now):
    (handoff,) = hand_off()
    with pytest.raises(IntegrityError, match="since when"):
        Clock.objects.filter(handoff=handoff, met_at__isnull=True).update(started_at=now - HOUR)


def test_a_later_calendar_leaves_running_clocks_alone(hand_off, now):
    (handoff,) = hand_off()
    name = clocks(handoff)["first_contact"].calendar_version.calendar.name
    write_calendar(name, zone="UTC", week={**NINE_TO_FIVE, "wed": []}, now=now)
    assert clocks(handoff)["first_contact"].calendar_version.version == 1
    (other,) = hand_off()
    assert (handoff.due_at, other.due_at) == (now + 4 * HOUR, now + 27 * HOUR)


def test_a_snooze_stops_no_clock_and_past_the_deadline_needs_a_reason(hand_off, reps, now):
    (handoff,) = hand_off()
    owner = handoff.owner_id
    assert snooze_handoffs([handoff.pk], until=now + HOUR, now=now, user_id=owner).done == [handoff.pk]
    past = now + 30 * HOUR
    refused = snooze_handoffs([handoff.pk], until=past, now=now, user_id=owner).refused
    assert refused == {handoff.pk: "That is after its deadline, which keeps running. Say why it can wait."}
    assert snooze_handoffs([handoff.pk], until=past, now=now, user_id=owner, reason="asked to call then").done
    assert "still to come" in snooze_handoffs([handoff.pk], until=now, now=now, user_id=owner).refused[handoff.pk]
    assert "somebody else" in snooze_handoffs([handoff.pk], until=past, now=now, user_id=reps[1].pk).refused[handoff.pk]
    handoff.refresh_from_db()
    assert (handoff.snoozed_until, handoff.due_at) == (past, now + 4 * HOUR)
    assert wake_handoffs([handoff.pk]) == 1
    answer_handoffs([answer(handoff, "accepted", now)], now=now)
    assert "answered" in snooze_handoffs([handoff.pk], until=past, now=now, user_id=owner).refused[handoff.pk]


def test_a_new_owner_keeps_a_deadline_that_holds(hand_off, reps, now):
    (handoff,) = hand_off()
    changed = reassign_handoffs([handoff.pk], reps[1].pk, by_id=reps[0].pk, reason="knows them", now=now + HOUR)
    assert changed == [handoff.pk]
    running = clocks(handoff)
    assert (running["first_contact"].user, running["first_contact"].due_at) == (reps[1], now + 4 * HOUR)
    assert Lead.objects.get(pk=handoff.lead_id).owner == reps[1]
    last = Assignment.objects.order_by("pk").last()
    assert (last.kind, last.assigned_by, last.reason) == ("reassign", reps[0], "knows them")


def test_a_missed_deadline_stays_with_who_missed_it_and_the_new_owner_starts_afresh(hand_off, reps, now):
    (handoff,) = hand_off()
    later = now + 22 * HOUR
    reassign_handoffs([handoff.pk], reps[1].pk, by_id=reps[0].pk, reason="escalated", now=later)
    old, new = Clock.objects.filter(clause__code="first_contact").order_by("started_at")
    assert (old.user, state(old, later)) == (reps[0], ClockState.BREACHED)
    assert (new.user, new.due_at) == (reps[1], datetime(2026, 3, 5, 13, tzinfo=UTC))
    assert set(Clock.objects.late(later)) == {old}
    with pytest.raises(ValueError, match="rep profile"):
        reassign_handoffs([handoff.pk], make_user("Zoe").pk, by_id=reps[0].pk, reason="", now=later)


def test_an_owner_away_for_good_still_has_a_deadline(hand_off, reps, now):
    RepProfile.objects.filter(pk=reps[1].pk).update(is_routable=False)
    Absence.objects.create(
        user=reps[0], starts_at=now + timedelta(minutes=1), ends_at=now + timedelta(days=12000), created_at=now
    )
    save_rep_profile(reps[0], reps[0].rep_profile.calendar, now=now)
    (handoff,) = hand_off(account_owner_id=None, at=now - timedelta(days=20))
    assert handoff.due_at is not None


def test_without_an_agreement_leads_are_handed_off_without_a_deadline(db, now):
    user = make_user("Solo")
    calendar = write_calendar("Hours", zone="UTC", week=NINE_TO_FIVE, now=now).calendar
    save_rep_profile(user, calendar, now=now)
    (handoff,) = hand_off_leads(requests_for(make_leads(1, now), now), now=now)
    assert (handoff.owner, handoff.due_at, Clock.objects.count()) == (user, None, 0)


def test_months_end_where_the_shorter_month_ends():
    assert months_before(datetime(2026, 3, 31, tzinfo=UTC), 4) == datetime(2025, 11, 30, tzinfo=UTC)


def test_ids_of_a_batch_rise(hand_off):
    handoffs = hand_off(5)
    assert ids(handoffs) == sorted(ids(handoffs))


def test_sales_clocks_stand_still_until_marketing_told_what_it_promised(hand_off, now):
    (handoff,) = hand_off(details_complete=False)
    assert (handoff.due_at, HandOff.objects.get().due_at) == (None, None)
    running = clocks(handoff)
    at = now + timedelta(hours=30)
    assert state(running["details_within"], at) == ClockState.BREACHED
    assert [state(running[code], at) for code in ("first_contact", "decision")] == [ClockState.PAUSED] * 2
    complete_details({handoff.lead_id: at}, now=at)
    running = clocks(handoff)
    assert (running["first_contact"].due_at, running["first_contact"].paused_at) == (now + timedelta(hours=50), None)
    assert HandOff.objects.get().due_at == running["first_contact"].due_at
    assert list(running["first_contact"].events.values_list("kind", "at", "reason")) == [
        ("paused", now, "details"),
        ("resumed", at, ""),
    ]


def test_a_rep_who_acts_before_the_details_are_there_kept_the_promise(hand_off, reps, now):
    (handoff,) = hand_off(details_complete=False)
    at = now + timedelta(hours=30)
    meet_clocks("first_contact", [Attempt(lead_id=handoff.lead_id, occurred_at=at, recorded_at=at)], now=at)
    answer_handoffs([answer(handoff, "accepted", at, user=reps[0])], now=at)
    running = clocks(handoff)
    assert [state(running[code], at) for code in ("first_contact", "decision")] == [ClockState.MET] * 2


def test_an_undone_answer_finds_the_details_there(hand_off, reps, now):
    (handoff,) = hand_off(details_complete=False)
    answer_handoffs([answer(handoff, "accepted", now + HOUR, user=reps[0])], now=now + HOUR)
    complete_details({handoff.lead_id: now + 2 * HOUR}, now=now + 2 * HOUR)
    reopen_handoffs([handoff.pk], now=now + 3 * HOUR)
    decision = clocks(handoff)["decision"]
    assert (decision.paused_at, decision.due_at) == (None, now + 27 * HOUR)


def test_a_clock_that_runs_on_takes_the_absences_known_then(hand_off, reps, now):
    (handoff,) = hand_off()
    clock = clocks(handoff)["first_contact"]
    pause_clocks([clock.pk], at=now + HOUR)
    Absence.objects.create(user=clock.user, starts_at=now + HOUR, ends_at=now + 24 * HOUR, created_at=now)
    resume_clocks([clock.pk], at=now + 2 * HOUR)
    clock.refresh_from_db()
    assert (clock.due_at, clock.away) == (now + 27 * HOUR, [now + 2 * HOUR, now + 24 * HOUR])


def test_what_a_machine_sends_never_meets_a_promise(hand_off, now):
    (handoff,) = hand_off()
    bot = Attempt(lead_id=handoff.lead_id, occurred_at=now + HOUR, recorded_at=now + HOUR, is_automatic=True)
    assert meet_clocks("first_contact", [bot], now=now + HOUR) == []
    person = Attempt(lead_id=handoff.lead_id, occurred_at=now + 2 * HOUR, recorded_at=now + 2 * HOUR)
    meet_clocks("first_contact", [bot, person], now=now + 2 * HOUR)
    assert clocks(handoff)["first_contact"].met_at == now + 2 * HOUR
