"""Pages of leads without offsets: the next page starts after the last row, however many there are."""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import redis
from django.core.cache import cache
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Q, QuerySet

from leads.models import Lead
from revops.portal.lead_pages.rows import ListedLead, listed_leads

PAGE = 50
EXACT_TO = 10_000
ESTIMATES_KEPT = timedelta(minutes=1)
"""What is over ten thousand now is not counted again for so long; the rows themselves are always those of now."""

SORTS: dict[str, tuple[str, ...]] = {
    "-received": ("-received_at", "-pk"),
    "received": ("received_at", "pk"),
    "tier": ("score__tier", "-score__priority", "pk"),
    "-tier": ("-score__tier", "score__priority", "-pk"),
}
"""Orders the list offers; each has an index, so that a page costs the same among a million leads."""
USUAL = "-received"


@dataclass(frozen=True, slots=True)
class LeadPage:
    """One page. `total` is exact up to EXACT_TO, else the database's estimate; `next_cursor` is empty on the last."""

    leads: Sequence[ListedLead]
    total: int
    is_exact: bool
    next_cursor: str

    @property
    def shown(self) -> int:
        return len(self.leads)


def page_of(leads: QuerySet[Lead], sort: str, cursor: str = "", size: int = PAGE) -> LeadPage:
    """The page after `cursor`; a cursor that is not ours starts from the beginning. At most four queries.

    The rows are chosen by narrow ones, and only those of the page are read with what belongs to them.
    """
    sort = sort if sort in SORTS else USUAL
    ordered = leads.order_by(*SORTS[sort])
    if "score__tier" in SORTS[sort][0]:
        ordered = ordered.filter(score__isnull=False)
    after = _read(cursor, sort)
    start = ordered.filter(_after(SORTS[sort], after)) if after else ordered
    chosen = list(start.values_list("pk", flat=True)[: size + 1])
    rows = listed_leads(chosen[:size])
    more = len(chosen) > size
    total, is_exact = count_of(ordered) if more or after else (len(chosen), True)
    return LeadPage(rows, total, is_exact, _write(rows[-1], sort) if more else "")


def count_of(leads: QuerySet[Any]) -> tuple[int, bool]:
    """(how many, whether that is exact). Above EXACT_TO the planner's estimate is enough; it is kept for a minute.

    One query, two for many, none for many that were counted a moment ago.
    """
    try:
        sql, parameters = leads.order_by().values("pk").query.sql_with_params()
    except EmptyResultSet:
        return 0, True
    words = f"{EXACT_TO}|{sql}|{parameters}"
    place = f"many:{hashlib.blake2s(words.encode(), digest_size=16).hexdigest()}"
    if estimate := _recall(place):
        return estimate, False
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ({sql} LIMIT {EXACT_TO + 1}) counted", parameters)  # noqa: S608 - ours
        (counted,) = cursor.fetchone()
        if counted <= EXACT_TO:
            return counted, True
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", parameters)
        plan = cursor.fetchone()[0]
    plan = json.loads(plan) if isinstance(plan, str) else plan
    estimate = max(int(plan[0]["Plan"]["Plan Rows"]), EXACT_TO + 1)
    _remember(place, estimate)
    return estimate, False


def _recall(place: str) -> int | None:
    try:
        estimate: int | None = cache.get(place)
    except (redis.RedisError, OSError):
        return None
    return estimate


def _remember(place: str, estimate: int) -> None:
    with suppress(redis.RedisError, OSError):
        cache.set(place, estimate, ESTIMATES_KEPT.total_seconds())


def _after(fields: Sequence[str], values: Sequence[Any]) -> Q:
    """Rows that come after `values` in the order of `fields`. The bound of the first field is for its index."""
    condition, equal = Q(), Q()
    first, bound = fields[0].removeprefix("-"), "lte" if fields[0].startswith("-") else "gte"
    for field, value in zip(fields, values, strict=True):
        name = field.removeprefix("-")
        condition |= equal & Q(**{f"{name}__{'lt' if field.startswith('-') else 'gt'}": value})
        equal &= Q(**{name: value})
    return condition & Q(**{f"{first}__{bound}": values[0]})


def _write(lead: ListedLead, sort: str) -> str:
    values = [getattr(lead, field.removeprefix("-").removeprefix("score__")) for field in SORTS[sort]]
    texts = [value.isoformat() if isinstance(value, datetime) else str(value) for value in values]
    return urlsafe_b64encode(json.dumps([sort, *texts]).encode()).decode().rstrip("=")


def _read(cursor: str, sort: str) -> list[Any] | None:
    try:
        written, *values = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if written != sort or len(values) != len(SORTS[sort]):
            return None
        return [_parse(field.removeprefix("-"), value) for field, value in zip(SORTS[sort], values, strict=True)]
    except (ValueError, TypeError):
        return None


def _parse(field: str, value: str) -> Any:
    if field == "received_at":
        return datetime.fromisoformat(value)
    return UUID(value) if field == "pk" else int(value)
