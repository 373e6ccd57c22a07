"""A bad list is stopped whole: by page, by command and by API; a person lets it in with a reason, or puts it away."""

import json
from io import StringIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from leads.models import ImportRowError, ImportRun, Lead, Person, Submission
from revops.foundation import jobs
from revops.foundation.models import Job, LedgerEntry, OutboxMessage, User
from revops.portal.imports import rows as import_rows
from revops.portal.imports.at_once import ImportStopped, Wish, import_at_once

pytestmark = pytest.mark.django_db


def people(good, bad, domain="mailinator.com"):
    """A list with its bad rows spread among the good ones."""
    total = good + bad
    lines = ["Email,Name,Company,Job Title,Last Activity"]
    for number in range(total):
        is_bad = (number * bad) // total != ((number + 1) * bad) // total
        address = f"p{number}@{domain}" if is_bad else f"p{number}@firm{number}.example.org"
        lines.append(f"{address},Person {number},Firm {number},VP Sales,Requested a demo")
    return "\n".join(lines) + "\n"


@pytest.fixture
def as_role(client, company):
    def sign_in(role, name="Somebody"):
        user = User.objects.filter(role=role).first() or User.objects.create_user(
            f"{role}@x.example", None, name=name, role=role
        )
        client.force_login(user)
        return client

    return sign_in


def prepared(client, source, content, **rules):
    client.post(reverse("import-new"), {"file": SimpleUploadedFile("list.csv", content.encode())})
    run = ImportRun.objects.latest("created_at")
    client.post(reverse("import-shape-confirm", args=[run.public_id]))
    client.post(reverse("import-columns", args=[run.public_id]), {})
    client.post(reverse("import-rules", args=[run.public_id]), {"source": source.pk, "legal_basis": "consent", **rules})
    return run


def started(client, run):
    client.post(reverse("import-start", args=[run.public_id]))
    run.refresh_from_db()
    if run.job_id:
        jobs.run(run.job_id, timezone.now)
        run.refresh_from_db()
    return run


def test_of_a_bad_list_nothing_reaches_sales_even_without_a_dry_run(as_role, source):
    source.owner = User.objects.get(role="marketing_manager")
    source.save()
    client = as_role("marketer")
    run = started(client, prepared(client, source, people(300, 100)))
    assert not Submission.objects.exists()
    assert not Lead.objects.exists()
    assert (run.job_id, run.held_at is not None) == (None, True)
    assert run.hold == {"judged": 400, "bad": 100, "rules": {"disposable": 100}}
    page = client.get(reverse("import-check", args=[run.public_id])).content.decode()
    assert "This list is held." in page
    assert "100 of 400 rows are bad" in page
    assert "Throw-away e-mail addresses" in page
    assert "Release and import" not in page
    assert ImportRowError.objects.filter(run=run, is_quarantined=True, code="disposable").count() == 100
    assert "Held" in client.get(reverse("imports")).content.decode()
    assert LedgerEntry.objects.get(action="import.held").actor_label == "system: import"
    told = OutboxMessage.objects.filter(kind="import.held")
    assert {message.recipient for message in told} == {str(source.owner_id), str(run.created_by_id)}
    assert run.public_id in told[0].payload["url"]


def test_a_list_of_five_thousand_bad_rows_is_stopped_by_its_sample(as_role, source, monkeypatch):
    monkeypatch.setattr(import_rows, "SAMPLE", 200)
    client = as_role("marketer")
    run = started(client, prepared(client, source, people(3500, 1500)))
    assert run.hold["judged"] == 5000
    assert Lead.objects.count() == 0


def test_the_dry_run_holds_it_too_and_starting_it_is_refused_in_words(as_role, source):
    client = as_role("marketer")
    run = prepared(client, source, people(60, 40))
    client.post(reverse("import-try", args=[run.public_id]))
    run.refresh_from_db()
    assert jobs.run(run.dry_run_id, timezone.now) == "done"
    answer = client.post(reverse("import-start", args=[run.public_id]), follow=True)
    assert "40 of 100 rows are bad" in answer.content.decode()
    assert not Job.objects.filter(kind="import_run").exists()


def test_a_manager_lets_a_held_list_in_with_a_reason_and_bad_rows_still_wait(as_role, source):
    client = as_role("marketer")
    run = started(client, prepared(client, source, people(30, 10)))
    release = reverse("import-release", args=[run.public_id])
    assert client.post(release, {"reason": "I say so"}).status_code == 403
    client = as_role("marketing_manager")
    assert "Release and import" in client.get(reverse("import-check", args=[run.public_id])).content.decode()
    assert "Say why this list is let in" in client.post(release, {"reason": " "}, follow=True).content.decode()
    client.post(release, {"reason": "Guests of our own event"})
    run.refresh_from_db()
    assert jobs.run(run.job_id, timezone.now) == "done"
    run.refresh_from_db()
    assert (run.counts["new"], run.counts["quarantined"]) == (30, 10)
    entry = LedgerEntry.objects.get(action="import.released")
    assert (entry.actor.role, entry.cause, entry.after["bad"]) == ("marketing_manager", "Guests of our own event", 10)
    assert OutboxMessage.objects.filter(kind="import.released", recipient=str(run.created_by_id)).exists()
    assert "not held any more" in client.post(release, {"reason": "again"}, follow=True).content.decode()


