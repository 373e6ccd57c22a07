"""One small demo company for all these tests: made twice, so that both can be compared; the second one is kept."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Count

from feedback.models import Disposition, Outcome
from leads.models import Lead, Signal, SubmissionOutcome
from revops.portal.demo.seeding import seed_company
from scoring.models import LeadScore
from tests.conftest import NOW

LEADS, SEED = 240, 5


def summary() -> dict[str, Counter[Any]]:
    """What a demo company comes to, without ids and times."""
    return {
        "leads": Counter(Lead.objects.values_list("source__key", "stage")),
        "tiers": Counter(LeadScore.objects.values_list("lead__source__key", "tier", "fit", "intent")),
        "reasons": Counter(Disposition.objects.values_list("kind", "reason_id", "evidence", "user__email")),
        "outcomes": Counter(Outcome.objects.values_list("kind", "amount")),
        "submissions": Counter(SubmissionOutcome.objects.values_list("kind", "rule")),
        "signals": Counter(dict(Signal.objects.values_list("kind__code").annotate(Count("id")))),
    }


@pytest.fixture(scope="module")
def made(django_db_setup: None, django_db_blocker: Any) -> Iterator[dict[str, Any]]:
    """The counts of the company in the database, and under `summaries` those of both companies."""
    with django_db_blocker.unblock():
        with transaction.atomic():
            seed_company(LEADS, SEED, NOW)
            first = summary()
            transaction.set_rollback(True)
        with transaction.atomic():
            counts = seed_company(LEADS, SEED, NOW)
            yield {**counts, "summaries": (first, summary())}
            transaction.set_rollback(True)
