"""The weekly revenue review: built from the metrics, frozen when the week is over, closed with its decisions."""

from feedback.metrics import organisation_zone

from .attendance import attendance_of, record_attendance
from .building import SECTIONS, build_review, rejections_in, top_reasons
from .keeping import (
    Effect,
    ReviewClosedError,
    ReviewNotClosableError,
    answer_decision,
    close_review,
    decisions_to_answer,
    effects_of,
    freeze_review,
    record_decision,
    review_of,
    unanswered,
)

__all__ = [
    "SECTIONS",
    "Effect",
    "ReviewClosedError",
    "ReviewNotClosableError",
    "answer_decision",
    "attendance_of",
    "build_review",
    "close_review",
    "decisions_to_answer",
    "effects_of",
    "freeze_review",
    "organisation_zone",
    "record_attendance",
    "record_decision",
    "rejections_in",
    "review_of",
    "top_reasons",
    "unanswered",
]
