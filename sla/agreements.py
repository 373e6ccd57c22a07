"""Drafts, changes, signs and publishes agreements between marketing and sales."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import F, Max

from revops.foundation.models import Role, User
from sla.agreement_words import TEMPLATE, ClauseDraft
from sla.models import (
    Agreement,
    AgreementRemark,
    AgreementSignature,
    AgreementState,
    Calendar,
    Clause,
    ClauseSide,
    Measure,
    RemarkKind,
)
from sla.recomputing import Change, recompute_open_clocks

REMIND_BEFORE = timedelta(days=14)
"""Both heads are told so long before the day by which they look at an agreement again."""
SIDE_OF_HEAD: dict[str, str] = {
    Role.MARKETING_MANAGER: ClauseSide.MARKETING,
    Role.SALES_MANAGER: ClauseSide.SALES,
}
"""For which side a head signs."""


class AgreementError(ValueError):
    """The step is not possible now; the message says what to do."""


@transaction.atomic
def draft_from_template(
    calendar: Calendar,
    *,
    now: datetime,
    review_on: date,
    clauses: Sequence[ClauseDraft] = TEMPLATE,
    author: User | None = None,
    summary: str = "",
    takes_effect_on: date | None = None,
) -> Agreement:
    """A new draft with the template's clauses, or those given. `calendar` counts where nobody is responsible yet."""
    latest = Agreement.objects.aggregate(latest=Max("version"))["latest"] or 0
    agreement = Agreement.objects.create(
        version=latest + 1,
        calendar=calendar,
        created_at=now,
        created_by=author,
        review_on=review_on,
        summary=summary,
        takes_effect_on=takes_effect_on,
    )
    _write_clauses(agreement, clauses)
    agreement.refresh_from_db()
    return agreement


@transaction.atomic
def change_draft(
    agreement: Agreement,
    clauses: Sequence[ClauseDraft],
    *,
    calendar: Calendar,
    review_on: date,
    summary: str = "",
    takes_effect_on: date | None = None,
    revision: int,
) -> Agreement:
    """Writes a draft anew. Signatures for other clauses no longer count: both heads sign what is written now.

    `revision` is what the writer saw. Raises AgreementError if it changed since, or is no draft any more.
    """
    held = _held_draft(agreement)
    if held.revision != revision:
        raise AgreementError("Somebody changed this draft in the meantime. Look at it again, then make your change.")
    if list(drafts_of(held)) != list(clauses):
        held.clauses.all().delete()
        _write_clauses(held, clauses)
    elif (held.calendar_id, held.review_on, held.takes_effect_on) != (calendar.pk, review_on, takes_effect_on):
        Agreement.objects.filter(pk=held.pk).update(revision=F("revision") + 1)
    Agreement.objects.filter(pk=held.pk).update(
        calendar=calendar, review_on=review_on, summary=summary, takes_effect_on=takes_effect_on
    )
    held.refresh_from_db()
    return held


@transaction.atomic
def discard_draft(agreement: Agreement) -> None:
    """Takes a draft away that nobody signed or spoke about yet. Raises AgreementError otherwise."""
    held = _held_draft(agreement)
    if held.signatures.exists() or held.remarks.exists():
        raise AgreementError("Somebody signed this draft or spoke about it: it is kept. Change it instead.")
    held.clauses.all().delete()
    held.delete()


@transaction.atomic
def sign_agreement(agreement: Agreement, side: str, user: User, *, now: datetime) -> AgreementSignature:
    """One head's yes to the clauses as they are now. Raises AgreementError if it is no draft, or signed already."""
    held = Agreement.objects.select_for_update().get(pk=agreement.pk)
    if held.state != AgreementState.DRAFT:
        raise AgreementError("Only a draft can be signed. Make a new version to change what was agreed.")
    given = AgreementSignature.objects.filter(agreement=held, revision=held.revision)
    if given.filter(side=side).exists():
        raise AgreementError("This side has signed these clauses already.")
    if given.filter(user=user).exists():
        raise AgreementError("You signed for the other side. Two different people must sign.")
    if SIDE_OF_HEAD.get(user.role) != side:
        raise AgreementError("Each head signs for their own side.")
    return AgreementSignature.objects.create(
        agreement=held, side=side, user=user, signed_at=now, content_hash=content_hash(held), revision=held.revision
    )


