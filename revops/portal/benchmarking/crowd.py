"""Fills a database with a crowd: companies, people, leads and acts that are simply there while others are measured."""

from __future__ import annotations

from typing import Any

from django.db import connection, models
from psycopg.types.json import Jsonb

from leads.models import Account, Lead, Person, Signal, SignalKind, Source

PEOPLE_PER_ACCOUNT = 3
_AT = "'2026-01-05'::timestamptz + mod(n, 20000000) * interval '1 second'"


def fill(leads: int) -> None:
    """So many leads in nurture, each with a person and one act, three to a company. Four statements."""
    if not leads:
        return
    source = f"'{Source.objects.order_by('created_at')[0].pk}'::uuid"
    kind = str(SignalKind.objects.get(code="page_visit").pk)
    accounts = max(1, leads // PEOPLE_PER_ACCOUNT)
    made = {"created_at": _AT, "updated_at": _AT}
    _insert(
        Account, accounts, id=_id("aa", "n"), name="'Crowd Company ' || n", country="'DE'",
        normalised_name="'crowd company ' || n", domain="'crowd' || n || '.example'", **made,
    )  # fmt: skip
    account, person, lead = _id("aa", f"1 + mod(n, {accounts})"), _id("bb", "n"), _id("cc", "n")
    _insert(
        Person, leads, id=person, account_id=account, email="'p' || n || '@crowd.example'", first_name="'Pat'",
        last_name="'Crowd ' || n", **made,
    )  # fmt: skip
    _insert(
        Lead, leads, id=lead, person_id=person, account_id=account, source_id=source, stage="'nurture'", stage_at=_AT,
        received_at=_AT, last_signal_at=_AT,
    )  # fmt: skip
    _insert(
        Signal, leads, id=_id("dd", "n"), person_id=person, lead_id=lead, kind_id=kind, source_id=source,
        occurred_at=_AT, received_at=_AT,
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _id(mark: str, number: str) -> str:
    """An identifier that says what it is of and which: the crowd is told apart from everybody else."""
    return f"('00000000-0000-7000-80{mark}-' || lpad(to_hex({number}), 12, '0'))::uuid"


def _insert(model: type[models.Model], count: int, **expressions: str) -> None:
    """Rows numbered from 1; what no expression is given for takes its field's default."""
    columns: list[str] = []
    values: list[str] = []
    parameters: list[Any] = []
    for field in model._meta.concrete_fields:
        if isinstance(field, models.AutoField) or field.generated:
            continue
        columns.append(connection.ops.quote_name(str(field.column)))
        if field.attname in expressions:
            values.append(expressions[field.attname])
            continue
        default: Any = field.get_default()
        values.append("%s")
        parameters.append(Jsonb(default) if isinstance(field, models.JSONField) and default is not None else default)
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)}"  # noqa: S608
            f" FROM generate_series(1, %s) AS series (n)",
            [*parameters, count],
        )
