"""What all tests share: one fixed instant, a database that survives append-only tables, a real browser."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

pytest_plugins = ["tests.database", "tests.browser", "tests.portal.back_office"]

# A Wednesday, two months into a quarter that no daylight-saving change disturbs.
NOW = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    """The instant at which every test happens."""
    return NOW


@pytest.fixture(autouse=True)
def _own_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test finds a number that another test remembered, so that queries can be counted."""
    monkeypatch.setattr("feedback.metrics.cells.PREFIX", f"cell:{uuid4().hex}")
