"""kill -9 of a real worker in the middle of an import: another one ends it, and every row has exactly one outcome."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from datetime import timedelta

import pytest
from celery import Celery
from django.conf import settings
from django.db import connection
from django.utils import timezone

from leads.models import ImportRowError, ImportRun, Lead, Signal, Submission, SubmissionOutcome
from leads.queries import conservation
from revops.foundation import doorbell, jobs
from revops.foundation.models import Job
from revops.portal.imports import wizard
from revops.portal.imports.rows import CHUNK
from revops.portal.imports.uploads import begin_import, store_file

PEOPLE = CHUNK * 2
BROKEN_EVERY = 100
LONGEST = 40


def broker_of(valkey):
    """Where Celery finds the Valkey database of this test."""
    options = valkey.connection_pool.connection_kwargs
    if "path" in options:
        return f"redis+socket://{options['path']}?virtual_host={options['db']}"
    return f"redis://{options['host']}:{options['port']}/{options['db']}"


class Worker:
    """A Celery worker as in production, with everything it started in a process group of its own."""

    def __init__(self, broker, log):
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.worker_settings",
            "WORKER_DATABASE": connection.settings_dict["NAME"],
            "WORKER_BROKER": broker,
            "WORKER_FILES": str(settings.VAR_DIR),
            "SECRET_KEY": settings.SECRET_KEY,
        }
        command = [sys.executable, "-m", "celery", "--app", "revops", "worker", "--loglevel=WARNING",
                   "--without-gossip", "--without-mingle"]  # fmt: skip
        self.log = log
        with log.open("a") as output:
            self.process = subprocess.Popen(
                command, env=environment, start_new_session=True, stdout=output, stderr=output, cwd=settings.BASE_DIR
            )

    def kill(self):
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)

    def until(self, is_so):
        """Waits for the worker's rows to say so."""
        end = time.monotonic() + LONGEST
        while not is_so():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.01)


def file_of_people():
    """Each hundredth row is broken; the person of each tenth comes twice."""
    yield "Email,Name,Company,Last Activity\n"
    for number in range(PEOPLE):
        who = number - 1 if number % 10 == 9 else number
        if number % BROKEN_EVERY == 50:
            yield f"only,two-{number}\n"
        else:
            yield f"person{who}@firm{who}.example.org,Person {who},Firm {who},Requested a demo\n"


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_an_import_whose_worker_is_killed_is_ended_by_another(company, source, written, valkey, tmp_path):
    now = timezone.now()
    run = begin_import(store_file(written("".join(file_of_people())), None, now), None, now)
    wizard.choose_mapping(run, wizard.offered_mapping(run), None, now)
    wizard.set_rules(run, source=source, legal_basis="consent", is_history=False)
    with doorbell.muffled():
        job = wizard.start_run(run, None, now)
    broker = broker_of(valkey)
    bell = Celery(broker=broker)
    bell.send_task("foundation.run_job", [str(job.pk)])

    first = Worker(broker, tmp_path / "first.log")
    try:
        first.until(lambda: Job.objects.get(pk=job.pk).processed > 0)
    finally:
        first.kill()
    job.refresh_from_db()
    assert (job.state, job.processed, Submission.objects.count()) == ("running", CHUNK, CHUNK)

    # A minute later the lease is over and the sweep finds the job; the killed worker's own message stays unheard.
    assert jobs.take_abandoned(timezone.now() + timedelta(minutes=1)) == [job.pk]
    Job.objects.filter(pk=job.pk).update(lease_until=now)
    valkey.flushdb()
    bell.send_task("foundation.run_job", [str(job.pk)])
    second = Worker(broker, tmp_path / "second.log")
    try:
        second.until(lambda: Job.objects.get(pk=job.pk).state not in ("running", "waiting"))
    finally:
        second.kill()
        bell.close()

    job.refresh_from_db()
    assert (job.state, job.attempts, job.processed) == ("done", 2, PEOPLE)
    broken = PEOPLE // BROKEN_EVERY
    lines = Counter(Submission.objects.values_list("line", flat=True))
    assert lines == Counter(range(2, PEOPLE + 2))
    outcomes = Counter(SubmissionOutcome.objects.values_list("kind", flat=True))
    assert sum(outcomes.values()) == SubmissionOutcome.objects.values("submission").distinct().count() == PEOPLE
    assert outcomes["refused"] == ImportRowError.objects.filter(stops=True).count() == broken
    assert outcomes["attached"] == PEOPLE // 10
    assert outcomes["new"] == Lead.objects.count() == Lead.objects.values("person").distinct().count()
    assert outcomes["new"] + outcomes["attached"] + broken == PEOPLE
    signals = Counter(Signal.objects.values_list("kind__code", flat=True))
    assert signals == {"demo_request": PEOPLE - broken, "repeat_enquiry": PEOPLE // 10}
    counts = ImportRun.objects.get(pk=run.pk).counts
    assert (counts["rows"], counts["new"], counts["refused"]) == (PEOPLE, outcomes["new"], broken)
    rows = conservation(now.date(), timezone.now().date())
    assert sum(row.received for row in rows) == PEOPLE
    assert sum(row.missing for row in rows) == sum(row.pending for row in rows) == 0
