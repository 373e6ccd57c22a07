"""Every file of the corpus of messy files and CRM exports is imported or refused in words; none is forgotten."""

import json
from pathlib import Path

import pytest

from leads.models import Lead, Submission
from revops.portal.imports.at_once import ImportStopped, Wish, import_at_once
from tests.imports.conftest import SHARED, needs_shared_data

pytestmark = [needs_shared_data, pytest.mark.django_db]

EXPECTED = json.loads((Path(__file__).parent / "every_file.json").read_text())
"""By file: the code of the refusal, or rows, let in, refused, quarantined. docs/imports.md says which and why."""


def came_to(path):
    try:
        counts = import_at_once(Wish(path, "every-file", is_dry_run=True)).counts
    except ImportStopped as refusal:
        return refusal.code if len(str(refusal)) > 20 else "without words"
    assert counts["rows"] == sum(
        counts[name] for name in ("new", "attached", "refused", "quarantined", "unchanged", "pending")
    )
    assert counts["pending"] == 0
    return [counts["rows"], counts["new"] + counts["attached"], counts["refused"], counts["quarantined"]]


def files_of(folder):
    return sorted(path for path in (SHARED / folder).rglob("*") if path.is_file())


def test_no_file_of_the_corpus_is_forgotten():
    found = {
        str(path.relative_to(SHARED)) for folder in ("messy_csv", "crm_export_schemas") for path in files_of(folder)
    }
    assert found == set(EXPECTED)


@pytest.mark.parametrize("folder", ["messy_csv", "crm_export_schemas"])
def test_each_file_is_imported_or_refused_in_words(company, folder):
    found = {str(path.relative_to(SHARED)): came_to(path) for path in files_of(folder)}
    different = {name: (EXPECTED.get(name), result) for name, result in found.items() if EXPECTED.get(name) != result}
    assert different == {}
    assert not Submission.objects.exists()
    assert not Lead.objects.exists()
