"""Keeps the versions of the territory and segment rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from revops.foundation.models import User
from sla.models import RoutingRules
from sla.territories import RuleError, read_rules


def rules_in_force() -> RoutingRules | None:
    """The newest version; None while there are no rules and everybody takes turns."""
    return RoutingRules.objects.order_by("-version").first()


@transaction.atomic
def write_rules(
    rules: Sequence[Mapping[str, Any]], *, by: User | None, now: datetime, note: str = "", seen: int
) -> RoutingRules:
    """The next version of all rules, in their order; routing asks it from the next lead on.

    `seen` is the version the writer saw, 0 for none. Raises RuleError in words for a rule that makes no sense, and if
    somebody else wrote a version in the meantime.
    """
    read_rules(rules)
    newest = RoutingRules.objects.select_for_update().order_by("-version").first()
    if (newest.version if newest else 0) != seen:
        raise RuleError("Somebody changed the rules in the meantime. Look at them again, then make your change.")
    return RoutingRules.objects.create(
        version=seen + 1, rules=list(rules), note=note[:300], created_by=by, created_at=now
    )
