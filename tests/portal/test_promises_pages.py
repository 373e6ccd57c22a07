"""What marketing's promises ask for: findings answered, silent leads nurtured, performance shared, huddles attended."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from feedback.findings import open_findings
from feedback.metrics import Week, organisation_zone
from feedback.models import Finding, HuddleAttendance, NurturePeriod, PerformanceReport
from feedback.performance import Month
from leads.attempts import Try
from leads.models import Lead
from revops.foundation.models import LedgerEntry
from revops.portal import journey
from tests.factories import UserFactory
from tests.feedback.company import Company, found_company
from tests.portal.learning import browser_of, in_last_week, last_week, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def company() -> Company:
    return found_company(in_last_week())


@pytest.fixture
def marketing(company: Company) -> Client:
    return browser_of(company.marketing_head)


@pytest.fixture
def rep(company: Company) -> Client:
    return browser_of(company.reps[0])


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return text_of(answer.content.decode())


def a_finding(company: Company) -> Finding:
    for lead in company.hand_off(5):
        company.reject(lead)
    (found,) = open_findings(last_week(), now=timezone.now())
    return found


def given_up(company: Company, number: int = 1) -> list[Lead]:
    """Leads that sales tried six times and gave up."""
    leads = company.hand_off(number)
    for lead in leads:
        for hour in range(6):
            at = company.at + timedelta(hours=hour)
            channel = "email" if hour % 2 else "call"
            journey.log_tries([Try(lead.pk, company.owner_of(lead).pk, channel, "no_answer", at)], now=at)
        company.reject(lead, "no_response", "", at=company.at + timedelta(hours=7))
    return leads


def test_marketing_answers_a_finding_and_everybody_reads_it(company: Company, marketing: Client, rep: Client) -> None:
    found = a_finding(company)
    assert found.reason.label in page(marketing, "/findings/")
    address = f"/findings/{found.public_id}/"
    assert marketing.post(address, {"answer": "short"}).status_code == 422
    assert marketing.post(address, {"answer": "The fair list had no budget holders."}, follow=True).status_code == 200
    assert "The fair list had no budget holders." in page(rep, address)
    assert "in time" in page(rep, address) or "late" in page(rep, address)
    again = marketing.post(address, {"answer": "Another answer, much later"}, follow=True)
    assert "their answer stands" in text_of(again.content.decode())
    assert LedgerEntry.objects.get(action="finding.answered").actor == company.marketing_head


def test_a_rep_sees_of_a_finding_only_own_leads_and_answers_none(company: Company, rep: Client) -> None:
    found = a_finding(company)
    own = sum(company.owner_of(lead) == company.reps[0] for lead in Lead.objects.all())
    assert f"The pattern counts 5 leads; you see {own}." in page(rep, f"/findings/{found.public_id}/")
    assert rep.post(f"/findings/{found.public_id}/", {"answer": "We all agree on this"}).status_code == 403
    assert rep.get("/findings/finding_00000000000000000000000000/").status_code == 404
    assert rep.get("/findings/nonsense/").status_code == 404


def test_marketing_begins_and_ends_nurture(company: Company, marketing: Client) -> None:
    first, second = given_up(company, 2)
    assert "2 leads" in page(marketing, "/nurture/")
    ids = [first.public_id, second.public_id]
    answer = marketing.post("/nurture/start/", {"lead": ids}, follow=True)
    assert "Nurture of 2 leads begins." in text_of(answer.content.decode())
    assert "Nobody waits" in page(marketing, "/nurture/")
    marketing.post(f"/nurture/{first.public_id}/stop/", {"reason": ""})
    assert NurturePeriod.objects.filter(stopped_at__isnull=True).count() == 2
    marketing.post(f"/nurture/{first.public_id}/stop/", {"reason": "Asked us to stop"})
    assert NurturePeriod.objects.get(stopped_at__isnull=False).lead == first
    assert marketing.post(f"/nurture/{first.public_id}/stop/", {"reason": "Again"}).status_code == 404
    repeated = marketing.post("/nurture/start/", {"lead": ids}, follow=True)
    assert "not waiting for nurture" in text_of(repeated.content.decode())


def test_nurture_is_marketings_to_begin(company: Company, rep: Client, marketing: Client) -> None:
    (lead,) = given_up(company)
    assert rep.post("/nurture/start/", {"lead": lead.public_id}).status_code == 403
    assert rep.post(f"/nurture/{lead.public_id}/stop/", {"reason": "Why not"}).status_code == 403
    assert "Tick at least one lead" in text_of(marketing.post("/nurture/start/", follow=True).content.decode())
    assert "Begin nurture" not in page(rep, "/nurture/")


def test_marketing_shares_the_month_that_is_over(company: Company, marketing: Client, rep: Client) -> None:
    month = Month.of(timezone.now(), organisation_zone()).plus(-1)
    assert f"/performance/{month.name}/" in marketing.get("/performance/").headers["Location"]
    assert "Not shared yet" in page(rep, f"/performance/{month.name}/")
    assert rep.post(f"/performance/{month.name}/", {"note": "x"}).status_code == 403
    marketing.post(f"/performance/{month.name}/", {"note": "Fairs paid off"})
    assert "Fairs paid off" in page(rep, f"/performance/{month.name}/")
    again = marketing.post(f"/performance/{month.name}/", {"note": "Better"}, follow=True)
    assert "shared already" in text_of(again.content.decode())
    assert PerformanceReport.objects.get().note == "Fairs paid off"


def test_a_month_that_runs_cannot_be_shared_and_one_to_come_is_not_found(marketing: Client, company: Company) -> None:
    running = Month.of(timezone.now(), organisation_zone())
    refused = marketing.post(f"/performance/{running.name}/", {"note": ""}, follow=True)
    assert "not over yet" in text_of(refused.content.decode())
    assert marketing.get(f"/performance/{running.plus(1).name}/").status_code == 404
    assert marketing.get("/performance/2026-13/").status_code == 404


def test_who_took_part_is_written_down_in_the_review(company: Company) -> None:
    head, week = browser_of(company.sales_head), last_week()
    address = f"/review/{week.name}/"
    assert "Who took part" in page(head, address)
    head.post(f"{address}attendance/", {"person": [str(company.marketing_head.pk)]})
    assert HuddleAttendance.objects.get().user == company.marketing_head
    head.post(f"{address}close/")
    refused = head.post(f"{address}attendance/", {"person": []}, follow=True)
    assert "is closed" in text_of(refused.content.decode())
    assert browser_of(company.reps[0]).post(f"{address}attendance/", {}).status_code == 403
    huddle = Week.of(timezone.now(), organisation_zone())
    assert "1 kept" in page(head, f"/sla/?week={huddle.name}")


@pytest.mark.parametrize("address", ["/findings/", "/nurture/", "/performance/2026-01/"])
def test_a_stranger_has_to_sign_in(address: str) -> None:
    assert Client().get(address).status_code == 302


@pytest.mark.parametrize("role", ["rep", "marketer", "executive", "admin"])
@pytest.mark.parametrize("address", ["/findings/", "/nurture/", "/performance/2026-01/"])
def test_everybody_may_look(company: Company, role: str, address: str) -> None:
    page(browser_of(UserFactory.create(role=role)), address)


@pytest.mark.parametrize("number", [1, 3])
def test_queries_do_not_grow_with_rows(company: Company, marketing: Client, number: int) -> None:
    for lead in company.hand_off(5):
        company.reject(lead)
    open_findings(last_week(), now=timezone.now())
    given_up(company, number)
    counts = {}
    for address in ("/findings/", f"/findings/{Finding.objects.get().public_id}/", "/nurture/"):
        page(marketing, address)
        with CaptureQueriesContext(connection) as captured:
            page(marketing, address)
        counts[address.split("/")[1] + str(address.count("/"))] = len(captured)
    assert counts == {"findings2": 5, "findings3": 5, "nurture2": 7}
