"""A rep who rejects a lead as a duplicate names the other one: that opens the same question as matching does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from feedback.dispositions import Answered
from feedback.models import DispositionKind, EvidenceKind
from leads.matching.proposing import name_duplicate
from leads.models import Lead
from revops.portal.merges.named import lead_named


def propose_named(answered: Sequence[Answered], *, now: datetime) -> int:
    """Proposes the pairs that rejections name. Returns how many; no query if none of them is for being a duplicate."""
    rejected = [
        row.disposition
        for row in answered
        if row.disposition is not None
        and row.disposition.kind == DispositionKind.REJECTED
        and row.disposition.reason is not None
        and row.disposition.reason.evidence_kind == EvidenceKind.LEAD
    ]
    if not rejected:
        return 0
    people = dict(Lead.objects.filter(pk__in=[row.lead_id for row in rejected]).values_list("pk", "person_id"))
    proposed = 0
    for row in rejected:
        other = lead_named(None, row.evidence)
        if other is not None and other.person_id != people[row.lead_id]:
            proposed += name_duplicate(people[row.lead_id], other.person_id, now=now) is not None
    return proposed
