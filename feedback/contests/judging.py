"""Judges contests, and carries out what an upheld one means: turns, breaches, corrected examples."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from feedback.contests.rules import OTHER, side_of
from feedback.labels import refresh_labels
from feedback.models import Contest, ContestVerdict, CorrectedExample
from leads.models import Lead
from revops.foundation import ledger
from revops.foundation.ids import new_id
from revops.foundation.models import LedgerEntry, Role, User
from revops.foundation.policy import can
from sla.clocks import CONTEST_CLAUSES, Evidence, meet_clocks
from sla.models import Absence, ClockExcuse
from sla.routing import charge_turns_again, give_turns_back

MOST_WORDS = 2000
_HEADS = frozenset({Role.SALES_MANAGER, Role.MARKETING_MANAGER, Role.ADMIN})


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdict, or why there is none: `code` is one of not_found, not_judge, judged, missing_words."""

    verdict: ContestVerdict | None
    code: str = ""
    refusal: str = ""


def may_judge(contest: Contest, user: User, *, now: datetime) -> bool:
    """Whether this person decides: the named judge; while that one is away or has left, a manager of the same team."""
    if not can(user, "contests.judge") or user.pk in (contest.contested_by_id, contest.concerns_id):
        return False
    if user.pk == contest.judge_id:
        return True
    if user.role not in _HEADS or side_of(user.role) == contest.side:
        return False
    away = Absence.objects.filter(user=contest.judge_id, starts_at__lte=now, ends_at__gt=now).exists()
    return away or not contest.judge.is_active


def judge_contest(contest: Contest, user: User, *, is_upheld: bool, words: str, now: datetime) -> Judged:
    """Decides one contest once, and carries it out. The lead is locked, so of two verdicts the first counts."""
    Lead.objects.select_for_update(of=("self",)).get(pk=contest.lead_id)
    if ContestVerdict.objects.filter(pk=contest.pk).exists():
        return Judged(None, "judged", _("This contest is decided already; a verdict is final."))
    if not may_judge(contest, user, now=now):
        return Judged(None, "not_judge", _("%(name)s judges this contest.") % {"name": contest.judge.name})
    said = words.strip()[:MOST_WORDS]
    if len(said) < 3:
        return Judged(None, "missing_words", _("Say why, in a few words; both teams read it."))
    verdict = ContestVerdict(
        contest=contest, is_upheld=is_upheld, words=said, judge=user, decided_at=now,
        effects=_carry_out(contest, user, now) if is_upheld else [],
    )  # fmt: skip
    verdict.save(force_insert=True)
    if is_upheld and contest.about == "rejection":
        refresh_labels([contest.lead_id])  # backtests must not learn from an answer that should not have been
    if contest.judges_clock_id is not None:
        evidence = Evidence(contest.lead_id, now, "verdict", str(contest.pk))
        meet_clocks(CONTEST_CLAUSES[OTHER[contest.side]], [evidence], now=now)
    ledger.record([_entry(contest, verdict, now)])
    return Judged(verdict)


def _carry_out(contest: Contest, user: User, now: datetime) -> list[str]:
    """What follows from an upheld contest, by code. History stays as it was: everything is a further row."""
    effects = []
    if contest.about == "breach" and contest.clock_id is not None:
        ClockExcuse.objects.create(
            clock_id=contest.clock_id, cause_kind="contest", cause_id=contest.pk, excused_by=user, excused_at=now
        )
        effects.append("breach_excused")
    if contest.about in ("route", "score", "tier") and contest.side == "sales" and contest.handoff_id is not None:
        effects += ["turn_credited"] * bool(give_turns_back([contest.handoff_id], now=now))
    if contest.about == "rejection" and contest.handoff_id is not None:
        effects += ["turn_charged"] * bool(charge_turns_again([contest.handoff_id], now=now))
    if (example := _example(contest, now)) is not None:
        example.save(force_insert=True)
        effects.append("example_corrected")
    return effects


def _example(contest: Contest, now: datetime) -> CorrectedExample | None:
    """The label that was wrong, for tuning; breaches and routes label nothing."""
    said, right = _labels(contest)
    if not said:
        return None
    return CorrectedExample(
        id=new_id(now), contest=contest, lead_id=contest.lead_id, decision_id=contest.decision_id,
        aspect=contest.about, key=contest.key, said=said, right=right, corrected_at=now,
    )  # fmt: skip


def _labels(contest: Contest) -> tuple[str, str]:
    match contest.about:
        case "rejection":
            return "rejected", "met the criteria" if contest.wrong == "met_criteria" else ""
        case "tier":
            right = {"too_high": "lower tier", "too_low": "higher tier", "no_hand_raise": "not tier 1"}
            return contest.key, right.get(contest.wrong, "")
        case "score":
            return "score", contest.wrong
        case "duplicate":
            return "same", "different"
        case _:
            return "", ""


def _entry(contest: Contest, verdict: ContestVerdict, now: datetime) -> LedgerEntry:
    return LedgerEntry(
        occurred_at=now, actor=verdict.judge, action="contest.upheld" if verdict.is_upheld else "contest.dismissed",
        subject_kind="contest", subject_id=contest.pk, after={"effects": verdict.effects},
    )  # fmt: skip
