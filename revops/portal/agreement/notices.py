"""What the portal tells people about agreements."""

from __future__ import annotations

from datetime import date, datetime

from django.utils.translation import gettext as _

from revops.foundation import outbox
from revops.foundation.models import OutboxMessage, User
from sla.agreements import SIDE_OF_HEAD, claim_review_reminder, missing_sides, publish_signed
from sla.models import Agreement


def tell_heads(agreement: Agreement, kind: str, text: str, now: datetime, *, but: User | None = None) -> None:
    """Writes a notice for every active head of either side, except whoever did it."""
    heads = User.objects.filter(is_active=True, role__in=list(SIDE_OF_HEAD))
    if but is not None:
        heads = heads.exclude(pk=but.pk)
    outbox.enqueue(
        OutboxMessage(
            kind=kind,
            subject_kind="agreement",
            subject_id=agreement.pk,
            channel="in_app",
            recipient=str(head.pk),
            created_at=now,
            payload={"text": text, "url": f"/sla/agreement/?version={agreement.version}"},
        )
        for head in heads
    )


def ask_for_signatures(agreement: Agreement, now: datetime, *, but: User | None = None) -> None:
    """Tells heads whose side has not signed what is written now."""
    if missing_sides(agreement):
        text = _("Agreement v%(version)s waits for your signature.") % {"version": agreement.version}
        tell_heads(agreement, "agreement.to_sign", text, now, but=but)


def tend_agreements(now: datetime, today: date) -> int:
    """The sweep: lets signed drafts take effect on their day, and tells both heads once that a review is due soon."""
    published = publish_signed(now=now, today=today)
    for agreement in published:
        words = _("Agreement v%(version)s is in effect from now on.") % {"version": agreement.version}
        tell_heads(agreement, "agreement.in_effect", words, now)
    due = claim_review_reminder(now=now, today=today)
    if due is not None:
        words = _("Agreement v%(version)s is to be looked at again by %(day)s.")
        tell_heads(due, "agreement.review", words % {"version": due.version, "day": f"{due.review_on:%-d %b %Y}"}, now)
    return len(published) + (due is not None)
