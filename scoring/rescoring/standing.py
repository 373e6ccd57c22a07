"""What the scores of running leads stand on now: the decision behind each, found by the halves of a lead's id."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import numpy as np
from django.db import connection
from numpy.typing import NDArray

_RECORD = np.dtype([("high", ">u8"), ("low", ">u8"), ("decision", ">i8")])
_MIX = np.uint64(0x9E3779B97F4A7C15)
"""An odd number without pattern (2⁶⁴ by the golden ratio): what it multiplies is spread over all bits."""

_SCORES = "SELECT string_agg(uuid_send(lead_id) || int8send(decision_id), ''::bytea) FROM scoring_leadscore"
_CLOSED = """
SELECT string_agg(uuid_send(id), ''::bytea) FROM leads_lead
 WHERE stage IN ('won', 'lost') OR withdrawn_at IS NOT NULL
"""


@dataclass(slots=True)
class Standing:
    """Scores as they stand, by a key of 64 bits for each lead, in its order.

    Keys could in theory agree for two leads, so whole ids are compared, too: a lead that is not found keeps its old
    score, and is judged with those that are left behind.
    """

    keys: NDArray[np.uint64]
    records: NDArray[np.void]
    is_open: NDArray[np.bool_]
    is_taken: NDArray[np.bool_]

    @property
    def taken(self) -> int:
        return int(np.count_nonzero(self.is_taken))

    def take(self, ids: NDArray[np.uint64], wanted: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
        """Of the wanted leads those that get a new score, and the decision each stands on. Threads take others."""
        if not len(self.keys):
            return np.empty(0, dtype=np.intp), np.empty(0, dtype=np.int64)
        at = np.minimum(np.searchsorted(self.keys, _key(ids[:, 0], ids[:, 1])), len(self.keys) - 1)
        held = self.records[at]
        is_found = wanted & self.is_open[at] & (held["high"] == ids[:, 0]) & (held["low"] == ids[:, 1])
        places = np.flatnonzero(is_found)
        self.is_taken[at[places]] = True
        return places, held["decision"][places]

    def left_over(self) -> list[UUID]:
        """Leads that keep their score: closed ones, those of history, and whoever was never packed."""
        kept = self.records[~self.is_taken]
        return [
            UUID(int=(high << 64) | low) for high, low in zip(kept["high"].tolist(), kept["low"].tolist(), strict=True)
        ]


def read_standing() -> Standing:
    """All current scores; each as one line of bytes, because a million rows would take longer to fetch than to use."""
    records = np.frombuffer(_bytes(_SCORES), dtype=_RECORD)
    keys = _key(records["high"], records["low"])
    order = np.argsort(keys)
    keys, records = keys[order], records[order]
    closed = np.frombuffer(_bytes(_CLOSED), dtype=">u8").reshape(-1, 2)
    is_open = np.isin(keys, _key(closed[:, 0], closed[:, 1]), invert=True)
    return Standing(keys, records, is_open, np.zeros(len(keys), dtype=np.bool_))


def _bytes(statement: str) -> bytes:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        found = cursor.fetchone()[0]
    return b"" if found is None else bytes(found)


def _key(high: NDArray[np.uint64], low: NDArray[np.uint64]) -> NDArray[np.uint64]:
    return high.astype(np.uint64) ^ (low.astype(np.uint64) * _MIX)
