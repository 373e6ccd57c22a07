"""Remembers numbers by span of time, and believes them only as long as no fact of that span has changed.

A cell is what a question answered about one span. It is kept with the version of the facts it rests on: the database
marks the days of every fact that changes (`ChangedDay`), so equal versions mean equal facts. The version is read before
the facts are: a cell can be newer than its version says, which only means that it is asked for once more. So what is
told is exact as of the last commit, and costs by the spans that changed. Without Valkey everything is asked each time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from itertools import accumulate
from typing import Any, Generic, TypeVar

import redis
from django.conf import settings
from django.core.cache import cache
from django.db import connection

from feedback.metrics.periods import Period
from feedback.models.changed_days import FactKind

KEPT_FOR = timedelta(days=7)
PREFIX = "cell"
"""Keys begin with this; a change of how cells are kept changes it."""
_EPOCH = date(1, 1, 1)
_TICK = timedelta(microseconds=1)

Key = TypeVar("Key", bound=Hashable)


def _always(answer: Any) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Question(Generic[Key]):
    """Something asked of many spans at once.

    `words` hold everything the answer depends on besides facts: the query, its parameters. `kind` are the facts it
    reads, `reach` how far before and after its span they may lie. `ask` answers some of the spans from the rows;
    `still` tells of a remembered answer whether the time that passed since left it as it was.
    """

    words: str
    kind: FactKind
    spans: Mapping[Key, Period]
    ask: Callable[[list[Key]], Mapping[Key, Any]]
    reach: tuple[timedelta, timedelta] = (timedelta(), timedelta())
    still: Callable[[Any], bool] = _always

    def facts_of(self, key: Key) -> Period:
        span, (before, after) = self.spans[key], self.reach
        return Period(span.start - before, span.end + after)


def answers(questions: Sequence[Question[Any]]) -> list[dict[Any, Any]]:
    """What each question answers about each of its spans; every span has an entry if `ask` gives one.

    One query, and what is asked anew; spans of the same question that changed are asked together.
    """
    if not any(one.spans for one in questions):
        return [{} for _ in questions]
    versions = _Versions.of(questions)
    places = {
        (number, key): _place(versions.epoch, one, key) for number, one in enumerate(questions) for key in one.spans
    }
    known, is_proof = _recall(places.values()), _differing.get() is not None
    fresh: dict[str, Any] = {}
    found: list[dict[Any, Any]] = []
    for number, one in enumerate(questions):
        told: dict[Any, Any] = {}
        for key in one.spans:
            version, answer = known.get(places[number, key], (None, None))
            if version == versions.at(one, key) and one.still(answer) and not is_proof:
                told[key] = answer
        if missing := [key for key in one.spans if key not in told]:
            asked = one.ask(missing)
            told |= asked
            fresh |= {places[number, key]: (versions.at(one, key), answer) for key, answer in asked.items()}
        found.append(told)
    if (differing := _differing.get()) is not None:
        differing += _differences(questions, versions, places, known, found)
    _remember(fresh)
    return found


@contextmanager
def proving() -> Iterator[list[str]]:
    """Asks everything anew meanwhile. Gives a list that fills with what was remembered otherwise."""
    found: list[str] = []
    token = _differing.set(found)
    try:
        yield found
    finally:
        _differing.reset(token)


_differing: ContextVar[list[str] | None] = ContextVar("differing", default=None)


def _differences(
    questions: Sequence[Question[Any]],
    versions: _Versions,
    places: Mapping[tuple[int, Any], str],
    known: Mapping[str, tuple[int, Any]],
    found: Sequence[Mapping[Any, Any]],
) -> list[str]:
    """Remembered answers that are not those of the rows, though no fact changed, also not while the rows were read."""
    now = _Versions.of(questions)
    return [
        f"{one.kind} from {one.spans[key].start:%Y-%m-%d}: {answer} instead of {found[number][key]} ({one.words[:120]})"
        for number, one in enumerate(questions)
        for key in one.spans
        for version, answer in [known.get(places[number, key], (None, None))]
        if version == versions.at(one, key) == now.at(one, key) and one.still(answer) and answer != found[number][key]
    ]


def fold_changed_days() -> int:
    """Adds up the changes of each kind and day, so that reading versions stays quick. Returns how many went."""
    with connection.cursor() as cursor:
        cursor.execute(_FOLD)
        row = cursor.fetchone()
    return int(row[0])


_FOLD = """
WITH free AS MATERIALIZED (SELECT pg_try_advisory_xact_lock(hashtext('feedback_changedday')) AS mine),
gone AS (
    DELETE FROM feedback_changedday
     WHERE (SELECT mine FROM free)
       AND (kind, day) IN (SELECT kind, day FROM feedback_changedday GROUP BY kind, day HAVING count(*) > 1)
    RETURNING kind, day, salt
), folded AS (
    INSERT INTO feedback_changedday (kind, day, salt) SELECT kind, day, sum(salt) FROM gone GROUP BY kind, day
    RETURNING 1
)
SELECT (SELECT count(*) FROM gone) - (SELECT count(*) FROM folded)
"""


@dataclass(frozen=True, slots=True)
class _Versions:
    """How often the facts of each kind had changed, added up from the first day on."""

    epoch: int
    first: date
    sums: Mapping[str, list[int]]

    @classmethod
    def of(cls, questions: Sequence[Question[Any]]) -> _Versions:
        reach = [one.facts_of(key) for one in questions for key in one.spans]
        first, last = _day(min(one.start for one in reach)), _day(max(one.end for one in reach))
        days = (last - first).days + 1
        salts: dict[str, list[int]] = {one.kind: [0] * days for one in questions}
        epoch = 0
        with connection.cursor() as cursor:
            cursor.execute(_SALTS, [first, last, _EPOCH])
            for kind, day, salt in cursor.fetchall():
                if day == _EPOCH:
                    epoch = salt
                elif kind in salts:
                    salts[kind][(day - first).days] = salt
        return cls(epoch, first, {kind: [0, *accumulate(row)] for kind, row in salts.items()})

    def at(self, question: Question[Any], key: Any) -> int:
        facts, sums = question.facts_of(key), self.sums[question.kind]
        start, end = (_day(facts.start) - self.first).days, (_day(facts.end - _TICK) - self.first).days
        return sums[end + 1] - sums[start]


_SALTS = (
    "SELECT kind, day, sum(salt)::bigint FROM feedback_changedday WHERE day BETWEEN %s AND %s OR day = %s GROUP BY 1, 2"
)


def _day(at: Any) -> date:
    found: date = at.astimezone(UTC).date()
    return found


def _place(epoch: int, question: Question[Any], key: Any) -> str:
    """Where an answer is kept; what it depends on besides facts is part of it."""
    span = question.spans[key]
    words = f"{question.words}|{question.kind}|{settings.ORGANISATION_TIME_ZONE}|{span.start.timestamp()}"
    digest = hashlib.blake2s(f"{words}|{span.end.timestamp()}".encode(), digest_size=16).hexdigest()
    return f"{PREFIX}:{epoch}:{digest}"


def _recall(places: Iterable[str]) -> dict[str, tuple[int, Any]]:
    try:
        return cache.get_many(list(places))
    except (redis.RedisError, OSError):
        return {}


def _remember(fresh: Mapping[str, tuple[int, Any]]) -> None:
    if fresh:
        try:
            cache.set_many(dict(fresh), KEPT_FOR.total_seconds())
        except (redis.RedisError, OSError):
            return
