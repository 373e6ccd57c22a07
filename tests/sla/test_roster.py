"""What routing keeps in memory about people and rules is forgotten as soon as the database changes any of it."""

from datetime import timedelta

import pytest
from django.db import transaction

from revops.foundation.models import Team, User
from sla.models import Absence, CalendarVersion, RepProfile, RosterStamp, RoutingRules
from sla.routing import load_roster, open_balance, turns_owed
from tests.sla.conftest import make_user

DAY = timedelta(days=1)

pytestmark = pytest.mark.django_db


def roster(now):
    return load_roster(now=now, lock=False)


def leave(reps, now):
    Absence.objects.create(user=reps[0], starts_at=now, ends_at=now + DAY, created_at=now)


def close_on_mondays(reps, now):
    version = CalendarVersion.objects.get(calendar=reps[0].rep_profile.calendar)
    spec = version.spec | {"week": {"tue": [["09:00", "17:00"]]}}
    CalendarVersion.objects.create(
        calendar=version.calendar, version=version.version + 1, zone=version.zone, spec=spec, created_at=now
    )


def move(reps, now):
    User.objects.filter(pk=reps[0].pk).update(team=Team.objects.create(name="North", side="sales"))


CHANGES = {
    "a profile": (
        lambda reps, now: RepProfile.objects.filter(user=reps[0]).update(is_routable=False),
        lambda found: found.candidates[0].is_routable,
    ),
    "an absence": (leave, lambda found: len(found.candidates[0].absences)),
    "a calendar": (close_on_mondays, lambda found: next(iter(found.hours.values())).version.version),
    "rules": (
        lambda reps, now: RoutingRules.objects.create(
            version=1, rules=[{"name": "Anna's", "people": [str(reps[0].pk)]}], created_at=now
        ),
        lambda found: len(found.lineup.rules),
    ),
    "a deactivation": (
        lambda reps, now: User.objects.filter(pk=reps[0].pk).update(is_active=False),
        lambda found: found.candidates[0].is_active,
    ),
    "a team": (move, lambda found: found.candidates[0].team_id),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_is_seen_at_once(what, reps, now):
    change, read = CHANGES[what]
    before = roster(now)
    assert roster(now).lineup is before.lineup  # nothing changed: it is kept
    change(reps, now)
    assert read(roster(now)) != read(before)


def test_what_was_undone_is_not_remembered(reps, now):
    stamp = RosterStamp.objects.get().stamp
    with transaction.atomic():
        RepProfile.objects.filter(user=reps[0]).update(weight=9)
        assert roster(now).candidates[0].weight == 9
        transaction.set_rollback(True)
    assert RosterStamp.objects.get().stamp == stamp
    RepProfile.objects.filter(user=reps[1]).update(weight=3)
    assert [person.weight for person in roster(now).candidates] == [1, 3]


def test_absences_of_a_time_that_was_not_read_are_read(reps, now):
    """Somebody routes for an earlier instant than the one whose absences are kept."""
    Absence.objects.create(user=reps[0], starts_at=now - 30 * DAY, ends_at=now - 20 * DAY, created_at=now)
    assert roster(now).candidates[0].absences == ()
    assert roster(now - 25 * DAY).candidates[0].absences != ()
    assert roster(now + 2 * DAY).candidates[0].absences == ()


def test_without_a_stamp_everything_is_read(reps, now):
    RosterStamp.objects.all().delete()
    before = roster(now)
    assert roster(now).lineup is not before.lineup


def test_open_work_counts_for_those_with_a_capacity(hand_off, reps, now):
    RepProfile.objects.filter(user=reps[0]).update(capacity=5)
    hand_off(4)
    assert roster(now).open_work == {reps[0].pk: 2}


def test_somebody_who_joins_starts_with_a_balance_of_zero_and_keeps_it(hand_off, reps, now):
    hand_off(1)
    before = turns_owed()
    late = make_user("Late")
    for _ in range(2):
        open_balance(late, now=now)
        open_balance(reps[0], now=now)
    assert turns_owed() == before | {late.pk: 0}
