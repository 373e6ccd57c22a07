"""What a published rulebook changed: the weeks before it beside the weeks after, with n and intervals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from revops.foundation.statistics import is_too_few, wilson_interval
from scoring.models import Rulebook, RulebookEffect, RulebookState

REPORTED_AFTER = (2, 6)
"""Weeks after a publication."""

_COUNT = """
SELECT count(*),
       count(*) FILTER (WHERE answered),
       count(*) FILTER (WHERE answered AND state = 'accepted'),
       count(*) FILTER (WHERE met),
       count(*) FILTER (WHERE won)
  FROM (SELECT handoff.state,
               handoff.state IN ('accepted', 'rejected', 'returned') AND handoff.answered_at < %(end)s AS answered,
               EXISTS (SELECT FROM feedback_outcome outcome
                        WHERE outcome.lead_id = lead.id AND outcome.kind = 'meeting'
                              AND outcome.occurred_at >= handoff.handed_off_at
                              AND outcome.occurred_at < %(end)s) AS met,
               EXISTS (SELECT FROM feedback_outcome outcome
                        WHERE outcome.lead_id = lead.id AND outcome.kind = 'won'
                              AND outcome.occurred_at >= handoff.handed_off_at
                              AND outcome.occurred_at < %(end)s) AS won
          FROM sla_handoff handoff
          JOIN leads_lead lead ON lead.id = handoff.lead_id
         WHERE handoff.handed_off_at >= %(start)s AND handoff.handed_off_at < %(end)s
               AND NOT lead.is_history AND lead.withdrawn_at IS NULL) seen
"""
"""Hand-offs of a period and what was known of them when it ended, so that both periods had the same time to answer."""


@dataclass(frozen=True, slots=True)
class Due:
    """A report that has to be written now."""

    rulebook: Rulebook
    weeks: int


def due_effects(now: datetime) -> list[Due]:
    """Versions that have been live for two or six weeks and are not reported on yet. Two queries."""
    reported = set(RulebookEffect.objects.values_list("rulebook_id", "weeks"))
    counted = (RulebookState.LIVE, RulebookState.SUPERSEDED, RulebookState.REVERTED)
    books = Rulebook.objects.filter(state__in=counted).select_related("author").order_by("version")
    return [
        Due(book, weeks)
        for book in books
        for weeks in REPORTED_AFTER
        if (book.pk, weeks) not in reported
        and book.published_at is not None
        and book.based_on_id is not None
        and now >= (ends := book.published_at + timedelta(weeks=weeks))
        and (book.superseded_at is None or book.superseded_at >= ends)
    ]


def measure_effect(due: Due, now: datetime) -> RulebookEffect:
    """Writes one report down: acceptance, meetings and wins of the hand-offs before and after. Two queries, one row."""
    went_live, span = due.rulebook.published_at, timedelta(weeks=due.weeks)
    if went_live is None:
        raise ValueError("A draft has no effect.")
    before, after = _count(went_live - span, went_live), _count(went_live, went_live + span)
    return RulebookEffect.objects.create(
        rulebook=due.rulebook,
        weeks=due.weeks,
        built_at=now,
        figures={name: {"before": before[name], "after": after[name]} for name in before},
    )


def _count(start: datetime, end: datetime) -> dict[str, dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"start": start, "end": end})
        handed_off, answered, accepted, met, won = cursor.fetchone()
    return {
        "handed_off": {"n": handed_off},
        "acceptance": _share(accepted, answered),
        "meetings": _share(met, handed_off),
        "wins": _share(won, handed_off),
    }


def _share(hits: int, n: int) -> dict[str, Any]:
    interval = wilson_interval(hits, n)
    return {
        "hits": hits,
        "n": n,
        "too_few": is_too_few(n),
        "low": interval.low if interval else None,
        "high": interval.high if interval else None,
    }
