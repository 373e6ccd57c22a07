"""The tables exist and migrate."""

import pytest

from sla.models import Agreement


@pytest.mark.django_db
def test_there_is_no_agreement_before_one_is_signed():
    assert not Agreement.objects.exists()
