"""Changes of inbound webhooks: made, changed, switched off, given a new secret; each in the ledger, no secret in it."""

from __future__ import annotations

import secrets
from base64 import b64encode
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from leads.hooks.field_mapping import check_rows
from leads.hooks.signatures import STANDARD_PREFIX
from leads.models import InboundHook
from leads.models.hooks import HookScheme
from revops.foundation.models import User
from revops.foundation.sealing import SealBroken, seal, unseal
from revops.portal.back_office import facts_of, note

IN_LEDGER = (
    "name", "source_id", "scheme", "signature_header", "timestamp_header", "id_header", "id_pointer", "items_pointer",
    "unpacks", "mapping", "is_active",
)  # fmt: skip
OVERLAP = timedelta(days=7)
LONGEST_OVERLAP = timedelta(days=60)


def new_secret(scheme: str) -> str:
    """A fresh secret in the shape that senders of this scheme expect."""
    match scheme:
        case HookScheme.STANDARD:
            return STANDARD_PREFIX + b64encode(secrets.token_bytes(32)).decode()
        case HookScheme.BASIC:
            return f"portal:{secrets.token_urlsafe(24)}"
        case _:
            return secrets.token_urlsafe(32)


def create_hook(hook: InboundHook, actor: User, now: datetime, secret: str = "") -> str:
    """Makes a hook and answers with its secret, which is shown once. `secret` if the sender chose it."""
    _check(hook)
    text = secret or new_secret(hook.scheme)
    hook.secret, hook.created_at = seal(text), now
    with transaction.atomic():
        hook.save(force_insert=True)
        note(actor, "inbound_webhook.created", hook, now, after=facts_of(hook, IN_LEDGER))
    return text


def change_hook(hook: InboundHook, before: dict[str, Any], actor: User, now: datetime) -> None:
    """Saves a hook whose attributes were changed (`before`: its facts until now). Raises ValidationError."""
    _check(hook)
    after = facts_of(hook, IN_LEDGER)
    if after == before:
        return
    hook.version += 1
    with transaction.atomic():
        hook.save(update_fields=[*IN_LEDGER, "version"])
        note(actor, "inbound_webhook.changed", hook, now, before=before, after=after)


def rotate_secret(hook: InboundHook, actor: User, now: datetime, overlap: timedelta = OVERLAP, secret: str = "") -> str:
    """A new secret; the one before works until the overlap ends. Answers with the new one, which is shown once."""
    text = secret or new_secret(hook.scheme)
    with transaction.atomic():
        hook.previous_secret, hook.previous_until = (hook.secret, now + overlap) if overlap else ("", None)
        hook.secret = seal(text)
        hook.save(update_fields=["secret", "previous_secret", "previous_until"])
        note(actor, "inbound_webhook.rotated", hook, now, after={"overlap_days": overlap.days})
    return text


def address_of_hook(hook: InboundHook) -> str:
    """Where its sender posts to; with the secret in it if that is how the sender is known."""
    address = f"{settings.PUBLIC_URL}/hooks/in/{hook.public_id}/"
    if hook.scheme != HookScheme.ADDRESS:
        return address
    try:
        return f"{address}{unseal(hook.secret)}/"
    except SealBroken:
        return address


def _check(hook: InboundHook) -> None:
    problems = check_rows(hook.mapping)
    if problems:
        raise ValidationError({"mapping": problems})
    for name in ("id_pointer", "items_pointer"):
        if (text := getattr(hook, name)) and not text.startswith("/"):
            raise ValidationError({name: _("A pointer begins with /, like /data/id.")})
