"""Records what people did. A submission is itself an act; further acts arrive on their own, later."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from leads.cleaning import one_line, read_moment
from leads.intake import Item
from leads.models import Lead, Signal
from revops.foundation.bulk import insert_values

OTHER = "other_activity"
FORM = "form_submission"
REPEAT = "repeat_enquiry"
MOST_QUANTITY = 1_000_000


_PERSONAL = re.compile(r"@|\d{6}")


@dataclass(frozen=True, slots=True)
class Act:
    """One observed act. `occurred_at` is None when nobody knows (undated history)."""

    kind: str
    topic: str = ""
    occurred_at: datetime | None = None
    quantity: int = 1
    value: int | None = None
    url: str = ""
    event_id: str = ""


@dataclass(slots=True)
class ActOnLead:
    """An act with the lead and person it belongs to; `submission_id` if a submission brought it."""

    act: Act
    lead_id: UUID
    person_id: UUID
    source_id: UUID
    received_at: datetime
    submission_id: UUID | None = None


def topic_of(value: Any) -> str:
    """What an act was about, as one word or two; empty for an address or a number: decisions keep it for ever."""
    topic = one_line(value, 64)
    return "" if topic and _PERSONAL.search(topic) else topic


def read_act(data: Mapping[str, Any], *, default_at: datetime | None) -> Act:
    """An act from a payload; a time that cannot be read falls back to `default_at`."""
    at = data.get("occurred_at")
    quantity, value = data.get("quantity") or 1, data.get("value")
    return Act(
        kind=one_line(data.get("kind"), 48),
        topic=topic_of(data.get("topic")),
        occurred_at=(read_moment(at) if at else None) or default_at,
        quantity=min(max(int(quantity), 1), MOST_QUANTITY),
        value=None if value is None else int(value),
        url=one_line(data.get("url"), 500),
        event_id=one_line(data.get("event_id"), 120),
    )


def acts_of(item: Item, received_at: datetime) -> list[Act]:
    """The acts a submission stands for: those it lists, else one for sending it.

    What continues an earlier submission stands only for what it lists, and so do history and rows of lists.
    """
    payload, at = item.payload or {}, item.occurred_at if item.is_history else item.occurred_at or received_at
    acts = [read_act(act, default_at=at) for act in payload.get("signals") or []]
    if payload.get("act"):
        acts.append(Act(kind=one_line(payload["act"], 48), topic=topic_of(payload.get("topic")), occurred_at=at))
    if not acts and not _only_lists(item) and not item.is_row:
        acts.append(Act(kind=FORM, topic=topic_of(payload.get("topic")), occurred_at=at))
    return acts


def coming_back(item: Item, received_at: datetime, acts: Sequence[Act]) -> list[Act]:
    """The act of enquiring again, beside the `acts` that the submission of a known lead stands for."""
    if _only_lists(item) or (item.is_row and not acts):
        return []
    return [Act(kind=REPEAT, topic=acts[0].topic, occurred_at=item.occurred_at or received_at)]


def _only_lists(item: Item) -> bool:
    return item.is_history or bool((item.payload or {}).get("continues"))


def record_acts(
    acts: Sequence[ActOnLead], *, kinds: Mapping[str, int] | None = None, dated: Collection[UUID] = ()
) -> list[bool]:
    """Appends signals, and says for each whether it was new (an event id seen before is ignored).

    Leads learn the time of their latest act, but for those in `dated`, which know it. `kinds` are those of
    `signal_kind_ids`, read unless given.
    """
    if not acts:
        return []
    kinds = signal_kind_ids() if kinds is None else kinds
    known = _known_events(acts)
    signals: list[dict[str, Any]] = []
    is_new: list[bool] = []
    for entry in acts:
        act = entry.act
        key = (entry.source_id, act.event_id)
        if act.event_id and key in known:
            is_new.append(False)
            continue
        known.add(key)
        is_new.append(True)
        signals.append(
            {
                "person_id": entry.person_id,
                "lead_id": entry.lead_id,
                "kind_id": kinds.get(act.kind, kinds[OTHER]),
                "topic": act.topic if act.kind in kinds else topic_of(act.kind),
                "quantity": act.quantity,
                "value": act.value,
                "url": act.url,
                "occurred_at": act.occurred_at,
                "received_at": entry.received_at,
                "source_id": entry.source_id,
                "event_id": act.event_id,
                "submission_id": entry.submission_id,
            }
        )
    insert_values(Signal, signals)
    _advance_last_signal([signal for signal in signals if signal["lead_id"] not in dated])
    return is_new


def signal_kind_ids() -> dict[str, int]:
    """The id of every signal kind, by code. One query."""
    with connection.cursor() as cursor:
        cursor.execute(KINDS)
        return dict(cursor.fetchall())


KINDS = "SELECT code, id FROM leads_signalkind"


def _known_events(acts: Sequence[ActOnLead]) -> set[tuple[UUID, str]]:
    events = {entry.act.event_id for entry in acts if entry.act.event_id}
    if not events:
        return set()
    sources = {entry.source_id for entry in acts}
    return set(Signal.objects.filter(source_id__in=sources, event_id__in=events).values_list("source_id", "event_id"))


def _advance_last_signal(signals: Sequence[Mapping[str, Any]]) -> None:
    latest: dict[UUID, datetime] = {}
    for signal in signals:
        lead_id, at = signal["lead_id"], signal["occurred_at"]
        if at is not None:
            latest[lead_id] = max(at, latest.get(lead_id, at))
    if not latest:
        return
    table = connection.ops.quote_name(Lead._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} AS lead SET last_signal_at = GREATEST(lead.last_signal_at, latest.at)"  # noqa: S608
            " FROM unnest(%s::uuid[], %s::timestamptz[]) AS latest(id, at) WHERE lead.id = latest.id",
            [list(latest), list(latest.values())],
        )
