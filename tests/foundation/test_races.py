"""Two at once, with real commits: one effect per key, one worker per job, one delivery per message."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from uuid import uuid4

import pytest
from django.core import mail
from django.db import connection, transaction

from revops.foundation import jobs, outbox
from revops.foundation.api import idempotency
from revops.foundation.api.problems import ProblemError
from revops.foundation.models import Channel, IdempotencyKey, OutboxMessage, Team

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("tests.foundation.api_site")]

NOW = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)


def at_once(count, work):
    """What `count` threads got that started together."""
    start = Barrier(count)

    def run(number):
        try:
            start.wait()
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def test_eight_clients_with_one_key_have_one_effect_and_one_answer(key_client):
    client = key_client()
    header = client._credentials or client.defaults

    def send(_number):
        from rest_framework.test import APIClient

        return APIClient(**header).post(
            "/api/v1/teams/", {"name": "A"}, format="json", headers={"Idempotency-Key": "k1"}
        )

    answers = at_once(8, send)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("Idempotency-Replayed" in answer for answer in answers) == 7
    assert Team.objects.count() == 1


def test_a_second_request_is_told_to_come_back_while_the_first_runs(monkeypatch):
    monkeypatch.setattr(idempotency, "WAIT_MILLISECONDS", 100)
    principal = uuid4()

    def write():
        return idempotency.KeyedWrite(principal, "POST", "/x/", "k1", b"f" * 32)

    def second():
        try:
            with pytest.raises(ProblemError) as raised, transaction.atomic():
                idempotency.reserve([write()], NOW)
            return raised.value.code
        finally:
            connection.close()

    with transaction.atomic():
        idempotency.reserve([write()], NOW)
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(second).result() == "idempotency_in_progress"


def test_a_batch_of_writes_is_reserved_in_one_query_and_kept_in_one(django_assert_num_queries):
    from django.http import HttpResponse

    principal = uuid4()

    def writes():
        return [idempotency.KeyedWrite(principal, "POST", "/x/", f"k{number}", b"f" * 32) for number in range(50)]

    with transaction.atomic():
        fresh = writes()
        with django_assert_num_queries(1):
            idempotency.reserve(fresh, NOW)
        assert all(write.row_id and not write.kept for write in fresh)
        idempotency.keep([(write, HttpResponse(json.dumps({"key": write.key}))) for write in fresh])
    with transaction.atomic():
        known = writes()
        with django_assert_num_queries(2):
            idempotency.reserve(known, NOW)
        assert [json.loads(idempotency.replayed(write).content)["key"] for write in known] == [w.key for w in known]
    assert IdempotencyKey.objects.count() == 50


def test_four_workers_deliver_each_message_once(monkeypatch):
    outbox.enqueue(
        OutboxMessage(
            kind="ping", subject_kind="test", channel=Channel.EMAIL, recipient=f"p{number}@example.com", created_at=NOW
        )
        for number in range(40)
    )
    rounds = at_once(4, lambda _number: outbox.deliver_due(NOW))
    assert sum(round_.delivered for round_ in rounds) == 40
    assert sorted(sent.to[0] for sent in mail.outbox) == sorted(f"p{number}@example.com" for number in range(40))


def test_four_workers_that_hear_one_bell_do_the_job_once(monkeypatch):
    done = []
    monkeypatch.setattr(jobs, "_runners", {"count": lambda job: done.append(job.pk)})
    monkeypatch.setattr("revops.foundation.doorbell.send", lambda *_arguments: None)
    job = jobs.start_job("count", {}, None, NOW)
    results = at_once(4, lambda _number: jobs.run(job.pk, lambda: NOW))
    assert sorted(results, key=str) == ["done", None, None, None] or results.count("done") == 1
    assert done == [job.pk]
