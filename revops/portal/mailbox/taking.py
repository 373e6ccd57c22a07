"""Takes e-mails on the journey: an enquiry is a submission, a reply a signal, a bounce or an auto-reply neither."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from leads.gate import Bounce, remember_bounces
from leads.intake import Item
from leads.mail_reading import AUTO_REPLY, BOUNCE, LIST_MAIL, Mail, NotAMail, read_mail
from leads.models import Lead, Source
from leads.models.hygiene import BounceOrigin
from leads.models.submissions import Channel
from revops.foundation import outbox
from revops.foundation.ids import encode
from revops.foundation.models import OutboxMessage
from revops.portal import journey
from revops.portal.journey import Receipt

REPLIED = "lead.replied"
KEPT_RAW = 200_000

_REFUSALS = {
    BOUNCE: "A mail of ours that came back, not an enquiry.",
    AUTO_REPLY: "An automatic reply: nobody wrote it, so it counts as nothing.",
    LIST_MAIL: "Sent to a list, not to us.",
}


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one mail. `kind` is empty for what could not be read; `is_reply` for one of a known person."""

    receipt: Receipt
    kind: str
    is_reply: bool = False
    is_repeat: bool = False
    bounced: int = 0


@transaction.atomic
def take_mails(raws: Sequence[bytes], source: Source, *, now: datetime) -> list[Taken]:
    """Journals each mail and lets it go its way, in order. The same Message-ID twice changes nothing.

    A reply of somebody with an open lead is a signal of that lead, and its owner is told.
    """
    read = [_read(raw) for raw in raws]
    known = _open_leads({mail.email for mail in read if isinstance(mail, Mail) and mail.kind == "enquiry"})
    items = [_item(mail, raw, source, known, now) for mail, raw in zip(read, raws, strict=True)]
    receipts = journey.admit(items, now=now)
    taken = []
    seen: set[UUID] = set()
    for mail, receipt in zip(read, receipts, strict=True):
        is_new = not receipt.is_repeat and receipt.submission_id not in seen
        seen.add(receipt.submission_id)
        if isinstance(mail, str):
            taken.append(Taken(receipt, "", is_repeat=not is_new))
            continue
        lead = known.get(mail.email)
        is_reply = mail.kind == "enquiry" and lead is not None
        bounced = _note_bounces(mail, now) if is_new else 0
        if is_reply and is_new and lead is not None and receipt.outcome == "attached":
            outbox.enqueue(_ping(lead, now))
        taken.append(Taken(receipt, mail.kind, is_reply, not is_new, bounced))
    return taken


def mailbox_source(key: str, now: datetime) -> Source:
    """The registered source that mails belong to; that of the mailbox is made when it is first needed."""
    if key != MAILBOX:
        return Source.objects.get(key=key)
    made, _is_new = Source.objects.get_or_create(
        key=MAILBOX, defaults={"name": _("Mailbox"), "note": _("Mails that people write to us."), "created_at": now}
    )
    return made


MAILBOX = "mailbox"


def _read(raw: bytes) -> Mail | str:
    try:
        return read_mail(raw)
    except NotAMail as problem:
        return str(problem)


def _item(mail: Mail | str, raw: bytes, source: Source, known: dict[str, Lead], now: datetime) -> Item:
    if isinstance(mail, str):
        text = raw[:KEPT_RAW].decode("utf-8", "replace").replace("\x00", "\ufffd")
        once = sha256(raw).hexdigest()
        return Item(source.pk, Channel.EMAIL, None, raw=text, refusal=mail[:500], dedupe_key=once)
    payload: dict[str, Any] = {
        "email": mail.email, "name": mail.name, "subject": mail.subject, "message": mail.text,
        "message_id": mail.message_id, "in_reply_to": mail.replies_to,
    }  # fmt: skip
    refusal = _REFUSALS.get(mail.kind, "")
    if mail.kind == BOUNCE:
        payload["bounced"] = mail.bounced
    elif not refusal:
        payload |= _meaning(mail, known.get(mail.email))
    return Item(
        source_id=source.pk,
        channel=Channel.EMAIL,
        payload={name: value for name, value in payload.items() if value},
        refusal=refusal,
        dedupe_key=sha256(mail.message_id.encode()).hexdigest(),
        occurred_at=min(mail.sent_at, now) if mail.sent_at and mail.sent_at.year >= 1970 else None,
    )


def _meaning(mail: Mail, lead: Lead | None) -> dict[str, Any]:
    """A mail of a stranger asks to be contacted; one of somebody we talk with already is a reply."""
    event = sha256(mail.message_id.encode()).hexdigest()
    if lead is not None:
        return {"continues": lead.public_id, "signals": [{"kind": "inbound_reply", "event_id": event}]}
    need = "\n\n".join(part for part in (mail.subject, mail.text) if part)
    return {"act": "contact_request", "need": need[:5_000]}


def _open_leads(addresses: set[str]) -> dict[str, Lead]:
    """The open lead of each known address. One query."""
    leads = Lead.objects.open().live().select_related("person", "account").filter(person__email__in=addresses - {""})
    return {str(lead.person.email).lower(): lead for lead in leads}


def _note_bounces(mail: Mail, now: datetime) -> int:
    bounces = [Bounce(address, mail.sent_at or now) for address in mail.bounced]
    return remember_bounces(bounces, BounceOrigin.MAIL, None) if bounces else 0


def _ping(lead: Lead, now: datetime) -> list[OutboxMessage]:
    """Tells the owner that somebody wrote back."""
    if lead.owner_id is None:
        return []
    who = lead.account.name if lead.account else lead.person.name
    return [
        OutboxMessage(
            kind=REPLIED,
            subject_kind="lead",
            subject_id=lead.pk,
            channel="in_app",
            recipient=str(lead.owner_id),
            created_at=now,
            payload={"text": _("%(who)s wrote back.") % {"who": who}, "url": f"/leads/{_public(lead.pk)}/#timeline"},
        )
    ]


def _public(lead_id: UUID) -> str:
    return encode("lead", lead_id)
