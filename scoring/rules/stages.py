"""How far a buyer has come in their own evaluation: four stages, derived from acts, apart from any tier. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from scoring.rules.conditions import Condition


class EvaluationStage(StrEnum):
    """From the furthest to the first; the furthest one whose condition holds is the stage of a lead."""

    READY = "ready"
    COMPARING = "comparing"
    SOLUTION_AWARE = "solution_aware"
    PROBLEM_AWARE = "problem_aware"

    @property
    def label(self) -> str:
        return _(_LABELS[self])


_LABELS = {
    EvaluationStage.READY: gettext_noop("Ready"),
    EvaluationStage.COMPARING: gettext_noop("Comparing"),
    EvaluationStage.SOLUTION_AWARE: gettext_noop("Solution-aware"),
    EvaluationStage.PROBLEM_AWARE: gettext_noop("Problem-aware"),
}
STAGES = tuple(EvaluationStage)
NO_STAGE = 0
"""Stages are stored as numbers: 1 is problem-aware, 4 is ready, 0 none of them."""


@dataclass(frozen=True, slots=True)
class StageRule:
    """What puts a lead into a stage."""

    stage: EvaluationStage
    condition: Condition


def stage_number(stage: EvaluationStage) -> int:
    return len(STAGES) - STAGES.index(stage)


def stage_of(number: int) -> EvaluationStage | None:
    """The stage of a stored number, None for none."""
    return STAGES[len(STAGES) - number] if number else None


_DEFAULTS: dict[EvaluationStage, tuple[int, tuple[str, ...]]] = {
    EvaluationStage.READY: (30, ("demo_request", "pricing_request", "consultation_request", "contact_request")),
    EvaluationStage.COMPARING: (45, ("pricing_page_visit", "roi_calculator", "trial_started")),
    EvaluationStage.SOLUTION_AWARE: (
        60,
        ("product_page_visit", "case_study_view", "webinar_attended", "event_conversation"),
    ),
    EvaluationStage.PROBLEM_AWARE: (90, ("content_download", "blog_visit", "page_visit", "form_submission")),
}
"""Days and acts of each stage, for rulebooks that say nothing about stages."""


def default_stages(kinds: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The table for a rulebook that has none, as JSON, with the acts that this rulebook knows."""
    known = {stage: [code for code in codes if code in kinds] for stage, (_days, codes) in _DEFAULTS.items()}
    return [
        {"key": stage.value, "when": {"signals": known[stage], "within_days": days}}
        for stage, (days, _codes) in _DEFAULTS.items()
        if known[stage]
    ]
