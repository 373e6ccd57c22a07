"""What became of a lead, with the earlier versions of what was restated and what was withdrawn."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from feedback.models import Outcome, OutcomeStage
from leads.models import Lead
from revops.foundation.kept_queries import KeptQuery, blank

MOST_SHOWN = 60


@dataclass(slots=True)
class OutcomeRow:
    """The version that counts; `earlier` are the ones before it, latest first. Of a withdrawn one nothing counts."""

    outcome: Outcome
    earlier: list[Outcome] = field(default_factory=list)

    @property
    def is_withdrawn(self) -> bool:
        return self.outcome.kind == OutcomeStage.WITHDRAWN

    @property
    def what(self) -> Outcome:
        """What was said to have happened, also if it was withdrawn."""
        return self.earlier[0] if self.is_withdrawn and self.earlier else self.outcome

    @property
    def deal_stage(self) -> str:
        return str(self.what.attributes.get("stage") or "")


_OUTCOMES = KeptQuery(
    Outcome.objects.filter(lead=blank("lead")).select_related("recorded_by").order_by("-recorded_at", "-pk")
)


def outcome_rows(lead: Lead) -> list[OutcomeRow]:
    """The outcomes of a lead, the latest first. One query."""
    rows = _OUTCOMES.fetch(lead=lead.pk)
    by_id = {row.pk: row for row in rows}
    replaced: set[UUID] = {row.corrects_id for row in rows if row.corrects_id}
    found = []
    for row in rows:
        if row.pk in replaced:
            continue
        shown = OutcomeRow(row)
        before = by_id.get(row.corrects_id) if row.corrects_id else None
        while before is not None:
            shown.earlier.append(before)
            before = by_id.get(before.corrects_id) if before.corrects_id else None
        found.append(shown)
    found.sort(key=lambda one: one.what.occurred_at or one.what.recorded_at, reverse=True)
    return found[:MOST_SHOWN]
