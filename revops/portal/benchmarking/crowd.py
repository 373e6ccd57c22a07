"""Fills a database with a crowd: companies, people, leads and acts that are simply there while others are measured."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import connection, models

from leads.intake import Item
from leads.models import Account, AccountSearch, Lead, Person, PersonSearch, Signal, SignalKind, Source, Sweep
from leads.models.submissions import Channel
from revops.portal import journey
from scoring.models import LeadScore, ScoreDecision

PEOPLE_PER_ACCOUNT = 3
SIGNALS_AT_ONCE = 1_000_000
YEAR = "interval '365 days'"


def fill(leads: int, *, now: datetime, acts: int = 1) -> None:
    """So many leads in nurture, received over the last year: each with a person, a score and `acts` acts.

    Three of them work for a company. A handful of statements, whatever the number: a million leads with ten acts each
    take some minutes.
    """
    if not leads:
        return
    source = f"'{Source.objects.order_by('created_at')[0].pk}'::uuid"
    accounts = max(1, leads // PEOPLE_PER_ACCOUNT)
    at = received(leads, now)
    with unasked():
        copy_rows(
            Account, accounts, id=mark("aa"), name="'Crowd Company ' || n", country="'DE'", employees="mod(n, 900)",
            industry="'Software'", normalised_name="'crowd company ' || n", domain="'crowd' || n || '.example'",
            created_at=at, updated_at=at,
        )  # fmt: skip
        account, person, lead = mark("aa", f"1 + mod(n, {accounts})"), mark("bb"), mark("cc")
        copy_rows(
            Person, leads, id=person, account_id=account, email="'p' || n || '@crowd.example'", first_name="'Pat'",
            last_name="'Crowd ' || n", title="'VP Sales'", created_at=at, updated_at=at,
        )  # fmt: skip
        copy_rows(
            Lead, leads, id=lead, person_id=person, account_id=account, source_id=source, stage="'nurture'",
            stage_at=at, received_at=at, last_signal_at=at,
        )  # fmt: skip
        _act(leads, acts, source, now)
        _judge(leads, now)
        _let_find(leads, accounts, now)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def received(leads: int, now: datetime) -> str:
    """When the lead of number n came: the higher the number, the later."""
    return f"'{now.isoformat()}'::timestamptz - {YEAR} * (({leads} - n)::float8 / {leads})"


def _act(leads: int, acts: int, source: str, now: datetime) -> None:
    """Acts of each lead, three hours apart and never in the future."""
    kinds = list(SignalKind.objects.filter(code__in=["page_visit", "email_open", "blog_visit"]).values_list("pk"))
    kind = "(ARRAY[" + ", ".join(str(pk) for (pk,) in kinds) + f"]::smallint[])[1 + mod(n, {len(kinds)})]"
    whose = f"(1 + mod(n, {leads}))"
    since = received(leads, now).replace("- n)", f"- {whose})")
    at = f"LEAST('{now.isoformat()}'::timestamptz, {since} + interval '3 hours' * (n / {leads}))"
    for first in range(0, leads * acts, SIGNALS_AT_ONCE):
        copy_rows(
            Signal, min(SIGNALS_AT_ONCE, leads * acts - first), first=first, id=mark("dd"), person_id=mark("bb", whose),
            lead_id=mark("cc", whose), kind_id=kind, source_id=source, topic="'pricing'", occurred_at=at,
            received_at=at,
        )  # fmt: skip


def _judge(leads: int, now: datetime) -> None:
    """Decisions and scores, all like that of one lead which took the whole journey."""
    like = judged_lead({"title": "VP Sales", "act": "content_download"}, now)
    decision = ScoreDecision.objects.filter(lead=like).latest("pk")
    tier, at = "(3 - (mod(n, 7) = 0)::int)", received(leads, now)
    first = _reserve(ScoreDecision, leads)
    copy_rows(
        ScoreDecision, leads, decision, id=f"{first} + n", lead_id=mark("cc"), tier=tier, decided_at=at, as_of=at,
    )  # fmt: skip
    copy_rows(
        LeadScore, leads, LeadScore.objects.get(lead=like), lead_id=mark("cc"), decision_id=f"{first} + n", tier=tier,
        priority="1000 * mod(n * 7919, 100)", decided_at=at, reevaluate_at="NULL",
    )  # fmt: skip


def _let_find(leads: int, accounts: int, now: datetime) -> None:
    """What a search finds them by, as the sweep would have written it; it goes on from here."""
    at = f"'{now.isoformat()}'::timestamptz"
    person = "'pat crowd ' || n || ' p' || n || '@crowd.example'"
    company = "'crowd company ' || n || ' crowd' || n || '.example'"
    copy_rows(PersonSearch, leads, person_id=mark("bb"), text=person, seen_at=at)
    copy_rows(AccountSearch, accounts, account_id=mark("aa"), text=company, seen_at=at)
    for name in ("people", "accounts"):
        Sweep.objects.update_or_create(name=name, defaults={"reached_at": now})


def judged_lead(facts: dict[str, Any], now: datetime) -> Lead:
    """One real lead with these facts, which took the whole journey."""
    source = Source.objects.order_by("created_at")[0]
    name = f"model{Lead.objects.filter(person__last_name='Model').count()}"
    known = {"email": f"ada@{name}.example", "first_name": "Ada", "last_name": "Model", "company": f"Model {name}"}
    journey.admit([Item(source.pk, Channel.API, {**known, **facts}, received_at=now)], now=now)
    return Lead.objects.get(person__email=known["email"])


def mark(kind: str, number: str = "n") -> str:
    """An identifier that says what it is of and which: the crowd is told apart from everybody else."""
    return f"('00000000-0000-7000-80{kind}-' || lpad(to_hex({number}), 12, '0'))::uuid"


@contextmanager
def unasked() -> Iterator[None]:
    """Without the database's checks of keys and its triggers, where it lets us: what is copied here is known to fit."""
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("SELECT usesuper FROM pg_user WHERE usename = current_user")
        may = cursor.fetchone()[0]
        if may:
            cursor.execute("SET session_replication_role = replica")
        try:
            yield
        finally:
            if may:
                cursor.execute("SET session_replication_role = DEFAULT")
            cursor.execute("RESET statement_timeout")


def copy_rows(
    model: type[models.Model], count: int, like: models.Model | None = None, *, first: int = 0, where: str = "true",
    **expressions: str,
) -> None:  # fmt: skip
    """Rows numbered n from `first` + 1. What no expression is given for is as in `like`, else the field's default."""
    columns: list[str] = []
    values: list[str] = []
    parameters: list[Any] = []
    for field in model._meta.concrete_fields:
        if field.generated or (isinstance(field, models.AutoField) and field.attname not in expressions):
            continue
        columns.append(connection.ops.quote_name(str(field.column)))
        if field.attname in expressions:
            values.append(expressions[field.attname])
            continue
        value = getattr(like, field.attname) if like is not None else field.get_default()
        values.append(f"%s::{field.rel_db_type(connection) if field.is_relation else field.db_type(connection)}")
        parameters.append(field.get_db_prep_save(value, connection))
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)}"  # noqa: S608
            f" FROM generate_series(%s::bigint, %s) AS series (n) WHERE {where}",
            [*parameters, first + 1, first + count],
        )


def _reserve(model: type[models.Model], count: int) -> int:
    """Takes so many numbers of the table's sequence; returns the one before the first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT setval(name, nextval(name) + %s) - %s FROM pg_get_serial_sequence(%s, 'id') AS sequence (name)",
            [count, count, model._meta.db_table],
        )
        return int(cursor.fetchone()[0]) - 1
