"""One effect per Idempotency-Key: the kept answer and the effect commit in one transaction."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson
from django.db import OperationalError, connection, transaction
from django.http import HttpResponse
from django.utils.translation import gettext as _
from psycopg.errors import LockNotAvailable
from psycopg.types.json import Jsonb
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request

from revops.foundation.api.problems import FieldError, ProblemError
from revops.foundation.models import ApiKey, IdempotencyKey, IdempotencyState

HEADER = "Idempotency-Key"
WAIT_MILLISECONDS = 2000
FINAL_REFUSALS = frozenset({409, 422})
KEPT_HEADERS = ("Content-Type", "Location", "ETag", "Retry-After")

_VISIBLE = re.compile(r"[\x21-\x7e]{1,255}")


@dataclass
class KeyedWrite:
    """One write that came with a key: of whom, which, and what exactly was asked."""

    principal_id: UUID
    method: str
    route: str
    key: str
    fingerprint: bytes
    row_id: int = 0  # 0: the key was known already
    kept: IdempotencyKey | None = field(default=None, repr=False)

    @property
    def place(self) -> tuple[UUID, str, str, str]:
        return (self.principal_id, self.key, self.method, self.route)


def keyed_write(request: Request) -> KeyedWrite | None:
    """The write behind a request, None without a key. Raises idempotency_key_required if its API key demands one, and
    validation_error for a key that is not 1 to 255 visible ASCII characters."""
    key = request.headers.get(HEADER)
    if key is None:
        if isinstance(request.auth, ApiKey) and request.auth.requires_idempotency_key:
            words = _("Send an Idempotency-Key header, a fresh random text for each thing you want done.")
            raise ProblemError("idempotency_key_required", words)
        return None
    if not _VISIBLE.fullmatch(key):
        words = _("An Idempotency-Key is 1 to 255 visible ASCII characters, without spaces.")
        error: FieldError = {"pointer": f"#/header/{HEADER}", "code": "invalid_key", "detail": words}
        raise ProblemError("validation_error", words, errors=[error])
    principal = request.auth.pk if isinstance(request.auth, ApiKey) else request.user.pk
    if principal is None:
        raise NotAuthenticated
    return KeyedWrite(principal, str(request.method), request.path[:200], key, fingerprint_of(request))


def fingerprint_of(request: Request) -> bytes:
    """SHA-256 of what was asked: path, query, If-Match and the body, whatever the order of its keys."""
    asked = [request.get_full_path(), request.headers.get("If-Match", ""), request.data]
    return sha256(orjson.dumps(asked, default=str, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)).digest()


def answer_once(
    request: Request,
    now: datetime,
    run: Callable[[], HttpResponse],
    refuse: Callable[[Exception], HttpResponse],
) -> HttpResponse:
    """Run a write once per key, in a transaction; repeat its answer after that.

    `run` answers with a rendered response, or raises; `refuse` renders what it raised. Kept are 2xx, 409 and 422;
    everything else leaves no trace, so that trying again tries again. What `run` wrote before it raised is undone.
    """
    write = keyed_write(request)
    with transaction.atomic():
        if write is None:
            return run()
        reserve([write], now)
        if write.kept is not None:
            return replayed(write)
        try:
            with transaction.atomic():
                response = run()
        except Exception as error:  # noqa: BLE001 - every refusal has an answer
            response = refuse(error)
            if response.status_code not in FINAL_REFUSALS:
                transaction.set_rollback(True)
                return response
        if response.status_code < 300 or response.status_code in FINAL_REFUSALS:
            keep([(write, response)])
        else:
            IdempotencyKey.objects.filter(pk=write.row_id).delete()
        return response


def reserve(writes: Sequence[KeyedWrite], now: datetime) -> None:
    """Take the keys of `writes` in the caller's transaction: `row_id` is set where the key was free, `kept` where an
    answer exists. Waits up to two seconds for one that runs. One query, two if a key was known.

    Raises idempotency_in_progress; then the transaction is lost.
    """
    ordered = sorted(writes, key=lambda write: write.place)  # one order for all: no deadlock
    rows = ", ".join(["(%s::uuid, %s, %s, %s, %s::bytea)"] * len(ordered))
    values = [item for write in ordered for item in (*write.place, write.fingerprint)]
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                f"""
                INSERT INTO foundation_idempotencykey
                    (principal_id, key, method, route, fingerprint, state, headers, created_at)
                SELECT given.principal_id, given.key, given.method, given.route, given.fingerprint,
                    'running', '{{}}', %s
                FROM (SELECT set_config('lock_timeout', '{WAIT_MILLISECONDS}ms', true)) AS patience,
                     (VALUES {rows}) AS given (principal_id, key, method, route, fingerprint)
                ON CONFLICT DO NOTHING
                RETURNING id, principal_id, key, method, route, set_config('lock_timeout', '10s', true)
                """,  # noqa: S608 - nothing in it comes from outside
                [now, *values],
            )
            taken = {(row[1], row[2], row[3], row[4]): row[0] for row in cursor.fetchall()}
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            words = _("The first request with this Idempotency-Key is still running. Ask again in a second.")
            raise ProblemError("idempotency_in_progress", words, headers={"Retry-After": "1"}) from None
        raise
    for write in ordered:
        write.row_id = taken.pop(write.place, 0)
    known = [write for write in ordered if not write.row_id]
    if known:
        _find_kept(known)


def keep(answers: Sequence[tuple[KeyedWrite, HttpResponse]]) -> None:
    """Store rendered answers beside their keys, in the caller's transaction. One query."""
    if len(answers) == 1:
        write, response = answers[0]
        answer = _stored(response)
        values: list[Any] = [answer["state"].value, answer["status"], Jsonb(answer["headers"]), answer["body"]]
        with connection.cursor() as cursor:  # hand-written: every keyed write pays for this
            cursor.execute(
                "UPDATE foundation_idempotencykey SET state = %s, status = %s, headers = %s, body = %s WHERE id = %s",
                [*values, write.row_id],
            )
        return
    rows = [IdempotencyKey(pk=write.row_id, **_stored(response)) for write, response in answers]
    IdempotencyKey.objects.bulk_update(rows, ["state", "status", "headers", "body"])


def replayed(write: KeyedWrite) -> HttpResponse:
    """The kept answer again. Raises idempotency_key_reused if something else was asked with the same key."""
    kept = write.kept
    if kept is None:
        raise LookupError("This write has no kept answer.")
    if bytes(kept.fingerprint) != write.fingerprint:
        words = _("This Idempotency-Key belongs to a different request. Use a fresh one for each thing you want done.")
        raise ProblemError("idempotency_key_reused", words)
    headers = kept.headers | {"Idempotency-Replayed": "true"}
    return HttpResponse(bytes(kept.body or b""), status=kept.status, headers=headers)


def _find_kept(writes: list[KeyedWrite]) -> None:
    places = {write.place for write in writes}
    rows = IdempotencyKey.objects.filter(key__in={write.key for write in writes}).filter(
        principal_id__in={write.principal_id for write in writes}
    )
    kept = {place: row for row in rows if (place := (row.principal_id, row.key, row.method, row.route)) in places}
    for write in writes:
        write.kept = kept.get(write.place)


def _stored(response: HttpResponse) -> dict[str, Any]:
    return {
        "state": IdempotencyState.DONE,
        "status": response.status_code,
        "headers": {name: response[name] for name in KEPT_HEADERS if name in response},
        "body": response.content,
    }
