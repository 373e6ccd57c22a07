"""What of a submission could not be read: told to who sent it and who looks at it, long after it was taken."""

from __future__ import annotations

from collections.abc import Mapping

from leads.cleaning import clean
from leads.models import SubmissionBody


def unread_facts(body: SubmissionBody | None) -> dict[str, str]:
    """By fact: why it could not be read and what to send instead. Empty once the body was erased."""
    if body is None or body.erased_at or not isinstance(body.payload, Mapping):
        return {}
    return clean(body.payload).problems
