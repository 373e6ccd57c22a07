"""Two people, or two workers, at the same moment."""

import threading

import pytest
from django.db import connection, transaction

from sla.handoffs import HandOffAnswer, answer_handoffs, hand_off_leads
from sla.models import Assignment, Clock, HandOff
from sla.routing import turns_owed

from .conftest import make_leads, requests_for

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts) -> list:
    """Runs the acts in threads that start together; each in a transaction of its own."""
    results, errors = [None] * len(acts), []
    barrier = threading.Barrier(len(acts))

    def run(place, act):
        try:
            barrier.wait(10)
            with transaction.atomic():
                results[place] = act()
        except Exception as error:  # noqa: BLE001 - shown by the test
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place, act)) for place, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert errors == []
    return results


def test_of_two_reps_who_answer_at_once_one_wins_and_the_other_is_told(hand_off, reps, now):
    for handoff in hand_off(5):
        results = at_once(
            *(
                lambda rep=rep, handoff=handoff: answer_handoffs(
                    [HandOffAnswer(handoff.pk, "accepted", rep.pk, now)], now=now
                )
                for rep in reps
            )
        )
        winners = [rep for rep, result in zip(reps, results, strict=True) if result.won]
        (told,) = [result.lost[handoff.pk] for result in results if result.lost]
        assert (len(winners), told.answered_by, told.answered_at) == (1, winners[0], now)


def test_batches_routed_at_once_share_turns_fairly(reps, now):
    batches = [requests_for(make_leads(10, now), now) for _ in range(4)]
    at_once(*(lambda batch=batch: hand_off_leads(batch, now=now) for batch in batches))
    owners = list(Assignment.objects.values_list("user_id", flat=True))
    assert [owners.count(rep.pk) for rep in reps] == [20, 20]
    assert set(turns_owed().values()) == {0}


def test_one_lead_handed_off_twice_at_once_has_one_hand_off(reps, now):
    requests = requests_for(make_leads(1, now), now)
    given = at_once(*(lambda: hand_off_leads(requests, now=now) for _ in range(3)))
    assert sorted(map(len, given)) == [0, 0, 1]
    assert (HandOff.objects.count(), Clock.objects.count()) == (1, 3)
