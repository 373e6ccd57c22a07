"""What bench --import measures is a real import: its file is taken row by row, its baseline writes what it says."""

import pytest

from leads.models import Lead
from revops.portal.benchmarking.importing import copy_into_six_indexes, write_people
from revops.portal.imports.at_once import Wish, import_at_once

pytestmark = pytest.mark.django_db


def test_the_measured_file_is_taken_row_by_row(company, source, tmp_path):
    path = tmp_path / "people.csv"
    write_people(path, 12)
    report = import_at_once(Wish(path, "webinar"))
    assert (report.counts["rows"], report.counts["new"]) == (12, 12)
    assert Lead.objects.values("account").distinct().count() == 5
    assert Lead.objects.exclude(campaign=None).count() == 12


def test_the_baseline_writes_rows_and_leaves_nothing_behind(db):
    assert copy_into_six_indexes(50) > 0
    assert copy_into_six_indexes(50) > 0
