"""kill -9 of the web server while a client sends and retries: nothing acknowledged is lost, nothing is done twice."""

import http.client
import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.db import connection

from leads.models import Lead, Submission, SubmissionOutcome
from leads.queries import conservation
from revops.foundation.models import IdempotencyKey
from revops.foundation.web_server import gunicorn_command
from tests.api.conftest import READY, key_for, open_house

SENT = 200
CLIENTS = 8
KILLS = 4


class Server:
    """The portal's web server on the test's database, started again whenever it was killed."""

    def __init__(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process = None

    def start(self):
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "revops.portal.benchmarking.settings",
            "BENCH_DATABASE": connection.settings_dict["NAME"],
            "SECRET_KEY": settings.SECRET_KEY,
            "PUBLIC_URL": f"http://127.0.0.1:{self.port}",
        }
        command = gunicorn_command(f"127.0.0.1:{self.port}", workers=1, log_level="critical")
        self.process = subprocess.Popen(command, env=environment, start_new_session=True, stderr=subprocess.DEVNULL)

    def kill(self):
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)


def send(port, token, number, until):
    """Retries one submission with its key until it is acknowledged. Returns the receipts it was ever given."""
    body = json.dumps({**READY, "email": f"p{number}@firm{number}.com", "company": f"Firm {number}"})
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "Idempotency-Key": f"k{number}"}
    while time.monotonic() < until:
        try:
            client = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            client.request("POST", "/api/v1/submissions/", body, headers)
            answer = client.getresponse()
            content = json.loads(answer.read())
            if answer.status in (201, 202):
                return content["receipt"]
        except (OSError, http.client.HTTPException, ValueError):
            pass
        finally:
            client.close()
        time.sleep(0.05)
    return None


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_every_receipt_resolves_and_nothing_is_doubled_when_the_server_is_killed():
    token = key_for(open_house().people["integration"])
    server, receipts, numbers = Server(), {}, iter(range(SENT))
    until, lock = time.monotonic() + 180, threading.Lock()  # patience for a busy machine; all are acknowledged in ten

    def work():
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            receipts[number] = send(server.port, token, number, until)

    server.start()
    try:
        threads = [threading.Thread(target=work) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for kill in range(1, KILLS + 1):
            while time.monotonic() < until and len(receipts) < kill * SENT // (KILLS + 2):
                time.sleep(0.01)
            server.kill()
            server.start()
        for thread in threads:
            thread.join()
        assert len(receipts) == SENT
        assert None not in receipts.values()
        resolved = [_resolve(server.port, token, receipt) for receipt in receipts.values()]
    finally:
        server.kill()

    assert set(resolved) == {"new"}
    assert len(set(receipts.values())) == SENT
    assert Submission.objects.count() == Lead.objects.count() == SubmissionOutcome.objects.count() == SENT
    assert max(Counter(Lead.objects.values_list("person__email", flat=True)).values()) == 1
    assert IdempotencyKey.objects.filter(state="done").count() == IdempotencyKey.objects.count() == SENT
    today = datetime.now(UTC).date()
    rows = conservation(today - timedelta(days=1), today)
    assert sum(row.received for row in rows) == SENT
    assert sum(row.missing for row in rows) == sum(row.pending for row in rows) == 0


def _resolve(port, token, receipt):
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    client.request("GET", f"/api/v1/submissions/{receipt}/", headers={"Authorization": f"Bearer {token}"})
    answer = client.getresponse()
    content = json.loads(answer.read())
    client.close()
    assert answer.status == 200, content
    return content["outcome"]
