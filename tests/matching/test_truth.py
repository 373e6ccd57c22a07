"""A generated set with known truth: who is whom was decided before it was written down badly."""

from __future__ import annotations

import pytest

from leads.models import AccountProposal, Person, PersonMerge, PersonProposal
from revops.portal.benchmarking.matching import Measured, measure
from tests.conftest import NOW


@pytest.fixture(scope="module")
def measured(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Measured:
    """Three thousand people, a quarter of them written down again; measured once, then rolled back."""
    from django.db import transaction

    with django_db_blocker.unblock(), transaction.atomic():  # type: ignore[attr-defined]
        found = measure(3000, 11, NOW)
        assert not PersonMerge.objects.exists(), "matching merged by itself"
        assert not Person.objects.filter(merged_into__isnull=False).exists()
        transaction.set_rollback(True)
    return found


def test_at_least_99_of_100_proposals_are_right(measured: Measured) -> None:
    assert measured.precision >= 0.99, measured.wrong


def test_at_least_95_of_100_duplicates_are_proposed(measured: Measured) -> None:
    assert measured.recall >= 0.95, measured.missed


def test_the_set_is_worth_measuring(measured: Measured) -> None:
    assert measured.people > 3500
    assert measured.true_pairs > 600


@pytest.mark.django_db
def test_nothing_is_left_behind() -> None:
    assert not PersonProposal.objects.exists()
    assert not AccountProposal.objects.exists()
