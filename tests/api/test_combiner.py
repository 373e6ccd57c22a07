"""Requests that wait together share one batch and one commit; keys and errors stay each one's own."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from leads.models import Lead, Submission, SubmissionOutcome
from revops.foundation.models import IdempotencyKey
from revops.portal import combiner, journey
from revops.portal.combiner import Combiner, Sending
from tests.api.conftest import READY, Client, key_for, open_house


def at_once(count: int, work: Any) -> list[Any]:
    """What `count` threads got that started together."""
    start = threading.Barrier(count)

    def run(number: int) -> Any:
        try:
            start.wait()
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many submissions each journey carried."""
    sizes: list[int] = []
    admit = journey.admit

    def counting(items: Any, *, now: Any) -> Any:
        sizes.append(len(items))
        return admit(items, now=now)

    monkeypatch.setattr(combiner.journey, "admit", counting)
    return sizes


@pytest.fixture
def token(transactional_db: None) -> str:
    return key_for(open_house().people["integration"])


def post(token: str, body: Any, key: str | None = None) -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    return Client(HTTP_AUTHORIZATION=f"Bearer {token}").send("submissions/", body, **headers)


def person(number: int) -> dict[str, Any]:
    return {**READY, "email": f"p{number}@company{number}.com", "company": f"Company {number}"}


def test_requests_that_wait_together_share_a_batch(token, batches):
    answers = at_once(12, lambda number: post(token, person(number), f"k{number}"))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["receipt"] for answer in answers}) == 12
    assert sum(batches) == 12
    assert max(batches) > 1
    assert Lead.objects.count() == Submission.objects.count() == SubmissionOutcome.objects.count() == 12
    assert IdempotencyKey.objects.filter(state="done").count() == 12
    for answer, number in zip(answers, range(12), strict=True):
        lead = Lead.objects.get(person__email=f"p{number}@company{number}.com")
        assert answer.json()["lead_id"] == lead.public_id


def test_one_key_sent_by_many_at_once_has_one_effect(token):
    answers = at_once(8, lambda number: post(token, person(1), "same"))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("Idempotency-Replayed" in answer for answer in answers) == 7
    assert Submission.objects.count() == 1


def test_one_key_for_different_things_is_refused_to_all_but_one(token):
    answers = at_once(6, lambda number: post(token, person(number), "same"))
    assert sorted(answer.status_code for answer in answers) == [201, 422, 422, 422, 422, 422]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 422} == {"idempotency_key_reused"}
    assert Submission.objects.count() == 1


def test_refusals_and_unreadable_bodies_do_not_disturb_their_neighbours(token):
    def send(number: int) -> Any:
        if number % 3 == 0:
            return post(token, person(number))
        if number % 3 == 1:
            return post(token, {**person(number), "unknown": 1})
        client = Client(HTTP_AUTHORIZATION=f"Bearer {token}")
        return client.generic("POST", "/api/v1/submissions/", b"{", "application/json")

    answers = at_once(9, send)
    assert [answer.status_code for answer in answers] == [201, 422, 400] * 3
    assert Submission.objects.count() == 9
    assert SubmissionOutcome.objects.filter(kind="refused").count() == 6


def test_a_submission_that_breaks_the_journey_is_split_out(token, monkeypatch):
    qualify = journey.qualify_leads

    def fail(ids: Any, **options: Any) -> Any:
        if Lead.objects.filter(pk__in=ids, person__email="p3@company3.com").exists():
            raise RuntimeError("broken")
        return qualify(ids, **options)

    monkeypatch.setattr(journey, "qualify_leads", fail)
    answers = at_once(8, lambda number: post(token, person(number), f"k{number}"))
    assert [answer.status_code for answer in answers] == [201, 201, 201, 202, 201, 201, 201, 201]
    assert Lead.objects.count() == 7


def test_a_batch_that_fails_as_a_whole_is_done_one_by_one(token, monkeypatch):
    admit = journey.admit

    def fail(items: Any, *, now: Any) -> Any:
        if len(items) > 1 or items[0].payload["email"] == "p2@company2.com":
            raise ValueError("the journal is broken")
        return admit(items, now=now)

    monkeypatch.setattr(combiner.journey, "admit", fail)
    answers = at_once(6, lambda number: post(token, person(number), f"k{number}"))
    assert [answer.status_code for answer in answers] == [201, 201, 500, 201, 201, 201]
    assert answers[2].json()["code"] == "internal"
    assert IdempotencyKey.objects.count() == 5


def test_an_error_of_the_leader_reaches_everybody_and_the_queue_goes_on():
    fails = [True]
    entered = threading.Event()
    go_on = threading.Event()

    def work(batch: Any) -> None:
        entered.set()
        go_on.wait(5)
        if fails.pop() if fails else False:
            raise RuntimeError("broken")
        for sending in batch:
            sending.response = sending.source_key  # type: ignore[assignment]

    queue = Combiner(work)

    def send(name: str) -> Any:
        try:
            return queue.send(Sending(name, prepare=lambda sources: None))  # type: ignore[arg-type,return-value]
        except RuntimeError as error:
            return str(error)

    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(send, "first")
        entered.wait(5)
        others = [pool.submit(send, name) for name in ("a", "b", "c")]
        while len(queue._waiting) < 3:
            pass
        go_on.set()
        assert first.result(5) == "broken"
        assert [other.result(5) for other in others] == ["a", "b", "c"]
    assert queue._is_led is False
