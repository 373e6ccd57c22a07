"""The health page: checks in words, what waits, and the conservation equation."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from leads.models import PendingSubmission, Submission
from revops.foundation import jobs
from revops.foundation.models import Job, OutboxMessage
from revops.portal import journey
from revops.portal.health import views
from revops.portal.health.state import balance_of_days
from revops.portal.health.views import JOBS
from revops.portal.tasks import prove_decisions
from scoring.models import ReplayProof
from tests.factories import item

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_real_checks(monkeypatch: Any) -> None:
    """The checks themselves are tested where they live; here they are fast."""
    from revops.foundation.health import Check

    checks = [Check("disk", "40 GB free"), Check("jobs", "3 wait", "Start a worker.")]
    monkeypatch.setattr(views, "examine", lambda: iter(checks))


def test_a_check_that_fails_says_what_to_do(sign_in: Any) -> None:
    page = sign_in().get("/health/").content.decode()
    assert "Something needs you" in page
    assert "<li>Long work: Start a worker.</li>" in page
    assert "40 GB free" in page


def test_the_equation_balances_day_by_day_and_opens_to_its_submissions(sign_in: Any, company: Any) -> None:
    now = timezone.now()
    for days in (0, 1):
        at = now - timedelta(days=days)
        journey.admit([item(company["source"]), item(company["source"], "x@mailinator.com")], now=at)
    days = balance_of_days(now)
    assert [(day.received, day.quarantined, day.missing, day.balances) for day in days] == [(2, 1, 0, True)] * 2
    page = sign_in().get("/health/").content.decode()
    assert page.count("balances</span>") >= 2
    assert f"/submissions/?day={days[0].day:%Y-%m-%d}" in page
    lines = b"".join(sign_in().get("/health/", {"format": "csv"}).streaming_content).decode().splitlines()
    assert len(lines) == 3


def test_a_submission_without_an_outcome_turns_the_page_red(sign_in: Any, company: Any) -> None:
    Submission.objects.create(source=company["source"], channel="api", received_at=timezone.now())
    page = sign_in().get("/health/").content.decode()
    assert "does not balance: 1" in page


def test_what_waits_is_told_with_its_error(sign_in: Any, company: Any) -> None:
    now = timezone.now()
    submission = Submission.objects.create(source=company["source"], channel="api", received_at=now)
    PendingSubmission.objects.create(submission=submission, error="KeyError: plan", attempts=2, retry_at=now)
    OutboxMessage.objects.create(
        kind="lead.accepted", subject_kind="lead", channel="email", created_at=now, available_at=now
    )
    Job.objects.create(
        kind="import_run",
        state="failed",
        error="Line 3 ends too early.",
        created_at=now,
        started_at=now,
        finished_at=now,
    )
    page = sign_in().get("/health/").content.decode()
    for words in ("KeyError: plan", "the oldest:", "Line 3 ends too early.", "Import a file"):
        assert words in page
    assert "does not balance" not in page


@pytest.mark.parametrize("role", ["rep", "marketer"])
def test_others_do_not_look_inside(sign_in: Any, role: str) -> None:
    assert sign_in(role).get("/health/").status_code == 403


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_costs_the_same_for_one_submission_and_for_three(
    sign_in: Any, company: Any, count: int, django_assert_num_queries: Any
) -> None:
    journey.admit([item(company["source"], f"ada{n}@acme-works.com") for n in range(count)], now=timezone.now())
    client = sign_in()
    with django_assert_num_queries(10):  # session, person, equation, outbox, jobs, pending, unrouted, proof, cases
        client.get("/health/")


def test_the_last_nightly_proof_stands_on_the_page(sign_in: Any, company: Any) -> None:
    now = timezone.now()
    assert "none yet" in sign_in().get("/health/").content.decode()
    journey.admit([item(company["source"])], now=now)
    assert prove_decisions() == 1
    page = sign_in().get("/health/").content.decode()
    assert "1 decisions, 0 differences" in page
    ReplayProof.objects.create(proved_at=now, checked=9, differences=2)
    assert "9 decisions, 2 differences" in sign_in().get("/health/").content.decode()


def test_every_kind_of_long_work_has_a_name() -> None:
    assert set(jobs._runners) <= set(JOBS)
