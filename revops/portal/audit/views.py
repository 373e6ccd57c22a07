"""The page of the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import connection
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from revops.foundation import ledger
from revops.foundation.models import LedgerEntry
from revops.portal.audit.filters import FILTERS, active_filters, filtered
from revops.portal.audit.words import kind_words, shown, told
from revops.portal.back_office import csv_response, needs, page_of, person_of, query_of

MOST_IN_A_FILE = 100_000


@needs("audit.view")
@require_GET
def ledger_list(request: HttpRequest) -> HttpResponseBase:
    """Every act in the ledger, newest first; the same as CSV, which is itself an act."""
    entries = filtered(LedgerEntry.objects.all(), request.GET)
    if request.GET.get("format") == "csv":
        return _csv(request, entries)
    page = page_of(entries, ("-id",), request)
    context = {
        "page": page,
        "rows": told(page.rows),
        "kinds": sorted(((kind, kind_words(kind)) for kind in _kinds()), key=lambda one: one[1]),
        "active": sum(1 for name in FILTERS if request.GET.get(name)),
        "csv_url": f"?{query_of(request, format='csv')}",
        "now": timezone.now(),
    }
    return render(request, "audit/list.html", context)


def _kinds() -> list[str]:
    """Kinds of subject in the ledger, by skipping through the index."""
    with connection.cursor() as cursor:
        cursor.execute(_DISTINCT_KINDS)
        return [kind for (kind,) in cursor.fetchall()]


_DISTINCT_KINDS = """
WITH RECURSIVE kinds AS (
    (SELECT subject_kind AS kind FROM foundation_ledgerentry ORDER BY subject_kind LIMIT 1)
    UNION ALL
    SELECT (SELECT subject_kind FROM foundation_ledgerentry WHERE subject_kind > kinds.kind
            ORDER BY subject_kind LIMIT 1)
    FROM kinds WHERE kinds.kind IS NOT NULL
)
SELECT kind FROM kinds WHERE kind IS NOT NULL
"""


def _csv(request: HttpRequest, entries: Any) -> HttpResponseBase:
    entry = LedgerEntry(
        occurred_at=timezone.now(), actor=person_of(request), action="ledger.exported", subject_kind="ledgerentry",
        after={"filters": active_filters(request.GET)},
    )  # fmt: skip
    ledger.record([entry])
    header = ["occurred_at", "who", "action", "subject_kind", "subject_id", "cause", "request_id", "before", "after"]
    return csv_response("ledger", header, _lines(entries))


def _lines(entries: Any) -> Iterator[list[object]]:
    for row in entries.order_by("-id")[:MOST_IN_A_FILE].iterator(chunk_size=2000):
        yield [
            row.occurred_at.isoformat(), row.actor_label, row.action, row.subject_kind, row.subject_id or "",
            row.cause, row.request_id, shown(row.before), shown(row.after),
        ]  # fmt: skip
