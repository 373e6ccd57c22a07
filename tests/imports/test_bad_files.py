"""Bad files on the pages of the wizard: each is refused or reported in words, and no row is lost."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from leads.models import ImportRowError, ImportRun, Lead
from leads.queries import conservation
from revops.foundation import jobs
from revops.foundation.models import User

pytestmark = pytest.mark.django_db

TEN_MEGABYTES = 10 * 1024 * 1024


@pytest.fixture
def marketer(client, company):
    client.force_login(User.objects.create_user("mia@x.example", None, role="marketer"))
    return client


def upload(client, content):
    return client.post(reverse("import-new"), {"file": SimpleUploadedFile("leads.csv", content)}, follow=True)


def words_of(answer):
    page = answer.content.decode()
    assert answer.status_code < 500
    assert "Traceback" not in page
    return page


def run_through(client, source):
    """The wizard as it offers itself, to the end of the import."""
    run = ImportRun.objects.get()
    client.post(reverse("import-shape-confirm", args=[run.public_id]))
    columns = client.post(reverse("import-columns", args=[run.public_id]), {})
    assert columns.status_code == 302, columns.content.decode()
    client.post(reverse("import-rules", args=[run.public_id]), {"source": source.pk, "legal_basis": "consent"})
    client.post(reverse("import-start", args=[run.public_id]))
    run.refresh_from_db()
    assert jobs.run(run.job_id, timezone.now) == "done"
    run.refresh_from_db()
    return run


def test_a_cell_of_ten_megabytes_costs_its_row_and_no_other(marketer, source):
    big = b"x" * TEN_MEGABYTES
    words_of(
        upload(marketer, b"Email,Name\nann@a.example.org,Ann\nbob@b.example.org," + big + b"\ncem@c.example.org,Cem\n")
    )
    run = run_through(marketer, source)
    assert (run.counts["rows"], run.counts["new"], run.counts["refused"]) == (3, 2, 1)
    error = ImportRowError.objects.get(stops=True)
    assert error.line == 3
    assert error.message in words_of(marketer.get(reverse("import-detail", args=[run.public_id])))
    [balance] = conservation(timezone.now().date(), timezone.now().date())
    assert (balance.received, balance.missing) == (3, 0)


def test_a_row_without_an_address_is_reported_with_its_line(marketer, source):
    upload(marketer, b"Email,Name,Company\nann@a.example.org,Ann,Acme\n,Bob,Beta\n")
    run = run_through(marketer, source)
    assert (run.counts["rows"], run.counts["new"]) == (2, 1)
    assert run.counts["refused"] + run.counts["quarantined"] == 1
    answer = marketer.get(reverse("import-errors", args=[run.public_id]))
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert any(",Bob,Beta,3," in line for line in lines)


def test_columns_that_nobody_knows_are_asked_about(marketer):
    words_of(upload(marketer, b"Mystery,Riddle\n1,2\n"))
    run = ImportRun.objects.get()
    marketer.post(reverse("import-shape-confirm", args=[run.public_id]))
    answer = marketer.post(reverse("import-columns", args=[run.public_id]), {})
    assert answer.status_code == 422
    assert "Nothing says who the people are" in words_of(answer)
    run.refresh_from_db()
    assert run.file_id is not None


def test_a_file_without_a_header_is_asked_about_and_then_read_from_its_first_line(marketer, source):
    page = words_of(upload(marketer, b"ann@a.example.org,Ann\nbob@b.example.org,Bob\n"))
    assert "header" in page.lower()
    run = ImportRun.objects.get()
    assert run.file.shape["header_line"] == 0
    answer = marketer.post(reverse("import-shape", args=[run.public_id]), {"header_line": "0", "delimiter": ","})
    assert answer.status_code in (200, 302)
    marketer.post(reverse("import-shape-confirm", args=[run.public_id]))
    marketer.post(reverse("import-columns", args=[run.public_id]), {"to-0": "email", "to-1": "name"})
    marketer.post(reverse("import-rules", args=[run.public_id]), {"source": source.pk, "legal_basis": "consent"})
    marketer.post(reverse("import-start", args=[run.public_id]))
    run.refresh_from_db()
    assert jobs.run(run.job_id, timezone.now) == "done"
    assert Lead.objects.count() == 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_whatever_the_encoding_names_arrive_whole_or_are_asked_about(marketer, source, encoding):
    text = "Email,Name,Company\nrene@a.example.org,René Müller,Café Größe\n"
    words_of(upload(marketer, text.encode(encoding)))
    run_through(marketer, source)
    assert Lead.objects.select_related("person").get().person.last_name == "Müller"


def test_a_row_that_does_not_fit_the_chosen_encoding_is_refused_in_words_and_kept(marketer, source):
    upload(marketer, "Email,Name\nrene@a.example.org,René\nann@a.example.org,Ann\n".encode("cp1252"))
    run = ImportRun.objects.get()
    marketer.post(reverse("import-shape", args=[run.public_id]), {"encoding": "utf-8", "header_line": "1"})
    run = run_through(marketer, source)
    assert (run.counts["rows"], run.counts["new"], run.counts["refused"]) == (2, 1, 1)
    error = ImportRowError.objects.get()
    assert (error.line, error.code) == (2, "broken_bytes")
    report = words_of(marketer.get(reverse("import-detail", args=[run.public_id])))
    assert "Save it as UTF-8, or choose another encoding." in report
