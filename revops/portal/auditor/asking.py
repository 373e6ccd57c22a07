"""Asks every question of the auditor at one moment, and reads receipts that senders were given."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from django.db import connection, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from revops.portal.auditor.questions import QUESTIONS

MOST_SHOWN = 20
BATCH = 5_000

_UUID_OF = """
CREATE OR REPLACE FUNCTION pg_temp.uuid_of(public_id text) RETURNS uuid LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    letters CONSTANT text := '0123456789abcdefghjkmnpqrstvwxyz';
    body text := split_part(public_id, '_', 2);
    bits text := '';
BEGIN
    IF public_id IS NULL OR length(body) <> 26 THEN RETURN NULL; END IF;
    FOR place IN 1..26 LOOP
        bits := bits || lpad((position(substr(body, place, 1) IN letters) - 1)::bit(5)::text, 5, '0');
    END LOOP;
    RETURN (
        SELECT string_agg(lpad(to_hex(substr(bits, 3 + 8 * byte, 8)::bit(8)::int), 2, '0'), '' ORDER BY byte)::uuid
        FROM generate_series(0, 15) AS byte
    );
END $$
"""
"""Reads a public id (prefix, underscore, 26 letters of Crockford's base 32) without the portal's own code."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of one question: how much speaks against it, and the first of that."""

    code: str
    sentence: str | Promise
    n: int
    examples: list[tuple[str, str]]

    @property
    def ok(self) -> bool:
        return self.n == 0

    def as_json(self) -> dict[str, Any]:
        return {"check": self.code, "ok": self.ok, "sentence": str(self.sentence), "violations": self.n,
                "examples": [{"subject": subject, "detail": detail} for subject, detail in self.examples]}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Report:
    """The whole audit."""

    findings: list[Finding]

    @property
    def ok(self) -> bool:
        return all(finding.ok for finding in self.findings)

    def as_json(self) -> dict[str, Any]:
        return {"ok": self.ok, "checks": [finding.as_json() for finding in self.findings]}


def audit(now: datetime, receipts: Iterable[str] = ()) -> Report:
    """Asks all questions of one moment of the database. `receipts` are those that senders hold: each must exist."""
    with _at_one_moment(), connection.cursor() as cursor:
        cursor.execute(_UUID_OF)
        findings = []
        for question in QUESTIONS:
            cursor.execute(
                f"WITH against AS ({question.sql}) SELECT * FROM against LIMIT {MOST_SHOWN + 1}",  # noqa: S608
                {"now": now},
            )
            shown = cursor.fetchall()
            n = len(shown)
            if n > MOST_SHOWN:
                cursor.execute(f"SELECT count(*) FROM ({question.sql}) against", {"now": now})  # noqa: S608
                n = cursor.fetchone()[0]
            findings.append(Finding(question.code, question.sentence, n, shown[:MOST_SHOWN]))
        if missing := list(_missing(cursor, receipts)):
            sentence = _("Every receipt that a sender holds is in the journal.")
            examples = [(receipt, _("not in the journal")) for receipt in missing[:MOST_SHOWN]]
            findings.append(Finding("receipts", sentence, len(missing), examples))
    return Report(findings)


def _missing(cursor: Any, receipts: Iterable[str]) -> Iterator[str]:
    waiting = iter(receipts)
    while batch := list(islice(waiting, BATCH)):
        cursor.execute(
            "SELECT given FROM unnest(%s::text[]) AS given WHERE NOT EXISTS "
            "(SELECT 1 FROM leads_submission s WHERE s.id = pg_temp.uuid_of(given))",
            [batch],
        )
        yield from (receipt for (receipt,) in cursor.fetchall())


@contextmanager
def _at_one_moment() -> Iterator[None]:
    """One snapshot for all questions, however long they take; inside somebody's transaction, theirs."""
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            cursor.execute("SET LOCAL statement_timeout = 0")
        yield
        transaction.set_rollback(True)
