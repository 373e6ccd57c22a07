"""Both sides' promises: every clause of the agreement, kept or not, whether it has a clock or is a count."""

from .behind import is_measured, promises_behind
from .board import WEEKS_SHOWN, Promise, promise_board

__all__ = ["WEEKS_SHOWN", "Promise", "is_measured", "promise_board", "promises_behind"]
