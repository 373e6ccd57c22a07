"""Addresses whose owners asked never to be contacted again: known again when they come, and read by nobody."""

from __future__ import annotations

import hmac
from collections.abc import Collection
from datetime import datetime
from hashlib import sha256

from django.conf import settings
from django.utils.encoding import force_bytes

from leads.models.privacy import SuppressedAddress


def silence_digest(address: str) -> str:
    """The address under this portal's own key: without SECRET_KEY nobody can try addresses against the list."""
    return hmac.digest(_key(settings.SECRET_KEY), address.strip().lower().encode(), "sha256").hex()


def keep_silence(addresses: Collection[str], now: datetime) -> int:
    """Remembers addresses that are to be let alone. Returns how many are new."""
    rows = [SuppressedAddress(digest=silence_digest(one), suppressed_at=now) for one in set(addresses)]
    before = SuppressedAddress.objects.filter(pk__in=[row.pk for row in rows]).count()
    SuppressedAddress.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows) - before


def _key(secret: str | bytes) -> bytes:
    return sha256(b"silence:" + force_bytes(secret)).digest()
