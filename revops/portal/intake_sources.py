"""Where a submission says it comes from: registered sources by key, and a place for what does not say it legibly."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import connection

from leads.models import Source

UNIDENTIFIED = "unidentified"
"""Key of the source under which unreadable submissions, and those of unknown sources, are journalled."""


def source_ids(keys: Iterable[str], *, now: datetime) -> dict[str, UUID]:
    """The registered sources among `keys`, always with UNIDENTIFIED, which is made when it is first needed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT key, id FROM leads_source WHERE key = ANY(%s)", [[*keys, UNIDENTIFIED]])
        found: dict[str, UUID] = dict(cursor.fetchall())
    if UNIDENTIFIED not in found:
        name = "Unidentified senders"
        note = "Holds what arrived over the API without a registered source. Nothing of it becomes a lead."
        source, _ = Source.objects.get_or_create(
            key=UNIDENTIFIED, defaults={"name": name, "note": note, "created_at": now}
        )
        found[UNIDENTIFIED] = source.pk
    return found
