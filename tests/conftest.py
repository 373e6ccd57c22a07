"""What all tests share: one fixed instant, a database that survives append-only tables, a real browser."""

from datetime import UTC, datetime

import pytest

pytest_plugins = ["tests.database", "tests.browser", "tests.portal.back_office"]

# A Wednesday, two months into a quarter that no daylight-saving change disturbs.
NOW = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    """The instant at which every test happens."""
    return NOW
