"""Imports survive kills, repeat nothing, try without writing, and end in words."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from feedback.models import Outcome
from leads.models import ImportRowError, ImportRun, Lead, LifecycleEvent, PendingSubmission, Source, Submission
from leads.models.imports import UNDO_WITHIN
from leads.queries import conservation
from revops.foundation import jobs
from revops.foundation.models import Job
from revops.portal.imports import rows as import_rows
from revops.portal.imports import running, wizard
from revops.portal.imports.at_once import ImportStopped, Wish, import_at_once, read_mapping
from revops.portal.imports.uploads import begin_import, store_file
from tests.conftest import NOW

pytestmark = pytest.mark.django_db


def people(first, last, head="Email,Name,Company"):
    return "\n".join([head, *(f"person{n}@firm{n}.example.org,Person {n},Firm {n}" for n in range(first, last))]) + "\n"


def imported(path, source="webinar", **wish):
    return import_at_once(Wish(path, source, **wish))


def command(*arguments, **options):
    out = StringIO()
    try:
        call_command(*arguments, stdout=out, **options)
        code = 0
    except SystemExit as end:
        code = end.code
    return code, out.getvalue()


def test_rows_of_a_file_become_leads(company, source, written):
    report = imported(written(people(0, 5)))
    assert report.counts["new"] == Lead.objects.count() == 5
    assert not report.source_is_new


def test_the_same_file_twice_changes_nothing(company, source, written):
    path = written(people(0, 5))
    imported(path)
    events = LifecycleEvent.objects.count()
    again = imported(path)
    assert again.counts["unchanged"] == 5
    assert (Submission.objects.count(), LifecycleEvent.objects.count()) == (5, events)


def test_columns_in_another_order_are_the_same_rows(company, source, written):
    imported(written("Email,Name\na@x.example.org,Ann\n"))
    again = imported(written("Name,Email\nAnn,a@x.example.org\n", "other.csv"))
    assert again.counts["unchanged"] == 1


def test_the_same_row_twice_in_a_file_is_two_submissions(company, source, written):
    path = written("Email,Name\na@x.example.org,Ann\na@x.example.org,Ann\n")
    first = imported(path)
    assert (first.counts["new"], first.counts["attached"]) == (1, 1)
    assert imported(path).counts["unchanged"] == 2


def test_a_longer_file_brings_only_its_new_rows(company, source, written):
    imported(written(people(0, 5)))
    longer = imported(written(people(0, 8)))
    assert (longer.counts["unchanged"], longer.counts["new"]) == (5, 3)


class Killed(BaseException):
    """Stands for kill -9: nothing may catch it and tidy up."""


def test_a_killed_import_goes_on_at_its_checkpoint(company, source, written, monkeypatch):
    monkeypatch.setattr(import_rows, "CHUNK", 3)
    run = begin_import(store_file(written(people(0, 10) + "broken\n"), None, NOW), None, NOW)
    wizard.choose_mapping(run, wizard.offered_mapping(run), None, NOW)
    wizard.set_rules(run, source=source, legal_basis="consent", is_history=False)
    job = wizard.start_run(run, None, NOW)
    taken = []

    def die_in_the_third_chunk(run, chunk):
        endings = real(run, chunk)
        taken.append(len(chunk))
        if len(taken) == 3:
            raise Killed
        return endings

    real = running.take_leads
    monkeypatch.setattr(running, "take_leads", die_in_the_third_chunk)
    with pytest.raises(Killed):
        jobs.run(job.pk, timezone.now)
    assert Submission.objects.count() == 6
    monkeypatch.setattr(running, "take_leads", real)
    later = timezone.now() + jobs.LEASE * 2
    assert jobs.run(job.pk, lambda: later) == "done"
    run.refresh_from_db()
    assert (run.counts["rows"], run.counts["new"], run.counts["refused"]) == (11, 10, 1)
    assert Submission.objects.count() == 11
    assert sorted(Submission.objects.values_list("line", flat=True)) == list(range(2, 13))
    assert not [balance for balance in conservation(NOW.date(), later.date()) if balance.missing]


def test_a_dry_run_by_command_leaves_no_row_behind(company, written, uploads):
    code, out = command("import_leads", str(written(people(0, 3))), "--dry-run", "--json", source="Brand new")
    report = json.loads(out)
    assert code == 0
    assert report["dry_run"]
    assert report["counts"]["new"] == 3
    assert not Source.objects.exists()
    assert not ImportRun.objects.exists()
    assert not Job.objects.exists()
    assert not Lead.objects.exists()
    assert not list(uploads.glob("*"))


def test_a_dry_run_counts_people_across_its_chunks(company, source, written, monkeypatch):
    monkeypatch.setattr(import_rows, "CHUNK", 2)
    path = written("Email,N\na@x.example.org,1\nb@x.example.org,2\na@x.example.org,3\n")
    tried = imported(path, is_dry_run=True)
    assert (tried.counts["new"], tried.counts["attached"]) == (2, 1)
    assert imported(path).counts == tried.counts


def test_unreadable_rows_are_journalled_and_refused_in_words(company, source, written):
    report = imported(written(b"Email,Name\na@x.example.org,Ann\nb\0b,Bob\nonly\n"))
    assert (report.counts["new"], report.counts["refused"]) == (1, 2)
    assert set(ImportRowError.objects.values_list("code", "stops")) == {("nul_byte", True), ("too_few_cells", True)}
    [balance] = conservation(*[timezone.now().date()] * 2)
    assert (balance.received, balance.new, balance.refused, balance.missing) == (3, 1, 2, 0)


def test_cells_that_cannot_be_used_are_noted_and_kept(company, source, written):
    report = imported(written("Email,Created\na@x.example.org,soon\n"))
    assert report.counts["new"] == 1
    assert report.counts["notes"] == [{"column": "Created", "code": "unreadable_date", "rows": 1}]
    assert Lead.objects.get().attributes["created"] == "soon"


def test_deals_are_joined_by_the_id_of_the_source(company, written):
    imported(written("lead_id,Name\nA1,Ann\nB2,Bob\n"), source="crm", is_history=True)
    deals = written(
        'lead,Stage,Amount,Closed\nA1,Closed Won,"1,200.50",2025-05-31\nZ9,Won,1,2025-01-01\nB2,?,1,\n', "d.csv"
    )
    report = imported(deals, source="crm", kind="outcomes", key_column="lead", is_history=True)
    assert (report.counts["recorded"], report.counts["refused"]) == (1, 2)
    outcome = Outcome.objects.get()
    assert (outcome.kind, str(outcome.amount), outcome.lead.person.first_name) == ("won", "1200.50", "Ann")
    words = " ".join(ImportRowError.objects.values_list("message", flat=True))
    assert "No lead of this source has the id “Z9”" in words
    assert "does not say what became of the lead" in words
    again = imported(deals, source="crm", kind="outcomes", key_column="lead", is_history=True)
    assert (again.counts["recorded"], again.counts["unchanged"]) == (0, 1)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"a@x.org,Ann\nb@x.org,Bob\n", "not_ready"),
        (b"Mystery,Riddle\n1,2\n", "mapping"),
        (bytes(range(256)) * 9, "binary"),
        (b"PK\x03\x04....", "damaged_workbook"),
    ],
)
def test_what_cannot_be_imported_is_said_in_words(company, source, written, content, code):
    status, out = command("import_leads", str(written(content)), "--json", source="webinar")
    error = json.loads(out)["error"]
    assert status == 1
    assert error["code"] == code
    assert len(error["detail"]) > 20
    with pytest.raises(CommandError):
        command("import_leads", str(written(content)), source="webinar")


def test_a_bought_source_is_refused(company, written):
    Source.objects.create(key="bought", name="Bought", kind="purchased", created_at=NOW)
    with pytest.raises(ImportStopped, match="Bought lists are not imported"):
        imported(written(people(0, 1)), source="bought")


def test_a_missing_file_mapping_or_source_is_said(company, written, tmp_path):
    with pytest.raises(ImportStopped, match="There is no file"):
        imported(tmp_path / "none.csv")
    with pytest.raises(ImportStopped, match="cannot be read as JSON"):
        read_mapping(written("{oops", "m.json"))
    with pytest.raises(ImportStopped, match="a JSON object"):
        read_mapping(written("[]", "m.json"))
    with pytest.raises(ImportStopped, match="no source “Nowhere”"):
        imported(written(people(0, 1)), source="Nowhere", kind="outcomes", key_column="Email")


def test_a_mapping_file_is_used(company, source, written):
    mapping = written('{"columns": {"Mystery": "email", "Riddle": "attribute:riddle"}}', "m.json")
    status, _out = command(
        "import_leads",
        str(written("Mystery,Riddle\na@x.example.org,42\n")),
        "--json",
        source="webinar",
        mapping=mapping,
    )
    assert status == 0
    assert Lead.objects.get().attributes["riddle"] == "42"


def test_the_conservation_command_ends_badly_when_something_is_lost(company, source, written):
    imported(written(people(0, 2)))
    assert command("conservation")[0] == 0
    assert command("conservation", day=str(timezone.now().date()))[0] == 0
    Submission.objects.create(source=source, channel="form", received_at=NOW)
    status, out = command("conservation", "--json")
    assert status == 1
    assert not json.loads(out)["balanced"]
    lost = Submission.objects.get(channel="form")
    PendingSubmission.objects.create(submission=lost, error="x", retry_at=NOW)
    assert command("conservation")[0] == 0
    with pytest.raises(CommandError, match="is not a day"):
        command("conservation", day="yesterday")


def test_undo_is_refused_after_seven_days(company, source, written):
    report = imported(written(people(0, 1)))
    with pytest.raises(wizard.NotReady, match="within 7 days"):
        wizard.start_undo(report.run, None, timezone.now() + UNDO_WITHIN * 2)


def test_a_file_that_is_gone_ends_the_import_in_words(company, source, written, uploads):
    run = begin_import(store_file(written(people(0, 1)), None, NOW), None, NOW)
    wizard.choose_mapping(run, wizard.offered_mapping(run), None, NOW)
    wizard.set_rules(run, source=source, legal_basis="consent", is_history=False)
    job = wizard.start_run(run, None, NOW)
    for path in uploads.glob("*"):
        path.unlink()
    assert jobs.run(job.pk, timezone.now) == "failed"
    job.refresh_from_db()
    assert "Upload it again" in job.error
