"""What reps said of reasons, counted by rule: helpful or misleading."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta

from django.db.models import Count, Q
from django.utils import timezone

from scoring.models import ReasonMark

LOOKS_BACK = timedelta(days=180)


def marks_by_rule() -> dict[str, dict[str, int]]:
    """Marks of the last half-year by rule key. One query."""
    since = timezone.now() - LOOKS_BACK
    counted = (
        ReasonMark.objects.filter(marked_at__gte=since)
        .values("rule_key")
        .annotate(helpful=Count("pk", filter=Q(is_helpful=True)), misleading=Count("pk", filter=Q(is_helpful=False)))
    )
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for row in counted:
        found[row["rule_key"]] = {"helpful": row["helpful"], "misleading": row["misleading"]}
    return dict(found)
