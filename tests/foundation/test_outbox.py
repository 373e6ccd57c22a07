"""The outbox: delivered at least once, taken back in time, never lost to a dead worker."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core import mail

from revops.foundation import outbox
from revops.foundation.delivery import Carrier, DeliveryRefused, lanes
from revops.foundation.ids import new_id
from revops.foundation.models import Channel, MessageState, Notice, OutboxMessage

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)


def message(now, channel=Channel.EMAIL, recipient="ana@example.com", **fields):
    values = {
        "kind": "lead.accepted", "subject_kind": "lead", "subject_id": new_id(), "channel": channel,
        "recipient": recipient, "created_at": now, "payload": {"subject": "A\nlead", "text": "Call.", "url": "/queue/"},
    }  # fmt: skip
    return OutboxMessage(**(values | fields))


def carried_by(monkeypatch, channel, send):
    """Lets `send` carry the messages of a channel."""
    carrier = Carrier(lambda messages: {one.pk: lambda one=one: send(one) for one in messages})
    monkeypatch.setitem(lanes._carriers, channel, carrier)


def test_an_email_leaves_once_with_an_id_of_its_own(now):
    outbox.enqueue([message(now)])
    assert outbox.deliver_due(now) == outbox.Delivered(delivered=1)
    assert outbox.deliver_due(now) == outbox.Delivered()
    (sent,) = mail.outbox
    stored = OutboxMessage.objects.get()
    assert (sent.subject, sent.body, sent.to) == ("A lead", "Call.", ["ana@example.com"])
    assert str(stored.pk) in sent.extra_headers["Message-ID"]
    assert (stored.state, stored.attempts, stored.finished_at) == (MessageState.DELIVERED, 1, now)


def test_a_notice_reaches_the_person_and_an_unknown_one_is_a_failure(make_user, now):
    ana = make_user()
    outbox.enqueue([message(now, Channel.IN_APP, who) for who in (str(ana.pk), str(uuid4()), "nonsense")])
    assert outbox.deliver_due(now) == outbox.Delivered(delivered=1, failed=2)
    notice = Notice.objects.get()
    assert (notice.user, notice.text, notice.url, notice.created_at) == (ana, "Call.", "/queue/", now)


def test_notices_take_the_same_queries_for_one_and_for_many(make_user, now, django_assert_num_queries):
    ana = make_user()
    for size in (1, 50):
        outbox.enqueue([message(now, Channel.IN_APP, str(ana.pk)) for _number in range(size)])
        with django_assert_num_queries(16):
            outbox.deliver_due(now)


def test_what_can_be_undone_waits_and_can_be_taken_back(now):
    kept, taken = (
        message(now, available_at=now + outbox.UNDO_WINDOW),
        message(now, available_at=now + outbox.UNDO_WINDOW),
    )
    outbox.enqueue([kept, taken])
    assert outbox.deliver_due(now + 29 * SECOND) == outbox.Delivered()
    assert outbox.cancel("lead", [taken.subject_id], now + 29 * SECOND) == 1
    assert outbox.deliver_due(now + 30 * SECOND) == outbox.Delivered(delivered=1)
    assert outbox.cancel("lead", [kept.subject_id], now + 31 * SECOND) == 0
    taken.refresh_from_db()
    assert taken.state == MessageState.CANCELLED


def test_only_the_named_kinds_are_taken_back(now):
    rows = [message(now, kind=kind, subject_id=None) for kind in ("lead.accepted", "lead.rejected")]
    subject = new_id()
    for row in rows:
        row.subject_id = subject
    outbox.enqueue(rows)
    assert outbox.cancel("lead", [subject], now, kinds=["lead.rejected"]) == 1


def test_a_failing_recipient_is_tried_again_later_and_given_up_in_the_end(now, monkeypatch):
    def fail(_message):
        raise ConnectionError("the mail server is away")

    carried_by(monkeypatch, Channel.EMAIL, fail)
    outbox.enqueue([message(now)])
    at = now
    for attempt in range(1, len(lanes.RETRY_AFTER) + 1):
        assert outbox.deliver_due(at) == outbox.Delivered(postponed=1)
        stored = OutboxMessage.objects.get()
        assert stored.attempts == attempt
        assert "the mail server is away" in stored.last_error
        wait = stored.available_at - at
        assert 0.8 * lanes.RETRY_AFTER[attempt - 1] <= wait <= 1.2 * lanes.RETRY_AFTER[attempt - 1]
        assert outbox.deliver_due(at) == outbox.Delivered()
        at = stored.available_at
    assert outbox.deliver_due(at) == outbox.Delivered(failed=1)
    assert OutboxMessage.objects.get().state == MessageState.FAILED


def test_a_webhook_without_an_endpoint_is_withdrawn_in_words(now):
    outbox.enqueue([message(now, Channel.WEBHOOK, "")])
    assert outbox.deliver_due(now) == outbox.Delivered(withdrawn=1)
    assert OutboxMessage.objects.get().last_error == "No endpoint is registered."


def test_a_refused_delivery_is_not_repeated(now, monkeypatch):
    def refuse(_message):
        raise DeliveryRefused("no such address")

    carried_by(monkeypatch, Channel.CHAT, refuse)
    outbox.enqueue([message(now, Channel.CHAT)])
    assert outbox.deliver_due(now) == outbox.Delivered(failed=1)


def test_a_message_of_a_dead_worker_is_taken_over_when_its_lease_ends(now):
    outbox.enqueue([message(now)])
    assert len(lanes._claim(now, 1)) == 1
    assert outbox.deliver_due(now + lanes.LEASE - SECOND) == outbox.Delivered()
    assert outbox.deliver_due(now + lanes.LEASE + SECOND) == outbox.Delivered(delivered=1)


def test_a_worker_that_wakes_without_its_lease_changes_nothing(now):
    outbox.enqueue([message(now)])
    (slow,) = lanes._claim(now, 1)
    later = now + lanes.LEASE + SECOND
    outbox.deliver_due(later)
    lanes._settle(slow, None, later + 60 * SECOND, outbox.Delivered())
    assert OutboxMessage.objects.get().finished_at == later
