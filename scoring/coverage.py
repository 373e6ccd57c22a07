"""What data this portal has that rules could ask about: since when each act is recorded, how often a fact is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from django.core.cache import cache
from django.db import connection

from leads.models import Lead
from scoring.engine.workspace import Workspace
from scoring.facts import load_facts
from scoring.publishing import NoLiveRulebook, live_rulebook
from scoring.rules.attributes import ATTRIBUTES, FactType
from scoring.rules.lint import Coverage

NEWEST = 2_000
_KEPT_SECONDS = 3600
_KEY = "scoring:coverage:1"
_FIRST_ON = """
SELECT kind.code, (min(signal.occurred_at) AT TIME ZONE 'UTC')::date
  FROM leads_signal signal
  JOIN leads_signalkind kind ON kind.id = signal.kind_id
 WHERE signal.occurred_at IS NOT NULL
 GROUP BY kind.code
"""


def data_coverage(now: datetime) -> Coverage:
    """As it was at most an hour ago. Four queries, one of them over all signals, then none for an hour."""
    kept: Coverage | None = cache.get(_KEY)
    if kept is None:
        kept = Coverage(_first_on(), _known(now))
        cache.set(_KEY, kept, _KEPT_SECONDS)
    return kept


def forget_coverage() -> None:
    """Lets the next reader count anew."""
    cache.delete(_KEY)


def _first_on() -> dict[str, date]:
    with connection.cursor() as cursor:
        cursor.execute(_FIRST_ON)
        return dict(cursor.fetchall())


def _known(now: datetime) -> dict[str, float]:
    """Shares among the newest leads; a flag always says something, so it is not counted."""
    try:
        live = live_rulebook().compiled
    except NoLiveRulebook:
        return {}
    names = tuple(name for name, attribute in ATTRIBUTES.items() if attribute.type is not FactType.FLAG)
    asking = replace(live, attributes=names, signal_kinds=(), account_kinds=())
    newest = list(Lead.objects.order_by("-id").values_list("id", flat=True)[:NEWEST])
    if not newest:
        return {}
    workspace = Workspace(load_facts(newest, asking, as_of={}, now=now).frame)
    return {name: float(workspace.is_known(name).mean()) for name in names}
