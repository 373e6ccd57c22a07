"""Takes what webhooks posted on the journey: mapped, one submission for each entry, each delivery once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from leads.hooks.field_mapping import Mapped, map_entry
from leads.hooks.unpacking import NotReadable, entries_of, read_body
from leads.intake import Item
from leads.models import HookDelivery, InboundHook
from leads.models.hooks import DeliveryState
from leads.models.submissions import Channel
from revops.portal import journey

AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Preview:
    """What a body would become: its entries as facts, or why it cannot be read."""

    entries: Sequence[Mapped]
    error: str = ""
    count: int = 0


def preview(hook: InboundHook, text: str, content_type: str, now: datetime, most: int = 3) -> Preview:
    """What the mapping of a hook makes of a body, without taking it."""
    try:
        whole = read_body(text, content_type)
        entries = entries_of(whole, hook.items_pointer, unpacks=hook.unpacks)
    except NotReadable as problem:
        return Preview([], str(problem))
    return Preview([map_entry(hook.mapping, one, whole, now) for one in entries[:most]], count=len(entries))


def take_deliveries(*, now: datetime, limit: int = AT_ONCE) -> int:
    """Takes what waits, the oldest first; several workers share it. Returns how many deliveries were settled."""
    taken = 0
    while taken < limit:
        with transaction.atomic():
            waiting = HookDelivery.objects.select_related("hook").filter(state=DeliveryState.WAITING)
            delivery = waiting.order_by("received_at").select_for_update(skip_locked=True, of=("self",)).first()
            if delivery is None:
                break
            _take(delivery, now)
        taken += 1
    return taken


def replay(delivery_ids: Sequence[UUID]) -> int:
    """Lets failed deliveries be tried again, by the mapping as it is now. Returns how many."""
    again = HookDelivery.objects.filter(pk__in=delivery_ids, state=DeliveryState.FAILED, emptied_at__isnull=True)
    return again.update(state=DeliveryState.WAITING, error="")


def old_bodies(before: datetime) -> int:
    """How many bodies were posted before an instant and are still kept."""
    return _taken_before(before).count()


def forget_bodies(before: datetime, now: datetime) -> int:
    """Empties bodies that were posted before an instant and taken; what became of them stays. Returns how many."""
    return _taken_before(before).update(body="", emptied_at=now)


def _taken_before(before: datetime) -> QuerySet[HookDelivery]:
    old = HookDelivery.objects.filter(received_at__lt=before, emptied_at__isnull=True)
    return old.exclude(state=DeliveryState.WAITING)


def _take(delivery: HookDelivery, now: datetime) -> None:
    """One delivery in the caller's transaction. What cannot be read is journalled as refused, too, and can be replayed
    once the mapping is mended: then it is received again."""
    delivery.attempts += 1
    try:
        items = _items(delivery)
        delivery.state, delivery.error = DeliveryState.DONE, ""
    except NotReadable as problem:
        items = [_refused(delivery, str(problem))]
        delivery.state, delivery.error = DeliveryState.FAILED, str(problem)[:500]
    receipts = journey.admit(items, now=now)
    delivery.submission_ids = [receipt.submission_id for receipt in receipts]
    refused = [receipt.detail for receipt in receipts if receipt.outcome == "refused"]
    if delivery.state == DeliveryState.DONE and receipts and len(refused) == len(receipts):
        delivery.state, delivery.error = DeliveryState.FAILED, (refused[0] or _("Everything in it was refused."))[:500]
    delivery.settled_at = now
    delivery.save(update_fields=["state", "error", "attempts", "submission_ids", "settled_at"])


def _items(delivery: HookDelivery) -> list[Item]:
    hook = delivery.hook
    whole = read_body(delivery.body, delivery.content_type)
    entries = entries_of(whole, hook.items_pointer, unpacks=hook.unpacks)
    return [
        _item(delivery, number, map_entry(hook.mapping, entry, whole, delivery.received_at))
        for number, entry in enumerate(entries)
    ]


def _item(delivery: HookDelivery, number: int, mapped: Mapped) -> Item:
    return Item(
        source_id=delivery.hook.source_id,
        channel=Channel.WEBHOOK,
        payload=mapped.payload | {"delivery": delivery.public_id},
        external_id=mapped.external_id,
        dedupe_key=_once(delivery, number),
        received_at=delivery.received_at,
        occurred_at=mapped.occurred_at,
        campaign_key=mapped.campaign_key,
    )


def _refused(delivery: HookDelivery, why: str) -> Item:
    return Item(
        source_id=delivery.hook.source_id,
        channel=Channel.WEBHOOK,
        payload=None,
        raw=delivery.body,
        refusal=why[:500],
        dedupe_key=_once(delivery, -1),
        received_at=delivery.received_at,
    )


def _once(delivery: HookDelivery, number: int) -> str:
    """A try after a crash finds what the one before journalled; a replay of a failed one is received anew."""
    return sha256(f"{delivery.pk}:{number}:{delivery.attempts}".encode()).hexdigest()
