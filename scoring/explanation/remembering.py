"""Remembers what was told of stored decisions: they never change, and lists show the same ones over and over."""

from __future__ import annotations

from threading import Lock
from typing import Generic, TypeVar
from uuid import UUID

from django.utils.translation import get_language

Words = TypeVar("Words")


class Told(Generic[Words]):
    """The last `most` things this process told, by lead and decision and by the language it told them in.

    The lead belongs to the name: a database that is restored gives the numbers of decisions out again, ids of leads
    never come twice.
    """

    def __init__(self, most: int) -> None:
        self._most, self._lock = most, Lock()
        self._told: dict[tuple[UUID, int, str], Words] = {}

    def of(self, lead_id: UUID, decision_id: int) -> Words | None:
        """What was told of the decision in the language of now; None if that is not remembered."""
        return self._told.get((lead_id, decision_id, get_language() or ""))

    def keep(self, lead_id: UUID, decision_id: int, words: Words) -> Words:
        """Remembers `words`, and forgets what was told longest ago when there is too much."""
        with self._lock:
            while len(self._told) >= self._most:
                del self._told[next(iter(self._told))]
            self._told[(lead_id, decision_id, get_language() or "")] = words
        return words
