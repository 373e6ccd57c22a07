"""The real exports map by themselves; skipped where the folder of shared data is absent."""

from collections import Counter
from pathlib import Path

import pytest

from leads.files import RowError, read_rows, sniff
from leads.mapping import CompiledMapping, suggest_mapping

DATA = Path(__file__).parents[3] / "shared" / "data"

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="The shared data (../shared/data) is not on this machine.")


def mapped(name):
    path = DATA / name
    shape = sniff(path)
    rows = [cells for _line, cells in read_rows(path, shape)]
    assert not any(isinstance(cells, RowError) for cells in rows)
    suggestion = suggest_mapping(shape.headers, rows[:500])
    compiled = CompiledMapping(suggestion, shape.headers)
    return suggestion, [compiled.apply(cells) for cells in rows]


@pytest.mark.parametrize(
    ("name", "preset", "rows"),
    [
        ("xeducation/Leads.csv", "xeducation_leads", 7392),
        ("olist_funnel/olist_marketing_qualified_leads_dataset.csv", "olist_leads", 6400),
        ("olist_funnel/olist_closed_deals_dataset.csv", "olist_deals", 689),
        ("crm_export_schemas/fivetran_dbt_salesforce/sf_lead_data.csv", "salesforce", 1),
        ("crm_export_schemas/fivetran_dbt_salesforce/sf_contact_data.csv", "salesforce", 4),
        ("crm_export_schemas/fivetran_dbt_hubspot/contact_data.csv", "hubspot", 22),
        ("crm_export_schemas/fivetran_dbt_marketo/marketo_lead_data.csv", "marketo", 100),
    ],
)
def test_known_exports_are_known_and_every_row_has_an_identity(name, preset, rows):
    suggestion, payloads = mapped(name)
    assert suggestion["preset"] == preset
    assert len(payloads) == rows
    assert all(row.payload.get("external_id") for row in payloads)


def test_the_education_file_keeps_outcomes_reasons_and_undated_acts():
    _suggestion, rows = mapped("xeducation/Leads.csv")
    assert not any(row.errors for row in rows)
    histories = [row.payload["history"] for row in rows]
    assert Counter(history["outcome"] for history in histories) == {"lost": 4515, "won": 2877}
    assert sum("reason_code" in history for history in histories) > 2_000
    assert all("reason_code" not in history for history in histories if history["outcome"] == "won")
    assert not any("occurred_at" in row.payload for row in rows)
    kinds = Counter(act["kind"] for row in rows for act in row.payload.get("signals", []))
    assert kinds["page_visit"] > 5_000 < kinds["time_on_site"]
    assert all("Select" not in str(value) for row in rows for value in row.payload["attributes"].values())
