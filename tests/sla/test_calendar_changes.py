"""Calendars and absences in use: new versions, half days, renewal, hours of a team, imports of .ics files."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from revops.foundation.models import LedgerEntry, Team
from sla.absences import AbsenceRefused, cancel_absence, import_absences, move_absence, plan_absence, preview_absences
from sla.business_time import due_at
from sla.calendar_changes import add_own_days, calendar_of_team, change_calendar, give_to_team, renew_calendars
from sla.calendars import hours_of, last_holiday, write_calendar
from sla.ics import Event
from sla.models import Absence, CalendarVersion, Clock, RepProfile
from sla.starter import NINE_TO_FIVE

from .conftest import make_user

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def hours(**changes):
    asked = {"zone": "UTC", "week": NINE_TO_FIVE, "now": datetime(2026, 3, 4, tzinfo=UTC), "by": None} | changes
    return change_calendar("Desk", **asked)


def test_a_half_day_is_worked_until_noon_and_an_own_day_not_at_all():
    own = {
        "2026-12-24": {"name": "Christmas Eve", "windows": [["09:00", "12:00"]]},
        "2026-12-28": {"name": "Inventory", "windows": []},
    }
    version = hours(country="DE", own=own)
    eve = datetime(2026, 12, 24, 11, tzinfo=UTC)
    assert due_at(eve, 2 * HOUR, hours_of(version)) == datetime(2026, 12, 29, 10, tzinfo=UTC)


def test_an_own_day_can_open_a_public_holiday():
    version = hours(country="DE", own={"2026-12-25": {"name": "We work", "windows": [["10:00", "12:00"]]}})
    christmas = datetime(2026, 12, 25, 9, tzinfo=UTC)
    assert due_at(christmas, HOUR, hours_of(version)) == datetime(2026, 12, 25, 11, tzinfo=UTC)


def test_a_changed_calendar_moves_open_clocks_and_leaves_closed_ones(hand_off, reps, now):
    closed, running = hand_off(2)
    Clock.objects.filter(handoff=closed, met_at__isnull=True).update(
        met_at=now + HOUR, met_by_kind="attempt", met_by_id="1"
    )
    before = list(Clock.objects.filter(handoff=closed).order_by("pk").values())
    calendar = RepProfile.objects.first().calendar
    change_calendar(calendar.name, zone="UTC", week={"thu": [["09:00", "17:00"]]}, now=now + HOUR, by=reps[0])
    assert list(Clock.objects.filter(handoff=closed).order_by("pk").values()) == before
    due = {clock.due_at for clock in Clock.objects.open().filter(handoff=running, side="sales")}
    assert min(due) > now + DAY
    assert LedgerEntry.objects.get(action="clocks.recomputed").actor == reps[0]


def test_days_are_added_to_those_that_are_there():
    version = hours(own={"2026-12-24": {"name": "Eve", "windows": []}})
    newest = add_own_days(
        version.calendar,
        {"2026-12-31": {"name": "Party", "windows": []}},
        now=datetime(2026, 3, 5, tzinfo=UTC),
        by=None,
    )
    assert newest.version == 2
    assert set(newest.spec["own"]) == {"2026-12-24", "2026-12-31"}


def test_the_hours_of_a_team_are_those_of_its_people(reps, now):
    team = Team.objects.create(name="North", side="sales")
    reps[0].team = team
    reps[0].save()
    calendar = write_calendar("North hours", zone="Europe/Oslo", week=NINE_TO_FIVE, now=now).calendar
    assert give_to_team(team, calendar, now=now, by=None) == 1
    assert RepProfile.objects.get(user=reps[0]).calendar == calendar
    assert RepProfile.objects.get(user=reps[1]).calendar != calendar
    assert calendar_of_team(team.pk) == calendar
    assert give_to_team(team, calendar, now=now, by=None) == 0


def test_public_holidays_are_renewed_before_they_run_out(now):
    version = hours(country="DE", own={"2026-12-24": {"name": "Eve", "windows": []}})
    assert renew_calendars(now=now) == []
    later = now + timedelta(days=4 * 365)
    (renewed,) = renew_calendars(now=later)
    assert (renewed.version, renewed.spec["own"]) == (2, version.spec["own"])
    assert last_holiday(renewed).year == later.year + 6
    assert renew_calendars(now=later) == []
    assert CalendarVersion.objects.count() == 2


def test_an_absence_is_planned_moved_and_cancelled_and_clocks_follow(hand_off, reps, now):
    (handoff,) = hand_off()
    rep = handoff.owner
    due = handoff.due_at
    absence = plan_absence(rep, now + HOUR, now + 3 * DAY, kind="leave", by=rep, now=now)
    handoff.refresh_from_db()
    assert handoff.due_at > due
    with pytest.raises(AbsenceRefused, match="away on some of these days"):
        plan_absence(rep, now + DAY, now + 2 * DAY, kind="sick", by=rep, now=now)
    with pytest.raises(AbsenceRefused, match="ends before it begins"):
        plan_absence(rep, now, now, kind="sick", by=rep, now=now)
    moved = move_absence(absence, now + 30 * DAY, now + 31 * DAY, kind="training", by=rep, now=now)
    assert (moved.kind, moved.version) == ("training", 2)
    handoff.refresh_from_db()
    assert handoff.due_at == due
    cancel_absence(moved, by=rep, now=now)
    assert not Absence.objects.exists()


def test_a_file_read_twice_plans_nothing_twice(now):
    rep = make_user("Rita", timezone="Europe/Berlin")
    zone = ZoneInfo("Europe/Berlin")
    plan_absence(rep, now + 20 * DAY, now + 22 * DAY, kind="leave", by=rep, now=now)

    def event(key, start, days=1):
        begins = datetime.combine(start, datetime.min.time(), zone)
        return Event(key, "Leave", begins, begins + days * DAY, True)

    first = [event("a", date(2026, 7, 6), 5), event("b", (now + 21 * DAY).date())]
    result = import_absences(rep, first, by=rep, now=now)
    assert [row.what for row in result.rows] == ["made", "refused"]
    assert [row.why for row in result.refusals] == ["Rita is away on some of these days already."]
    again = import_absences(rep, [event("a", date(2026, 7, 6), 5), event("c", date(2026, 8, 3))], by=rep, now=now)
    assert [row.what for row in again.rows] == ["same", "made"]
    shown = preview_absences(rep, [event("a", date(2026, 7, 7), 5), event("d", date(2026, 9, 7))], by=rep, now=now)
    assert [(row.what, row.was is not None) for row in shown.rows] == [("moved", True), ("made", False)]
    moved = import_absences(rep, [event("a", date(2026, 7, 7), 5)], by=rep, now=now)
    assert (moved.count("made"), moved.count("moved")) == (0, 1)
    assert Absence.objects.filter(user=rep).count() == 3