def test_a_held_list_is_put_away_and_cannot_start(as_role, source):
    client = as_role("marketer")
    run = started(client, prepared(client, source, people(30, 10)))
    client.post(reverse("import-put-away", args=[run.public_id]))
    run.refresh_from_db()
    assert run.cancelled_at is not None
    assert "Put away" in client.get(reverse("imports")).content.decode()
    assert "was put away" in client.get(reverse("import-check", args=[run.public_id])).content.decode()
    assert not started(client, run).job_id
    assert as_role("admin").post(reverse("import-release", args=[run.public_id]), {"reason": "x"}).status_code == 302
    assert not Lead.objects.exists()


def test_a_fifth_exactly_is_let_in_row_by_row(as_role, source):
    client = as_role("marketer")
    run = started(client, prepared(client, source, people(80, 20)))
    assert (run.held_at, run.counts["new"], run.counts["quarantined"]) == (None, 80, 20)


def test_a_change_of_the_mapping_takes_the_hold_back_until_it_is_judged_again(as_role, source):
    client = as_role("marketer")
    run = started(client, prepared(client, source, people(30, 10)))
    client.post(reverse("import-columns", args=[run.public_id]), {})
    run.refresh_from_db()
    assert (run.held_at, run.hold) == (None, {})
    assert started(client, run).held_at is not None


def test_free_mail_is_only_flagged_in_a_list_where_nearly_all_use_it(as_role, source):
    client = as_role("marketer")
    run = started(client, prepared(client, source, people(3, 97, domain="gmail.com")))
    assert (run.held_at, run.counts["new"]) == (None, 100)
    assert Person.objects.filter(flags__contains=["free_mail"]).count() == 97


def test_a_file_full_of_addresses_a_crm_calls_disposable_is_held_and_told_not_dropped(as_role, source):
    """As some CRMs do it, the file would "succeed" and leave nothing behind."""
    client = as_role("marketer")
    run = started(client, prepared(client, source, people(0, 60)))
    assert run.hold["bad"] == 60
    errors = b"".join(client.get(reverse("import-errors", args=[run.public_id])).streaming_content).decode("utf-8-sig")
    assert errors.count("gives out throw-away addresses") == 60


def test_by_command_a_bad_list_ends_badly_in_words_and_nothing_is_written(company, source, written):
    path = written(people(60, 40))
    with pytest.raises(ImportStopped, match="40 of 100 rows are bad") as stop:
        import_at_once(Wish(path, "webinar"))
    assert stop.value.code == "held"
    assert not Lead.objects.exists()
    out = StringIO()
    call_command("import_leads", str(path), source="webinar", dry_run=True, json=True, stdout=out)
    assert json.loads(out.getvalue())["would_be_held"] is True


def test_past_leads_are_let_in_whatever_their_addresses(company, source, written):
    report = import_at_once(Wish(written(people(60, 40)), "webinar", is_history=True))
    assert report.counts["new"] == 100


def test_over_the_api_a_held_import_says_so_and_a_person_releases_it(as_role, source):
    client = as_role("marketer")

    def send(method, address, body=None, content_type="application/json"):
        return getattr(client, method)(f"/api/v1/imports/{address}", body or "", content_type=content_type)

    opened = send("post", "", json.dumps({"source": "webinar", "legal_basis": "consent"})).json()
    send("put", f"{opened['id']}/file/", people(30, 10).encode(), "application/octet-stream")
    send("post", f"{opened['id']}/start/")
    run = ImportRun.objects.get()
    jobs.run(run.job_id, timezone.now)
    seen = client.get(f"/api/v1/imports/{opened['id']}/").json()
    assert (seen["state"], seen["hold"]["bad"], seen["dry_run_counts"]["quarantined"]) == ("held", 10, 10)
    assert send("post", f"{opened['id']}/start/").status_code == 409
    reason = json.dumps({"reason": "our own guests"})
    assert send("post", f"{opened['id']}/release/", reason).status_code == 403
    client.force_login(User.objects.get(role="admin"))
    assert send("post", f"{opened['id']}/release/", json.dumps({})).status_code == 422
    released = send("post", f"{opened['id']}/release/", reason)
    assert (released.status_code, released.json()["state"]) == (202, "running")
    assert send("post", f"{opened['id']}/release/", reason).status_code == 409
    assert not Lead.objects.exists()
