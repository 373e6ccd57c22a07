"""A change of agreement, calendar or absence: open clocks anew as one event, closed ones as before to the byte."""

from datetime import timedelta

import pytest
from django.db import connection

from revops.foundation.models import LedgerEntry, Role
from sla.agreements import TEMPLATE, draft_from_template, publish_agreement, sign_agreement
from sla.calendars import write_calendar
from sla.clocks import Evidence, meet_clocks, pause_clocks, resume_clocks
from sla.models import Absence, Clock, HandOff
from sla.recomputing import Change, recompute_open_clocks
from sla.starter import NINE_TO_FIVE

from .conftest import make_user

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
pytestmark = pytest.mark.django_db


def stored(**conditions) -> list[tuple]:
    """Rows as the database holds them, to the byte."""
    ids = list(Clock.objects.filter(**conditions).order_by("pk").values_list("pk", flat=True))
    with connection.cursor() as cursor:
        cursor.execute("SELECT sla_clock::text FROM sla_clock WHERE id = ANY(%s) ORDER BY id", [ids])
        return cursor.fetchall()


def running(code: str) -> list[Clock]:
    return list(Clock.objects.open().filter(clause__code=code).order_by("pk"))


def new_holiday(reps, now, day: str):
    """The reps' calendar with one more day off."""
    name = reps[0].rep_profile.calendar.name
    version = write_calendar(name, zone="UTC", week=NINE_TO_FIVE, now=now, days_off={day: "Founders' Day"})
    return Change("calendar", version.calendar_id), version


@pytest.mark.parametrize("leads", [1, 9])
def test_a_holiday_moves_open_deadlines_and_leaves_closed_clocks_to_the_byte(
    hand_off, reps, now, leads, django_assert_max_num_queries
):
    closed = hand_off(2)
    meet_clocks("first_contact", [Evidence(closed[0].lead_id, now + HOUR, "attempt")], now=now + HOUR)
    hand_off(leads)
    change, version = new_holiday(reps, now, "2026-03-05")
    before, open_before = stored(met_at__isnull=False), {clock.pk: clock for clock in running("decision")}
    with django_assert_max_num_queries(14):
        done = recompute_open_clocks(change, now=now + HOUR, calendar_ids=[version.calendar_id])
    assert stored(met_at__isnull=False) == before
    assert (len(done.changed), done.kept) == (2 * leads + 3, 0)
    assert {clock.due_at for clock in running("first_contact")} == {now + 4 * HOUR}  # ends today, before the day off
    for clock in running("decision"):
        old = open_before[clock.replaces_id]
        assert (clock.started_at, clock.user_id, clock.handoff_id) == (old.started_at, old.user_id, old.handoff_id)
        assert (clock.due_at, clock.calendar_version) == (old.due_at + DAY, version)
    assert set(HandOff.objects.values_list("due_at", flat=True)) == {now + 4 * HOUR, now + 2 * DAY}
    entry = LedgerEntry.objects.get(action="clocks.recomputed")
    assert (entry.subject_kind, entry.subject_id, entry.actor_label) == ("calendar", change.id, "system: clocks")
    assert entry.after == {"clocks": 2 * leads + 3, "kept": 0}


def test_a_second_run_changes_nothing(hand_off, reps, now):
    hand_off()
    change, _ = new_holiday(reps, now, "2026-03-05")
    recompute_open_clocks(change, now=now + HOUR)
    before = stored()
    assert recompute_open_clocks(change, now=now + HOUR).changed == []
    assert stored() == before
    assert LedgerEntry.objects.filter(action="clocks.recomputed").count() == 1


def test_a_breach_is_not_excused_and_nobody_is_made_late_by_a_change(hand_off, reps, now):
    (late,) = hand_off(at=now - 3 * DAY)
    hand_off()
    change, _ = new_holiday(reps, now, "2026-03-02")
    name = reps[0].rep_profile.calendar.name
    write_calendar(name, zone="UTC", week={"wed": [["00:00", "24:00"]]}, now=now)
    before = stored(handoff=late)
    done = recompute_open_clocks(change, now=now + 5 * HOUR)
    assert stored(handoff=late) == before
    assert {clock.due_at for clock in running("decision") if clock.handoff_id != late.pk} == {now + 8 * HOUR}
    assert (len(done.changed), done.kept) == (1, 3)


def test_a_new_agreement_promises_anew_what_is_still_open(hand_off, agreement, reps, now):
    hand_off()
    admin = make_user("Ada", Role.ADMIN)
    half = [
        clause.__class__(clause.code, clause.side, clause.text, clause.promise / 2, clause.business_time)
        if clause.code == "decision" and clause.promise
        else clause
        for clause in TEMPLATE
    ]
    draft = draft_from_template(agreement.calendar, now=now, review_on=(now + 90 * DAY).date(), clauses=half)
    heads = (("marketing", "Mia", Role.MARKETING_MANAGER), ("sales", "Sol", Role.SALES_MANAGER))
    for side, name, role in heads:
        sign_agreement(draft, side, make_user(name, role), now=now)
    publish_agreement(draft, now=now + HOUR, by=admin)
    (decision,) = running("decision")
    assert (decision.clause.agreement, decision.due_at) == (draft, now + 4 * HOUR)
    assert {clock.clause.agreement_id for clock in Clock.objects.open()} == {draft.pk}
    assert LedgerEntry.objects.get(action="clocks.recomputed").actor == admin


def test_an_absence_moves_the_deadlines_of_that_person_only(hand_off, reps, now):
    handoffs = hand_off(2)
    Absence.objects.create(user=reps[0], starts_at=now + HOUR, ends_at=now + DAY, created_at=now)
    recompute_open_clocks(Change("absence", reps[0].pk), now=now, user_ids=[reps[0].pk])
    due = {clock.user_id: clock for clock in running("first_contact")}
    assert due[reps[0].pk].due_at == now + DAY + 3 * HOUR
    assert due[reps[0].pk].away == [now + HOUR, now + DAY]
    assert due[reps[1].pk].due_at == now + 4 * HOUR
    assert {handoff.owner_id for handoff in handoffs} == {rep.pk for rep in reps}


def test_what_an_absence_covered_already_stays_and_a_pause_is_remembered(hand_off, reps, now):
    Absence.objects.create(user=reps[0], starts_at=now, ends_at=now + HOUR, created_at=now)
    Absence.objects.create(user=reps[1], starts_at=now, ends_at=now + HOUR, created_at=now)
    hand_off(at=now - HOUR)
    clock = running("first_contact")[0]
    assert clock.due_at == now + 4 * HOUR
    pause_clocks([clock.pk], at=now + HOUR, reason="test")
    resume_clocks([clock.pk], at=now + 2 * HOUR)
    Absence.objects.all().delete()
    change, _ = new_holiday(reps, now, "2026-03-05")
    recompute_open_clocks(change, now=now + 2 * HOUR)
    assert running("first_contact")[0].due_at == now + 5 * HOUR
    change, _ = new_holiday(reps, now, "2026-03-06")  # a second change, over the clock that replaced the first
    recompute_open_clocks(change, now=now + 2 * HOUR)
    assert running("first_contact")[0].due_at == now + 5 * HOUR
