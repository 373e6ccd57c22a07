"""Whether a body was sent by whoever knows the secret: five ways that senders sign. Pure."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

CLOCKS_DIFFER_BY = timedelta(minutes=5)
"""A signed time older or newer than this is a replay. The tolerance of Standard Webhooks 1.0."""
STANDARD_PREFIX = "whsec_"


@dataclass(frozen=True, slots=True)
class Signing:
    """How one sender signs. Names of headers are matched whatever their case."""

    scheme: str
    header: str = "X-Signature"
    timestamp_header: str = ""


class NotTheSender(Exception):
    """The sender was not proved; the words say what was wrong with the proof."""


def check_sender(
    signing: Signing, secrets: Sequence[str], body: bytes, headers: Mapping[str, str], in_address: str, now: datetime
) -> None:
    """Raises NotTheSender unless one of `secrets` signed this. Compares in constant time, whatever is wrong.

    `in_address` is the secret part of the address it was sent to; only one scheme looks at it.
    """
    given = {name.lower(): value for name, value in headers.items()}
    match signing.scheme:
        case "address":
            _check_any(secrets, lambda secret: _same(secret, in_address), _("The address lacks the secret."))
        case "hmac":
            _check_hmac(signing, secrets, body, given, now)
        case "github":
            sent = _needed(given, "X-Hub-Signature-256").removeprefix("sha256=").lower()
            _check_any(secrets, lambda secret: _same(_hex(secret, body), sent), _WRONG)
        case "standard":
            _check_standard(secrets, body, given, now)
        case "basic":
            sent = _basic(_needed(given, "Authorization"))
            _check_any(secrets, lambda secret: _same(secret, sent), _("Name or password is wrong."))
        case _:
            raise NotTheSender(str(_("This way of signing is not known.")))


def _check_hmac(signing: Signing, secrets: Sequence[str], body: bytes, given: Mapping[str, str], now: datetime) -> None:
    stamp, sent = _stamp_and_signatures(_needed(given, signing.header))
    if signing.timestamp_header:
        stamp = _needed(given, signing.timestamp_header)
    signed = body
    if stamp:
        _check_time(stamp, now)
        signed = stamp.encode() + b"." + body

    def is_signed(secret: str) -> bool:
        digest = hmac.new(secret.encode(), signed, hashlib.sha256).digest()
        return any(_same(digest.hex(), one.lower()) | _same(b64encode(digest).decode(), one) for one in sent)

    _check_any(secrets, is_signed, _WRONG)


def _stamp_and_signatures(header: str) -> tuple[str, list[str]]:
    """Time and signatures of “t=1700000000,v1=…”, as Stripe and Calendly write them; else no time and the one."""
    text = header.strip()
    pairs = [part.strip().partition("=") for part in text.split(",")]
    stamp = next((value for name, _equals, value in pairs if name == "t"), "")
    if stamp:
        return stamp, [value for name, _equals, value in pairs if name == "v1"]
    for prefix in ("sha256=", "v1="):
        text = text.removeprefix(prefix)
    return "", [text]


def _check_standard(secrets: Sequence[str], body: bytes, given: Mapping[str, str], now: datetime) -> None:
    """https://www.standardwebhooks.com: HMAC-SHA256 of id.timestamp.body, several signatures parted by spaces."""
    event, stamp = _needed(given, "Webhook-Id"), _needed(given, "Webhook-Timestamp")
    sent = [part.partition(",")[2] for part in _needed(given, "Webhook-Signature").split() if part.startswith("v1,")]
    _check_time(stamp, now)
    signed = f"{event}.{stamp}.".encode() + body

    def is_signed(secret: str) -> bool:
        digest = hmac.new(_standard_key(secret), signed, hashlib.sha256).digest()
        return any(_same(b64encode(digest).decode(), one) for one in sent)

    _check_any(secrets, is_signed, _WRONG)


def _standard_key(secret: str) -> bytes:
    text = secret.removeprefix(STANDARD_PREFIX)
    try:
        return b64decode(text, validate=True)
    except (NotBase64, ValueError):
        return secret.encode()


def _check_time(stamp: str, now: datetime) -> None:
    try:
        at = datetime.fromtimestamp(int(stamp), UTC)
    except (ValueError, OverflowError, OSError):
        raise NotTheSender(str(_("The signed time is no number of seconds."))) from None
    if abs(now - at) > CLOCKS_DIFFER_BY:
        raise NotTheSender(str(_("The signed time is more than five minutes away from ours.")))


def _check_any(secrets: Sequence[str], is_right: Callable[[str], bool], words: str | Promise) -> None:
    if not any(is_right(secret) for secret in secrets if secret):
        raise NotTheSender(str(words))


def _basic(header: str) -> str:
    kind, _space, text = header.partition(" ")
    if kind.lower() != "basic":
        return ""
    try:
        return b64decode(text.strip(), validate=True).decode("utf-8", "replace")
    except (NotBase64, ValueError):
        return ""


def _needed(given: Mapping[str, str], name: str) -> str:
    value = given.get(name.lower(), "")
    if not value:
        raise NotTheSender(str(_("The header %(name)s is missing.")) % {"name": name})
    return value


def _hex(secret: str, body: bytes) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))


_WRONG = _("The signature does not fit the body.")
