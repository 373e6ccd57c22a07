"""Writing to the audit ledger."""

from __future__ import annotations

from collections.abc import Iterable

from revops.foundation.bulk import insert_rows
from revops.foundation.correlation import request_id
from revops.foundation.ids import new_id
from revops.foundation.models import LedgerEntry


def record(entries: Iterable[LedgerEntry]) -> None:
    """Append unsaved entries, in the caller's transaction. One statement, however many.

    Each needs `occurred_at`, `action`, `subject_kind`, and `actor` or `actor_label` (a machine's name, like
    “system: routing”). The label of a person, the request id and an id of that time are filled in. Never put
    personal data into `before` and `after`: an entry outlives an erased person.
    """
    request = request_id.get()
    rows = []
    for entry in entries:
        entry.id = new_id(entry.occurred_at)
        if not entry.actor_label and entry.actor is not None:
            entry.actor_label = f"{entry.actor.name or entry.actor.role}"
        if not entry.request_id:
            entry.request_id = request
        rows.append(entry)
    insert_rows(LedgerEntry, rows)
