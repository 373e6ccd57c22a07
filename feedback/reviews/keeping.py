"""Freezes and closes the weekly revenue review, and keeps its decisions honest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from feedback.metrics import Week, measure, metric
from feedback.models import Review, ReviewDecision
from feedback.models.reviews import Answer, Direction
from feedback.reviews.building import build_review
from feedback.reviews.lines import judged_week
from revops.foundation.models import User


class ReviewNotClosableError(Exception):
    """The review cannot be closed yet; the message says what is missing."""


class ReviewClosedError(Exception):
    """The review is closed; decisions belong into the one that is open."""


def review_of(week: Week, *, now: datetime) -> tuple[dict[str, Any], Review | None]:
    """The frozen review of a past week, or the live one; the row is None while it is not frozen."""
    frozen = Review.objects.filter(week_on=week.monday).first()
    return (frozen.snapshot, frozen) if frozen else (build_review(week, now=now), None)


def freeze_review(week: Week, *, now: datetime) -> Review:
    """Writes the snapshot of a week that is over; the second call changes nothing. Raises ValueError if it is not."""
    if now < week.end:
        raise ValueError(f"Week {week.name} is not over yet.")
    existing = Review.objects.filter(week_on=week.monday).first()
    if existing:
        return existing
    snapshot = build_review(week, now=now)
    text = json.dumps(snapshot, sort_keys=True, ensure_ascii=False)
    digest = hashlib.sha256(text.encode()).hexdigest()
    review, _ = Review.objects.get_or_create(
        week_on=week.monday,
        defaults={"snapshot": json.loads(text), "snapshot_hash": digest, "frozen_at": now},
    )
    return review


def record_decision(
    week: Week, *, text: str, owner: User, due_on: date, metric_key: str, direction: str, author: User, now: datetime
) -> ReviewDecision:
    """Records a decision with the value its metric has in the newest whole week, so that a review can tell if it moved.

    Raises ReviewClosedError when the review of the week is closed, KeyError for an unknown metric, and ValueError for
    an empty text, an unknown direction or a due date before the week.
    """
    entry = metric(metric_key)
    if not text.strip():
        raise ValueError("Say in a sentence what was decided.")
    if direction not in Direction.values:
        raise ValueError(f"Say whether it should go {' or '.join(Direction.values)}.")
    if due_on < week.monday:
        raise ValueError("The due date lies before the week of the decision. Choose a later one.")
    if Review.objects.filter(week_on=week.monday, closed_at__isnull=False).exists():
        raise ReviewClosedError(f"The review of {week.name} is closed. Record the decision in the current week.")
    baseline = measure(entry, judged_week(entry, week, now).period).value
    return ReviewDecision.objects.create(
        week_on=week.monday,
        text=text.strip(),
        owner=owner,
        due_on=due_on,
        metric=metric_key,
        direction=direction,
        baseline=baseline,
        created_by=author,
        created_at=now,
    )


def answer_decision(decision_id: UUID, *, answer: str, note: str, user: User, now: datetime) -> bool:
    """Answers an open decision; False if somebody answered it before. Raises ValueError for an unknown answer."""
    if answer not in Answer.values:
        raise ValueError(f"Answer with one of {', '.join(Answer.values)}.")
    return (
        ReviewDecision.objects.filter(pk=decision_id, answer="").update(
            answer=answer, answer_note=note.strip()[:300], answered_at=now, answered_by=user
        )
        == 1
    )


def decisions_to_answer(week: Week) -> QuerySet[ReviewDecision]:
    """Decisions of earlier weeks that the review of `week` has to look at: those that were open when it began."""
    return (
        ReviewDecision.objects.filter(week_on__lt=week.monday)
        .exclude(answered_at__lt=week.start)
        .select_related("owner", "answered_by")
    )


@dataclass(frozen=True, slots=True)
class Effect:
    """What became of the number a decision was about. `moved` is None where one of both weeks says nothing."""

    before: float | None
    after: float | None
    moved: bool | None


def effects_of(
    decisions: Iterable[ReviewDecision], week: Week, known: Mapping[str, float | None]
) -> dict[UUID, Effect]:
    """How the metric of each decision stands in `week` against the week of the decision.

    `known` are values of that week that the review has already; one query for each other metric.
    """
    values = dict(known)
    found: dict[UUID, Effect] = {}
    for decision in decisions:
        if decision.metric not in values:
            values[decision.metric] = measure(metric(decision.metric), week.period).value
        found[decision.pk] = _effect(decision, values[decision.metric])
    return found


def _effect(decision: ReviewDecision, value: float | None) -> Effect:
    if value is None or decision.baseline is None:
        return Effect(decision.baseline, value, None)
    is_up = decision.direction == Direction.UP
    return Effect(decision.baseline, value, value > decision.baseline if is_up else value < decision.baseline)


def unanswered(week: Week) -> QuerySet[ReviewDecision]:
    """Decisions that must be answered before the review of `week` can be closed: due by its Sunday and still open."""
    return ReviewDecision.objects.filter(week_on__lt=week.monday, due_on__lte=week.sunday, answer="")


@transaction.atomic
def close_review(week: Week, *, user: User, now: datetime) -> Review:
    """Closes the review of a past week, for good. Raises ReviewNotClosableError while a decision due is unanswered."""
    if now < week.end:
        raise ReviewNotClosableError(f"Week {week.name} is not over yet.")
    open_ones = unanswered(week).count()
    if open_ones:
        raise ReviewNotClosableError(
            f"Answer the {open_ones} decisions of earlier weeks first."
            if open_ones > 1
            else "Answer the decision of an earlier week first."
        )
    review = freeze_review(week, now=now)
    Review.objects.filter(pk=review.pk, closed_at__isnull=True).update(closed_at=now, closed_by=user)
    review.refresh_from_db()
    return review
