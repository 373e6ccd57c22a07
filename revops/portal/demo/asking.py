"""Two people who asked about their data: one waits for a copy, one asked to be erased and is nearly due."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.utils import timezone

from leads.models import Lead, Person, RequestKind
from leads.models.privacy import PrivacyRequest
from revops.foundation.models import User
from revops.portal.privacy.requests import open_request

_ASKED = (
    (RequestKind.EXPORT, 4, "Please send me everything you hold about me.", False),
    (RequestKind.ERASE, 26, "I never asked for your calls. Delete me, and do not write again.", True),
)


def ask_about_data(users: Mapping[str, User], now: datetime) -> list[PrivacyRequest]:
    """Opens one request of each kind, about people whom marketing has."""
    quiet = Lead.objects.live().filter(stage="nurture", person__email__isnull=False, person__merged_into__isnull=True)
    people = Person.objects.filter(leads__in=quiet.order_by("received_at")[:40]).order_by("pk").distinct()
    today = timezone.localdate(now)
    return [
        open_request(
            kind, users["admin"], now - timedelta(days=1), asked_on=today - timedelta(days=days), person=person,
            words=words, keeps_silence=silent,
        )
        for (kind, days, words, silent), person in zip(_ASKED, people[: len(_ASKED)], strict=False)
    ]  # fmt: skip
