"""What submissions say about consent, taken over into the ledger in the transaction of their journey."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from leads.admission import Admission
from leads.cleaning import one_line, read_moment
from leads.consents import Consent, proof_in, record_consents
from leads.models import Confirmation, LeadForm
from leads.models.consents import ConsentChannel, ConsentKind, ConsentPurpose
from revops.foundation import outbox
from revops.portal.consents.mails import asking_mail

UNCONFIRMED = "unconfirmed"
"""The rule under which a submission waits for its sender to confirm the address."""


def settle_consents(admissions: Sequence[Admission], *, now: datetime) -> None:
    """Writes down the consents that came with submissions, and asks those to confirm who have to.

    Costs nothing for submissions that say nothing about consent.
    """
    saying = [a for a in admissions if isinstance((a.entry.item.payload or {}).get("consent"), Mapping)]
    confirmed = _confirmed(saying)
    record_consents([one for a in saying if (one := _consent(a, confirmed)) is not None], now=now)
    waiting = [a for a in admissions if a.rule == UNCONFIRMED]
    if waiting:
        ask_to_confirm(waiting, now=now)


def ask_to_confirm(waiting: Sequence[Admission], *, now: datetime) -> None:
    """Mails everybody whose submission waits a link; each gets one, however often this runs."""
    forms = {form.slug: form for form in LeadForm.objects.filter(slug__in={_slug(a) for a in waiting})}
    asked = [
        Confirmation(
            submission_id=a.entry.submission.pk,
            form=forms[_slug(a)],
            asked_at=now,
            expires_at=now + timedelta(days=forms[_slug(a)].confirm_days),
            last_sent_at=now,
        )
        for a in waiting
        if _slug(a) in forms and a.facts.email
    ]
    addresses = {a.entry.submission.pk: a.facts.email for a in waiting}
    Confirmation.objects.bulk_create(asked)
    outbox.enqueue(asking_mail(one, addresses[one.submission_id], now) for one in asked)


def _slug(admission: Admission) -> str:
    return one_line((admission.entry.item.payload or {}).get("form"), 64)


def _confirmed(saying: Sequence[Admission]) -> dict[UUID, datetime]:
    """When those among the submissions that had to be confirmed were."""
    wanted = [a.entry.submission.pk for a in saying if _data(a).get("needs_confirmation")]
    if not wanted:
        return {}
    rows = Confirmation.objects.filter(submission__in=wanted, confirmed_at__isnull=False)
    return {pk: at for pk, at in rows.values_list("submission_id", "confirmed_at") if at is not None}


def _data(admission: Admission) -> Mapping[str, Any]:
    found: Mapping[str, Any] = (admission.entry.item.payload or {})["consent"]
    return found


def _consent(admission: Admission, confirmed: Mapping[UUID, datetime]) -> Consent | None:
    """The entry of the ledger for a submission that was let in; None if it holds no words or nobody to note it for."""
    data, submission, item = _data(admission), admission.entry.submission, admission.entry.item
    text = str(data.get("text") or "").replace("\x00", "").strip()
    if admission.lead is None or not text:
        return None
    at, is_open = _given_at(data, admission), bool(data.get("needs_confirmation"))
    if is_open and submission.pk in confirmed:
        at, is_open = confirmed[submission.pk], False
    purpose = data.get("purpose")
    return Consent(
        person_id=admission.lead.person_id,
        kind=ConsentKind.ASKED if is_open else ConsentKind.GIVEN,
        purpose=purpose if purpose in ConsentPurpose.values else ConsentPurpose.CONTACT,
        channel=item.channel if item.channel in ConsentChannel.values else ConsentChannel.API,
        at=at,
        text=text[:5_000],
        key=_slug(admission),
        source_id=item.source_id,
        submission_id=submission.pk,
        expires_at=read_moment(data["expires_at"]) if data.get("expires_at") else None,
        proof=proof_in(data.get("proof")),
    )


def _given_at(data: Mapping[str, Any], admission: Admission) -> datetime:
    """When it was given; never after it was received, whatever the sender says."""
    stated = read_moment(data["given_at"]) if data.get("given_at") else None
    received = admission.entry.item.occurred_at or admission.at
    return min(stated, received) if stated else received
