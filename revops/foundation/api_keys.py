"""Making, checking, rotating and revoking API keys. The secret is shown once; the table keeps only its digest."""

from __future__ import annotations

import hmac
import re
import secrets
import zlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256

from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import Q
from django.utils.translation import gettext as _

from revops.foundation.models import ApiKey, User
from revops.foundation.policy import SCOPES
from revops.foundation.round_trips import fetch_together

PREFIX = "rop_live_"
PATTERN = r"rop_live_[0-9A-Za-z]{10}_[0-9A-Za-z]{38}"  # published, for secret scanners
DEFAULT_LIFE = timedelta(days=365)
LONGEST_LIFE = timedelta(days=730)
OVERLAP = timedelta(days=7)

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_FORM = re.compile(rf"{PREFIX}([0-9A-Za-z]{{10}})_([0-9A-Za-z]{{32}})([0-9A-Za-z]{{6}})")
_USE_IS_NOTED_EVERY = timedelta(minutes=1)


def create_api_key(
    name: str,
    owner: User,
    scopes: Iterable[str],
    now: datetime,
    *,
    created_by: User | None = None,
    expires_at: datetime | None = None,
    requests_per_minute: int | None = None,
) -> tuple[ApiKey, str]:
    """A saved key and its text, which nobody can show again. Raises ValidationError for an unknown scope or a life
    longer than two years."""
    chosen = sorted(set(scopes))
    unknown = [scope for scope in chosen if scope not in SCOPES]
    if unknown:
        words = _("There is no scope “%(scope)s”. Choose from: %(scopes)s.")
        raise ValidationError(words, params={"scope": unknown[0], "scopes": ", ".join(SCOPES)})
    ends = expires_at or now + DEFAULT_LIFE
    if not now < ends <= now + LONGEST_LIFE:
        raise ValidationError(_("A key expires in the future, at most two years from now."))
    public_id = _random(10)
    secret = _random(32)
    key = ApiKey.objects.create(
        public_id=public_id,
        secret_sha256=_digest(secret),
        name=name,
        owner=owner,
        scopes=chosen,
        created_by=created_by,
        created_at=now,
        expires_at=ends,
        requests_per_minute=requests_per_minute,
    )
    return key, _text(public_id, secret)


def rotate_api_key(key: ApiKey, now: datetime, overlap: timedelta = OVERLAP) -> str:
    """Give the key a new secret and answer its text; the old one works until the overlap ends."""
    secret = _random(32)
    key.previous_secret_sha256, key.previous_expires_at = key.secret_sha256, now + overlap
    key.previous_last_used_at = None
    key.secret_sha256, key.rotated_at = _digest(secret), now
    key.save(
        update_fields=[
            "secret_sha256", "rotated_at", "previous_secret_sha256", "previous_expires_at", "previous_last_used_at",
        ]
    )  # fmt: skip
    return _text(key.public_id, secret)


def revoke_api_keys(keys: Iterable[ApiKey], now: datetime) -> int:
    """End keys at once. Answers how many were still alive."""
    return ApiKey.objects.filter(pk__in=[key.pk for key in keys], revoked_at__isnull=True).update(revoked_at=now)


def find_api_key(text: str, now: datetime) -> ApiKey | None:
    """The usable key behind a text, with its owner, or None. One query; none if the text cannot be a key."""
    form = _FORM.fullmatch(text)
    if form is None:
        return None
    public_id, secret, check = form.groups()
    if _checksum(public_id, secret) != check:
        return None
    key = _read(public_id)
    if key is None or not key.is_usable(now) or not key.owner.is_active:
        return None
    given = _digest(secret)
    if hmac.compare_digest(given, bytes(key.secret_sha256)):
        _note_use(key, "last_used_at", now)
        return key
    old = key.previous_secret_sha256
    if old and key.previous_expires_at and now < key.previous_expires_at and hmac.compare_digest(given, bytes(old)):
        _note_use(key, "previous_last_used_at", now)
        return key
    return None


def _read(public_id: str) -> ApiKey | None:
    """The key and its owner, in hand-written SQL: every request of the API pays for this."""
    statement, of_key, of_owner = _statement()
    [rows] = fetch_together((statement, [public_id]))
    if not rows:
        return None
    [row] = rows
    key = ApiKey.from_db(connection.alias, of_key, row[: len(of_key)])
    key.owner = User.from_db(connection.alias, of_owner, row[len(of_key) :])
    return key


@cache
def _statement() -> tuple[str, list[str], list[str]]:
    of_key = [field.attname for field in ApiKey._meta.concrete_fields]
    of_owner = [field.attname for field in User._meta.concrete_fields]
    columns = ", ".join([*(f"apikey.{name}" for name in of_key), *(f"owner.{name}" for name in of_owner)])
    statement = (
        f"SELECT {columns} FROM foundation_apikey AS apikey"  # noqa: S608 - names of our own columns
        " JOIN foundation_user AS owner ON owner.id = apikey.owner_id WHERE apikey.public_id = %s"
    )
    return statement, of_key, of_owner


def _note_use(key: ApiKey, column: str, now: datetime) -> None:
    last = getattr(key, column)
    if last is not None and now - last < _USE_IS_NOTED_EVERY:
        return
    stale = Q(**{f"{column}__isnull": True}) | Q(**{f"{column}__lte": now - _USE_IS_NOTED_EVERY})
    ApiKey.objects.filter(stale, pk=key.pk).update(**{column: now})


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _position in range(length))


def _digest(secret: str) -> bytes:
    return sha256(secret.encode()).digest()


def _text(public_id: str, secret: str) -> str:
    return f"{PREFIX}{public_id}_{secret}{_checksum(public_id, secret)}"


def _checksum(public_id: str, secret: str) -> str:
    number = zlib.crc32(f"{public_id}_{secret}".encode())
    letters = []
    for _position in range(6):
        number, rest = divmod(number, 62)
        letters.append(_ALPHABET[rest])
    return "".join(reversed(letters))
