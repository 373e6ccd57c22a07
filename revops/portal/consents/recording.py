"""What colleagues and systems write into the consent ledger; each act is in the audit ledger, too."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from leads.consents import Consent, Proof, record_consents, withdraw_consents
from leads.lifecycle import CLOSED_STAGES
from leads.models import Lead, Person
from leads.models.consents import ConsentChannel, ConsentKind, ConsentPurpose
from revops.foundation.models import User
from revops.portal import journey
from revops.portal.back_office import note


def record_consent(
    person: Person, purpose: str, text: str, words: str, actor: User, now: datetime, *, at: datetime,
    expires_at: datetime | None = None, channel: str = ConsentChannel.PERSON, key: str = "",
    source_id: UUID | None = None,
) -> UUID:  # fmt: skip
    """Writes down that somebody agreed to `text`; `words` say how we know. Answers with the entry.

    Whoever may be contacted again is judged again at once, so that what they asked for reaches sales.
    """
    with transaction.atomic():
        (pk,) = record_consents(
            [
                Consent(
                    person.pk, ConsentKind.GIVEN, purpose, channel, at, text=text, key=key or channel,
                    source_id=source_id, expires_at=expires_at, actor_id=actor.pk, proof=Proof(note=words),
                )
            ],
            now=now,
        )  # fmt: skip
        note(actor, "consent.recorded", person, now, after={"purpose": purpose, "channel": str(channel)})
        if purpose == ConsentPurpose.CONTACT:
            leads = Lead.objects.shown().filter(person=person, is_history=False).exclude(stage__in=CLOSED_STAGES)
            journey.reconsider(dict.fromkeys(leads.values_list("pk", flat=True), str(pk)), "consent", now=now)
    return pk


def withdraw_consent(
    person: Person, purposes: Iterable[str], words: str, actor: User, now: datetime,
    channel: str = ConsentChannel.PERSON,
) -> list[UUID]:  # fmt: skip
    """Takes consent back for somebody; what is withdrawn already is left alone."""
    wanted = list(purposes)
    with transaction.atomic():
        proof = Proof(note=words)
        ids = withdraw_consents([person.pk], wanted, channel, now=now, actor_id=actor.pk, proof=proof)
        if ids:
            note(actor, "consent.withdrawn", person, now, after={"purposes": wanted, "channel": str(channel)})
    return ids
