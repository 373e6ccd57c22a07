"""Imports over the API: open, upload, try, start, results, undo."""

import base64
import hashlib
import json

import pytest
from django.utils import timezone

from leads.models import ImportRun, Lead, Source
from revops.foundation import jobs
from revops.foundation.models import OutboxMessage, User
from revops.portal.imports import holding
from tests.conftest import NOW

FILE = "Email,Name\nann@acme-corp.example.org,Ann\nbroken\n"


@pytest.fixture
def api(client, company, source):
    machine = User.objects.create_user("machine@portal.example", None, name="Machine", role="marketer")
    client.force_login(machine)

    class Api:
        def post(self, address, body=None, **more):
            text = "" if body is None else json.dumps(body)
            return client.post(f"/api/v1{address}", text, content_type="application/json", **more)

        def get(self, address):
            return client.get(f"/api/v1{address}")

        def put(self, address, content, **more):
            return client.put(f"/api/v1{address}", content, content_type="application/octet-stream", **more)

    return Api()


def opened(api, **more):
    answer = api.post("/imports/", {"source": "webinar", "legal_basis": "consent", **more})
    assert answer.status_code == 201, answer.content
    return f"/imports/{answer.json()['id']}"


def test_an_import_goes_from_open_to_undone(api):
    address = opened(api)
    assert api.get(f"{address}/").json()["state"] == "open"
    digest = base64.b64encode(hashlib.sha256(FILE.encode()).digest()).decode()
    put = api.put(f"{address}/file/", FILE, headers={"Content-Digest": f"sha-256=:{digest}:"})
    assert put.status_code == 200, put.content
    assert (put.json()["state"], put.json()["columns"]) == ("uploaded", ["Email", "Name"])
    tried = api.post(f"{address}/start/", {"dry_run": True})
    assert (tried.status_code, tried.json()["state"]) == (202, "validating")
    run = ImportRun.objects.get()
    jobs.run(run.dry_run_id, timezone.now)
    ready = api.get(f"{address}/").json()
    assert (ready["state"], ready["dry_run_counts"]["new"], ready["dry_run_counts"]["refused"]) == ("ready", 1, 1)
    assert not Lead.objects.exists()
    started = api.post(f"{address}/start/")
    assert (started.status_code, started.json()["state"]) == (202, "running")
    run.refresh_from_db()
    jobs.run(run.job_id, timezone.now)
    done = api.get(f"{address}/").json()
    assert done["state"] == "completed_with_errors"
    assert done["progress"]["processed"] == 2
    rows = api.get(f"{address}/results/").json()["data"]
    assert [(row["line"], row["outcome"]) for row in rows] == [(2, "new"), (3, "refused")]
    assert len(api.get(f"{address}/results/?outcome=refused").json()["data"]) == 1
    errors = b"".join(api.get(f"{address}/errors.csv").streaming_content).decode("utf-8-sig")
    assert errors.splitlines()[0] == "Email,Name,_line,_column,_code,_message"
    assert api.post(f"{address}/start/").status_code == 409
    assert api.post(f"{address}/undo/").status_code == 202
    run.refresh_from_db()
    jobs.run(run.undo_job_id, timezone.now)
    assert api.get(f"{address}/").json()["state"] == "undone"
    assert api.post(f"{address}/undo/").status_code == 409
    assert len(api.get("/imports/").json()["data"]) == 1


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"source": "nowhere", "legal_basis": "consent"}, "#/source"),
        ({"source": "bought", "legal_basis": "consent"}, "#/source"),
        ({"source": "webinar"}, "#/legal_basis"),
        ({"source": "webinar", "legal_basis": "luck"}, "#/legal_basis"),
        ({"source": "webinar", "legal_basis": "consent", "mapping": [1]}, "#/mapping"),
        ({"source": "webinar", "legal_basis": "consent", "sauce": 1}, "#/sauce"),
    ],
)
def test_what_cannot_be_opened_is_said_where(api, body, pointer):
    Source.objects.create(key="bought", name="Bought", kind="purchased", created_at=NOW)
    answer = api.post("/imports/", body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert not ImportRun.objects.exists()


def test_an_unreadable_or_damaged_file_is_refused_in_words(api):
    address = opened(api)
    refused = api.put(f"{address}/file/", b"%PDF-1.7")
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "pdf")
    damaged = api.put(f"{address}/file/", FILE, headers={"Content-Digest": "sha-256=:AAAA:"})
    assert damaged.json()["errors"][0]["code"] == "digest_mismatch"
    assert api.get(f"{address}/").json()["state"] == "open"


def test_starting_needs_a_file_and_a_mapping_that_fits(api):
    address = opened(api, mapping={"columns": {"Nope": "email"}})
    assert api.post(f"{address}/start/").status_code == 409
    api.put(f"{address}/file/", FILE)
    answer = api.post(f"{address}/start/")
    assert answer.status_code == 422
    assert "no column “Nope”" in answer.json()["errors"][0]["detail"]


def test_an_import_left_open_ends_after_a_day(api):
    address = opened(api)
    ImportRun.objects.update(expires_at=timezone.now() - timezone.timedelta(hours=1))
    assert api.put(f"{address}/file/", FILE).status_code == 410
    assert api.get(f"{address}/").json()["state"] == "expired"


def test_the_owner_of_an_import_that_ended_unstarted_is_told_once(api):
    opened(api)
    now = timezone.now()
    assert holding.tell_of_expired(now) == 0
    later = now + timezone.timedelta(hours=25)
    assert holding.tell_of_expired(later) == 1
    assert holding.tell_of_expired(later) == 0
    told = OutboxMessage.objects.get(kind="import.expired")
    assert told.recipient == str(ImportRun.objects.get().created_by_id)
    assert "not started within a day" in told.payload["text"]


def test_who_may_not_import_may_not_by_api_either(api, client):
    client.force_login(User.objects.create_user("rep@portal.example", None, name="Rep", role="rep"))
    assert api.get("/imports/").status_code == 403
    assert api.post("/imports/", {}).status_code == 403


def test_an_unknown_import_is_not_found(api):
    assert api.get("/imports/imp_nonsense/").status_code == 404
