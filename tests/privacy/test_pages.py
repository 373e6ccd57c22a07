"""The pages of privacy: a request from the search to its end, retention rules, and everybody who is turned away."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from leads.models import HookDelivery, InboundHook, Lead, Person, PrivacyRequest, RetentionRule, SubmissionBody
from revops.foundation import jobs
from revops.foundation.ids import encode
from revops.foundation.models import Job, LedgerEntry
from revops.portal import journey
from revops.portal.privacy import retention
from revops.portal.privacy.clock import clock_of
from revops.portal.privacy.requests import open_request, start_erasing
from tests.conftest import NOW
from tests.factories import item

pytestmark = pytest.mark.django_db

READY = {
    "first_name": "Ada",
    "last_name": "Loveless",
    "company": "Acme Works",
    "act": "demo_request",
    "need": "Routing",
}
TODAY = date(2026, 3, 4)


@pytest.fixture
def lead(company: dict[str, Any]) -> Lead:
    (receipt,) = journey.admit([item(company["source"], "ada@acme-works.com", **READY)], now=NOW)
    return Lead.objects.select_related("person").get(pk=receipt.lead_id)


@pytest.fixture
def admin(sign_in: Callable[..., Client]) -> Client:
    return sign_in("admin")


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def asked(kind: str, lead: Lead, by: Any, **more: Any) -> PrivacyRequest:
    return open_request(kind, by, timezone.now(), asked_on=timezone.localdate(), person=lead.person, **more)


def test_somebody_is_found_and_their_request_written_down_with_its_clock(admin: Client, lead: Lead) -> None:
    page = text_of(admin.get(reverse("privacy"), {"q": "ada@acme-works.com"}))
    assert "Ada Loveless" in page
    assert "Nobody has asked yet" in page
    form = admin.get(reverse("privacy-new"), {"person": lead.person.public_id, "kind": "erase"})
    assert "Ada Loveless" in text_of(form)
    on = timezone.localdate() - timedelta(days=2)
    answer = admin.post(
        reverse("privacy-new"), {"person": lead.person.public_id, "kind": "erase", "asked_on": on.isoformat()}
    )
    row = PrivacyRequest.objects.get()
    assert answer["Location"] == reverse("privacy-request", args=[row.public_id])
    assert (row.due_on - row.asked_on).days == 30
    page = text_of(admin.get(answer["Location"]))
    for words in ("28 days left", "What goes", "What stays, and why", "leads_submissionbody", "Erase for good"):
        assert words in page
    assert LedgerEntry.objects.get(action="privacy_request.opened").actor == admin.person  # type: ignore[attr-defined]


def test_what_only_waits_in_quarantine_can_be_asked_about_too(admin: Client, company: Any) -> None:
    journey.admit([item(company["source"], "zoe@mailinator.com")], now=NOW)
    page = text_of(admin.get(reverse("privacy"), {"q": "zoe@mailinator.com"}))
    assert "write a request down all the same" in page
    admin.post(reverse("privacy-new"), {"said": "zoe@mailinator.com", "kind": "erase",
                                        "asked_on": timezone.localdate().isoformat()})  # fmt: skip
    row = PrivacyRequest.objects.get()
    assert (
        "what they sent, word for word" in text_of(admin.get(reverse("privacy-request", args=[row.public_id]))).lower()
    )


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"kind": "erase", "asked_on": "2999-01-01"}, "Write the day on which they asked"),
        ({"kind": "", "asked_on": "2026-01-01"}, "There is a problem"),
        ({"kind": "erase", "asked_on": ""}, "There is a problem"),
    ],
)
def test_a_request_that_cannot_be_is_sent_back(admin: Client, lead: Lead, fields: Any, words: str) -> None:
    answer = admin.post(reverse("privacy-new"), {"person": lead.person.public_id, **fields})
    assert answer.status_code == 422
    assert words in text_of(answer)
    assert not PrivacyRequest.objects.exists()


def test_a_request_about_nobody_or_asked_twice_is_refused(admin: Client, lead: Lead) -> None:
    on = timezone.localdate().isoformat()
    assert admin.post(reverse("privacy-new"), {"said": "Ada", "kind": "erase", "asked_on": on}).status_code == 422
    asked("erase", lead, admin.person)  # type: ignore[attr-defined]
    again = admin.post(reverse("privacy-new"), {"person": lead.person.public_id, "kind": "erase", "asked_on": on})
    assert again.status_code == 422
    assert "already" in text_of(again)


def test_erasing_takes_the_word_and_a_job_and_closes_the_request(admin: Client, lead: Lead) -> None:
    row = asked("erase", lead, admin.person, words="Ada wrote this")  # type: ignore[attr-defined]
    refused = admin.post(reverse("privacy-erase", args=[row.public_id]), {"sure": "yes"})
    assert refused.status_code == 422
    assert not Job.objects.filter(kind="erase_person").exists()
    admin.post(reverse("privacy-erase", args=[row.public_id]), {"sure": "Erase"})
    job = Job.objects.get(kind="erase_person")
    assert admin.get(reverse("privacy-progress", args=[row.public_id])).status_code == 200
    assert "Being erased" in text_of(admin.get(reverse("privacy-request", args=[row.public_id])))
    jobs.run(job.pk, timezone.now)
    row.refresh_from_db()
    assert (row.state, row.note, row.closed_by) == ("done", "", admin.person)  # type: ignore[attr-defined]
    assert row.counts["leads_person"] == 1
    assert admin.get(reverse("privacy-progress", args=[row.public_id]))["HX-Refresh"] == "true"
    page = text_of(admin.get(reverse("privacy-request", args=[row.public_id])))
    assert "A last look through every table found nothing more." in page
    assert "Ada" not in page
    lead_page = text_of(admin.get(reverse("lead", args=[lead.public_id])))
    assert "Erased person" in lead_page
    assert "what was decided stays" in lead_page
    assert "Erased person" in text_of(admin.get(reverse("privacy")))
    again = admin.post(reverse("privacy-erase", args=[row.public_id]), {"sure": "erase"})
    assert again.status_code == 409


def test_a_job_that_failed_can_be_begun_again(admin: Client, lead: Lead) -> None:
    row = asked("erase", lead, admin.person)  # type: ignore[attr-defined]
    job = start_erasing(row, admin.person, timezone.now())  # type: ignore[attr-defined]
    Job.objects.filter(pk=job.pk).update(state="failed", error="The disk was full.", finished_at=timezone.now())
    assert "The disk was full." in text_of(admin.get(reverse("privacy-request", args=[row.public_id])))
    admin.post(reverse("privacy-erase", args=[row.public_id]), {"sure": "erase"})
    jobs.run(Job.objects.exclude(pk=job.pk).get(kind="erase_person").pk, timezone.now)
    assert Person.objects.get(pk=lead.person_id).erased_at is not None


def test_a_copy_is_handed_over_as_json_and_as_csv_and_the_ledger_says_who_took_it(admin: Client, lead: Lead) -> None:
    row = asked("export", lead, admin.person)  # type: ignore[attr-defined]
    url = reverse("privacy-export", args=[row.public_id, "json"])
    answer = admin.get(url)
    data = json.loads(answer.content)
    tables = {table["table"]: table["rows"] for table in data["tables"]}
    assert tables["leads_person"][0]["email"] == "ada@acme-works.com"
    assert tables["leads_submissionbody"][0]["payload"]["need"] == "Routing"
    assert answer["Cache-Control"] == "no-store"
    packed = admin.get(reverse("privacy-export", args=[row.public_id, "zip"]))
    with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
        assert "leads_person.csv" in archive.namelist()
        assert "ada@acme-works.com" in archive.read("leads_person.csv").decode()
    assert LedgerEntry.objects.filter(action="person.exported").count() == 2
    admin.post(reverse("privacy-close", args=[row.public_id]), {"answer": "Sent by post.", "how": "close"})
    row.refresh_from_db()
    assert (row.state, row.answer) == ("done", "Sent by post.")
    assert admin.get(url).status_code == 404, "over is over"


def test_a_refusal_takes_a_reason(admin: Client, lead: Lead) -> None:
    row = asked("export", lead, admin.person)  # type: ignore[attr-defined]
    url = reverse("privacy-close", args=[row.public_id])
    assert admin.post(url, {"answer": " ", "how": "refuse"}).status_code == 422
    admin.post(url, {"answer": "We could not tell who they are.", "how": "refuse"})
    assert PrivacyRequest.objects.get().state == "refused"
    assert admin.post(url, {"answer": "Again.", "how": "refuse"}).status_code == 409


def test_the_list_is_filtered_and_says_what_is_overdue(admin: Client, lead: Lead) -> None:
    row = asked("export", lead, admin.person)  # type: ignore[attr-defined]
    long_ago = timezone.localdate() - timedelta(days=40)
    PrivacyRequest.objects.update(asked_on=long_ago, due_on=long_ago + timedelta(days=30))
    page = text_of(admin.get(reverse("privacy"), {"state": "overdue"}))
    assert "1 request is past its 30 days" in page
    assert "Overdue by 10 days" in page
    assert row.public_id in page
    assert "No request matches" in text_of(admin.get(reverse("privacy"), {"state": "done"}))
    assert "No request matches" in text_of(admin.get(reverse("privacy"), {"kind": "erase"}))


def test_one_request_and_three_cost_the_same(admin: Client, company: Any, django_assert_num_queries: Any) -> None:
    journey.admit([item(company["source"], f"ada@company-{n}.com", **READY) for n in range(3)], now=NOW)
    first, *others = Lead.objects.select_related("person")
    asked("erase", first, admin.person)  # type: ignore[attr-defined]
    with django_assert_num_queries(6):
        admin.get(reverse("privacy"))
    for lead in others:
        asked("erase", lead, admin.person)  # type: ignore[attr-defined]
    with django_assert_num_queries(6):
        admin.get(reverse("privacy"))


@pytest.mark.parametrize("role", ["rep", "sales_manager", "marketer", "marketing_manager", "executive"])
def test_only_the_admin_may(sign_in: Callable[..., Client], lead: Lead, company: Any, role: str) -> None:
    row = asked("erase", lead, company["admin"])
    client = sign_in(role)
    for url in (reverse("privacy"), reverse("privacy-new"), reverse("privacy-retention"),
                reverse("privacy-request", args=[row.public_id]),
                reverse("privacy-export", args=[row.public_id, "json"])):  # fmt: skip
        assert client.get(url).status_code == 403
    assert client.post(reverse("privacy-erase", args=[row.public_id]), {"sure": "erase"}).status_code == 403
    assert client.post(reverse("privacy-retention-set", args=["messages"]), {"days": 1}).status_code == 403
    assert Client().get(reverse("privacy")).status_code == 302


def test_a_request_that_does_not_exist_is_not_found(admin: Client) -> None:
    for public_id in (encode("privacy", Person(created_at=NOW).pk), "nonsense"):
        assert admin.get(reverse("privacy-request", args=[public_id])).status_code == 404
    assert admin.get(reverse("privacy-new"), {"person": "nonsense"}).status_code == 404


@pytest.mark.parametrize(
    ("days", "words"), [(40, "Overdue by 10 days"), (31, "Overdue by 1 day"), (30, "Due today"), (29, "1 day left")]
)
def test_the_clock_counts_days_of_the_calendar(days: int, words: str) -> None:
    on = TODAY - timedelta(days=days)
    row = PrivacyRequest(state="open", asked_on=on, due_on=on + timedelta(days=30))
    assert clock_of(row, TODAY)[0] == words


# --- retention -------------------------------------------------------------------------------------------------------
def run_now() -> dict[str, int]:
    job = retention.start_retention(None, timezone.now())
    jobs.run(job.pk, timezone.now)
    job.refresh_from_db()
    assert job.state == "done", job.error
    return dict(job.result["rules"])


def test_what_could_surprise_is_off_until_somebody_turns_it_on(admin: Client, company: Any) -> None:
    assert {kept.rule.code for kept in retention.rules_kept() if kept.is_active} == {"webhook_bodies", "vetted_lists"}
    journey.admit([item(company["source"], "zoe@mailinator.com"), item(company["source"], "")], now=NOW)
    page = text_of(admin.get(reverse("privacy-retention")))
    assert "1 if it were on" in page
    assert "nothing is old enough to go" in page
    assert run_now() == {"webhook_bodies": 0, "vetted_lists": 0}
    assert SubmissionBody.objects.filter(erased_at__isnull=False).count() == 0
    url = reverse("privacy-retention-set", args=["quarantined_bodies"])
    admin.post(url, {"days": "30", "is_active": "on", "version": "0"})
    assert "1 row loses personal data" in text_of(admin.get(reverse("privacy-retention")))
    assert run_now()["quarantined_bodies"] == 1
    assert run_now()["quarantined_bodies"] == 0
    assert SubmissionBody.objects.filter(erased_at__isnull=False).count() == 1
    entry = LedgerEntry.objects.get(action="retention.changed")
    assert (entry.before, entry.after) == (
        {"rule": "", "days": 180, "is_active": False},
        {"rule": "quarantined_bodies", "days": 30, "is_active": True},
    )


def test_two_people_who_change_a_rule_see_each_other(admin: Client) -> None:
    url = reverse("privacy-retention-set", args=["messages"])
    assert admin.post(url, {"days": "90", "version": "0"}).status_code == 302
    assert admin.post(url, {"days": "80", "version": "0"}).status_code == 409
    assert admin.post(url, {"days": "0", "version": "1"}).status_code == 422
    assert (
        admin.post(reverse("privacy-retention-set", args=["nothing"]), {"days": "9", "version": "0"}).status_code == 404
    )
    assert RetentionRule.objects.get().days == 90


def test_who_did_nothing_for_years_is_erased_and_who_is_with_sales_is_not(admin: Client, company: Any) -> None:
    long_ago = timezone.now() - timedelta(days=800)
    journey.admit([item(company["source"], "idle@acme-works.com", _received_at=long_ago)], now=long_ago)
    journey.admit([item(company["source"], "fresh@acme-works.com")], now=timezone.now())
    retention.set_rule("idle_people", 730, company["admin"], timezone.now(), is_active=True, version=0)
    assert run_now()["idle_people"] == 1
    assert set(Person.objects.filter(erased_at__isnull=True).values_list("email", flat=True)) == {
        "fresh@acme-works.com"
    }


def test_posts_of_webhooks_are_emptied_after_a_month(company: Any) -> None:
    hook = InboundHook.objects.create(name="x", source=company["source"], scheme="address", secret="x", created_at=NOW)
    now = timezone.now()
    for days in (29, 31):
        HookDelivery.objects.create(hook=hook, received_at=now - timedelta(days=days), body="{}", state="done")
    assert run_now()["webhook_bodies"] == 1
    assert HookDelivery.objects.filter(body="").count() == 1
