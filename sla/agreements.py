"""Drafts, signs and publishes agreements between marketing and sales."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Max

from revops.foundation.models import User
from sla.models import Agreement, AgreementSignature, AgreementState, Calendar, Clause, ClauseSide, Measure

MARKETING, SALES = ClauseSide.MARKETING, ClauseSide.SALES


class AgreementError(ValueError):
    """The step is not possible now; the message says what to do."""


@dataclass(frozen=True, slots=True)
class ClauseDraft:
    """One commitment as the template or a head writes it. With a promise it is a clock, else a count."""

    code: str
    side: str
    text: str
    promise: timedelta | None = None
    business_time: bool = False
    target: Decimal | None = None
    unit: str = ""


TEMPLATE = (
    ClauseDraft(
        "details_within", MARKETING, "Give sales all details within 1 hour of qualification", timedelta(hours=1)
    ),
    ClauseDraft(
        "volume", MARKETING, "Deliver the agreed number of accepted tier-1 leads a month",
        target=Decimal(40), unit="leads a month",
    ),
    ClauseDraft(
        "nurture_unresponsive", MARKETING, "Nurture unresponsive leads for 30 days", target=Decimal(30), unit="days"
    ),
    ClauseDraft(
        "huddle", MARKETING, "Attend the weekly huddle and share results and cost per accepted lead",
        target=Decimal(1), unit="a week",
    ),
    ClauseDraft(
        "rejection_answered", MARKETING, "Answer every cluster of rejections within a week", target=Decimal(7),
        unit="days",
    ),
    ClauseDraft(
        "first_contact", SALES, "Try to reach every tier-1 lead within 4 business hours", timedelta(hours=4), True
    ),
    ClauseDraft(
        "decision", SALES, "Accept or reject every lead, on the criteria only, within 8 business hours",
        timedelta(hours=8), True,
    ),
    ClauseDraft("follow_up", SALES, "Follow up on every qualified lead", target=Decimal(100), unit="percent"),
    ClauseDraft(
        "attempts", SALES, "Try 6 times on at least 2 channels before “no response”", target=Decimal(6),
        unit="attempts",
    ),
    ClauseDraft(
        "specific_reason", SALES, "Give a specific reason with its evidence for every rejection",
        target=Decimal(100), unit="percent",
    ),
    ClauseDraft(
        "outcome_updates", SALES, "Keep the outcome of accepted leads current", target=Decimal(7), unit="days"
    ),
)  # fmt: skip
"""What the product proposes to sign (agreement template, PRODUCT D1)."""


@transaction.atomic
def draft_from_template(
    calendar: Calendar, *, now: datetime, review_on: date, clauses: Sequence[ClauseDraft] = TEMPLATE
) -> Agreement:
    """A new draft with the template's clauses, or those given. `calendar` counts where nobody is responsible yet."""
    latest = Agreement.objects.aggregate(latest=Max("version"))["latest"] or 0
    agreement = Agreement.objects.create(version=latest + 1, calendar=calendar, created_at=now, review_on=review_on)
    Clause.objects.bulk_create(
        Clause(
            agreement=agreement,
            code=clause.code,
            side=clause.side,
            text=clause.text,
            measure=Measure.COUNT if clause.promise is None else Measure.CLOCK,
            promise=clause.promise,
            business_time=clause.business_time,
            target=clause.target,
            unit=clause.unit,
            position=position,
        )
        for position, clause in enumerate(clauses, start=1)
    )
    return agreement


@transaction.atomic
def sign_agreement(agreement: Agreement, side: str, user: User, *, now: datetime) -> AgreementSignature:
    """One head's yes to the clauses as they are now. Raises AgreementError if it is no draft, or signed already."""
    held = Agreement.objects.select_for_update().get(pk=agreement.pk)
    if held.state != AgreementState.DRAFT:
        raise AgreementError("Only a draft can be signed. Make a new version to change what was agreed.")
    content = content_hash(held)
    given = AgreementSignature.objects.filter(agreement=held, content_hash=content)
    if given.filter(side=side).exists():
        raise AgreementError("This side has signed these clauses already.")
    if given.filter(user=user).exists():
        raise AgreementError("You signed for the other side. Two different people must sign.")
    return AgreementSignature.objects.create(agreement=held, side=side, user=user, signed_at=now, content_hash=content)


@transaction.atomic
def publish_agreement(agreement: Agreement, *, now: datetime) -> Agreement:
    """Lets a draft that both sides signed take effect; the one before it is superseded, its clocks run on under it."""
    held = Agreement.objects.select_for_update().get(pk=agreement.pk)
    if held.state != AgreementState.DRAFT:
        raise AgreementError("This agreement took effect already.")
    signed = set(
        AgreementSignature.objects.filter(agreement=held, content_hash=content_hash(held)).values_list(
            "side", flat=True
        )
    )
    missing = [ClauseSide(side).label for side in ClauseSide.values if side not in signed]
    if missing:
        raise AgreementError(f"Not signed yet for {' and '.join(map(str, missing))}, as the clauses are now.")
    Agreement.objects.filter(state=AgreementState.LIVE).update(state=AgreementState.SUPERSEDED, superseded_at=now)
    held.state, held.effective_at = AgreementState.LIVE, now
    held.save(update_fields=["state", "effective_at"])
    return held


def live_agreement() -> Agreement | None:
    """The agreement in effect, if there is one."""
    return Agreement.objects.filter(state=AgreementState.LIVE).first()


def content_hash(agreement: Agreement) -> str:
    """SHA-256 of the clauses, so that a signature is for exactly these words and numbers."""
    fields = ("code", "side", "text", "measure", "promise", "business_time", "target", "unit")
    rows = list(agreement.clauses.order_by("code").values_list(*fields))
    return hashlib.sha256(json.dumps(rows, default=str).encode()).hexdigest()
