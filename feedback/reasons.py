"""Changes the catalogue of reasons; what is vague is refused, and every change is written down."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from feedback.models import ReasonCode, ReasonFamily
from feedback.reason_lint import lint_reason
from revops.foundation import ledger
from revops.foundation.models import LedgerEntry, User

FIELDS = (
    "label", "family_id", "digit", "evidence_kind", "evidence_question", "root_cause", "mended_by", "consequence",
    "wakes_days_before", "wakes_after_days", "criterion", "is_creditable", "is_active",
)  # fmt: skip
DIGITS = range(1, 11)
SUBJECT = "reasoncode"


class OutdatedReason(Exception):
    """Somebody changed the reason since it was read."""


def facts_of_reason(reason: ReasonCode) -> dict[str, Any]:
    """What the ledger keeps of a reason, and what an editor changes."""
    return {field: getattr(reason, field) for field in FIELDS}


def save_reason(reason: ReasonCode, by: User, *, now: datetime, version: int | None = None) -> ReasonCode:
    """Adds a reason, or changes one that is still at `version` (None: whatever it is).

    Raises ValidationError by field for what is vague, impossible, or on a key that is taken, and OutdatedReason.
    """
    known = ReasonCode.objects.select_for_update().filter(pk=reason.pk).first()
    if known is not None and version is not None and known.version != version:
        raise OutdatedReason
    _check(reason)
    before = facts_of_reason(known) if known else {}
    after = facts_of_reason(reason)
    changed = {field for field in after if before.get(field) != after[field]}
    if known is not None and not changed:
        return known
    reason.version = known.version + 1 if known else 1
    reason.save(force_insert=known is None)
    ledger.record(
        [
            LedgerEntry(
                occurred_at=now,
                actor=by,
                action=_action(known, reason, changed),
                subject_kind=SUBJECT,
                cause=reason.code,
                before={field: before[field] for field in changed} if known else None,
                after={field: after[field] for field in changed},
            )
        ]
    )
    return reason


def history_of_reason(code: str) -> Sequence[LedgerEntry]:
    """Who changed a reason, how and when, the latest first. One query."""
    entries = LedgerEntry.objects.filter(subject_kind=SUBJECT, subject_id=None, cause=code)
    return list(entries.select_related("actor").order_by("-id")[:50])


def free_digits(family_id: str, but: str = "") -> list[int]:
    """The keys of a family that no reason in use has; that of the reason `but` counts as free."""
    taken = ReasonCode.objects.filter(family=family_id, is_active=True).exclude(pk=but).values_list("digit", flat=True)
    return [digit for digit in DIGITS if digit not in set(taken)]


def _check(reason: ReasonCode) -> None:
    errors: dict[str, list[str]] = {}
    if reason.is_active:
        others = list(ReasonCode.objects.filter(is_active=True).exclude(pk=reason.pk))
        for remark in lint_reason(reason, others):
            if remark.is_error:
                errors.setdefault(remark.field, []).append(remark.words)
        holder = next((o for o in others if (o.family_id, o.digit) == (reason.family_id, reason.digit)), None)
        if holder is not None:
            words = _("This key is taken by “%(label)s”. Keys never move; choose a free one.")
            errors.setdefault("digit", []).append(words % {"label": holder.label})
    if reason.digit not in DIGITS:
        errors.setdefault("digit", []).append(_("Choose a key from 1 to 9, or 0."))
    if not ReasonFamily.objects.filter(pk=reason.family_id).exists():
        errors.setdefault("family", []).append(_("Choose a family from the list."))
    try:
        reason.clean_fields(exclude=["family"])
    except ValidationError as problem:
        for field, found in problem.message_dict.items():
            errors.setdefault(field, []).extend(found)
    if errors:
        raise ValidationError(errors)


def _action(known: ReasonCode | None, reason: ReasonCode, changed: set[str]) -> str:
    if known is None:
        return "reason.added"
    if changed == {"is_active"}:
        return "reason.restored" if reason.is_active else "reason.retired"
    return "reason.changed"
