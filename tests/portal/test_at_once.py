"""Two people answer one lead at the same moment, on pages or over the API: one wins, the other is told who and when."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from feedback.models import Disposition
from leads.models import Lead
from revops.foundation.models import User
from sla.models import Assignment, HandOff
from tests.api.conftest import Client as ApiClient
from tests.portal.desk import Office, fields, open_office, signed_in
from tests.portal.learning import text_of

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 3


@pytest.fixture
def office(transactional_db: None) -> Office:
    return open_office()


def at_once(acts: list[Callable[[], Any]]) -> list[Any]:
    """What each act answered; all start together, each in a thread with a connection of its own."""
    answers: list[Any] = [None] * len(acts)
    start = threading.Barrier(len(acts))

    def run(place: int) -> None:
        try:
            start.wait(10)
            answers[place] = acts[place]()
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return answers


def free_lead(office: Office, number: int) -> Lead:
    """A lead that waits for anybody, so that both may answer it."""
    lead = office.lead(number)
    HandOff.objects.filter(lead=lead).update(owner=None)
    handoff = HandOff.objects.get(lead=lead)
    now = timezone.now()
    Assignment.objects.create(handoff=handoff, kind="auto", assigned_at=now, reason="Nobody could take it.")
    Lead.objects.filter(pk=lead.pk).update(owner=None)
    return lead


def told_apart(reps: list[User], answers: list[Any]) -> tuple[User, Any]:
    """Who won, and what the other was told."""
    (winner,) = [rep for rep, answer in zip(reps, answers, strict=True) if answer.status_code < 400]
    (refused,) = [answer for answer in answers if answer.status_code >= 400]
    assert refused.status_code == 409
    return winner, refused


@pytest.mark.parametrize(
    ("action", "words"), [("accept", "accepted this lead"), ("reject", "rejected this lead")], ids=["accept", "reject"]
)
def test_of_two_who_press_one_wins_and_the_other_keeps_what_they_typed(office: Office, action: str, words: str) -> None:
    reps = [office.rep, office.colleague]
    clients = {rep.pk: signed_in(rep) for rep in reps}
    for number in range(ROUNDS):
        lead = free_lead(office, number)
        address = f"/queue/{lead.public_id}/{action}/"
        typed = {rep.pk: f"Typed by {rep.name} in round {number}" for rep in reps}
        acts = []
        for rep in reps:
            given = {"reason": "not_decision_maker", "evidence": typed[rep.pk]} if action == "reject" else {}
            post = fields(rep, lead, **given, idempotency_key=f"{rep.pk}-{number}")
            acts.append(partial(clients[rep.pk].post, address, post))
        answers = at_once(acts)
        winner, refused = told_apart(reps, answers)
        page = text_of(refused.content.decode())
        assert f"{winner.name} {words}" in page
        assert " ago" in page
        if action == "reject":
            (loser,) = [rep for rep in reps if rep != winner]
            assert typed[loser.pk] in refused.content.decode()
        assert list(Disposition.objects.filter(lead=lead).values_list("user", flat=True)) == [winner.pk]


def test_over_the_api_one_wins_and_the_other_is_told_who_and_when(office: Office) -> None:
    reps = [office.rep, office.colleague]
    clients = {}
    for rep in reps:
        clients[rep.pk] = ApiClient()
        clients[rep.pk].force_login(rep)
    for number in range(ROUNDS):
        lead = free_lead(office, number)
        address = f"leads/{lead.public_id}/accept/"
        before = timezone.now()
        answers = at_once([partial(clients[rep.pk].send, address, {}) for rep in reps])
        winner, refused = told_apart(reps, answers)
        problem = refused.json()
        assert (problem["code"], problem["taken_by"]["name"]) == ("lead_taken", winner.name)
        assert before.isoformat()[:16] <= problem["taken_at"][:16]
        assert Disposition.objects.filter(lead=lead).count() == 1
