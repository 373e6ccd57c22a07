"""Fixtures of the mailbox."""

import pytest

from tests.portal.desk import Office, open_office


@pytest.fixture
def office(db: None) -> Office:
    return open_office()
