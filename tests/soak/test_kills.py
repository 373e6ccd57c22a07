"""kill -9 of web and worker at random moments, during form posts, API calls, batches and a running import.

Whatever a sender was told exists, nothing is there twice, and the independent auditor finds every table in order.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from celery import Celery
from django.utils import timezone

from leads.models import Lead, LeadForm, SignalKind, Submission
from revops.foundation import doorbell, jobs
from revops.foundation.models import IdempotencyKey, Job
from revops.portal import journey
from revops.portal.auditor import audit
from revops.portal.imports import wizard
from revops.portal.imports.uploads import begin_import, store_file
from revops.portal.lead_forms.guard import stamp
from tests.api.conftest import key_for, open_house
from tests.imports.test_kill_nine import broker_of
from tests.soak.processes import Web, Worker

KILLS = int(os.environ.get("KILLS", "4"))
SEED = int(os.environ.get("SEED", "20260304"))
LONGEST = 90 + 12 * KILLS
ROWS = 2_000 + 500 * KILLS
BATCH = 40


class Senders:
    """Clients that send until they are told to stop, and remember each receipt they were ever given."""

    def __init__(self, port: int, token: str, slug: str) -> None:
        self.port, self.token, self.slug = port, token, slug
        self.receipts: list[str] = []
        self.sent: Counter[str] = Counter()
        self.answered_at: list[float] = []
        self.is_over = threading.Event()
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._work, args=(way,)) for way in (self.single, self.batch, self.form)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self.is_over.set()
        for thread in self._threads:
            thread.join(60)

    def _work(self, way: Callable[[int], list[str]]) -> None:
        number = 0
        while not self.is_over.is_set():
            number += 1
            receipts = way(number)
            with self._lock:
                self.receipts += receipts
                self.answered_at += [time.monotonic()] if receipts else []
                self.sent[way.__name__] += bool(receipts)

    def single(self, number: int) -> list[str]:
        body = {"source": "website", "email": f"s{number}@single{number}.com", "act": "demo_request"}
        content = self._until_answered("/api/v1/submissions/", body, f"single-{number}")
        return [content["receipt"]] if content else []

    def batch(self, number: int) -> list[str]:
        items = [{"email": f"b{number}-{one}@batch{number}.com"} for one in range(BATCH)]
        body = {"source": "website", "items": items}
        content = self._until_answered("/api/v1/submissions/batch/", body, f"batch-{number}")
        return [result["receipt"] for result in content["results"]] if content else []

    def form(self, number: int) -> list[str]:
        """Nobody presses a button again and again: a post is sent once, and counts if it was answered."""
        opened = stamp(self.slug, timezone.now() - timedelta(seconds=10))
        body = urlencode({"email": f"f{number}@form{number}.com", "name": f"Person {number}", "opened": opened})
        with suppress(OSError, http.client.HTTPException):
            answer = self._send(f"/f/{self.slug}/", body, {"Content-Type": "application/x-www-form-urlencoded"})
            if answer.status == 302:
                return parse_qs(urlsplit(answer.headers["Location"]).query)["receipt"]
        time.sleep(0.05)
        return []

    def _until_answered(self, path: str, body: dict[str, Any], key: str) -> Any:
        """A system repeats a call with its key until it is answered."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", "Idempotency-Key": key}
        end = time.monotonic() + LONGEST
        while time.monotonic() < end:
            with suppress(OSError, http.client.HTTPException, ValueError):
                answer = self._send(path, json.dumps(body), headers)
                if answer.status in (200, 201, 202):
                    return json.loads(answer.body)  # type: ignore[attr-defined]
            time.sleep(0.05)
        return None

    def _send(self, path: str, body: str, headers: dict[str, str]) -> http.client.HTTPResponse:
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=15)
        try:
            client.request("POST", path, body, headers)
            answer = client.getresponse()
            answer.body = answer.read()  # type: ignore[attr-defined]
            return answer
        finally:
            client.close()


