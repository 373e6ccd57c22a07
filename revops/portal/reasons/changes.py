"""The history of a reason in words: who changed which field from what to what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from revops.foundation.models import LedgerEntry

_NAMES: dict[str, str | Promise] = {
    "label": gettext_lazy("Reason"),
    "family_id": gettext_lazy("Family"),
    "digit": gettext_lazy("Key"),
    "evidence_kind": gettext_lazy("Evidence it asks for"),
    "evidence_question": gettext_lazy("The question"),
    "root_cause": gettext_lazy("Root cause"),
    "mended_by": gettext_lazy("Team that can fix it"),
    "consequence": gettext_lazy("What happens then"),
    "wakes_days_before": gettext_lazy("Days before the date"),
    "wakes_after_days": gettext_lazy("Days after the rejection"),
    "criterion": gettext_lazy("Criterion"),
    "is_creditable": gettext_lazy("Gives the rep's turn back"),
    "is_active": gettext_lazy("In use"),
}
_ACTS: dict[str, str | Promise] = {
    "reason.added": gettext_lazy("Added"),
    "reason.changed": gettext_lazy("Changed"),
    "reason.retired": gettext_lazy("Retired"),
    "reason.restored": gettext_lazy("Taken back into use"),
}


@dataclass(frozen=True, slots=True)
class Change:
    """One entry: what was done by whom, and of a change each field with its two values."""

    title: str
    by: str
    at: datetime
    fields: list[tuple[str, str, str]]


def change_rows(entries: Sequence[LedgerEntry]) -> list[Change]:
    return [
        Change(
            title=str(_ACTS.get(entry.action, entry.action)),
            by=entry.actor_label,
            at=entry.occurred_at,
            fields=[
                (str(_NAMES.get(field, field)), _shown((entry.before or {}).get(field)), _shown(value))
                for field, value in (entry.after or {}).items()
                if entry.action == "reason.changed"
            ],
        )
        for entry in entries
    ]


def _shown(value: Any) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str(value)
