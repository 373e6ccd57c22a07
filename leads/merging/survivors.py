"""Where a merged person or account goes on: whoever finds the old row continues with the one it was merged into."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar
from uuid import UUID

from leads.models import Account, Person
from revops.foundation.reading import rows_where

Row = TypeVar("Row", Person, Account)


def survivors_of(model: type[Row], rows: Iterable[Row]) -> dict[UUID, Row]:
    """The row that stands for each merged one of `rows`, by the id of the merged one; one instance for each survivor.

    No query if none was merged, else one for each step of the longest chain, which is nearly always one.
    """
    known = {row.pk: row for row in rows}
    goes_to = {pk: row.merged_into_id for pk, row in known.items() if row.merged_into_id is not None}
    if not goes_to:
        return {}
    merged = list(goes_to)
    while missing := [pk for pk in goes_to.values() if pk not in known]:
        for row in rows_where(model, "id = ANY(%s::uuid[])", [missing]):
            known[row.pk] = row
            if row.merged_into_id is not None:
                goes_to[row.pk] = row.merged_into_id
    return {pk: known[_end(pk, goes_to)] for pk in merged}


def _end(pk: UUID, goes_to: dict[UUID, UUID]) -> UUID:
    while pk in goes_to:
        pk = goes_to[pk]
    return pk
