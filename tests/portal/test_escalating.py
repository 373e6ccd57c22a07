"""What the ladder says to whom, and the pool behind “Get next”."""

from datetime import timedelta

import pytest
from django.db import transaction

from revops.foundation import outbox
from revops.foundation.models import Notice, OutboxMessage
from revops.portal import journey, tasks
from sla.models import Escalation, HandOff, RepProfile
from sla.pool import NotInRouting, offer_handoffs
from tests.factories import item
from tests.portal.desk import READY

pytestmark = pytest.mark.django_db
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def lead_of(company, rep, number, at):
    """A sales-ready lead of this rep."""
    RepProfile.objects.exclude(user=rep).update(is_routable=False)
    sent = item(
        company["source"], f"p{number}@firm{number}.com", **{**READY, "company": f"Firm {number}"}, _received_at=at
    )
    (receipt,) = journey.admit([sent], now=at)
    RepProfile.objects.update(is_routable=True)
    OutboxMessage.objects.all().delete()
    return receipt.lead_id


def told(user):
    return list(OutboxMessage.objects.filter(recipient=str(user.pk)).order_by("created_at", "pk"))


def test_each_rung_tells_whom_it_concerns_in_words(company, now):
    rep, other = company["reps"]
    lead = lead_of(company, rep, 1, now)
    journey.escalate(now=now + 2 * HOUR)
    (reminder,) = told(rep)
    assert reminder.kind == "sla.reminder"
    assert reminder.payload["text"].startswith(
        "Firm 1 waits for you until Wed 4 Mar, 14:00: Try to reach every tier-1 lead"
    )
    assert (reminder.subject_id, reminder.payload["url"].endswith("/#promises")) == (lead, True)

    journey.escalate(now=now + 4 * HOUR)
    assert told(rep)[-1].payload["text"].endswith(f"{other.name} was told, too.")
    assert told(other)[-1].payload["text"].endswith("You stand in.")
    assert told(company["sales_head"])[-1].payload["text"].endswith(f"{other.name} stands in.")
    assert {one.kind for one in OutboxMessage.objects.filter(created_at=now + 4 * HOUR)} == {"sla.breached"}

    journey.escalate(now=now + 6 * HOUR)
    assert told(company["sales_head"])[-1].kind == "sla.escalated"
    day = timedelta(days=1)
    journey.escalate(now=now + day)
    assert told(rep)[-1].payload["text"].endswith("You can still answer first.")
    assert told(rep)[-1].kind == "lead.offered"
    assert told(company["sales_head"])[-1].kind == "sla.escalated"


def test_ten_leads_at_once_are_one_message_and_each_lead_once(company, now):
    rep = company["reps"][0]
    for number in range(12):
        lead_of(company, rep, number, now)
    assert journey.escalate(now=now + 4 * HOUR) == 24
    (message,) = told(rep)
    text = message.payload["text"]
    assert text.startswith("12 leads need you:")
    assert text.count("•") == 10
    assert text.endswith("… and 2 more.")
    assert (message.kind, message.payload["url"], message.subject_id) == ("sla.breached", "/sla/", None)


def test_a_late_warning_says_that_it_is_late(company, now):
    rep = company["reps"][0]
    lead_of(company, rep, 1, now)
    journey.escalate(now=now + 2 * HOUR + 50 * MINUTE)
    assert told(rep)[0].payload["text"].endswith("This warning is 50 m late: the worker was down.")


def test_a_message_waits_for_the_receivers_hours(company, now):
    rep, other = company["reps"]
    lead_of(company, rep, 1, now + 5 * HOUR)  # 15:00; 100 % is Thursday 11:00
    journey.escalate(now=now + 30 * HOUR + 30 * MINUTE)  # Thursday 16:30
    journey.escalate(now=now + timedelta(days=1, hours=12))  # Thursday 22:00
    row = Escalation.objects.get(action="manager")
    last = told(company["sales_head"])[-1]
    assert last.available_at == row.tell_at
    assert row.receiver == company["sales_head"]
    assert told(other)[0].available_at == now + 30 * HOUR + 30 * MINUTE


def test_the_sweep_of_the_schedule_writes_each_message_once(company, now):
    lead_of(company, company["reps"][0], 1, now)
    assert tasks.escalate() > 0
    written = OutboxMessage.objects.count()
    assert written
    assert tasks.escalate() == 0
    assert OutboxMessage.objects.count() == written


def test_the_dead_worker_that_returns_tells_through_the_outbox(company, now):
    rep = company["reps"][0]
    lead_of(company, rep, 1, now)
    later = now + 2 * HOUR + 20 * MINUTE
    journey.escalate(now=later)
    outbox.deliver_due(later)
    assert Notice.objects.get(user=rep).text.endswith("This warning is 20 m late: the worker was down.")


def test_whoever_had_a_lead_hears_who_took_it(company, now):
    rep, other = company["reps"]
    lead = lead_of(company, rep, 1, now)
    assert journey.pull_next(other.pk, now=now) is None
    with transaction.atomic():
        offer_handoffs(list(HandOff.objects.values_list("pk", flat=True)), reason="late", now=now)
    taken = journey.pull_next(other.pk, now=now)
    assert taken is not None
    assert (taken.lead_id, HandOff.objects.get().owner) == (lead, other)
    assert told(rep)[-1].payload["text"] == f"{other.name} took a lead of yours from the pool."
    with pytest.raises(NotInRouting):
        journey.pull_next(company["sales_head"].pk, now=now)