@transaction.atomic
def remark_on(agreement: Agreement, user: User, text: str, *, now: datetime, declines: bool = False) -> AgreementRemark:
    """Keeps what somebody says about a draft. Only a head declines, for their side; it can still be changed and signed.

    Raises AgreementError if it is no draft any more, if nothing is said, or if no head declines.
    """
    held = _held_draft(agreement)
    side = SIDE_OF_HEAD.get(user.role, "")
    if not text.strip():
        raise AgreementError("Say what should change.")
    if declines and not side:
        raise AgreementError("Only the head of a side declines.")
    return AgreementRemark.objects.create(
        agreement=held,
        kind=RemarkKind.DECLINE if declines else RemarkKind.COMMENT,
        side=side,
        user=user,
        text=text.strip()[:1000],
        said_at=now,
        revision=held.revision,
    )


@transaction.atomic
def publish_agreement(agreement: Agreement, *, now: datetime, by: User | None = None) -> Agreement:
    """Lets a draft that both sides signed take effect; the one before it is superseded.

    Clocks that still run go on under the new promises, as one audited event; closed ones stay as they are.
    """
    held = Agreement.objects.select_for_update().get(pk=agreement.pk)
    if held.state != AgreementState.DRAFT:
        raise AgreementError("This agreement took effect already.")
    missing = [ClauseSide(side).label for side in missing_sides(held)]
    if missing:
        raise AgreementError(f"Not signed yet for {' and '.join(map(str, missing))}, as the clauses are now.")
    replaced = Agreement.objects.filter(state=AgreementState.LIVE).update(
        state=AgreementState.SUPERSEDED, superseded_at=now
    )
    held.state, held.effective_at = AgreementState.LIVE, now
    held.save(update_fields=["state", "effective_at"])
    if replaced:
        recompute_open_clocks(Change("agreement", held.pk, by), now=now)
    return held


def publish_signed(*, now: datetime, today: date) -> list[Agreement]:
    """Lets every draft take effect that both sides signed and whose day has come, in the order of their versions."""
    drafts = Agreement.objects.filter(state=AgreementState.DRAFT).order_by("version")
    return [
        publish_agreement(draft, now=now)
        for draft in drafts
        if not missing_sides(draft) and (draft.takes_effect_on is None or draft.takes_effect_on <= today)
    ]


@transaction.atomic
def claim_review_reminder(*, now: datetime, today: date) -> Agreement | None:
    """The agreement in effect, if both heads should look at it again soon and were not told yet; told from now on."""
    due = Agreement.objects.select_for_update().filter(
        state=AgreementState.LIVE, reminded_at__isnull=True, review_on__lte=today + REMIND_BEFORE
    )
    agreement = due.first()
    if agreement is not None:
        Agreement.objects.filter(pk=agreement.pk).update(reminded_at=now)
    return agreement


def missing_sides(agreement: Agreement) -> list[str]:
    """Sides that have not signed the clauses as they are now."""
    signed = set(
        AgreementSignature.objects.filter(agreement=agreement, revision=agreement.revision).values_list(
            "side", flat=True
        )
    )
    return [side for side in ClauseSide.values if side not in signed]


def live_agreement() -> Agreement | None:
    """The agreement in effect, if there is one."""
    return Agreement.objects.filter(state=AgreementState.LIVE).first()


def drafts_of(agreement: Agreement) -> tuple[ClauseDraft, ...]:
    """The clauses of an agreement as somebody would write them, in their order."""
    return tuple(
        ClauseDraft(
            clause.code, clause.side, clause.text, clause.promise, clause.business_time, clause.target, clause.unit
        )
        for clause in agreement.clauses.order_by("position")
    )


def content_hash(agreement: Agreement) -> str:
    """SHA-256 of the clauses, so that a signature is for exactly these words and numbers."""
    fields = ("code", "side", "text", "measure", "promise", "business_time", "target", "unit")
    rows = list(agreement.clauses.order_by("code").values_list(*fields))
    return hashlib.sha256(json.dumps(rows, default=str).encode()).hexdigest()


def _held_draft(agreement: Agreement) -> Agreement:
    held = Agreement.objects.select_for_update().get(pk=agreement.pk)
    if held.state != AgreementState.DRAFT:
        raise AgreementError("What took effect cannot change. Draft a new version.")
    return held


def _write_clauses(agreement: Agreement, clauses: Sequence[ClauseDraft]) -> None:
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
