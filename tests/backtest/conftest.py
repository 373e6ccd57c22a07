"""Where pasts are judged: an office that works, and a moment some days ago that files may set for themselves."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from tests.portal.desk import Office, open_office


@pytest.fixture
def office() -> Office:
    return open_office()


@pytest.fixture
def at() -> datetime:
    return timezone.now() - timedelta(days=5)
