"""Mails about consent: the link that confirms an address, and the link by which everybody can take consent back."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from leads.models import Confirmation
from revops.foundation.ids import new_id
from revops.foundation.models import Channel, OutboxMessage

ASKED = "consent.confirmation_asked"
_CONFIRM, _WITHDRAW = "confirm an address", "withdraw consent"


def confirm_url(confirmation: Confirmation) -> str:
    return f"{settings.PUBLIC_URL}/c/{signing.dumps(confirmation.pk.hex, salt=_CONFIRM)}/"


def confirmation_of(token: str) -> UUID | None:
    """The confirmation behind a link of ours; None if we did not make it."""
    return _opened(token, _CONFIRM)


def withdraw_token(person_id: UUID) -> str:
    """Names a person in the link by which they take back consent, without signing in."""
    return signing.dumps(person_id.hex, salt=_WITHDRAW)


def withdraw_url(person_id: UUID) -> str:
    return f"{settings.PUBLIC_URL}/u/{withdraw_token(person_id)}/"


def person_withdrawing(token: str) -> UUID | None:
    """The person behind a link of ours; None if we did not make it."""
    return _opened(token, _WITHDRAW)


def _opened(token: str, salt: str) -> UUID | None:
    try:
        return UUID(hex=signing.loads(token, salt=salt))
    except (signing.BadSignature, ValueError, TypeError, AttributeError):
        return None


def asking_mail(confirmation: Confirmation, address: str, now: datetime) -> OutboxMessage:
    """The mail that asks the owner of an address to confirm it; the same link each time it is sent."""
    form = confirmation.form
    context = {"form": form, "url": confirm_url(confirmation), "until": confirmation.expires_at}
    return OutboxMessage(
        id=new_id(now),
        kind=ASKED,
        subject_kind="submission",
        subject_id=confirmation.submission_id,
        channel=Channel.EMAIL,
        recipient=address,
        created_at=now,
        payload={
            "subject": _("Confirm your address: %(form)s") % {"form": form.title},
            "text": render_to_string("mail/confirm.txt", context),
            "html": render_to_string("mail/confirm.html", context),
        },
    )
