"""The address that other systems post to: proved, kept word for word, answered with a receipt; read afterwards."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson
from django.db import connection, transaction
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.http.request import RawPostDataException, UnreadablePostError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from leads.cleaning import one_line
from leads.hooks.signatures import NotTheSender, Signing, check_sender
from leads.hooks.unpacking import NotReadable, read_body, value_at
from leads.models import HookDelivery, InboundHook
from revops.foundation import doorbell
from revops.foundation.api.problems import problem_response
from revops.foundation.ids import decode, encode, new_id
from revops.foundation.sealing import SealBroken, unseal

MOST_BYTES = 1024 * 1024
JSON = "application/json; charset=utf-8"


@never_cache
@csrf_exempt  # senders are machines; each proves itself by its secret
def receive(request: HttpRequest, hook: str, secret: str = "") -> HttpResponse:
    """202 with a receipt once it is kept; a problem document for whoever is not the sender. A repeat gets the receipt
    of the first time."""
    row = _hook(hook)
    if row is None:
        return problem_response(request, "not_found", _("No webhook has this address."))
    if request.method != "POST":
        return problem_response(request, "method_not_allowed", _("Post here."), headers={"Allow": "POST"})
    if not row.is_active:
        return problem_response(request, "gone", _("This webhook is switched off."))
    now, body = timezone.now(), _body(request)
    if body is None:
        return problem_response(request, "payload_too_large", _("At most 1 MiB."), limit=MOST_BYTES)
    try:
        check_sender(
            Signing(row.scheme, row.signature_header, row.timestamp_header),
            secrets_of(row, now), body, request.headers, secret, now,
        )  # fmt: skip
    except NotTheSender as refusal:
        _count_refusal(row, str(refusal), now)
        return problem_response(request, "unauthenticated", str(refusal))
    return _kept(row, request, body.decode("utf-8", "replace").replace("\x00", "\ufffd"), now)


def secrets_of(row: InboundHook, now: datetime) -> list[str]:
    """The secrets that are good now: the present one, and the one before it until its end."""
    found = [row.secret]
    if row.previous_secret and row.previous_until and now < row.previous_until:
        found.append(row.previous_secret)
    try:
        return [unseal(one) for one in found]
    except SealBroken:
        return []


def _kept(row: InboundHook, request: HttpRequest, text: str, now: datetime) -> HttpResponse:
    from revops.portal.tasks import take_deliveries

    delivery = HookDelivery(
        id=new_id(),
        hook=row,
        sender_key=sender_key(row, request.headers, text, request.content_type or ""),
        received_at=now,
        content_type=one_line(request.content_type, 120),
        body=text,
    )
    with transaction.atomic():
        first = _insert(delivery)
        counted = InboundHook.objects.filter(pk=row.pk)
        if first == delivery.pk:
            counted.update(received=F("received") + 1, last_received_at=now)
            doorbell.ring_after_commit(take_deliveries, at_most_every=0.2)
        else:
            counted.update(repeats=F("repeats") + 1)
    answer = {"receipt": encode("delivery", first), "repeated": first != delivery.pk}
    return HttpResponse(orjson.dumps(answer), status=202, content_type=JSON)


def _insert(delivery: HookDelivery) -> Any:
    """Writes a delivery; answers with its id, or with that of the same event before it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO leads_hookdelivery (id, hook_id, sender_key, received_at, content_type, body, state, attempts,"
            " error, submission_ids) VALUES (%s, %s, %s, %s, %s, %s, 'waiting', 0, '', '{}')"
            " ON CONFLICT (hook_id, sender_key) WHERE sender_key IS NOT NULL DO UPDATE SET hook_id = EXCLUDED.hook_id"
            " RETURNING id",
            [delivery.pk, delivery.hook_id, delivery.sender_key, delivery.received_at, delivery.content_type,
             delivery.body],
        )  # fmt: skip
        return cursor.fetchone()[0]


def sender_key(row: InboundHook, headers: Any, text: str, content_type: str) -> str | None:
    """The sender's own id of an event, by which it counts once; None if the sender gives none."""
    name = row.id_header or (
        "Webhook-Id" if row.scheme == "standard" else "X-GitHub-Delivery" if row.scheme == "github" else ""
    )
    if name and (given := one_line(headers.get(name), 200)):
        return given
    if not row.id_pointer:
        return None
    try:
        return one_line(value_at(read_body(text, content_type), row.id_pointer), 200) or None
    except NotReadable:
        return None


def _hook(public_id: str) -> InboundHook | None:
    try:
        return InboundHook.objects.filter(pk=decode("hook", public_id)).first()
    except ValueError:
        return None


def _body(request: HttpRequest) -> bytes | None:
    """The body as it came, None if it is too large. A length that is not stated is read up to the limit."""
    try:
        if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
            return None
        body = request.read(MOST_BYTES + 1)
    except (ValueError, RawPostDataException, UnreadablePostError):
        return b""
    return None if len(body) > MOST_BYTES else body


def _count_refusal(row: InboundHook, words: str, now: datetime) -> None:
    InboundHook.objects.filter(pk=row.pk).update(
        refused=F("refused") + 1, last_refused_at=now, last_refusal=words[:200]
    )
