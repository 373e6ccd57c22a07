"""Double opt-in: an address is confirmed once, by its owner; then the submission that waited goes on its journey."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F

from leads.consents import Consent, proof_in, record_consents
from leads.models import Confirmation, SubmissionBody, SubmissionOutcome
from leads.models.consents import ConsentChannel, ConsentKind
from revops.foundation import outbox
from revops.portal import journey
from revops.portal.consents.mails import asking_mail

MOST_SENDS = 5
BETWEEN_SENDS = timedelta(minutes=1)

CONFIRMED, ALREADY, EXPIRED = "confirmed", "already", "expired"


def state_of(confirmation: Confirmation, now: datetime) -> str:
    """ "open", "already" or "expired"."""
    if confirmation.confirmed_at is not None:
        return ALREADY
    return EXPIRED if confirmation.expires_at <= now else "open"


def confirm(confirmation_id: UUID, *, now: datetime, proof: dict[str, str]) -> str:
    """Confirms an address and lets in what waited for it, in one transaction. Says what came of it; twice is once."""
    with transaction.atomic():
        mine = Confirmation.objects.filter(pk=confirmation_id, confirmed_at__isnull=True, expires_at__gt=now)
        if not mine.update(confirmed_at=now):
            return state_of(Confirmation.objects.get(pk=confirmation_id), now)
        confirmation = Confirmation.objects.select_related("submission", "form").get(pk=confirmation_id)
        if not journey.release([confirmation.submission_id], now=now):
            _note_late(confirmation, now=now, proof=proof)
        return CONFIRMED


def send_again(submission_id: UUID, *, now: datetime) -> bool:
    """Mails the link again, with its time beginning anew; a few times at most. Says whether it did."""
    with transaction.atomic():
        rows = Confirmation.objects.select_related("form").select_for_update(of=("self",))
        row = rows.filter(submission=submission_id, confirmed_at__isnull=True, sends__lt=MOST_SENDS).first()
        if row is None or now - row.last_sent_at < BETWEEN_SENDS or not row.form.is_open:
            return False
        address = _address(submission_id)
        if not address:
            return False
        row.expires_at, row.last_sent_at = now + timedelta(days=row.form.confirm_days), now
        Confirmation.objects.filter(pk=row.pk).update(expires_at=row.expires_at, last_sent_at=now, sends=F("sends") + 1)
        outbox.enqueue([asking_mail(row, address, now)])
        return True


def _address(submission_id: UUID) -> str:
    body = SubmissionBody.objects.filter(submission=submission_id, erased_at__isnull=True).first()
    payload = body.payload if body is not None else None
    return str(payload.get("email") or "") if isinstance(payload, dict) else ""


def _note_late(confirmation: Confirmation, *, now: datetime, proof: dict[str, str]) -> None:
    """A colleague had let it in before: then only the consent is left to write down."""
    outcomes = SubmissionOutcome.objects.filter(submission=confirmation.submission_id, lead__isnull=False)
    outcome = outcomes.select_related("lead").order_by("-pk").first()
    body = SubmissionBody.objects.get(submission=confirmation.submission_id)
    said = body.payload.get("consent") if isinstance(body.payload, dict) else None
    if outcome is None or outcome.lead is None or not isinstance(said, dict):
        return
    record_consents(
        [
            Consent(
                outcome.lead.person_id, ConsentKind.GIVEN, said.get("purpose") or "contact", ConsentChannel.LINK, now,
                text=str(said.get("text") or ""), key=confirmation.form.slug,
                source_id=confirmation.submission.source_id, submission_id=confirmation.submission_id,
                proof=proof_in(proof),
            )
        ],
        now=now,
    )  # fmt: skip
