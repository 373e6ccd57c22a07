"""What the tests of the learning pages share: a company in the week before this one, and people who look at it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from html import unescape

from django.conf import settings
from django.test import Client
from django.utils import timezone

from feedback.metrics import Week, organisation_zone
from revops.foundation.models import User


def last_week() -> Week:
    """The week that was over when the tests began; pages look at the clock on the wall."""
    return Week.of(timezone.now(), organisation_zone()).plus(-1)


def in_last_week() -> datetime:
    """Wednesday of last week, ten o'clock."""
    return last_week().start + timedelta(days=2, hours=10)


def browser_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
    return client


def text_of(html: str) -> str:
    """The words of a page, without tags."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def links_in(html: str, beginning: str) -> list[str]:
    """Every address on a page that begins so, each once, in order."""
    return list(
        dict.fromkeys(unescape(url) for url in re.findall(r'href="([^"]+)"', html) if url.startswith(beginning))
    )
