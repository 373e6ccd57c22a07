"""What data there is: since when each act is recorded, and how often a fact is known."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from scoring.coverage import data_coverage, forget_coverage
from scoring.rules.lint import lint

from .factories import NOW, TODAY, make_lead, make_signal, make_source, make_starter, starter_json

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _counted_anew():
    cache.clear()
    yield
    cache.clear()


def test_the_first_day_of_each_act_and_the_share_of_each_fact_are_counted_once_an_hour():
    make_starter()
    source = make_source()
    lead = make_lead(source, person={"title": "VP Sales"})
    make_lead(source)
    make_signal(lead, "pricing_page_visit", NOW - timedelta(days=40))
    make_signal(lead, "pricing_page_visit", NOW)
    make_signal(lead, "roi_calculator", None)
    coverage = data_coverage(NOW)
    assert coverage.first_on == {"pricing_page_visit": date(2026, 1, 23)}
    assert (coverage.known["person.title"], coverage.known["lead.timeline_on"]) == (0.5, 0.0)
    assert "person.is_free_mail" not in coverage.known
    with CaptureQueriesContext(connection) as queries:
        assert data_coverage(NOW) == coverage
    assert len(queries) == 0
    make_signal(lead, "trial_started", NOW)
    forget_coverage()
    assert "trial_started" in data_coverage(NOW).first_on


def test_an_empty_portal_has_no_coverage_and_lint_says_so():
    coverage = data_coverage(NOW)
    assert (coverage.first_on, coverage.known) == ({}, {})
    make_starter()
    forget_coverage()
    told = {remark.code for remark in lint(starter_json(), data_coverage(NOW), TODAY)}
    assert told == {"never_recorded"}
