"""What the demo company is busy with in its rules: a proposal to sign, a finished shadow run, effects, overrides."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from datetime import datetime, timedelta
from random import Random
from typing import Any

from feedback.rule_effects import due_effects, measure_effect
from leads.models import Lead
from revops.foundation.models import User
from revops.portal.overrides.acting import grant
from revops.portal.rules.evidence import evidence_for
from scoring.backtest import pack_everything
from scoring.explanation import explain
from scoring.marks import mark_reason
from scoring.models import LeadScore, Rulebook
from scoring.overrides import grant_overrides, settle_overrides
from scoring.publishing import create_draft, request_review
from scoring.shadow import catch_up_shadows, end_shadow, start_shadow

_MARKED_LEADS = 40


def change_rules(users: Mapping[str, User], now: datetime, rng: Random) -> None:
    """Everything about the rules that a visitor can look at on the first day."""
    for due in due_effects(now):
        if due.rulebook.published_at is not None:
            measure_effect(due, due.rulebook.published_at + timedelta(weeks=due.weeks))
    pack_everything(now=now)
    _finish_a_shadow_run(users, now)
    _propose(users, now)
    _override(users, now)
    _mark(now, rng)


def _live() -> dict[str, Any]:
    return deepcopy(Rulebook.objects.get(state="live").definition)


def _finish_a_shadow_run(users: Mapping[str, User], now: datetime) -> None:
    """A stricter threshold that sales had doubts about: it ran for two weeks, and was dropped."""
    definition = _live()
    definition["tiers"]["1"]["minimum"]["fit"] = 18_000
    began = now - timedelta(days=20)
    draft = create_draft(
        definition, users["marketing-manager"], "Stricter on fit",
        "Tier 1 asks for 18 points of fit instead of 12, so that reps see fewer small companies.", began,
    )  # fmt: skip
    run = start_shadow(draft, users["marketing-manager"], began, lasts=timedelta(days=14))
    catch_up_shadows(now=now)
    end_shadow(
        run, "dropped", users["manager1"], began + timedelta(days=15),
        note="It would have kept leads from us that we won.",
    )  # fmt: skip


def _propose(users: Mapping[str, User], now: datetime) -> None:
    """A proposal that waits for both signatures, with the backtest that the signers see."""
    definition = _live()
    for rule in definition["rules"]:
        if rule["key"] == "target_industry":
            rule["when"]["mentions"] = [*rule["when"]["mentions"], "construction"]
        if rule["key"] == "webinar":
            rule["points"] = 5_000
    draft = create_draft(
        definition, users["marketer1"], "Construction fits, webinars less",
        "Construction counts as a target industry, and a webinar gives 5 points instead of 8.",
        now - timedelta(days=1),
    )  # fmt: skip
    request_review(draft, users["marketer1"], now - timedelta(hours=5), evidence=evidence_for(draft))


def _override(users: Mapping[str, User], now: datetime) -> None:
    """One in force that gave a lead to sales, and one that is over."""
    waiting = list(
        LeadScore.objects.filter(tier=2, lead__stage="nurture", lead__is_history=False, lead__withdrawn_at=None)
        .order_by("-priority", "pk")
        .values_list("lead_id", flat=True)[:2]
    )
    if len(waiting) < 2:
        return
    earlier = now - timedelta(days=40)
    grant_overrides(
        waiting[1:], 1, "Their head of sales asked us at the fair", users["admin"], now - timedelta(days=26), earlier
    )
    settle_overrides(now)
    reason = "Our chief executive met theirs; they decide this month"
    grant(waiting[:1], 1, reason, users["executive"], now + timedelta(days=14), now - timedelta(minutes=30))


def _mark(now: datetime, rng: Random) -> None:
    """What reps said of the reasons of leads they answered lately."""
    answered = Lead.objects.filter(
        stage__in=["accepted", "rejected"], is_history=False, owner__isnull=False, score__isnull=False
    ).select_related("owner", "score__decision__rulebook")
    for lead in answered.order_by("-stage_at", "pk")[:_MARKED_LEADS]:
        reasons = [reason for part in explain(lead.score.decision).axes for reason in part.reasons]
        if reasons and lead.owner is not None:
            reason = rng.choice(reasons)
            helped = rng.random() < (0.75 if lead.stage == "accepted" else 0.35)
            mark_reason(lead.pk, reason.rule_key, lead.owner, helped, now - timedelta(hours=rng.randrange(1, 200)))
