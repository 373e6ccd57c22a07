"""The page of the ledger."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from revops.foundation import ledger
from revops.foundation.models import LedgerEntry
from revops.portal.audit.filters import FILTERS, active_filters, filtered
from revops.portal.back_office import csv_response, needs, page_of, person_of, query_of

MOST_IN_A_FILE = 100_000


@dataclass(frozen=True, slots=True)
class Change:
    """One field of an entry; "" where nothing was or is."""

    field: str
    before: str
    after: str


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
        "rows": [(entry, changes_of(entry)) for entry in page.rows],
        "kinds": [(kind, kind.replace("_", " ")) for kind in _kinds()],
        "active": sum(1 for name in FILTERS if request.GET.get(name)),
        "csv_url": f"?{query_of(request, format='csv')}",
        "now": timezone.now(),
    }
    return render(request, "audit/list.html", context)


def changes_of(entry: LedgerEntry) -> list[Change]:
    """What an entry says was before and is now, field by field."""
    before, after = entry.before or {}, entry.after or {}
    names = sorted({*before, *after})
    return [Change(name.replace("_", " "), _read(before.get(name)), _read(after.get(name))) for name in names]


_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}\S*")


def _read(value: Any) -> str:
    """A value of an entry as people read it: instants in the reader's zone, lists as words."""
    if isinstance(value, str) and _INSTANT.fullmatch(value) and (at := parse_datetime(value)) is not None:
        return f"{timezone.localtime(at) if timezone.is_aware(at) else at:%-d %b %Y %H:%M}"
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ", ".join(value)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return _shown(value)


def _shown(value: Any) -> str:
    if value is None or value == "":
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


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
            row.cause, row.request_id, _shown(row.before), _shown(row.after),
        ]  # fmt: skip
