"""The promises behind one number of the board: as many as it counts, each with what it is about."""

from __future__ import annotations

from datetime import datetime

from feedback.metrics import Week
from feedback.metrics.promised import COUNTED, KEPT, Item, items_of
from feedback.promises.records import RECORDED
from feedback.promises.volume import accepted_in, month_until
from sla.models import Clause
from sla.queries import agreed_since, agreement_hours


def promises_behind(clause: Clause, week: Week, now: datetime, verdict: str = "") -> list[Item]:
    """The promises of a count clause that fall due in `week`; `verdict` is kept, late, pending or empty for all.

    For the volume: the accepted leads of the month. Empty for a clause that nothing measures.
    """
    if clause.code == "volume":
        return _accepted(week, now)
    if clause.code in COUNTED:
        return items_of(clause.code, clause.target, week.start, week.end, now, verdict)
    if clause.code not in RECORDED:
        return []
    since = agreed_since()
    found = RECORDED[clause.code](clause.target, week, week, now, agreement_hours())
    return [item for item in found if (since is None or item.due_at > since) and verdict in ("", item.verdict)]


def is_measured(code: str) -> bool:
    """Whether the portal can tell if a count clause with this code is kept."""
    return code == "volume" or code in COUNTED or code in RECORDED


def _accepted(week: Week, now: datetime) -> list[Item]:
    rows = accepted_in(month_until(week, now)).order_by("-answered_at", "pk")
    return [
        Item("volume", answered_at, answered_at, KEPT, lead_id, user_id)
        for lead_id, user_id, answered_at in rows.values_list("lead_id", "answered_by_id", "answered_at")
        if answered_at is not None
    ]
