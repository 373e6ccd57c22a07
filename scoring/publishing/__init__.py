"""Drafts, reviews, signs, schedules, publishes and reverts rulebooks; the only writer of their tables."""

from .content import content_hash, stamp_kinds
from .drafts import create_draft, discard_draft, edit_draft, rebase_draft, undo_edit
from .errors import DraftMoved, NoLiveRulebook, PublishingRefused, RebaseCollides
from .live import LiveRulebook, compiled_rulebook, live_rulebook
from .merging import Collision, Merged, merge
from .publication import (
    CHANGE_BUDGET,
    is_overdue,
    keep_rulebook,
    needs_emergency,
    publish_rulebook,
    publish_scheduled,
    revert_rulebook,
    schedule_rulebook,
    unschedule_rulebook,
)
from .reviewing import LONGEST_SUMMARY, check_signature, check_summary, decline_review, request_review, sign_rulebook
from .state import OPEN_STATES, REVIEW_AFTER

__all__ = [
    "CHANGE_BUDGET",
    "LONGEST_SUMMARY",
    "OPEN_STATES",
    "REVIEW_AFTER",
    "Collision",
    "DraftMoved",
    "LiveRulebook",
    "Merged",
    "NoLiveRulebook",
    "PublishingRefused",
    "RebaseCollides",
    "check_signature",
    "check_summary",
    "compiled_rulebook",
    "content_hash",
    "create_draft",
    "decline_review",
    "discard_draft",
    "edit_draft",
    "is_overdue",
    "keep_rulebook",
    "live_rulebook",
    "merge",
    "needs_emergency",
    "publish_rulebook",
    "publish_scheduled",
    "rebase_draft",
    "request_review",
    "revert_rulebook",
    "schedule_rulebook",
    "sign_rulebook",
    "stamp_kinds",
    "undo_edit",
    "unschedule_rulebook",
]
