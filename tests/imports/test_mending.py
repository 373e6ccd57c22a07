"""Bad rows are corrected in place: a cell, many alike, from a file; corrections count, the file stays as it came."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from feedback.models import Disposition
from leads.models import ImportEdit, ImportRowError, ImportRun, Lead, Person, SavedMapping, Source
from revops.foundation import jobs
from revops.foundation.models import LedgerEntry, User
from revops.portal.imports.uploads import stored_path

pytestmark = pytest.mark.django_db

FILE = (
    "Mail,Name,Firm,Land,Created\n"
    "ann@acme-corp.example.org,Ann,Acme,Germny,31/01/2026\n"
    "bob@beta-inc.example.org,Bob,Beta,Germny,28/02/2026\n"
    "not an address,Cem,Gamma,France,15/01/2026\n"
    "dan@delta.example.org,Dan,Delta,Italy,soon\n"
    "short,row\n"
)


@pytest.fixture
def marketer(client, company):
    client.force_login(User.objects.create_user("mia@x.example", None, name="Mia", role="marketer"))
    return client


def prepared(client, source, content=FILE, **columns):
    client.post(reverse("import-new"), {"file": SimpleUploadedFile("leads.csv", content.encode())})
    run = ImportRun.objects.latest("created_at")
    client.post(reverse("import-shape-confirm", args=[run.public_id]))
    client.post(reverse("import-columns", args=[run.public_id]), columns)
    client.post(reverse("import-rules", args=[run.public_id]), {"source": source.pk, "legal_basis": "consent"})
    return run


def tried(client, run):
    client.post(reverse("import-try", args=[run.public_id]))
    run.refresh_from_db()
    assert jobs.run(run.dry_run_id, timezone.now) == "done"
    run.refresh_from_db()
    return run


@pytest.fixture
def run(marketer, source):
    return tried(marketer, prepared(marketer, source, **{"to-3": "country", "to-4": "occurred_at"}))


def mend(client, run, data, **headers):
    return client.post(reverse("import-mend", args=[run.public_id]), data, headers=headers)


def lines_of(client, run):
    return {row.line: row for row in client.get(reverse("import-mend", args=[run.public_id])).context["rows"]}


def test_only_bad_rows_are_shown_each_cell_with_what_is_wrong(marketer, run):
    rows = lines_of(marketer, run)
    assert sorted(rows) == [2, 3, 4, 5, 6]
    assert [(cell.column, cell.value) for cell in rows[2].cells] == [("Land", "Germny")]
    assert "“Germny” is not a country we know." in rows[2].cells[0].words
    assert rows[4].cells[0].column == "Mail"
    assert rows[4].is_stopped
    assert "“soon” is not a date" in rows[5].cells[0].words
    assert [cell.value for cell in rows[6].cells] == ["short", "row", "", "", ""]
    assert "2 cells, the header has 5 columns" in rows[6].words[0]


def test_corrected_cells_count_in_the_next_dry_run_and_in_the_import(marketer, run):
    mend(marketer, run, {"cell-4-0": "cem@gamma.example.org", "cell-5-4": "2026-01-20", "cell-6-0": "eve@x-firm.com",
                         "cell-6-1": "Eve", "cell-6-2": "Epsilon", "cell-2-3": "Germany"})  # fmt: skip
    run.refresh_from_db()
    assert (run.dry_run_id, run.dry_counts) == (None, {})
    rows = lines_of(marketer, run)
    assert [line for line, row in rows.items() if row.is_mended] == [2, 4, 5, 6]
    tried(marketer, run)
    assert run.dry_counts["refused"] == 0
    assert list(lines_of(marketer, run)) == [3]
    marketer.post(reverse("import-start", args=[run.public_id]))
    run.refresh_from_db()
    assert jobs.run(run.job_id, timezone.now) == "done"
    assert set(Person.objects.values_list("email", flat=True)) == {
        "ann@acme-corp.example.org", "bob@beta-inc.example.org", "cem@gamma.example.org", "dan@delta.example.org",
        "eve@x-firm.com",
    }  # fmt: skip
    assert Person.objects.get(email="ann@acme-corp.example.org").country == "DE"
    assert Lead.objects.get(person__email="dan@delta.example.org").occurred_at.day == 20
    assert stored_path(run.file).read_text() == FILE
    edit = ImportEdit.objects.get(line=5)
    assert (edit.column, edit.value, edit.edited_by.name) == ("Created", "2026-01-20", "Mia")


def test_script_gets_the_row_alone_judged_anew(marketer, run):
    address = reverse("import-mend", args=[run.public_id]) + "?line=4"
    answer = marketer.post(address, {"cell-4-0": "still wrong"}, headers={"HX-Request": "true"})
    page = answer.content.decode()
    assert page.count("<tr") == 1
    assert "mended" not in page
    answer = marketer.post(address, {"cell-4-0": "cem@gamma.example.org"}, headers={"HX-Request": "true"})
    assert "mended" in answer.content.decode()


def test_a_correction_that_brings_the_row_under_another_rule_says_so(marketer, run):
    mend(marketer, run, {"cell-4-0": "cem@mailinator.com"})
    row = lines_of(marketer, run)[4]
    assert not row.is_mended
    assert row.words == ["mailinator.com gives out throw-away addresses."]


def test_the_same_mistake_in_many_rows_is_corrected_at_once(marketer, run):
    page = marketer.get(reverse("import-mend", args=[run.public_id]))
    [one] = page.context["alike"]
    assert (one.column, one.value, one.rows) == ("Land", "Germny", 2)
    assert "Apply to 2 rows" in page.content.decode()
    asked = {"column": one.column, "code": one.code, "value": one.value, "instead": "DE"}
    answer = marketer.post(reverse("import-mend-alike", args=[run.public_id]), asked, follow=True)
    assert "2 cells were corrected." in answer.content.decode()
    assert answer.context["alike"] == []
    assert [row.is_mended for line, row in lines_of(marketer, run).items() if line in (2, 3)] == [True, True]


def test_a_mended_file_brings_the_corrections(marketer, run):
    download = marketer.get(reverse("import-errors", args=[run.public_id]))
    text = b"".join(download.streaming_content).decode("utf-8-sig")
    mended = text.replace("not an address", "cem@gamma.example.org").replace("Germny", "Germany")
    upload = SimpleUploadedFile("errors.csv", mended.encode())
    answer = marketer.post(reverse("import-mend-file", args=[run.public_id]), {"file": upload}, follow=True)
    assert "3 cells were corrected." in answer.content.decode()
    assert tried(marketer, run).dry_counts["refused"] == 1
    again = b"".join(marketer.get(reverse("import-errors", args=[run.public_id])).streaming_content).decode("utf-8-sig")
    assert "Germny" not in again


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"a,b\n1,2\n", "needs the column “_line”"), (b"", "empty"), (b"%PDF-1.4", "PDF"),
     (b'Mail,_line\n"x,4\n', "quote")],
)  # fmt: skip
def test_another_file_is_refused_in_words(marketer, run, content, words):
    upload = SimpleUploadedFile("errors.csv", content, content_type="text/csv")
    answer = marketer.post(reverse("import-mend-file", args=[run.public_id]), {"file": upload}, follow=True)
    assert words in answer.content.decode()
    assert not ImportEdit.objects.exists()


def test_what_equals_the_file_again_takes_the_correction_back(marketer, run):
    mend(marketer, run, {"cell-2-3": "Germany"})
    mend(marketer, run, {"cell-2-3": "Germny"})
    assert not ImportEdit.objects.exists()


def test_a_good_row_and_an_unknown_column_cannot_be_corrected(marketer, run):
    answer = marketer.post(reverse("import-mend", args=[run.public_id]), {"cell-99-0": "x"}, follow=True)
    assert "nothing to mend in line 99" in answer.content.decode()
    mend(marketer, run, {"cell-2-77": "x", "cell-x-1": "y"})
    assert not ImportEdit.objects.exists()


def test_a_started_import_is_not_corrected_any_more(marketer, run):
    marketer.post(reverse("import-start", args=[run.public_id]))
    answer = mend(marketer, run, {"cell-2-3": "Germany"})
    assert answer.url == reverse("import-detail", args=[run.public_id])
    answer = marketer.post(reverse("import-mend-alike", args=[run.public_id]), {"column": "Land"}, follow=True)
    assert not ImportEdit.objects.exists()


@pytest.mark.parametrize("bad", [1, 3])
def test_the_page_asks_the_same_number_of_questions(marketer, source, bad, django_assert_num_queries):
    rows = "".join(f"p{n}@firm{n}.example.org,Nowhere{n}\n" for n in range(bad))
    run = tried(marketer, prepared(marketer, source, f"Mail,Country\n{rows}"))
    with django_assert_num_queries(9):
        assert len(marketer.get(reverse("import-mend", args=[run.public_id])).context["rows"]) == bad


def test_before_a_dry_run_the_page_says_what_to_do(marketer, source):
    run = prepared(marketer, source)
    assert "Not tried yet" in marketer.get(reverse("import-mend", args=[run.public_id])).content.decode()


def test_a_rep_may_not_and_a_stranger_signs_in(client, marketer, run, company):
    address = reverse("import-mend", args=[run.public_id])
    client.force_login(User.objects.create_user("rep@x.example", None, role="rep"))
    assert client.get(address).status_code == 403
    client.logout()
    assert client.get(address).status_code == 302


WORDS = (
    "Mail,Status,Lost Reason\n"
    "a@x-firm.com,Closed - no luck,Too pricey\n"
    "b@y-firm.com,Won!,\n"
    "c@z-firm.com,Closed - no luck,Went quiet\n"
)


def test_their_words_are_matched_with_ours_and_remembered(marketer, source):
    marketer.post(reverse("import-new"), {"file": SimpleUploadedFile("leads.csv", WORDS.encode())})
    run = ImportRun.objects.get()
    marketer.post(reverse("import-shape-confirm", args=[run.public_id]))
    columns = {"to-1": "outcome", "to-2": "reason"}
    values = reverse("import-values", args=[run.public_id])
    assert marketer.post(reverse("import-columns", args=[run.public_id]), columns).url == values
    page = marketer.get(values)
    status, _reason = page.context["vocabularies"]
    assert [(word.text, word.rows, word.means, word.is_guess) for word in status.words] == [
        ("Closed - no luck", 2, "", True), ("Won!", 1, "won", True),
    ]  # fmt: skip
    said = {"word-1-0": "Closed - no luck", "means-1-0": "lost", "word-1-1": "Won!", "means-1-1": "won",
            "word-2-0": "Too pricey", "means-2-0": "no_budget", "word-2-1": "Went quiet",
            "means-2-1": "nonsense"}  # fmt: skip
    assert marketer.post(values, said).url == reverse("import-rules", args=[run.public_id])
    rules = {"source": source.pk, "legal_basis": "consent", "is_history": "on"}
    marketer.post(reverse("import-rules", args=[run.public_id]), rules)
    marketer.post(reverse("import-start", args=[run.public_id]))
    run.refresh_from_db()
    assert jobs.run(run.job_id, timezone.now) == "done"
    assert Lead.objects.get(person__email="a@x-firm.com").stage == "lost"
    assert Disposition.objects.get(lead__person__email="a@x-firm.com").reason_id == "no_budget"
    remembered = SavedMapping.objects.get().mapping["columns"]
    assert remembered["Lost Reason"]["values"] == {"Too pricey": "no_budget", "Went quiet": ""}
    marketer.post(reverse("import-new"), {"file": SimpleUploadedFile("again.csv", WORDS.encode())})
    again = ImportRun.objects.latest("created_at")
    marketer.post(reverse("import-shape-confirm", args=[again.public_id]))
    marketer.post(reverse("import-columns", args=[again.public_id]), {})
    page = marketer.get(reverse("import-values", args=[again.public_id]))
    assert [word.means for word in page.context["vocabularies"][0].words] == ["lost", "won"]
    assert not page.context["vocabularies"][0].words[0].is_guess


def test_a_file_without_such_columns_skips_the_page(marketer, source):
    run = prepared(marketer, source)
    assert "Nothing to match" in marketer.get(reverse("import-values", args=[run.public_id])).content.decode()


def test_a_manager_registers_the_source_on_the_way(client, company, source):
    client.force_login(company["marketing_manager"])
    run = prepared(client, source)
    rules = reverse("import-rules", args=[run.public_id])
    answers = {"new_source": "Trade fair Hannover", "new_kind": "partner", "legal_basis": "consent"}
    assert client.post(rules, answers).status_code == 302
    made = Source.objects.get(key="trade-fair-hannover")
    assert (made.kind, made.owner) == ("partner", company["marketing_manager"])
    assert LedgerEntry.objects.get(action="source.registered").subject_id == made.pk
    again = client.post(rules, answers)
    assert again.status_code == 422
    assert "There is a source of this name" in again.content.decode()
    both = client.post(rules, {**answers, "new_source": "Other", "source": source.pk})
    assert "not both" in both.content.decode()
    assert client.post(rules, {"legal_basis": "consent"}).status_code == 422


def test_a_marketer_chooses_among_the_registered_ones(marketer, source):
    run = prepared(marketer, source)
    rules = reverse("import-rules", args=[run.public_id])
    assert "register a new source" not in marketer.get(rules).content.decode()
    assert marketer.post(rules, {"new_source": "Mine", "legal_basis": "consent"}).status_code == 422
    assert not Source.objects.filter(name="Mine").exists()


def test_cells_that_cannot_be_corrected_here_say_so(marketer, source):
    run = tried(marketer, prepared(marketer, source, 'Mail,Name\na@x-firm.com,"never closed\nb@y-firm.com,Bob\n'))
    [row] = lines_of(marketer, run).values()
    assert not row.is_mendable
    assert "mend it in the file" in marketer.get(reverse("import-mend", args=[run.public_id])).content.decode()
    assert ImportRowError.objects.get(run=run, stops=True).code == "unclosed_quote"
