"""What the pages of the back office share: who may open them, pages of rows, CSV, and entries of the ledger."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any, cast
from uuid import UUID

from django import forms
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.functional import Promise

from leads.files import BYTE_ORDER_MARK, csv_lines
from revops.foundation import ledger, policy
from revops.foundation.ids import decode
from revops.foundation.models import LedgerEntry, User
from revops.portal.lead_pages.listing import count_of

PAGE_SIZE = 50

View = Callable[..., HttpResponseBase]


def needs(*permissions: str) -> Callable[[View], View]:
    """Only for signed-in people with at least one of `permissions`; the others read who could help."""

    def decorate(view: View) -> View:
        @login_required
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not any(policy.can(person_of(request), permission) for permission in permissions):
                raise PermissionDenied(policy.refusal(permissions[0]))
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def person_of(request: HttpRequest) -> User:
    """Who asks; the view is for signed-in people only."""
    return cast("User", request.user)


def status_of(form: Any) -> int:
    """422 for a form that was sent and not accepted, so that the browser shows it again."""
    return 422 if form.is_bound and form.errors else 200


def offer(form: forms.BaseForm, name: str, rows: QuerySet[Any], nothing: str | Promise = "") -> None:
    """Lets a select of a form offer `rows`, and `nothing` as the words for none of them."""
    field = form.fields[name]
    if not isinstance(field, forms.ModelChoiceField):
        raise TypeError(f"{name} is no select of rows.")
    field.queryset = rows
    if nothing:
        field.empty_label = str(nothing)


def row_or_404(rows: QuerySet[Any], kind: str, public_id: str) -> Any:
    """The row behind a public id; what is no such id is answered like what does not exist."""
    try:
        pk = decode(kind, public_id)
    except ValueError:
        raise Http404 from None
    row = rows.filter(pk=pk).first()
    if row is None:
        raise Http404
    return row


# --- the ledger ------------------------------------------------------------------------------------------------------
def note(
    actor: User,
    action: str,
    subject: models.Model,
    now: datetime,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    cause: str = "",
) -> None:
    """Writes one act into the ledger; of `before` and `after` only what differs. Never give it personal data."""
    old, new = dict(before or {}), dict(after or {})
    if before is not None and after is not None:
        same = {key for key in old.keys() & new.keys() if old[key] == new[key]}
        old, new = ({key: value for key, value in side.items() if key not in same} for side in (old, new))
    entry = LedgerEntry(
        occurred_at=now,
        actor=actor,
        action=action,
        subject_kind=str(subject._meta.model_name),
        subject_id=subject.pk if isinstance(subject.pk, UUID) else None,
        cause=cause[:200],
        before=old or None,
        after=new or None,
    )
    ledger.record([entry])


def facts_of(row: models.Model, fields: Sequence[str]) -> dict[str, Any]:
    """The values of some fields as the ledger keeps them."""
    return {field: _plain(getattr(row, field)) for field in fields}


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else str(value)


# --- rows: pages and files -------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Rows:
    """One page of a list. `total` is exact up to 10,000, else an estimate; `next_url` is empty at the end."""

    rows: Sequence[Any]
    total: int
    next_url: str

    @property
    def shown(self) -> int:
        return len(self.rows)


def page_of(rows: QuerySet[Any], order: Sequence[str], request: HttpRequest, size: int = PAGE_SIZE) -> Rows:
    """The page after the cursor in the address (`after`); a cursor that is not ours starts anew. Two queries."""
    after = _read(request.GET.get("after", ""), len(order))
    ordered = rows.order_by(*order)
    start = ordered.filter(_beyond(order, after)) if after else ordered
    found = list(start[: size + 1])
    total, _is_exact = count_of(ordered)
    more = len(found) > size
    cursor = _write([getattr(found[size - 1], name.lstrip("-")) for name in order]) if more else ""
    return Rows(found[:size], total, f"?{query_of(request, after=cursor)}" if more else "")


def query_of(request: HttpRequest, **changes: str) -> str:
    """The query of this page with changes; an empty value takes a name out."""
    query = request.GET.copy()
    for name, value in {"after": "", **changes}.items():
        query.pop(name, None)
        if value:
            query[name] = value
    return query.urlencode()


def csv_response(name: str, header: Sequence[Any], rows: Iterable[Sequence[object]]) -> StreamingHttpResponse:
    """A file to download, streamed, safe to open in a spreadsheet."""

    def lines() -> Iterable[str]:
        yield BYTE_ORDER_MARK
        yield from csv_lines([[str(title) for title in header]])
        yield from csv_lines(rows)

    answer = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


def _beyond(order: Sequence[str], values: Sequence[Any]) -> Q:
    condition, equal = Q(), Q()
    for name, value in zip(order, values, strict=True):
        field = name.lstrip("-")
        condition |= equal & Q(**{f"{field}__{'lt' if name.startswith('-') else 'gt'}": value})
        equal &= Q(**{field: value})
    return condition


def _write(values: Sequence[Any]) -> str:
    texts = [value.isoformat() if isinstance(value, datetime) else str(value) for value in values]
    return urlsafe_b64encode(json.dumps(texts).encode()).decode().rstrip("=")


def _read(cursor: str, length: int) -> list[Any] | None:
    if not cursor:
        return None
    try:
        values = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(values, list) or len(values) != length:
            return None
        return [_parse(value) for value in values]
    except (ValueError, TypeError):
        return None


def _parse(value: Any) -> Any:
    if not isinstance(value, str):
        raise TypeError
    for read in (UUID, datetime.fromisoformat):
        try:
            return read(value)
        except ValueError:
            continue
    return value
