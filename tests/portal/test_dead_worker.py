"""No worker for an hour while promises run out: the board is right without it, and each warning still comes once."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from feedback.clock_audit import audit_clocks
from feedback.metrics import Week
from feedback.promises import promise_board
from leads.attempts import Try
from leads.models import Lead
from revops.foundation import outbox
from revops.foundation.models import Notice, OutboxMessage, User
from revops.portal import journey
from sla.models import Clock, Escalation
from tests.conftest import NOW
from tests.feedback.company import Company, found_company

pytestmark = pytest.mark.django_db(transaction=True)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
STOPPED, RETURNED = NOW + 2 * HOUR + 45 * MINUTE, NOW + 3 * HOUR + 45 * MINUTE
"""From 12:45 to 13:45 nobody sweeps and nobody delivers."""


@pytest.fixture
def company(transactional_db: None) -> Company:
    return found_company(NOW)


def work(now: datetime) -> int:
    """What a living worker does every minute."""
    taken = journey.escalate(now=now)
    outbox.deliver_due(now)
    return taken


def at_once(act: Callable[[], int], times: int) -> list[int]:
    answers, start = [0] * times, threading.Barrier(times)

    def run(place: int) -> None:
        try:
            start.wait(10)
            answers[place] = act()
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return answers


def call(company: Company, lead: Lead, at: datetime) -> None:
    journey.log_tries([Try(lead.pk, company.owner_of(lead).pk, "call", "no_answer", at, "A")], now=at)


def first_contacts(now: datetime) -> tuple[int, int, int]:
    """What the board says of the promise to try within four hours: kept, late, open."""
    (row,) = [one for one in promise_board(Week.of(now, ZoneInfo("UTC")), now) if one.clause.code == "first_contact"]
    return row.kept, row.late, row.pending


def heard(user: User) -> Counter[str]:
    return Counter(Notice.objects.filter(user=user).values_list("kind", flat=True))


def test_a_dead_worker_hides_nothing_and_tells_each_thing_once_when_it_returns(company: Company) -> None:
    breaching, tried, tried_late = company.hand_off(3, at=NOW - HOUR)  # due 13:00, half of it gone at 11:00
    warned = company.hand_off(1, at=NOW + HOUR)[0]  # half of it gone at 13:00, due 15:00
    quiet = company.hand_off(1, at=RETURNED - 5 * MINUTE)[0]
    work(NOW + 70 * MINUTE)
    assert set(Escalation.objects.values_list("lead", "action")) == {
        (lead.pk, "remind") for lead in (breaching, tried, tried_late)
    }
    work(STOPPED)
    told_before = Notice.objects.count()
    assert not OutboxMessage.objects.filter(channel="in_app", state="waiting", available_at__lte=STOPPED).exists()

    # The hour without a worker. Reps go on; what they do closes clocks as it happens.
    call(company, tried, STOPPED + 10 * MINUTE)
    assert first_contacts(STOPPED + 14 * MINUTE) == (1, 0, 4)
    assert first_contacts(STOPPED + 16 * MINUTE) == (1, 2, 2)  # a minute after 13:00, nobody having swept
    call(company, tried_late, STOPPED + 30 * MINUTE)
    assert first_contacts(RETURNED) == (1, 2, 2)
    assert Notice.objects.count() == told_before
    assert Escalation.objects.count() == 3

    # Two workers return at the same moment.
    assert sorted(at_once(lambda: journey.escalate(now=RETURNED), 2)) == [0, 2]
    at_once(lambda: outbox.deliver_due(RETURNED).delivered, 2)
    fresh = {(row.lead_id, row.action): row for row in Escalation.objects.filter(taken_at=RETURNED)}
    assert set(fresh) == {(breaching.pk, "backup"), (warned.pk, "remind")}
    assert quiet.pk not in {lead for lead, _action in fresh}
    texts = {
        (notice.subject_id, notice.user_id): notice.text
        for notice in Notice.objects.filter(kind__startswith="sla.", created_at=RETURNED)
    }
    owner, other = company.owner_of(breaching), next(r for r in company.reps if r != company.owner_of(breaching))
    assert set(texts) == {
        (breaching.pk, owner.pk), (breaching.pk, other.pk), (breaching.pk, company.sales_head.pk),
        (warned.pk, company.owner_of(warned).pk),
    }  # fmt: skip
    assert all(text.endswith("45 m late: the worker was down.") for text in texts.values())
    assert heard(company.sales_head)["sla.breached"] == 1

    # And nothing comes twice: not by the next rounds, not by two at once.
    once = Notice.objects.count()
    at_once(lambda: work(RETURNED + MINUTE), 2)
    assert work(RETURNED + 2 * MINUTE) == 0
    assert Notice.objects.count() == once
    assert not Escalation.objects.filter(lead=tried_late, action="backup").exists()
    assert first_contacts(RETURNED + 2 * MINUTE) == (1, 2, 2)
    assert audit_clocks(now=RETURNED + 2 * MINUTE).differences == []
    assert Clock.objects.filter(lead=tried_late, clause__code="first_contact", met_at__isnull=False).exists()


def test_what_was_swept_but_not_told_is_told_once_by_whoever_comes_next(company: Company) -> None:
    """The worker dies between the step and its message's delivery: the row waits in the outbox."""
    (lead,) = company.hand_off(1, at=NOW - HOUR)
    journey.escalate(now=NOW + HOUR)
    owner = company.owner_of(lead)
    assert heard(owner)["sla.reminder"] == 0
    at_once(lambda: outbox.deliver_due(RETURNED).delivered, 4)
    assert heard(owner)["sla.reminder"] == 1
    at_once(lambda: outbox.deliver_due(RETURNED + HOUR).delivered, 4)
    assert heard(owner)["sla.reminder"] == 1
