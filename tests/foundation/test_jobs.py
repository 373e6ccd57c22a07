"""Jobs: one worker at a time, resumed after a kill, stopped when cancelled, and honest about how far they are."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from revops.foundation import jobs
from revops.foundation.models import Job, JobState

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def a_kind(monkeypatch):
    monkeypatch.setattr(jobs, "_runners", {"count": lambda _job: {"counted": 3}, "uncount": lambda _job: None})


def start(now, **fields):
    return jobs.start_job("count", {"file": "a.csv"}, None, now, **fields)


def test_a_job_is_done_once_however_often_the_bell_rings(now):
    job = start(now)
    assert jobs.run(job.pk, lambda: now) == JobState.DONE
    assert jobs.run(job.pk, lambda: now) is None
    job.refresh_from_db()
    assert (job.state, job.result, job.attempts, job.finished_at) == (JobState.DONE, {"counted": 3}, 1, now)


def test_a_kind_that_nobody_does_is_refused_at_once(now):
    with pytest.raises(LookupError, match="dance"):
        jobs.start_job("dance", {}, None, now)


def test_the_bell_rings_only_after_the_commit(now, django_capture_on_commit_callbacks, monkeypatch):
    rung = []
    monkeypatch.setattr("revops.foundation.doorbell.send", lambda name, arguments: rung.append((name, *arguments)))
    with django_capture_on_commit_callbacks(execute=True):
        job = start(now)
        assert rung == []
    assert rung == [("foundation.run_job", str(job.pk))]


def test_a_broker_that_is_away_does_not_fail_the_request(now, django_capture_on_commit_callbacks, monkeypatch, caplog):
    def away(*_arguments, **_options):
        raise ConnectionError("no broker")

    monkeypatch.setattr("revops.foundation.doorbell.send", away)
    with django_capture_on_commit_callbacks(execute=True):
        job = start(now)
    assert "The sweep will find it" in caplog.text
    assert jobs.take_abandoned(now + 6 * SECOND) == [job.pk]
    assert jobs.take_abandoned(now + 12 * SECOND) == []
    assert jobs.take_abandoned(now + 67 * SECOND) == [job.pk]


def test_a_running_job_cannot_be_claimed_until_its_worker_vanished(now):
    job = start(now)
    first = jobs.claim_job(job.pk, now)
    assert first is not None
    assert jobs.claim_job(job.pk, now + jobs.LEASE) is None
    jobs.advance(first, 10, {"line": 10}, now + 20 * SECOND)
    assert jobs.take_abandoned(now + jobs.LEASE + SECOND) == []
    later = now + 20 * SECOND + jobs.LEASE + SECOND
    assert jobs.take_abandoned(later) == [job.pk]
    second = jobs.claim_job(job.pk, later)
    assert second is not None
    assert (second.checkpoint, second.processed, second.started_at, second.attempts) == ({"line": 10}, 10, now, 2)
    with pytest.raises(jobs.LeaseLost):
        jobs.advance(first, 20, {"line": 20}, later)
    with pytest.raises(jobs.LeaseLost):
        jobs.finish(first, {}, later)
    job.refresh_from_db()
    assert job.processed == 10


def test_a_cancelled_job_stops_at_its_next_step(now):
    job = start(now)
    claimed = jobs.claim_job(job.pk, now)
    assert jobs.cancel(job.pk, now + SECOND)
    assert not jobs.cancel(job.pk, now + SECOND)
    with pytest.raises(jobs.LeaseLost):
        jobs.advance(claimed, 1, {}, now + SECOND)


def test_a_paused_job_goes_on_from_its_checkpoint(now):
    job = start(now)
    claimed = jobs.claim_job(job.pk, now)
    jobs.advance(claimed, 5, {"line": 5}, now)
    assert jobs.pause(job.pk)
    with pytest.raises(jobs.LeaseLost):
        jobs.advance(claimed, 6, {"line": 6}, now)
    assert jobs.claim_job(job.pk, now) is None
    assert jobs.resume(job.pk)
    assert jobs.claim_job(job.pk, now).checkpoint == {"line": 5}


@pytest.mark.parametrize(
    ("error", "words"),
    [(jobs.JobFailed("The file is empty."), "The file is empty."), (KeyError("secret"), "Something unexpected")],
)
def test_a_job_fails_in_words(now, monkeypatch, error, words):
    def fail(_job):
        raise error

    jobs.register("count", fail)
    job = start(now)
    assert jobs.run(job.pk, lambda: now) == JobState.FAILED
    job.refresh_from_db()
    assert words in job.error
    assert "secret" not in job.error


def test_a_job_that_kills_its_workers_is_given_up(now):
    job = start(now)
    Job.objects.filter(pk=job.pk).update(attempts=jobs.MOST_ATTEMPTS)
    assert jobs.run(job.pk, lambda: now) == JobState.FAILED


def test_undoing_marks_the_first_job_and_works_once(now):
    job = start(now)
    jobs.run(job.pk, lambda: now)
    undo = jobs.start_job("uncount", {}, None, now, undo_of=job)
    jobs.run(undo.pk, lambda: now)
    job.refresh_from_db()
    assert job.state == JobState.UNDONE
    with pytest.raises(IntegrityError), transaction.atomic():
        jobs.start_job("uncount", {}, None, now, undo_of=job)


def test_progress_knows_rate_and_time_left(now):
    job = start(now, total=100)
    assert jobs.progress(job, now) == {
        "state": "waiting", "processed": 0, "total": 100, "fraction": 0.0, "rate": None, "eta_seconds": None,
    }  # fmt: skip
    claimed = jobs.claim_job(job.pk, now)
    jobs.advance(claimed, 20, {}, now + 10 * SECOND)
    assert jobs.progress(claimed, now + 10 * SECOND) == {
        "state": "running", "processed": 20, "total": 100, "fraction": 0.2, "rate": 2.0, "eta_seconds": 40,
    }  # fmt: skip
    jobs.finish(claimed, {}, now + 20 * SECOND)
    assert jobs.progress(claimed, now + 99 * SECOND)["fraction"] == 1.0
