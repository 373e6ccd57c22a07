"""Contests: opened by one team in one tap, decided by a named judge of the other, and what follows."""

from .judging import Judged, judge_contest, may_judge
from .opening import Contested, ContestRequest, open_contest
from .reading import (
    Counts,
    contestable_about,
    contested_rejections,
    contests_for,
    counts_by_side,
    latest_contests,
    open_due,
    tallies_by_key,
)
from .rules import SIDES, WRONGS, Candidate, choose_judge, side_of, wrong_label

__all__ = [
    "SIDES",
    "WRONGS",
    "Candidate",
    "ContestRequest",
    "Contested",
    "Counts",
    "Judged",
    "choose_judge",
    "contestable_about",
    "contested_rejections",
    "contests_for",
    "counts_by_side",
    "judge_contest",
    "latest_contests",
    "may_judge",
    "open_contest",
    "open_due",
    "side_of",
    "tallies_by_key",
    "wrong_label",
]
