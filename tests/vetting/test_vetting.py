"""A list is judged by the real journey and nothing of it is left: by page, by command, and over the API."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from leads.models import Lead
from revops.foundation import jobs
from revops.foundation.ids import encode
from revops.foundation.models import Job, LedgerEntry
from revops.portal import journey
from revops.portal.vetting import judging, working
from revops.portal.vetting.judging import Vetted, Vetting
from tests.conftest import NOW
from tests.factories import item

pytestmark = pytest.mark.django_db

LIST = (
    "Email,Name,Company,Job Title,Country,Employees,Last Activity,Timeline\n"
    "ada@acme-works.com,Ada Lovelace,Acme Works,VP Sales,DE,300,Requested a demo,2099-04-15\n"
    "bob@new-firm.com,Bob May,New Firm,Manager,DE,20,Opened e-mail,\n"
    "bob@new-firm.com,Bob May,New Firm,Manager,DE,20,Opened e-mail,\n"
    "eve@acme-works.com,Eve,Acme Works,Analyst,DE,300,,\n"
    "x@mailinator.com,Xaver,Nowhere,,,,,\n"
    ",,Nobody,,,,,\n"
    "short,row\n"
)


@pytest.fixture(autouse=True)
def uploads(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path / "var"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "list.csv"
    found.write_text(LIST)
    return found


def rows_of_all_tables() -> dict[str, int]:
    return {model._meta.label: model._default_manager.count() for model in apps.get_models(include_auto_created=True)}


def judged(path: Path, **options: Any) -> list[Vetted]:
    return [row for chunk in Vetting(path, **options).rows() for row in chunk]


@pytest.mark.parametrize("chunk", [500, 2])
def test_each_row_comes_back_with_verdict_match_tier_axes_and_the_sentence(
    company: Any, path: Path, monkeypatch: Any, chunk: int
) -> None:
    monkeypatch.setattr(judging, "CHUNK", chunk)
    journey.admit([item(company["source"], company="Acme Works")], now=NOW - timedelta(days=1))
    known = Lead.objects.get()
    ada, bob, again, eve, thrown, nobody, short = judged(path)
    assert (ada.verdict, ada.match, ada.lead) == ("let_in", "known", encode("lead", known.pk))
    assert ada.account == "Acme Works"
    assert ada.tier == 1
    assert ada.priority == 2 * (ada.intent or 0) + (ada.fit or 0) + (ada.timing or 0)
    assert ada.sentence
    assert (bob.match, bob.account, again.match) == ("new", "", "earlier_row")
    assert bob.tier in (2, 3)
    assert (eve.match, eve.account) == ("new", "Acme Works")
    assert (thrown.verdict, thrown.rule, thrown.tier) == ("quarantined", "disposable", None)
    assert "throw-away" in thrown.why
    assert (nobody.verdict, nobody.rule) == ("refused", "unidentified")
    assert (short.verdict, short.rule, short.cells) == ("refused", "unreadable", ["short", "row"])


def test_rules_that_only_flag_are_told_beside_the_row(company: Any, tmp_path: Path) -> None:
    path = tmp_path / "flags.csv"
    path.write_text("Email,Name\ninfo@acme-works.com,Ada\nada@gmail.com,Ada\nada@acme-works.com,Ada\n")
    role, free, plain = judged(path)
    assert [(row.verdict, row.rule, row.flags) for row in (role, free, plain)] == [
        ("let_in", "", ["role_account"]), ("let_in", "", ["free_mail"]), ("let_in", "", []),
    ]  # fmt: skip
    found = list(csv.DictReader(io.StringIO(command(path, "--csv"))))
    assert [row["_flags"] for row in found] == ["role_account", "free_mail", ""]


def test_a_list_in_which_nobody_did_anything_is_not_said_to_have_filled_in_a_form(company: Any, tmp_path: Path) -> None:
    path = tmp_path / "strangers.csv"
    path.write_text("Email,Name,Job Title\nada@acme-works.com,Ada,VP Sales\n")
    [row] = judged(path)
    assert (row.verdict, row.intent) == ("let_in", 0)
    assert "form" not in row.sentence
    assert "VP" in row.sentence


def test_no_table_has_a_row_more_or_less_and_no_row_is_changed(company: Any, path: Path) -> None:
    journey.admit([item(company["source"], company="Acme Works")], now=NOW - timedelta(days=1))
    before, leads = rows_of_all_tables(), list(Lead.objects.values())
    assert len(judged(path)) == 7
    assert rows_of_all_tables() == before
    assert list(Lead.objects.values()) == leads


def test_with_a_source_its_ids_and_its_policy_count(company: Any, tmp_path: Path) -> None:
    company["source"].kind = "purchased"
    company["source"].save()
    path = tmp_path / "bought.csv"
    path.write_text("Email\nada@acme-works.com\n")
    [row] = judged(path, source=company["source"])
    assert (row.verdict, row.rule) == ("quarantined", "purchased")


def command(path: Path, *options: str) -> str:
    out = io.StringIO()
    call_command("vet", str(path), *options, stdout=out)
    return out.getvalue()


def test_the_command_prints_json_csv_or_words_and_writes_nothing(company: Any, path: Path) -> None:
    before = rows_of_all_tables()
    rows = [json.loads(line) for line in command(path, "--json").splitlines()]
    assert [row["verdict"] for row in rows] == [*["let_in"] * 4, "quarantined", "refused", "refused"]
    table = list(csv.DictReader(io.StringIO(command(path, "--csv"))))
    assert table[0]["Email"] == "ada@acme-works.com"
    assert (table[0]["_tier"], table[4]["_rule"], table[6]["Email"]) == ("1", "disposable", "short")
    words = command(path)
    assert "7 rows: 4 let in, 1 quarantined, 2 refused" in words
    assert "Nothing was written." in words
    assert rows_of_all_tables() == before


@pytest.mark.parametrize(
    ("content", "words"), [(b"", "empty"), (b"%PDF-1.4", "PDF"), (b"Mystery,Riddle\n1,2\n", "Nothing says who")]
)
def test_what_cannot_be_vetted_is_said_in_words(company: Any, tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    with pytest.raises(CommandError, match=words):
        command(path)
    out = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("vet", str(path), "--json", stdout=out)
    assert words in json.loads(out.getvalue())["error"]["detail"]


def test_a_missing_file_and_an_unknown_source_are_said(company: Any, path: Path, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no file"):
        command(tmp_path / "none.csv")
    with pytest.raises(CommandError, match="no source"):
        command(path, "--source", "nowhere")


def posted(client: Any, content: str = LIST) -> Job:
    client.post(reverse("vetting"), {"file": SimpleUploadedFile("list.csv", content.encode())})
    return Job.objects.get(kind="vet_list")


def test_a_list_goes_in_by_page_and_comes_back_judged(sign_in: Any, company: Any) -> None:
    client = sign_in("marketer")
    assert "No list was vetted yet" in client.get(reverse("vetting")).content.decode()
    job = posted(client)
    address = reverse("vetted", args=[working.public_id(job)])
    assert "Waiting for a worker" in client.get(address).content.decode()
    before = {label: n for label, n in rows_of_all_tables().items() if not label.startswith("foundation.")}
    assert jobs.run(job.pk, timezone.now) == "done"
    assert {label: n for label, n in rows_of_all_tables().items() if not label.startswith("foundation.")} == before
    page = client.get(address)
    assert page.context["tallies"][0][0] == "Let in"
    text = page.content.decode()
    for words in ("Ada Lovelace", "in an earlier row", "throw-away", "Tier 1"):
        assert words in text
    file = b"".join(client.get(reverse("vetted-csv", args=[working.public_id(job)])).streaming_content)
    assert file.decode("utf-8-sig").splitlines()[0].endswith("_priority,_sentence,_flags")
    assert client.get(reverse("vetting-progress", args=[working.public_id(job)]))["HX-Refresh"] == "true"
    assert LedgerEntry.objects.get(action="list.vetted").actor == client.person
    assert "list.csv" in client.get(reverse("vetting")).content.decode()


def test_a_vetted_list_is_removed_by_hand_or_when_it_is_old(sign_in: Any, company: Any) -> None:
    client = sign_in("admin")
    job = posted(client)
    jobs.run(job.pk, timezone.now)
    file = working.file_of(job)
    assert working.results_path(file).exists()
    now = timezone.now()
    assert working.forget_old(now - timedelta(days=7), now) == 0
    assert working.forget_old(now + timedelta(days=1), now) == 1
    assert working.forget_old(now + timedelta(days=1), now) == 0
    assert not working.results_path(file).exists()
    page = client.get(reverse("vetted", args=[working.public_id(job)])).content.decode()
    assert "This list was removed." in page
    client.post(reverse("vetting-forget", args=[working.public_id(job)]))
    assert list(working.results(working.file_of(job))) == []


def test_a_list_nobody_can_read_is_refused_on_the_page(sign_in: Any, company: Any) -> None:
    client = sign_in("marketer")
    answer = client.post(reverse("vetting"), {"file": SimpleUploadedFile("x.csv", b"%PDF-1.4 ...")})
    assert (answer.status_code, "PDF" in answer.content.decode()) == (422, True)
    job = posted(client, "Mystery,Riddle\n1,2\n")
    assert jobs.run(job.pk, timezone.now) == "failed"
    page = client.get(reverse("vetted", args=[working.public_id(job)])).content.decode()
    assert "Nothing says who the people are" in page


def test_who_may_not_is_told_and_strangers_sign_in(client: Any, sign_in: Any, company: Any) -> None:
    assert client.get(reverse("vetting")).status_code == 302
    assert sign_in("rep").get(reverse("vetting")).status_code == 403
    job = posted(sign_in("marketer"))
    assert sign_in("rep").get(reverse("vetted", args=[working.public_id(job)])).status_code == 403
    assert sign_in("marketer").get(reverse("vetted", args=["vet_nonsense"])).status_code == 404


@pytest.mark.parametrize("rows", [1, 3])
def test_the_page_asks_the_same_number_of_questions(
    sign_in: Any, company: Any, rows: int, django_assert_num_queries: Any
) -> None:
    client = sign_in("marketer")
    job = posted(client, "Email\n" + "".join(f"p{n}@firm{n}.com\n" for n in range(rows)))
    jobs.run(job.pk, timezone.now)
    with django_assert_num_queries(6):
        assert len(client.get(reverse("vetted", args=[working.public_id(job)])).context["rows"]) == rows


def test_over_the_api_a_list_is_sent_polled_fetched_and_removed(sign_in: Any, company: Any) -> None:
    client = sign_in("marketer")
    sent = client.post("/api/v1/vettings/", LIST.encode(), content_type="application/octet-stream")
    assert (sent.status_code, sent.json()["state"]) == (202, "waiting")
    address = sent["Location"]
    jobs.run(Job.objects.get(kind="vet_list").pk, timezone.now)
    done = client.get(address).json()
    assert (done["state"], done["counts"]["rows"], done["progress"]["processed"]) == ("done", 7, 7)
    rows = [json.loads(line) for line in b"".join(client.get(done["results_url"]).streaming_content).splitlines()]
    assert [row["line"] for row in rows] == [2, 3, 4, 5, 6, 7, 8]
    table = b"".join(client.get(f"{address}results.csv").streaming_content).decode("utf-8-sig")
    assert table.startswith("Email,Name,Company")
    assert len(client.get("/api/v1/vettings/").json()["data"]) == 1
    assert client.delete(address).status_code == 204
    assert b"".join(client.get(done["results_url"]).streaming_content) == b""
    assert client.post("/api/v1/vettings/", b"", content_type="application/octet-stream").status_code == 422
    assert sign_in("rep").get(address).status_code == 403
    assert client.get("/api/v1/vettings/vet_nonsense/").status_code == 404
