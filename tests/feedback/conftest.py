"""The company of the feedback tests, on the Wednesday on which every test happens."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from feedback.metrics import Week
from tests.feedback.company import Company, found_company


@pytest.fixture
def company(db: None, now: datetime) -> Company:
    return found_company(now)


@pytest.fixture
def week(now: datetime) -> Week:
    return Week.of(now, ZoneInfo("UTC"))
