"""Past opportunities of which nobody says who the people were: they come in as history, known by their own id."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from feedback.models import Outcome
from leads.models import ImportRun, Lead, PersonIdentity
from revops.foundation import jobs
from revops.portal.imports.at_once import Wish, import_at_once
from sla.models import Clock, HandOff

pytestmark = pytest.mark.django_db

DEALS = (
    "Id,Account Name,Name,StageName,IsWon,Amount,CloseDate,CreatedDate\n"
    "D1,Acme Works,Acme renewal,Closed Won,true,1200,2025-05-31,2025-01-10\n"
    "D2,Beta Sohn,Beta pilot,Closed Lost,false,,2025-06-30,2025-02-11\n"
)
"""Opportunities as Salesforce exports them, without a contact."""


@pytest.fixture
def taken(company: Any, written: Any) -> Any:
    return import_at_once(Wish(written(DEALS, "opportunities.csv"), "crm", is_history=True))


def test_each_deal_is_a_lead_of_its_company_with_its_outcome(taken: Any) -> None:
    assert (taken.counts["rows"], taken.counts["new"], taken.counts["refused"]) == (2, 2, 0)
    leads = {lead.account.name: lead for lead in Lead.objects.select_related("account", "person")}
    assert {name: (lead.stage, lead.is_history) for name, lead in leads.items()} == {
        "Acme Works": ("won", True), "Beta Sohn": ("lost", True),
    }  # fmt: skip
    won = Outcome.objects.get(kind="won")
    assert (won.lead, won.amount, f"{won.occurred_at:%Y-%m-%d}") == (leads["Acme Works"], 1200, "2025-05-31")
    assert leads["Acme Works"].person.email is None


def test_they_start_no_clock_and_reach_nobody(taken: Any) -> None:
    assert not HandOff.objects.exists()
    assert not Clock.objects.exists()


def test_the_same_file_again_changes_nothing(taken: Any, written: Any) -> None:
    again = import_at_once(Wish(written(DEALS, "again.csv"), "crm", is_history=True))
    assert again.counts["unchanged"] == 2
    assert Lead.objects.count() == 2


def test_a_deal_is_never_taken_for_a_person_with_the_same_id(company: Any, written: Any) -> None:
    import_at_once(Wish(written("lead_id,Name\nD1,Ann\n", "people.csv"), "crm", is_history=True))
    import_at_once(Wish(written(DEALS, "opportunities.csv"), "crm", is_history=True))
    assert set(PersonIdentity.objects.values_list("value", flat=True)) == {"D1", "deal:D1", "deal:D2"}


def test_a_row_that_names_its_contact_is_that_persons(company: Any, written: Any) -> None:
    import_at_once(Wish(written("lead_id,Name\nC1,Ann\n", "people.csv"), "crm", is_history=True))
    rows = DEALS.replace("Id,", "Id,ContactId,").replace("D1,", "D1,C1,").replace("D2,", "D2,,")
    import_at_once(Wish(written(rows, "opportunities.csv"), "crm", is_history=True))
    assert set(PersonIdentity.objects.values_list("value", flat=True)) == {"C1", "deal:D2"}


def test_deals_of_today_are_not_taken_for_leads(company: Any, written: Any) -> None:
    counts = import_at_once(Wish(written(DEALS, "opportunities.csv"), "crm", is_history=False)).counts
    assert (counts["new"], counts["refused"]) == (0, 2)
    assert not Lead.objects.exists()


PLAIN = (
    "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value\n"
    "P1,Moses Frase,Plus,Cancity,Won,2016-10-20,2017-03-01,1054\n"
    "P2,Moses Frase,Pro,Isdom,Lost,2016-10-25,2017-03-11,0\n"
    "P3,Anna Snelling,Pro,,Engaging,2016-11-01,,\n"
)
"""Opportunities of a CRM we do not know by name."""


def test_plain_opportunities_are_known_by_their_columns(company: Any, written: Any) -> None:
    report = import_at_once(Wish(written(PLAIN, "pipeline.csv"), "crm"))
    assert (report.counts["rows"], report.counts["new"]) == (3, 3)
    stages = {lead.account.name if lead.account else "": lead.stage for lead in Lead.objects.select_related("account")}
    assert stages == {"Cancity": "won", "Isdom": "lost", "": stages[""]}
    won = Outcome.objects.get(kind="won")
    assert (won.amount, f"{won.occurred_at:%Y-%m-%d}", won.lead.is_history) == (1054, "2017-03-01", True)
    assert won.lead.attributes["after_contact_owner"] == "Moses Frase"
    assert not HandOff.objects.exists()


@pytest.mark.parametrize("rows", [DEALS, PLAIN])
def test_deals_without_people_come_in_by_page(company: Any, source: Any, client: Any, rows: str) -> None:
    client.force_login(company["admin"])
    client.post(reverse("import-new"), {"file": SimpleUploadedFile("deals.csv", rows.encode()), "kind": "leads"})
    run = ImportRun.objects.get()
    assert run.kind == "leads"
    client.post(reverse("import-shape-confirm", args=[run.public_id]))
    assert client.post(reverse("import-columns", args=[run.public_id]), {}).status_code == 302
    rules = reverse("import-rules", args=[run.public_id])
    assert "checked" in client.get(rules).content.decode().split('name="is_history"')[1].split(">")[0]
    answers = {"source": source.pk, "legal_basis": "consent", "is_history": "on"}
    assert client.post(rules, answers).status_code == 302
    client.post(reverse("import-start", args=[run.public_id]))
    run.refresh_from_db()
    assert jobs.run(run.job_id, timezone.now) == "done"
    assert set(Lead.objects.values_list("stage", flat=True)) >= {"won", "lost"}


def test_who_says_that_they_belong_to_leads_is_told_what_is_missing(company: Any, client: Any) -> None:
    client.force_login(company["admin"])
    client.post(reverse("import-new"), {"file": SimpleUploadedFile("deals.csv", DEALS.encode()), "kind": "outcomes"})
    run = ImportRun.objects.get()
    assert run.kind == "outcomes"
    client.post(reverse("import-shape-confirm", args=[run.public_id]))
    page = client.post(reverse("import-columns", args=[run.public_id]), {})
    assert "import the file as leads" in page.content.decode()
