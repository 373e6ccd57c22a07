"""Proves each night that the numbers that are remembered are those of the rows."""

from __future__ import annotations

from datetime import datetime

from feedback.metrics import Week, organisation_zone
from feedback.metrics.cells import proving
from feedback.reviews.building import build_review

WEEKS_PROVEN = 4


def prove_remembered_numbers(now: datetime) -> list[str]:
    """Builds the reviews of the latest weeks from the rows. Returns which remembered numbers differ; none should.

    What differed is remembered as it is from then on.
    """
    newest = Week.of(now, organisation_zone())
    with proving() as differing:
        for ago in range(WEEKS_PROVEN):
            build_review(newest.plus(-ago), now=now)
    return differing
