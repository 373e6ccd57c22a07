"""The list gate for batches: of a sender whose rows are too often bad, the rest of the batch waits in quarantine."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _

from leads.gate import rules_for
from leads.hygiene import ActiveRule
from leads.intake import Item
from leads.list_gate import BAD_SHARE, SUSPICIOUS, Candidate, rule_against, spread
from leads.models import Source
from revops.foundation import outbox
from revops.foundation.models import OutboxMessage

HELD = "bad_list"
FEWEST_ITEMS = 50
"""So many rows, of this batch and of those before it, are needed to call a sender's rows bad."""

SAMPLE = 64
"""A batch is judged by so many of its items first: judging all would cost as much as letting them in."""

RECENT = 200
WITHIN = timedelta(hours=1)
"""What the same sender sent from the same source lately counts, too: a bad list does not pass in small pieces."""


def hold_bad_batches(items: Sequence[Item], *, now: datetime) -> list[Item]:
    """The items, those of sources of which over a fifth is bad marked to wait in quarantine.

    Bad items keep their own rule. Up to one query per source, and none more while a batch looks good.
    """
    by_source: dict[UUID, list[int]] = defaultdict(list)
    for place, item in enumerate(items):
        by_source[item.source_id].append(place)
    marked = list(items)
    for source_id, places in by_source.items():
        own = [items[place] for place in places]
        bad = _bad_places(own, source_id, now)
        if bad is None:
            continue
        for place in (place for number, place in enumerate(places) if number not in bad):
            marked[place] = _held(items[place])
        _tell(source_id, len(own), len(bad), now)
    return marked


def _bad_places(items: Sequence[Item], source_id: UUID, now: datetime) -> set[int] | None:
    """Which items are bad, if together with the sender's recent ones too many are; else None."""
    judged, bad_before = _recent(source_id, items[0].sender_id, now) if len(items) < RECENT else (0, 0)
    if judged + len(items) < FEWEST_ITEMS:
        return None
    rules = rules_for([_address(item) for item in items])
    sample = spread(items, SAMPLE)
    share = sum(_is_bad(item, rules) for item in sample) / len(sample)
    if bad_before + share * len(items) <= SUSPICIOUS * (judged + len(items)):
        return None
    bad = {number for number, item in enumerate(items) if _is_bad(item, rules)}
    return bad if bad_before + len(bad) > BAD_SHARE * (judged + len(items)) else None


def _is_bad(item: Item, rules: Sequence[ActiveRule]) -> bool:
    payload = None if item.refusal else item.payload
    return bool(rule_against(Candidate(payload, bool(item.external_id)), rules))


def _address(item: Item) -> str:
    return str((item.payload or {}).get("email") or "").strip().lower()


def _held(item: Item) -> Item:
    if item.payload is None:
        return item
    words = _("It came with rows of which over %(limit)s %% are bad.") % {"limit": round(100 * BAD_SHARE)}
    return replace(item, payload={**item.payload, "hold": {"rule": HELD, "detail": words}})


def _recent(source_id: UUID, sender_id: UUID | None, now: datetime) -> tuple[int, int]:
    """How many rows this sender sent lately, and how many of them were bad."""
    with connection.cursor() as cursor:
        cursor.execute(
            _RECENT, {"source": source_id, "sender": sender_id, "since": now - WITHIN, "most": RECENT, "held": HELD}
        )
        judged, bad = cursor.fetchone()
    return judged, bad


_RECENT = """
SELECT count(*), count(*) FILTER (WHERE o.kind IN ('quarantined', 'refused') AND o.rule <> %(held)s)
FROM (
    SELECT id FROM leads_submission
    WHERE source_id = %(source)s AND received_at > %(since)s AND sender_id IS NOT DISTINCT FROM %(sender)s
    ORDER BY received_at DESC LIMIT %(most)s
) s JOIN leads_submissionoutcome o ON o.submission_id = s.id AND o.replaces = ''
WHERE o.rule NOT IN ('purchased', 'source_stopped')
"""


def _tell(source_id: UUID, items: int, bad: int, now: datetime) -> None:
    """The owner of the source hears of it, once an hour."""
    source = Source.objects.filter(pk=source_id).first()
    if source is None or source.owner_id is None:
        return
    known = OutboxMessage.objects.filter(kind="batch.held", subject_id=source_id, created_at__gt=now - WITHIN)
    if known.exists():
        return
    words = _("A batch from “%(source)s” waits in quarantine: %(bad)s of its %(items)s rows are bad.")
    outbox.enqueue(
        [
            OutboxMessage(
                kind="batch.held",
                subject_kind="source",
                subject_id=source_id,
                channel="in_app",
                recipient=str(source.owner_id),
                created_at=now,
                payload={
                    "text": words % {"source": source.name, "bad": bad, "items": items},
                    "url": f"/submissions/?outcome=quarantined&source={source.key}&rule={HELD}",
                },
            )
        ]
    )
