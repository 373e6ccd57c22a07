"""A small demo company for walks through the whole portal."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from revops.portal.demo.seeding import seed_company

LEADS, SEED = 160, 11


@pytest.fixture(scope="module", autouse=True)
def uploads(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Uploads, also those of the demo company, go to a directory of the module."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "VAR_DIR", tmp_path_factory.mktemp("var"))
        yield


@pytest.fixture(scope="module")
def demo_company(uploads: None, django_db_setup: None, django_db_blocker: Any) -> Iterator[dict[str, Any]]:
    """The counts of a demo company that lives up to this moment; gone when the module is done."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield seed_company(LEADS, SEED, timezone.now())
        transaction.set_rollback(True)
