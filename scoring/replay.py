"""Proves that stored decisions can be made again: same inputs, same rulebook, same numbers."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Max, Min

from scoring.engine import FORMULA_VERSION
from scoring.explanation import evaluate_decisions
from scoring.models import ReplayProof, ScoreDecision
from scoring.publishing import compiled_rulebook
from scoring.rules import Axis

_CHUNK = 2_000
MOST_EXAMPLES = 20


class Difference(NamedTuple):
    """A stored number that came out otherwise."""

    decision_id: int
    field: str
    stored: Any
    replayed: Any


@dataclass(frozen=True, slots=True)
class Replay:
    """How many decisions were made again and where they differ; `differences` must be empty."""

    checked: int
    differences: list[Difference]

    def as_dict(self) -> dict[str, Any]:
        return {"checked": self.checked, "differences": [difference._asdict() for difference in self.differences]}


def replay_decisions(sample: int, seed: int) -> Replay:
    """Makes `sample` stored decisions again, chosen by `seed`. Three queries per 2,000 decisions; writes nothing."""
    ids = _choose(sample, seed)
    checked = 0
    differences: list[Difference] = []
    for start in range(0, len(ids), _CHUNK):
        decisions = ScoreDecision.objects.filter(pk__in=ids[start : start + _CHUNK]).prefetch_related("rulebook")
        by_rulebook: dict[Any, list[ScoreDecision]] = {}
        for decision in decisions.order_by("pk"):
            by_rulebook.setdefault(decision.rulebook_id, []).append(decision)
        for group in by_rulebook.values():
            checked += len(group)
            differences.extend(_compare(group))
    return Replay(checked, differences)


def prove_replay(sample: int, *, now: datetime) -> ReplayProof:
    """Makes a sample of decisions again and writes down how that went; another sample each day."""
    replay = replay_decisions(sample, seed=now.date().toordinal())
    examples = json.loads(json.dumps([one._asdict() for one in replay.differences[:MOST_EXAMPLES]], default=str))
    return ReplayProof.objects.create(
        proved_at=now, checked=replay.checked, differences=len(replay.differences), examples=examples
    )


def latest_proof() -> ReplayProof | None:
    """The last proof, if there ever was one. One query."""
    return ReplayProof.objects.order_by("-pk").first()


def _choose(sample: int, seed: int) -> list[int]:
    """Ids are given out without big gaps, so random ids between first and last are a fair sample."""
    ends = ScoreDecision.objects.aggregate(first=Min("pk"), last=Max("pk"))
    if ends["first"] is None or sample < 1:
        return []
    span = range(ends["first"], ends["last"] + 1)
    chooser = random.Random(seed)  # noqa: S311 - a repeatable sample, not a secret
    tried = span if len(span) <= 2 * sample else chooser.sample(span, min(len(span), 2 * sample))
    existing = list(ScoreDecision.objects.filter(pk__in=tried).order_by("pk").values_list("pk", flat=True))
    return sorted(chooser.sample(existing, min(sample, len(existing))))


def _compare(group: Sequence[ScoreDecision]) -> Iterable[Difference]:
    book = group[0].rulebook
    compiled = compiled_rulebook(book.pk, book.content_hash, book.definition)
    again = evaluate_decisions(group, compiled)
    keys = [*(no.key for no in compiled.definition.disqualifiers), ""]
    for index, decision in enumerate(group):
        pairs = {
            "formula_version": (decision.formula_version, FORMULA_VERSION),
            "contributions": (decision.contributions, again.contributions[index].tolist()),
            "fit": (decision.fit, int(again.axes[Axis.FIT][index])),
            "intent": (decision.intent, int(again.axes[Axis.INTENT][index])),
            "timing": (decision.timing, int(again.axes[Axis.TIMING][index])),
            "tier": (decision.tier, int(again.tier[index])),
            "disqualified_by": (decision.disqualified_by, keys[int(again.disqualified[index])]),
        }
        for field, (stored, replayed) in pairs.items():
            if stored != replayed:
                yield Difference(decision.pk, field, stored, replayed)
