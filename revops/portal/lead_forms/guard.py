"""Keeps robots apart without asking people to prove that they are none: a stamp, a trap and a limit."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from hashlib import sha256

import redis
from django.conf import settings
from django.core import signing
from django.core.cache import cache
from django.http import HttpRequest

from revops.foundation.api.throttling import address_of

logger = logging.getLogger(__name__)

FASTEST = timedelta(seconds=2)
"""Nobody reads and fills in a form faster, not even with a browser that helps."""
OLDEST = timedelta(hours=24)
POSTS = 20
WINDOW = timedelta(minutes=10)
TRAP = "website_url"
"""A field that people do not see; whoever fills it in reads the page's source."""

_SALT = "revops.lead-form"


def stamp(slug: str, now: datetime) -> str:
    """When a form was opened, signed, for a hidden field."""
    return signing.dumps([slug, int(now.timestamp() * 1000)], salt=_SALT)


def age_of(text: str, slug: str, now: datetime) -> timedelta | None:
    """How long ago the form with this stamp was opened; None if the stamp is not ours."""
    try:
        stamped, opened = signing.loads(text, salt=_SALT)
        return now - datetime.fromtimestamp(opened / 1000, now.tzinfo) if stamped == slug else None
    except (signing.BadSignature, ValueError, TypeError):
        return None


def is_too_often(request: HttpRequest, slug: str) -> bool:
    """Whether this address sent a form more often than people do. Lets everybody in while Valkey is away."""
    most = int(getattr(settings, "FORM_POSTS", POSTS))
    key = f"form:{slug}:{sha256(address_of(request).encode()).hexdigest()[:32]}"
    try:
        cache.add(key, 0, int(WINDOW.total_seconds()))
        return cache.incr(key) > most
    except (redis.RedisError, OSError, ValueError) as problem:  # ValueError: it expired between the two
        logger.warning("Forms are not limited for now: %s", problem)
        return False
