"""The real files go through the whole journey by command, unedited, and balance to the row."""

import json
from io import StringIO

import pytest
from django.core.management import call_command

from feedback.models import Disposition, Outcome
from leads.models import Lead, Signal, Submission
from sla.models import Clock
from tests.imports.conftest import SHARED, needs_shared_data

pytestmark = [needs_shared_data, pytest.mark.django_db]


def run(*arguments, **options):
    out = StringIO()
    call_command(*arguments, "--json", stdout=out, **options)
    return json.loads(out.getvalue())


def balance():
    report = run("conservation")
    assert report["balanced"]
    return report["rows"]


def test_the_education_file_becomes_undated_history(company):
    path = SHARED / "xeducation" / "Leads.csv"
    report = run("import_leads", str(path), source="X Education", history=True)
    assert report["counts"]["rows"] == report["counts"]["new"] == 7392
    [row] = balance()
    assert (row["received"], row["new"]) == (7392, 7392)
    assert Lead.objects.filter(is_history=True).count() == 7392
    assert not Clock.objects.exists()
    assert Outcome.objects.filter(kind="won", occurred_at=None).count() == 2877
    assert Disposition.objects.filter(is_history=True).count() > 2000
    assert Signal.objects.filter(occurred_at=None).count() > 15_000
    again = run("import_leads", str(path), source="X Education", history=True)
    assert again["counts"]["unchanged"] == 7392
    assert Submission.objects.count() == 7392


def test_marketplace_leads_and_their_deals_are_joined(company):
    folder = SHARED / "olist_funnel"
    leads = run(
        "import_leads", str(folder / "olist_marketing_qualified_leads_dataset.csv"), source="olist", history=True
    )
    assert leads["counts"]["new"] == 6400
    path = str(folder / "olist_closed_deals_dataset.csv")
    deals = run("import_outcomes", path, source="olist", key="mql_id")
    assert deals["counts"]["rows"] == 689
    assert deals["counts"]["recorded"] + deals["counts"]["refused"] == 689
    assert Outcome.objects.filter(kind="won").count() == deals["counts"]["recorded"]
    again = run("import_outcomes", path, source="olist", key="mql_id")
    assert again["counts"]["recorded"] == 0
    [row] = balance()
    assert row["received"] == 6400


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("fivetran_dbt_salesforce/sf_lead_data.csv", 1),
        ("fivetran_dbt_salesforce/sf_contact_data.csv", 4),
        ("fivetran_dbt_hubspot/contact_data.csv", 22),
        ("fivetran_dbt_marketo/marketo_lead_data.csv", 100),
    ],
)
def test_the_exports_of_crms_map_themselves(company, name, rows):
    report = run("import_leads", str(SHARED / "crm_export_schemas" / name), source="crm")
    assert report["counts"]["rows"] == rows
    assert sum(report["counts"][kind] for kind in ("new", "attached", "quarantined", "refused")) == rows
    [row] = balance()
    assert row["received"] == rows
    assert not any(submission.outcome is None for submission in Submission.objects.with_outcome())
