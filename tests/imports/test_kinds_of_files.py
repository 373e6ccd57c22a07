"""Every kind of file goes through the wizard and by command, and the same one twice changes nothing."""

import io
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from openpyxl import Workbook

from leads.models import ImportRun, Lead, Submission
from revops.foundation import doorbell, jobs
from revops.portal.imports.at_once import Wish, import_at_once

pytestmark = pytest.mark.django_db

ROWS = [("Email", "Name", "Company"), *((f"p{n}@firm{n}.com", f"Person {n}", f"Firm {n}") for n in range(4))]


def text(sign):
    return ("\n".join(sign.join(row) for row in ROWS) + "\n").encode()


def lines():
    return ("\n".join(json.dumps(dict(zip(ROWS[0], row, strict=True))) for row in ROWS[1:]) + "\n").encode()


def workbook():
    book = Workbook()
    for row in ROWS:
        book.active.append(row)
    memory = io.BytesIO()
    book.save(memory)
    return memory.getvalue()


FILES = {"csv": text(","), "tsv": text("\t"), "ndjson": lines(), "xlsx": workbook()}


@pytest.mark.parametrize("kind", ["csv", "tsv", "ndjson", "xlsx"])
def test_the_same_file_twice_changes_nothing(company, source, written, kind):
    path = written(FILES[kind], f"people.{kind}")
    assert import_at_once(Wish(path, "webinar")).counts["new"] == 4
    versions = list(Lead.objects.order_by("pk").values_list("pk", "version"))
    again = import_at_once(Wish(path, "webinar"))
    assert (again.counts["unchanged"], again.counts["new"], again.counts["attached"]) == (4, 0, 0)
    assert Submission.objects.count() == 4
    assert list(Lead.objects.order_by("pk").values_list("pk", "version")) == versions


@pytest.mark.parametrize("kind", ["csv", "tsv", "ndjson", "xlsx"])
def test_every_kind_goes_through_the_wizard(company, source, client, kind):
    client.force_login(company["marketing_manager"])
    answer = client.post("/imports/new/", {"file": SimpleUploadedFile(f"people.{kind}", FILES[kind]), "kind": "leads"})
    assert answer.status_code == 302, answer.content.decode()
    run = ImportRun.objects.get()
    assert "Person 3" in client.get(f"/imports/{run.public_id}/shape/").content.decode()
    finish(client, run, source)
    run.refresh_from_db()
    assert run.counts["new"] == 4


def finish(client, run, source):
    address = f"/imports/{run.public_id}/"
    client.post(f"{address}shape/confirm/")
    client.post(f"{address}columns/", {})
    client.post(f"{address}rules/", {"source": source.pk, "legal_basis": "consent"})
    with doorbell.muffled():
        client.post(f"{address}start/")
    run.refresh_from_db()
    assert jobs.run(run.job_id, timezone.now) == "done"


def test_of_a_workbook_with_several_sheets_another_can_be_chosen(company, source, client):
    book = Workbook()
    book.active.title = "Notes"
    book.active.append(["About", "This"])
    book.active.append(["made", "by hand"])
    people = book.create_sheet("People")
    for row in ROWS:
        people.append(row)
    memory = io.BytesIO()
    book.save(memory)
    client.force_login(company["marketing_manager"])
    client.post("/imports/new/", {"file": SimpleUploadedFile("book.xlsx", memory.getvalue()), "kind": "leads"})
    run = ImportRun.objects.get()
    page = client.get(f"/imports/{run.public_id}/shape/").content.decode()
    assert "made" in page
    assert "People" in page
    client.post(f"/imports/{run.public_id}/shape/", {"sheet": "People", "header_line": 1})
    assert "Person 3" in client.get(f"/imports/{run.public_id}/shape/").content.decode()
    run = ImportRun.objects.get()
    finish(client, run, source)
    run.refresh_from_db()
    assert run.counts["new"] == 4
