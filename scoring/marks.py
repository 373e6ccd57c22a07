"""What people say about the reasons of a lead, and what else a card must say about its score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils.dateparse import parse_date, parse_datetime

from revops.foundation.models import User
from revops.foundation.round_trips import plans_kept
from scoring.models import LeadScore, ReasonMark

_NOTES = """
SELECT (SELECT row_to_json(granted)
          FROM (SELECT override.tier, override.reason, author.name AS author, override.expires_at
                  FROM scoring_tieroverride override
                  JOIN foundation_user author ON author.id = override.author_id
                 WHERE override.lead_id = %(lead)s AND override.created_at <= %(now)s AND override.expires_at > %(now)s
                       AND override.ended_at IS NULL
                 ORDER BY override.created_at DESC
                 LIMIT 1) granted),
       (SELECT json_object_agg(rule_key, is_helpful) FROM scoring_reasonmark
         WHERE lead_id = %(lead)s AND user_id = %(user)s),
       (SELECT review_by_on FROM scoring_rulebook WHERE state = 'live')
"""


@dataclass(frozen=True, slots=True)
class Override:
    """A person's word that counts instead of the derived tier."""

    tier: int
    reason: str
    author: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ScoreNotes:
    """What stands beside the score of a lead: an override in force, this person's marks by rule, an overdue review."""

    override: Override | None = None
    marks: Mapping[str, bool] = field(default_factory=dict)
    overdue_since: date | None = None


class UnknownReason(Exception):
    """The lead's score does not have this reason."""


def mark_reason(lead_id: UUID, rule_key: str, user: User, is_helpful: bool, now: datetime) -> ReasonMark:
    """Records that a reason helped or misled; a second word of the same person replaces the first.

    Raises UnknownReason if the rulebook that judged the lead has no such rule.
    """
    score = LeadScore.objects.select_related("rulebook").filter(lead_id=lead_id).first()
    if score is None or rule_key not in {rule["key"] for rule in score.rulebook.definition["rules"]}:
        raise UnknownReason
    mark, _is_new = ReasonMark.objects.update_or_create(
        lead_id=lead_id,
        user=user,
        rule_key=rule_key,
        defaults={"rulebook": score.rulebook, "is_helpful": is_helpful, "marked_at": now},
    )
    return mark


def score_notes(lead_id: UUID, user_id: Any, now: datetime) -> ScoreNotes:
    """What stands beside the score of a lead, for one person. One query."""
    with plans_kept(), connection.cursor() as cursor:
        cursor.execute(_NOTES, {"lead": lead_id, "user": user_id, "now": now})
        granted, marks, review_by_on = cursor.fetchone()
    review_on = parse_date(review_by_on) if isinstance(review_by_on, str) else review_by_on
    return ScoreNotes(
        _override(granted),
        marks or {},
        review_on if review_on is not None and review_on < now.date() else None,
    )


def _override(granted: Mapping[str, Any] | None) -> Override | None:
    if granted is None:
        return None
    expires_at = parse_datetime(granted["expires_at"])
    if expires_at is None:
        return None
    return Override(granted["tier"], granted["reason"], granted["author"], expires_at)
