"""Sales' word that a kind of signal is proven: only with a lift that was measured, and kept with it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from feedback.kind_lift import NO_LIFT, lift_of_kinds
from leads.models import SignalKind
from revops.foundation.models import User
from scoring.models import KindVerdict


class VerdictRefused(Exception):
    """The word cannot be given; the message says why."""


def judge_kind(kind: SignalKind, *, is_proven: bool, reason: str, by: User, now: datetime) -> KindVerdict:
    """Says that a kind is proven, or no longer; rulebooks drafted from now on know it. Raises VerdictRefused."""
    if not reason.strip():
        raise VerdictRefused(_("Say what convinced you; everybody will read it."))
    with transaction.atomic():
        kind = SignalKind.objects.select_for_update(no_key=True).get(pk=kind.pk)
        if kind.is_proven == is_proven:
            raise VerdictRefused(_("Nothing to change: it is so already."))
        lift = lift_of_kinds(now).get(kind.pk, NO_LIFT)
        if is_proven and not lift.is_measured:
            raise VerdictRefused(_("Its lift is not measured yet: that takes 20 answered leads with it and without."))
        if is_proven and not lift.is_positive:
            raise VerdictRefused(_("Leads with it were neither accepted nor met more often. It stays unproven."))
        SignalKind.objects.filter(pk=kind.pk).update(is_proven=is_proven)
        return KindVerdict.objects.create(
            kind=kind, is_proven=is_proven, user=by, given_at=now, reason=reason.strip()[:500], lift=lift.as_dict()
        )