def figures(senders: Senders, killed_at: list[float], began: float) -> str:
    """What a run came to, with how long nobody had an answer after the web server was killed."""
    waits = sorted(min((at for at in senders.answered_at if at > kill), default=kill) - kill for kill in killed_at)
    silence = f"after {waits[len(waits) // 2]:.1f} s (median), {waits[-1]:.1f} s (longest)" if waits else "never asked"
    return (
        f"{KILLS} kills in {time.monotonic() - began:.0f} s: {len(senders.receipts):,} receipts given, {ROWS:,} rows"
        f" imported; after a kill of the web server the next receipt came {silence}."
    )


def file_of_people() -> str:
    rows = (f"i{number}@import{number}.com,Person {number},Firm {number}" for number in range(ROWS))
    return "\n".join(["Email,Name,Company", *rows]) + "\n"


def import_under_way(source: Any, path: Path) -> Job:
    path.write_text(file_of_people())
    now = timezone.now()
    run = begin_import(store_file(path, None, now), None, now)
    wizard.choose_mapping(run, wizard.offered_mapping(run), None, now)
    wizard.set_rules(run, source=source, legal_basis="consent", is_history=False)
    with doorbell.muffled():
        return wizard.start_run(run, None, now)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_whatever_is_killed_nothing_is_lost_doubled_or_half_done(
    settings: Any, tmp_path: Path, valkey: Any, capsys: Any
) -> None:
    settings.VAR_DIR = tmp_path / "var"
    house = open_house()
    form = LeadForm.objects.create(
        slug="soak", title="Soak", source=house.source, signal_kind=SignalKind.objects.get(code="contact_request"),
        fields=[{"name": "email", "required": True}, {"name": "name", "required": False}], created_at=timezone.now(),
    )  # fmt: skip
    job = import_under_way(house.source, tmp_path / "people.csv")
    broker = broker_of(valkey)
    web, worker = Web(broker, tmp_path / "web.log"), Worker(broker, tmp_path / "worker.log")
    senders = Senders(web.port, key_for(house.people["integration"]), form.slug)
    chance, bell = random.Random(SEED), Celery(broker=broker)

    def ring() -> None:
        """What the sweep does every five seconds, without waiting for the lease of somebody who is dead."""
        Job.objects.filter(pk=job.pk, state="running").update(lease_until=timezone.now())
        valkey.delete("unacked", "unacked_index", "unacked_mutex", "celery")
        bell.send_task("foundation.run_job", [str(job.pk)])

    began, killed_at = time.monotonic(), list[float]()
    try:
        web.start()
        worker.start()
        ring()
        senders.start()
        for kill in range(KILLS):
            time.sleep(chance.uniform(0.5, 6.0))
            victim = worker if kill % 2 else web
            victim.kill()
            if victim is web:
                killed_at.append(time.monotonic())
            victim.start()
            if victim is worker:
                ring()
        end = time.monotonic() + LONGEST
        while Job.objects.get(pk=job.pk).state in ("waiting", "running"):
            assert time.monotonic() < end, worker.log.read_text()[-3000:]
            time.sleep(0.2)
        senders.stop()
    finally:
        senders.is_over.set()
        web.kill()
        worker.kill()
        bell.close()

    with capsys.disabled():
        print("\n" + figures(senders, killed_at, began))  # noqa: T201 - `make soak` shows it
    job.refresh_from_db()
    assert (job.state, job.processed) == ("done", ROWS), job.error
    while journey.finish_pending(now=timezone.now() + timedelta(days=1)):
        pass
    assert all(senders.sent[way] for way in ("single", "batch", "form")), senders.sent
    assert jobs.progress(job, timezone.now())["fraction"] == 1.0
    report = audit(timezone.now(), senders.receipts)
    assert [finding.as_json() for finding in report.findings if not finding.ok] == []
    assert len(set(senders.receipts)) == len(senders.receipts)
    by_person = Counter(Lead.objects.values_list("person__email", flat=True))
    assert max(by_person.values()) == 1
    assert sum(email.endswith(".com") and email.startswith("i") for email in by_person) == ROWS
    keyed = senders.sent["single"] + senders.sent["batch"] * BATCH
    by_key = Submission.objects.filter(channel="api").count()
    assert by_key == keyed, (by_key, keyed)
    assert IdempotencyKey.objects.exclude(state="done").count() == 0
