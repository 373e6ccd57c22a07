"""Escalation: every step once, to somebody who is there, for promises that really are broken."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import IntegrityError, connection, transaction

from leads.models import Attempt
from revops.foundation.ids import new_id
from revops.foundation.models import Team
from sla import pool
from sla.clocks import pause_clocks, resume_clocks
from sla.escalation import escalate_due, escalations_of, ladders_of, save_ladder
from sla.escalation.running import running_promises
from sla.escalation.taking import LOOK_AGAIN
from sla.handoffs import HandOffAnswer, answer_handoffs, reassign_handoffs
from sla.ladder import STEPS, Action, LadderError, Step
from sla.models import Absence, Clock, ClockExcuse, Escalation, HandOff, PoolOffer, RepBackup
from sla.pool import TAKEN_REASON, NotInRouting, offer_handoffs, take_next, waiting_in_pool
from tests.sla.conftest import make_user

pytestmark = pytest.mark.django_db
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def team(reps):
    """Anna and Ben under one manager, who works without a calendar of their own."""
    chief = make_user("Chief", "sales_manager")
    team = Team.objects.create(name="North", side="sales", manager=chief)
    for rep in reps:
        rep.team = team
        rep.save(update_fields=["team"])
    return team


def steps(now):
    return [(one.row.action, one.row.receiver.name if one.row.receiver else "") for one in escalate_due(now=now)]


def test_the_ladder_goes_from_reminder_to_the_pool_each_step_once(hand_off, team, reps, now):
    (handoff,) = hand_off()  # Wednesday 10:00; first contact is due at 14:00
    owner = next(rep for rep in reps if rep.pk == handoff.owner_id)
    other = next(rep for rep in reps if rep.pk != handoff.owner_id)
    assert steps(now + 119 * MINUTE) == []
    assert steps(now + 2 * HOUR) == [("remind", owner.name)]
    assert steps(now + 3 * HOUR) == []
    assert steps(now + 4 * HOUR) == [("backup", other.name)]
    assert steps(now + 6 * HOUR) == [("manager", "Chief")]
    day = timedelta(days=1)
    assert steps(now + day) == [("pool", "Chief")]  # 200 % is Thursday 10:00
    assert steps(now + 5 * day) == []
    rows = list(Escalation.objects.order_by("after"))
    assert [row.after for row in rows] == [50, 100, 150, 200]
    assert [row.due_at for row in rows] == [now + 2 * HOUR, now + 4 * HOUR, now + 6 * HOUR, now + day]
    assert rows[1].copies == [owner.pk, team.manager_id]
    assert rows[3].copies == [owner.pk]
    offer = PoolOffer.objects.get()
    assert (offer.handoff, offer.from_user, offer.taken_at) == (handoff, owner, None)
    assert [row.action for row in escalations_of([handoff.lead_id])[handoff.lead_id]] == [row.action for row in rows]


def test_two_clocks_of_one_lead_climb_one_ladder(hand_off, team, now):
    hand_off()
    assert Clock.objects.open().filter(side="sales").count() == 2
    escalate_due(now=now + timedelta(days=3))
    assert Escalation.objects.filter(side="sales").count() == 4


def test_a_worker_that_was_down_says_how_late_its_warnings_are(hand_off, team, now):
    hand_off()
    taken = escalate_due(now=now + 4 * HOUR + 50 * MINUTE)
    assert [(one.row.action, one.late_by) for one in taken] == [
        ("remind", 2 * HOUR + 50 * MINUTE), ("backup", 50 * MINUTE),
    ]  # fmt: skip
    assert escalate_due(now=now + 5 * HOUR) == []
    (on_time,) = escalate_due(now=now + 6 * HOUR + MINUTE)
    assert on_time.late_by is None


def test_an_absent_owner_is_passed_over_for_the_stand_in(hand_off, team, reps, now):
    (handoff,) = hand_off()
    owner, other = handoff.owner, next(rep for rep in reps if rep.pk != handoff.owner_id)
    deputy = make_user("Dora", "rep")
    RepBackup.objects.create(user=owner, backup=deputy, updated_at=now)
    late = now + 4 * HOUR
    for person in (owner, deputy):
        Absence.objects.create(user=person, starts_at=late - MINUTE, ends_at=late + 90 * HOUR, created_at=now)
    taken = {one.row.action: one.row for one in escalate_due(now=late)}
    assert taken["remind"].receiver == team.manager
    assert taken["remind"].passed_over == [str(owner.pk), str(deputy.pk)]
    assert taken["backup"].receiver == other
    assert taken["backup"].passed_over == [str(deputy.pk)]


def test_nobody_is_told_outside_their_hours(hand_off, team, reps, now):
    (handoff,) = hand_off(at=now - 14 * HOUR)  # Tuesday 20:00: runs from Wednesday 9:00
    RepBackup.objects.create(user=handoff.owner, backup=next(r for r in reps if r != handoff.owner), updated_at=now)
    escalate_due(now=now - 14 * HOUR + timedelta(days=1))  # Wednesday 20:00
    row = Escalation.objects.get(action="backup")
    assert (row.due_at, row.taken_at) == (now + 3 * HOUR, now + 10 * HOUR)
    assert row.tell_at == now + 23 * HOUR  # Thursday 9:00


def test_a_promise_that_raw_events_show_as_kept_is_no_breach(hand_off, team, now):
    (handoff,) = hand_off()
    Attempt.objects.create(
        lead_id=handoff.lead_id, user=handoff.owner, channel="call", result="no_answer", grade="A",
        occurred_at=now + HOUR, recorded_at=now + HOUR,
    )  # fmt: skip
    answer_handoffs([HandOffAnswer(handoff.pk, "accepted", handoff.owner_id, now + HOUR)], now=now + HOUR)
    assert escalate_due(now=now + 5 * HOUR) == []
    clock = Clock.objects.get(clause__code="first_contact")
    assert (clock.met_at, clock.met_by_kind) == (now + HOUR, "attempt")


def test_a_back_dated_word_does_not_stop_the_ladder(hand_off, team, now):
    (handoff,) = hand_off()
    answer_handoffs([HandOffAnswer(handoff.pk, "accepted", handoff.owner_id, now + HOUR)], now=now + HOUR)
    escalate_due(now=now + 4 * HOUR)
    Attempt.objects.create(
        lead_id=handoff.lead_id, user=handoff.owner, channel="call", result="no_answer", grade="C",
        occurred_at=now + HOUR, recorded_at=now + 5 * HOUR,
    )  # fmt: skip
    assert escalate_due(now=now + 6 * HOUR) == []
    clock = Clock.objects.get(clause__code="first_contact")
    assert clock.met_at == now + 5 * HOUR  # closed, and late


def test_what_a_machine_sent_keeps_no_promise(hand_off, team, now):
    (handoff,) = hand_off()
    Attempt.objects.create(
        lead_id=handoff.lead_id, user=handoff.owner, channel="email", result="no_answer", grade="A", is_automatic=True,
        occurred_at=now + HOUR, recorded_at=now + HOUR,
    )  # fmt: skip
    assert [action for action, _name in steps(now + 4 * HOUR)] == ["remind", "backup"]


def test_answered_excused_and_paused_promises_climb_no_further(hand_off, team, now):
    answered, excused, paused = hand_off(3)
    answer_handoffs([HandOffAnswer(answered.pk, "rejected", answered.owner_id, now)], now=now)
    for clock in Clock.objects.filter(handoff=excused):
        ClockExcuse.objects.create(
            clock=clock, cause_kind="contest", cause_id=new_id(), excused_by=excused.owner, excused_at=now
        )
    Clock.objects.filter(handoff=paused, met_at__isnull=True).update(paused_at=now + MINUTE)
    assert escalate_due(now=now + timedelta(days=2)) == []


def test_a_lead_without_anybody_is_the_managers(hand_off, reps, team, now):
    for rep in reps:
        rep.rep_profile.is_routable = False
        rep.rep_profile.save(update_fields=["is_routable"])
    hand_off()
    assert steps(now + timedelta(days=5))[0] == ("backup", "Sam")
    assert not PoolOffer.objects.exists()


def test_late_details_are_marketings_breach_and_go_to_marketings_manager(hand_off, team, now):
    hand_off(details_complete=False)
    taken = escalate_due(now=now + HOUR)
    assert [(one.row.side, one.row.action, one.row.receiver.name) for one in taken] == [("marketing", "backup", "Mara")]


def test_a_new_owner_starts_at_the_foot_and_hops_are_capped(hand_off, team, reps, agreement, now):
    chief = team.manager
    with transaction.atomic():
        save_ladder(agreement, STEPS, most_moves=1, by=chief, now=now - HOUR)
    (handoff,) = hand_off()
    day = timedelta(days=1)
    escalate_due(now=now + day)
    other = next(rep for rep in reps if rep.pk != handoff.owner_id)
    taken = take_next(other.pk, now=now + day + MINUTE)
    assert taken is not None
    assert taken.from_user_id == handoff.owner_id
    assert steps(now + day + 2 * HOUR + MINUTE) == [("remind", other.name)]
    last = escalate_due(now=now + 3 * day)[-1].row
    assert (last.action, last.move) == ("pool", 1)
    assert last.reason == "Moved 1 times already, so it stays where it is"
    assert PoolOffer.objects.filter(taken_at__isnull=True).count() == 0


def test_a_lead_given_late_is_no_late_warning(hand_off, team, reps, now):
    (handoff,) = hand_off()
    other = next(rep for rep in reps if rep.pk != handoff.owner_id)
    reassign_handoffs([handoff.pk], other.pk, by_id=other.pk, reason="away", now=now + 3 * HOUR)
    (reminded,) = escalate_due(now=now + 3 * HOUR + MINUTE)
    assert (reminded.row.action, reminded.late_by) == ("remind", None)
    assert reminded.row.due_at == now + 3 * HOUR


def test_a_ladder_counts_for_its_agreement_and_those_after_it(agreement, team, now):
    chief = team.manager
    assert ladders_of([agreement.pk])[agreement.pk].steps == STEPS
    own = (Step(Action.REMIND, 80), Step(Action.MANAGER, 120))
    first = save_ladder(agreement, own, most_moves=0, by=chief, now=now)
    found = ladders_of([agreement.pk])[agreement.pk]
    assert (found.steps, found.most_moves, found.row) == (own, 0, first)
    assert save_ladder(agreement, (), most_moves=0, by=chief, now=now).version == 2
    assert ladders_of([agreement.pk])[agreement.pk].steps == ()
    with pytest.raises(LadderError):
        save_ladder(agreement, (Step(Action.REMIND, 80),) * 2, most_moves=0, by=chief, now=now)


def test_a_step_that_a_new_ladder_adds_is_not_late(hand_off, team, agreement, now):
    hand_off()
    save_ladder(agreement, (Step(Action.MANAGER, 10),), most_moves=0, by=team.manager, now=now + 3 * HOUR)
    (taken,) = escalate_due(now=now + 3 * HOUR)
    assert (taken.row.action, taken.late_by) == ("manager", None)


def test_the_database_keeps_steps_and_excuses_as_they_were(hand_off, team, now):
    hand_off()
    escalate_due(now=now + 2 * HOUR)
    with pytest.raises(IntegrityError), transaction.atomic():
        Escalation.objects.update(action="pool")
    with pytest.raises(IntegrityError), transaction.atomic():
        Escalation.objects.all().delete()


def test_one_sweep_takes_the_same_queries_for_one_lead_and_for_many(hand_off, team, now, django_assert_num_queries):
    for number, at in ((1, now), (20, now + timedelta(days=1))):
        hand_off(number, at=at)
        escalate_due(now=at + HOUR)
        with django_assert_num_queries(16):
            assert len(escalate_due(now=at + 2 * HOUR)) == number
        HandOff.objects.update(state="withdrawn", answered_at=at, answered_by=None)


def test_a_sweep_reads_again_only_what_is_due(hand_off, team, now):
    hand_off(3)
    escalate_due(now=now + HOUR)
    assert running_promises(now + HOUR, None) == []
    assert running_promises(now + 119 * MINUTE, None) == []
    assert len(escalate_due(now=now + 2 * HOUR)) == 3
    escalate_due(now=now + timedelta(days=9))
    assert running_promises(now + timedelta(days=9), None) == []
    assert Clock.objects.open().exists()
    assert running_promises(now + timedelta(days=9) + LOOK_AGAIN, None), "nothing is out of sight for long"


def pause(handoff, at):
    clocks = list(Clock.objects.filter(handoff=handoff).values_list("pk", flat=True))
    pause_clocks(clocks, at=at)
    resume_clocks(clocks, at=at + MINUTE)


def to_another(handoff, at):
    other = Clock.objects.exclude(user=handoff.owner).filter(side="sales").values_list("user", flat=True)[0]
    HandOff.objects.filter(pk=handoff.pk).update(owner=other)


def accept(handoff, at):
    answer_handoffs([HandOffAnswer(handoff.pk, "accepted", handoff.owner_id, at)], now=at)


@pytest.mark.parametrize("change", [pause, to_another, accept])
def test_a_clock_that_changes_or_changes_hands_is_looked_at_at_once(hand_off, team, now, change):
    one, other = hand_off(2)
    escalate_due(now=now + HOUR)
    change(one, now + HOUR)
    assert {promise.handoff_id for promise in running_promises(now + HOUR + 2 * MINUTE, None)} == {one.pk}
    assert other.pk != one.pk


def test_a_new_ladder_is_climbed_at_once(hand_off, team, agreement, now):
    hand_off()
    escalate_due(now=now + HOUR)
    save_ladder(agreement, (Step(Action.MANAGER, 20),), most_moves=0, by=team.manager, now=now + HOUR)
    assert len(escalate_due(now=now + HOUR)) == 1


# --- the pool --------------------------------------------------------------------------------------------------------
def test_get_next_gives_the_most_urgent_offer_and_a_fresh_promise(hand_off, team, reps, now):
    first, second = sorted(hand_off(2, at=now), key=lambda one: one.pk)
    anna = reps[0]
    reassign_handoffs([first.pk, second.pk], reps[1].pk, by_id=reps[1].pk, reason="x", now=now)
    Clock.objects.filter(handoff=second, clause__code="first_contact").update(due_at=now + HOUR, warn_at=now)
    HandOff.objects.filter(pk=second.pk).update(due_at=now + HOUR)
    assert waiting_in_pool(anna.pk) == 0
    assert take_next(anna.pk, now=now) is None
    assert set(offer_handoffs([first.pk, second.pk], reason="late", now=now)) == {first.pk, second.pk}
    assert offer_handoffs([first.pk], reason="late", now=now) == []
    assert (waiting_in_pool(anna.pk), waiting_in_pool(reps[1].pk)) == (2, 0)
    later = now + 2 * HOUR
    taken = take_next(anna.pk, now=later)
    assert taken.handoff_id == second.pk
    second.refresh_from_db()
    assert second.owner == anna
    assert second.due_at > later
    assert second.assignments.order_by("-pk").first().reason == TAKEN_REASON
    assert waiting_in_pool(anna.pk) == 1
    offer = PoolOffer.objects.get(handoff=second)
    assert (offer.taken_by, offer.taken_at) == (anna, later)


def test_an_offer_lapses_when_its_owner_answers_or_somebody_else_has_it(hand_off, team, reps, now):
    answered, moved = hand_off(2)
    offer_handoffs([answered.pk, moved.pk], reason="late", now=now)
    answer_handoffs([HandOffAnswer(answered.pk, "accepted", answered.owner_id, now)], now=now)
    reassign_handoffs(
        [moved.pk], next(r.pk for r in reps if r.pk != moved.owner_id), by_id=reps[0].pk, reason="x", now=now
    )
    assert [waiting_in_pool(rep.pk) for rep in reps] == [0, 0]
    assert offer_handoffs([moved.pk], reason="again", now=now) == [moved.pk]


def test_leads_without_anybody_are_in_the_pool(hand_off, team, reps, now):
    for rep in reps:
        rep.rep_profile.is_routable = False
        rep.rep_profile.save(update_fields=["is_routable"])
    (handoff,) = hand_off()
    taken = take_next(reps[0].pk, now=now)
    assert (taken.handoff_id, taken.from_user_id) == (handoff.pk, None)


def test_the_pool_is_dealt_in_the_order_of_queues_also_past_those_whose_turn_is_not_for_them(
    hand_off, team, reps, now, monkeypatch
):
    mine, best, other, nobodys = hand_off(4)
    anna, ben = reps[:2]
    for handoff, owner, tier in ((mine, anna, 1), (best, ben, 2), (other, ben, 3), (nobodys, None, 4)):
        HandOff.objects.filter(pk=handoff.pk).update(owner=owner, tier=tier, priority=1, due_at=now + HOUR)
    offer_handoffs([mine.pk, best.pk, other.pk], reason="late", now=now)
    monkeypatch.setattr(pool, "_NEXT", pool._NEXT.replace(f"LIMIT {pool.AT_THE_FRONT}", "LIMIT 1"))
    assert pool._NEXT.count("LIMIT 1)") == 2
    assert take_next(anna.pk, now=now).handoff_id == nobodys.pk  # of the front, only this one is for Anna
    assert take_next(anna.pk, now=now).handoff_id == best.pk  # nothing there, so the whole pool is looked at
    assert take_next(anna.pk, now=now).handoff_id == other.pk
    assert take_next(anna.pk, now=now) is None


def test_somebody_without_working_hours_takes_nothing(hand_off, team, now):
    with pytest.raises(NotInRouting, match="working hours"):
        take_next(team.manager_id, now=now)


@pytest.mark.django_db(transaction=True)
def test_two_schedulers_take_each_step_once(hand_off, team, now):
    hand_off(30)
    gate = Barrier(4)

    def sweep() -> int:
        try:
            gate.wait()
            with transaction.atomic():
                return len(escalate_due(now=now + timedelta(days=3)))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as workers:
        found = [future.result() for future in [workers.submit(sweep) for _ in range(4)]]
    assert sum(found) == Escalation.objects.count() == 30 * 4
    assert PoolOffer.objects.count() == 30


@pytest.mark.django_db(transaction=True)
def test_sixteen_at_once_never_get_the_same_lead(hand_off, team, reps, now):
    with transaction.atomic():
        offer_handoffs([handoff.pk for handoff in hand_off(48)], reason="late", now=now)
    gate = Barrier(16)

    def pull(number: int) -> list:
        rep, got = reps[number % 2], []
        try:
            gate.wait()
            for _ in range(4):
                with transaction.atomic():
                    taken = take_next(rep.pk, now=now + MINUTE)
                if taken:
                    got.append(taken.handoff_id)
            return got
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as workers:
        found = [pk for future in [workers.submit(pull, n) for n in range(16)] for pk in future.result()]
    assert len(found) == len(set(found)) == 48
    assert PoolOffer.objects.filter(taken_at__isnull=False).count() == 48
