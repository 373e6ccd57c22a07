"""Pages by position in the order (keyset): a walk sees every row that existed throughout exactly once."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.core import signing
from django.db.models import F, Model, Q, QuerySet
from django.utils.translation import gettext as _
from rest_framework.request import Request

from revops.foundation.api.problems import FieldError, ProblemError
from revops.foundation.models import ApiKey

PARAMETERS = frozenset({"limit", "cursor", "sort", "count"})
USUAL_SIZE = 50
LARGEST_SIZE = 200
MOST_COUNTED = 10_000


@dataclass(frozen=True)
class Sort:
    """A column (or annotation) that a list can be sorted by. Rows without a value come last in both directions."""

    column: str
    nullable: bool = False


@dataclass
class Page:
    """One page. `rows` are model instances (or dicts of a values queryset)."""

    rows: list[Any]
    has_more: bool
    next_cursor: str | None
    next_url: str | None
    count: dict[str, Any] | None = None

    def document(self, render: Callable[[list[Any]], Any]) -> dict[str, Any]:
        """The page as the client gets it; `render` turns rows into data."""
        body = {
            "data": render(self.rows),
            "has_more": self.has_more,
            "next_cursor": self.next_cursor,
            "next_url": self.next_url,
        }
        return body if self.count is None else body | {"count": self.count}


def page_of(
    queryset: QuerySet[Any],
    request: Request,
    *,
    sorts: Mapping[str, Sort | str],
    usual: str,
    key: str = "pk",
) -> Page:
    """The page of `queryset` that `limit`, `cursor`, `sort` and `count` of the request ask for. One query (two with
    `count`).

    `sorts` maps public names to columns, `usual` is a name, with a minus for descending. `key` is a unique column
    that settles ties. Raises invalid_cursor or validation_error.
    """
    size = _size(request)
    sort = _sort_name(request, sorts, usual)
    chosen = sorts[sort.removeprefix("-")]
    order = chosen if isinstance(chosen, Sort) else Sort(chosen)
    descending = sort.startswith("-")
    rows = queryset.order_by(*_ordering(order, descending, key))
    salt = _salt(request, sort)
    cursor = request.query_params.get("cursor")
    if cursor:
        value, last = _read_cursor(cursor, salt)
        rows = rows.filter(_after(order, descending, key, value, last))
    found = list(rows[: size + 1])
    has_more = len(found) > size
    found = found[:size]
    next_cursor = next_url = None
    if has_more:
        next_cursor = signing.Signer(salt=salt).sign(_packed(_value(found[-1], order.column), _value(found[-1], key)))
        parameters = [(name, text) for name, text in request.query_params.items() if name != "cursor"]
        next_url = f"{request.path}?{urlencode([*parameters, ('cursor', next_cursor)])}"
    return Page(found, has_more, next_cursor, next_url, _count(queryset, request))


def parameter_error(name: str, code: str, detail: str) -> ProblemError:
    """The problem of one query parameter."""
    error: FieldError = {"pointer": f"#/query/{name}", "code": code, "detail": detail}
    return ProblemError("validation_error", detail, errors=[error])


def _size(request: Request) -> int:
    text = request.query_params.get("limit", str(USUAL_SIZE))
    if not (text.isascii() and text.isdigit() and len(text) <= 4 and 1 <= int(text) <= LARGEST_SIZE):
        raise parameter_error("limit", "out_of_range", _("limit is a number from 1 to %(n)s.") % {"n": LARGEST_SIZE})
    return int(text)


def _sort_name(request: Request, sorts: Mapping[str, Sort | str], usual: str) -> str:
    name = request.query_params.get("sort", usual)
    if name.removeprefix("-") not in sorts:
        names = ", ".join(sorted(sorts))
        raise parameter_error("sort", "unknown_sort", _("Sort by one of: %(names)s.") % {"names": names})
    return name


def _ordering(order: Sort, descending: bool, key: str) -> list[Any]:
    if order.column in {key, "pk", "id"}:
        return [f"-{key}" if descending else key]
    if not order.nullable:
        return [f"-{order.column}", f"-{key}"] if descending else [order.column, key]
    column = F(order.column)
    first = column.desc(nulls_last=True) if descending else column.asc(nulls_last=True)
    return [first, f"-{key}" if descending else key]


def _after(order: Sort, descending: bool, key: str, value: Any, last: Any) -> Q:
    beyond = "lt" if descending else "gt"
    later_key = Q(**{f"{key}__{beyond}": last})
    if order.column in {key, "pk", "id"}:
        return later_key
    if value is None:
        return Q(**{f"{order.column}__isnull": True}) & later_key
    later = Q(**{f"{order.column}__{beyond}": value}) | (Q(**{order.column: value}) & later_key)
    if order.nullable:
        return later | Q(**{f"{order.column}__isnull": True})
    return Q(**{f"{order.column}__{beyond}e": value}) & later  # the plain bound is what an index can use


def _value(row: Any, column: str) -> Any:
    if isinstance(row, dict):
        return row[column]
    for name in column.split("__"):
        row = getattr(row, name)
    return row.pk if isinstance(row, Model) else row


def _salt(request: Request, sort: str) -> str:
    """What a cursor is bound to: who asks, the list, its order and its filters."""
    asks = request.auth.pk if isinstance(request.auth, ApiKey) else getattr(request.user, "pk", None)
    filters = sorted((name, text) for name, text in request.query_params.items() if name not in PARAMETERS)
    return sha256(json.dumps([str(asks), request.path, sort, filters]).encode()).hexdigest()


_TYPES: dict[str, tuple[type, Callable[[Any], Any], Callable[[Any], Any]]] = {
    "t": (datetime, datetime.isoformat, datetime.fromisoformat),
    "d": (date, date.isoformat, date.fromisoformat),
    "u": (UUID, str, UUID),
    "n": (Decimal, str, Decimal),
}


def _packed(*values: Any) -> str:
    parts = []
    for value in values:
        for letter, (kind, write, _read) in _TYPES.items():
            if isinstance(value, kind):
                parts.append([letter, write(value)])
                break
        else:
            parts.append(["", value])
    return signing.b64_encode(json.dumps(parts, separators=(",", ":")).encode()).decode()


def _read_cursor(text: str, salt: str) -> tuple[Any, Any]:
    try:
        packed = json.loads(signing.b64_decode(signing.Signer(salt=salt).unsign(text).encode()))
        value, last = (_TYPES[letter][2](item) if letter else item for letter, item in packed)
    except (signing.BadSignature, ValueError):
        words = _("Use next_cursor exactly as it came, with the same filters, sort and key. Or start without cursor.")
        raise ProblemError("invalid_cursor", words) from None
    return value, last


def _count(queryset: QuerySet[Any], request: Request) -> dict[str, Any] | None:
    wanted = request.query_params.get("count")
    if wanted is None:
        return None
    if wanted == "exact":
        counted = queryset.order_by()[: MOST_COUNTED + 1].count()
        return {"value": min(counted, MOST_COUNTED), "is": "at_least" if counted > MOST_COUNTED else "exact"}
    if wanted == "estimate":
        plan = json.loads(queryset.order_by().explain(format="json"))
        return {"value": plan[0]["Plan"]["Plan Rows"], "is": "estimate"}
    raise parameter_error("count", "unknown_choice", _("count is exact or estimate."))
