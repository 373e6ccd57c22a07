"""The wizard from upload to undo, as a person uses it, without script."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from feedback.models import Outcome
from leads.models import ImportRun, Lead, SavedMapping, Source, Submission
from revops.foundation import jobs
from revops.foundation.models import User
from revops.portal.imports.at_once import Wish, import_at_once
from tests.imports.conftest import NOW

FILE = "Mail,Name,Firm,Stage\nann@acme.example,Ann Lee,Acme,demo\nbob@beta.example,Bob May,Beta,\nnobody,,,\n1,2\n"


@pytest.fixture
def client_of(client, company):
    """A browser in which this role is signed in."""

    def sign_in(role):
        user = User.objects.filter(role=role).first() or User.objects.create_user(f"{role}@x.example", None, role=role)
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def marketer(client_of):
    return client_of("marketer")


def upload(client, content=FILE, name="leads.csv"):
    data = content if isinstance(content, bytes) else content.encode()
    return client.post(reverse("import-new"), {"file": SimpleUploadedFile(name, data)})


def drive(client, source, **rules):
    """The wizard up to the page of the dry run."""
    upload(client)
    run = ImportRun.objects.get()
    client.post(reverse("import-shape-confirm", args=[run.public_id]))
    client.post(reverse("import-columns", args=[run.public_id]), {"to-3": "signal_kind"})
    answers = {"source": source.pk, "legal_basis": "consent", **rules}
    client.post(reverse("import-rules", args=[run.public_id]), answers)
    return run


def work(run, name):
    """What a worker does when the bell rings."""
    run.refresh_from_db()
    return jobs.run(getattr(run, name), timezone.now)


def test_the_empty_list_says_what_to_do(marketer):
    page = marketer.get(reverse("imports"))
    assert page.status_code == 200
    assert "No imports yet" in page.content.decode()


def test_a_file_is_imported_from_upload_to_undo(marketer, source):
    run = drive(marketer, source)
    check = reverse("import-check", args=[run.public_id])
    assert "Nothing is written yet" in marketer.get(check).content.decode()
    assert marketer.post(reverse("import-try", args=[run.public_id])).url == check
    assert work(run, "dry_run_id") == "done"
    assert not Lead.objects.exists()
    assert not Submission.objects.exists()
    page = marketer.get(check).content.decode()
    assert "Import 4 rows" in page
    assert "Fewer cells than columns" in page
    report = marketer.post(reverse("import-start", args=[run.public_id])).url
    assert "Importing" in marketer.get(report).content.decode()
    assert work(run, "job_id") == "done"
    run.refresh_from_db()
    assert (run.counts["new"], run.counts["refused"] + run.counts["quarantined"]) == (2, 2)
    assert {**run.dry_counts, "notes": run.counts["notes"]} == run.counts
    page = marketer.get(report).content.decode()
    assert "Undo this import" in page
    errors = b"".join(marketer.get(reverse("import-errors", args=[run.public_id])).streaming_content).decode(
        "utf-8-sig"
    )
    lines = errors.splitlines()
    assert lines[0] == "Mail,Name,Firm,Stage,_line,_column,_code,_message"
    assert any(line.startswith('1,2,,,5,,too_few_cells,"Line 5 has 2 cells') for line in lines)
    assert "all rows" in marketer.get(report + "?outcome=new").content.decode().lower()
    marketer.post(reverse("import-undo", args=[run.public_id]))
    assert work(run, "undo_job_id") == "done"
    assert not Lead.objects.shown().exists()
    assert "This import was undone." in marketer.get(report).content.decode()


def test_an_undone_file_can_be_imported_again(marketer, source):
    run = drive(marketer, source)
    for page, name in [("import-start", "job_id"), ("import-undo", "undo_job_id")]:
        marketer.post(reverse(page, args=[run.public_id]))
        work(run, name)
    ImportRun.objects.exclude(pk=run.pk).delete()
    upload(marketer)
    again = ImportRun.objects.exclude(pk=run.pk).get()
    marketer.post(reverse("import-shape-confirm", args=[again.public_id]))
    marketer.post(reverse("import-columns", args=[again.public_id]), {})
    marketer.post(reverse("import-rules", args=[again.public_id]), {"source": source.pk, "legal_basis": "consent"})
    marketer.post(reverse("import-start", args=[again.public_id]))
    assert work(again, "job_id") == "done"
    again.refresh_from_db()
    assert again.counts["new"] == 2


def test_deals_are_joined_to_leads_by_page(marketer, company, source, written):
    import_at_once(Wish(written("lead_id,Name\nA1,Ann\n"), "webinar", is_history=True))
    deals = "mql_id,won_date,seller_id\nA1,2025-05-31 10:00:00,S1\nZ9,2025-05-31 10:00:00,S2\n"
    upload(marketer, deals, "deals.csv")
    run = ImportRun.objects.get(kind="outcomes")
    marketer.post(reverse("import-shape-confirm", args=[run.public_id]))
    marketer.post(reverse("import-columns", args=[run.public_id]), {})
    rules = reverse("import-rules", args=[run.public_id])
    assert "These are past facts" not in marketer.get(rules).content.decode()
    marketer.post(rules, {"source": source.pk, "legal_basis": "contract"})
    marketer.post(reverse("import-try", args=[run.public_id]))
    assert work(run, "dry_run_id") == "done"
    assert not Outcome.objects.exists()
    marketer.post(reverse("import-start", args=[run.public_id]))
    assert work(run, "job_id") == "done"
    assert Outcome.objects.get().kind == "won"
    page = marketer.get(reverse("import-detail", args=[run.public_id])).content.decode()
    assert "No lead of this source has the id" in page
    assert "Undo this import" in page
    assert "Deals" in marketer.get(reverse("imports")).content.decode()


def test_a_stopped_import_keeps_what_it_took_and_can_be_undone(marketer, source):
    run = drive(marketer, source)
    stop = reverse("import-stop", args=[run.public_id])
    marketer.post(reverse("import-try", args=[run.public_id]))
    marketer.post(stop)
    assert "Try it without writing" in marketer.get(reverse("import-check", args=[run.public_id])).content.decode()
    marketer.post(reverse("import-start", args=[run.public_id]))
    marketer.post(stop)
    assert work(run, "job_id") is None
    page = marketer.get(reverse("import-detail", args=[run.public_id])).content.decode()
    assert "The import was stopped." in page
    assert "Undo this import" in page
    assert "nothing to stop" in marketer.post(stop, follow=True).content.decode()
    marketer.post(reverse("import-undo", args=[run.public_id]))
    assert work(run, "undo_job_id") == "done"


def test_a_mapping_is_remembered_for_the_same_columns(marketer, source):
    drive(marketer, source)
    assert SavedMapping.objects.get().mapping["columns"]["Stage"]["to"] == "signal_kind"
    upload(marketer)
    newest = ImportRun.objects.order_by("-pk").first()
    page = marketer.get(reverse("import-columns", args=[newest.public_id]))
    assert "is remembered" in page.content.decode()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"%PDF-1.4 ...", "PDF"),
        (b"a,b\n", "no rows under it"),
        (bytes(range(256)) * 9, "not a text file"),
    ],
)
def test_an_unreadable_file_is_refused_in_words_and_not_kept(marketer, uploads, content, words):
    page = upload(marketer, content)
    assert page.status_code == 422
    assert words in page.content.decode()
    assert not ImportRun.objects.exists()
    assert not list(uploads.glob("*")) if uploads.exists() else True


def test_no_file_is_refused_in_words(marketer):
    page = marketer.post(reverse("import-new"), {})
    assert page.status_code == 422
    assert "Choose a file." in page.content.decode()


def test_a_bought_list_is_refused_with_our_policy(marketer):
    bought = Source.objects.create(key="bought", name="Bought", kind="purchased", created_at=NOW)
    run = drive(marketer, bought)
    page = marketer.post(reverse("import-rules", args=[run.public_id]), {"source": bought.pk, "legal_basis": "consent"})
    assert page.status_code == 422
    assert "Bought lists are not imported" in page.content.decode()
    run.refresh_from_db()
    assert run.source is None


def test_the_legal_basis_is_mandatory(marketer, source):
    run = drive(marketer, source, legal_basis="")
    page = marketer.post(reverse("import-rules", args=[run.public_id]), {"source": source.pk})
    assert page.status_code == 422
    assert "State the legal basis" in page.content.decode()


def test_a_mapping_without_an_identity_is_refused_in_words(marketer):
    upload(marketer)
    run = ImportRun.objects.get()
    page = marketer.post(reverse("import-columns", args=[run.public_id]), {"to-0": "ignore"})
    assert page.status_code == 422
    assert "Nothing says who the people are" in page.content.decode()


def test_the_shape_can_be_told_otherwise(marketer):
    upload(marketer, "Report\nMail;Name\nann@acme.example;Ann\n")
    run = ImportRun.objects.get()
    page = reverse("import-shape", args=[run.public_id])
    assert marketer.get(page).status_code == 200
    marketer.post(page, {"encoding": "cp1252", "delimiter": ";", "header_line": "2"})
    run.file.refresh_from_db()
    assert run.file.shape["headers"] == ["Mail", "Name"]
    wrong = marketer.post(page, {"encoding": "utf-16", "delimiter": ";", "header_line": "2"})
    assert wrong.status_code == 422
    assert "Choose another encoding" in wrong.content.decode() or "not" in wrong.content.decode()


def test_starting_twice_starts_once(marketer, source):
    run = drive(marketer, source)
    start = reverse("import-start", args=[run.public_id])
    marketer.post(start)
    run.refresh_from_db()
    first = run.job_id
    marketer.post(start)
    run.refresh_from_db()
    assert run.job_id == first


def test_progress_shows_the_bar_and_then_loads_the_page_anew(marketer, source):
    run = drive(marketer, source)
    marketer.post(reverse("import-start", args=[run.public_id]))
    progress = reverse("import-progress", args=[run.public_id])
    assert "Waiting for a worker" in marketer.get(progress).content.decode()
    work(run, "job_id")
    assert marketer.get(progress)["HX-Refresh"] == "true"


PAGES = [
    "import-detail",
    "import-shape",
    "import-columns",
    "import-rules",
    "import-check",
    "import-errors",
    "import-progress",
]


@pytest.mark.parametrize("role", ["rep", "sales_manager", "executive"])
def test_who_may_not_import_is_told_so(client_of, role):
    client = client_of(role)
    assert client.get(reverse("imports")).status_code == 403
    assert upload(client).status_code == 403


@pytest.mark.parametrize("page", PAGES)
def test_a_stranger_signs_in_first_and_an_unknown_import_is_not_found(client, client_of, page):
    address = reverse(page, args=["imp_nonsense"])
    assert client.get(address).status_code == 302
    assert client_of("admin").get(address).status_code == 404


@pytest.mark.parametrize("runs", [1, 3])
def test_the_list_asks_the_same_number_of_questions_for_any_number_of_imports(
    marketer, source, runs, django_assert_num_queries
):
    for _number in range(runs):
        upload(marketer)
    with django_assert_num_queries(3):
        assert marketer.get(reverse("imports")).status_code == 200


def test_the_report_asks_the_same_number_of_questions_for_any_number_of_rows(
    marketer, source, django_assert_num_queries
):
    run = drive(marketer, source)
    marketer.post(reverse("import-start", args=[run.public_id]))
    work(run, "job_id")
    with django_assert_num_queries(9):
        marketer.get(reverse("import-detail", args=[run.public_id]))
