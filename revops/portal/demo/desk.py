"""How a rep works one hand-off: tries, answer, what comes of it; by the hidden truth, in the rep's hours. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from revops.portal.demo.behaviour import Prospect
from revops.portal.demo.catalogue import COMPETITORS
from revops.portal.demo.truth import Deal, course_of_deal, found_by_reading, learned_by_talking, seen_on_the_card
from sla.business_time import BusinessHours, due_at

MOST_TRIES = 6
_LADDER = ("call", "email", "call", "message", "call", "email")


@dataclass(frozen=True, slots=True)
class Rep:
    """A rep at work: habits and hours. `pace` is the usual business hours to the first try."""

    user_id: UUID
    team: str
    pace: float
    strict: float
    diligence: float
    hours: BusinessHours


@dataclass(frozen=True, slots=True)
class Trouble:
    """A bad fortnight of one team: everything takes `factor` times as long."""

    team: str
    begins: datetime
    ends: datetime
    factor: float

    def slows(self, rep: Rep, at: datetime) -> float:
        return self.factor if rep.team == self.team and self.begins <= at < self.ends else 1.0


@dataclass(frozen=True, slots=True)
class PlannedTry:
    at: datetime
    channel: str
    result: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class PlannedAnswer:
    """`is_slip`: pressed by mistake, taken back a moment later."""

    at: datetime
    kind: str
    reason: str = ""
    evidence: str = ""
    note: str = ""
    decision_ms: int = 9000
    is_slip: bool = False


@dataclass(frozen=True, slots=True)
class PlannedResult:
    at: datetime
    kind: str
    amount: int | None = None
    reason: str = ""


@dataclass(slots=True)
class Work:
    """All that a rep will do about one hand-off, and when the person comes back by themselves, if they do."""

    tries: list[PlannedTry] = field(default_factory=list)
    answers: list[PlannedAnswer] = field(default_factory=list)
    results: list[PlannedResult] = field(default_factory=list)
    returns_at: datetime | None = None


def work_handoff(prospect: Prospect, rep: Rep, at: datetime, troubles: tuple[Trouble, ...], patience: float) -> Work:
    """Plans the work on a lead handed to `rep` at `at`. `patience` multiplies the waiting: a backlog before the end."""
    rng, buyer = prospect.rng, prospect.buyer
    slow = patience
    for trouble in troubles:
        slow *= trouble.slows(rep, at)
    if at.astimezone(rep.hours.zone).weekday() in (5, 6):
        slow *= 1.5
    wait = rep.pace * rng.lognormvariate(0.0, 0.7) * slow
    first = _later(rep, at, wait)
    work = Work()
    seen = seen_on_the_card(buyer, prospect.firm, rng)
    if seen:
        work.answers.append(_rejection(prospect, rep, first, seen))
        return work
    decided = _later(rep, at, wait + (0.15 + rng.expovariate(1 / 1.6)) * slow)
    reached = _try_to_reach(prospect, rep, work, first)
    if reached is None or reached > decided:
        read = found_by_reading(buyer, prospect.firm, rng, rep.strict)
        if read:
            work.tries = [attempt for attempt in work.tries if attempt.at < decided]
            work.answers.append(_rejection(prospect, rep, decided, read))
            return work
        work.answers.append(PlannedAnswer(decided, "accepted", decision_ms=_thinking(rng)))
    if reached is None:
        _give_up(prospect, rep, work)
        return work
    told = learned_by_talking(buyer, prospect.firm, rng, rep.strict)
    spoke = _later(rep, reached, 0.1 + rng.expovariate(1 / 0.8))
    if told:
        slip = not work.answers and rng.random() < 0.015
        if slip:
            work.answers.append(PlannedAnswer(spoke - timedelta(seconds=40), "accepted", is_slip=True))
        spoke = max(spoke, work.answers[-1].at + timedelta(minutes=3)) if work.answers else spoke
        work.answers.append(_rejection(prospect, rep, spoke, told))
        work.returns_at = _returns_at(prospect, told, spoke)
        return work
    if not work.answers:
        work.answers.append(PlannedAnswer(spoke, "accepted", decision_ms=_thinking(rng)))
    _follow_deal(work, rep, max(spoke, work.answers[-1].at), course_of_deal(buyer, prospect.firm, rng, rep.diligence))
    return work


def _try_to_reach(prospect: Prospect, rep: Rep, work: Work, first: datetime) -> datetime | None:
    """Tries until somebody answers; the moment of the conversation, or None after the last try."""
    rng, at = prospect.rng, first
    tries = MOST_TRIES if rng.random() < 0.82 * rep.diligence else rng.randrange(2, MOST_TRIES)
    bad_number = prospect.buyer.standing == "wrong_number"
    for number in range(tries):
        channel = _LADDER[number] if prospect.phone or _LADDER[number] != "call" else "email"
        chance = prospect.buyer.reach * (1.0 if channel == "call" else 0.75)
        if prospect.buyer.standing in ("wrong_number", "wrong_email", "wrong_company"):
            chance = 0.45 if number else 0.2
        if rng.random() < chance:
            result = "conversation" if channel == "call" or rng.random() < 0.5 else "contact"
            work.tries.append(PlannedTry(at, channel, result))
            return at
        result = "no_answer" if channel == "call" and (bad_number or rng.random() < 0.6) else "left_message"
        work.tries.append(PlannedTry(at, channel, result))
        at = _later(rep, at, 6 + rng.expovariate(1 / 5))
    return None


def _give_up(prospect: Prospect, rep: Rep, work: Work) -> None:
    """Nobody was reached: rejected as unreachable after six tries, else returned to marketing."""
    at = max(_later(rep, work.tries[-1].at, 4 + prospect.rng.expovariate(1 / 6)), work.answers[-1].at)
    channels = {attempt.channel for attempt in work.tries}
    if len(work.tries) >= MOST_TRIES and len(channels) > 1 and prospect.rng.random() < 0.7:
        work.answers.append(PlannedAnswer(at, "rejected", "no_response", decision_ms=5000))
    else:
        work.answers.append(PlannedAnswer(at, "returned", note="Not reached; please keep warm."))


def _follow_deal(work: Work, rep: Rep, spoke: datetime, deal: Deal) -> None:
    if deal.meeting_after is None:
        return
    meeting = _later(rep, spoke + deal.meeting_after, 0.5)
    work.tries.append(PlannedTry(meeting, "meeting", "conversation"))
    work.results.append(PlannedResult(meeting, "meeting"))
    if deal.opportunity_after is None or deal.closes_after is None:
        return
    opens = max(_later(rep, spoke + deal.opportunity_after, 0.5), meeting + timedelta(hours=1))
    work.results.append(PlannedResult(opens, "opportunity", deal.amount))
    closes = max(_later(rep, spoke + deal.closes_after, 0.5), opens + timedelta(days=2))
    kind = "won" if deal.is_won else "lost"
    work.results.append(PlannedResult(closes, kind, deal.amount, deal.lost_reason))
    if deal.churns_after is not None:
        churns = max(spoke + deal.churns_after, closes + timedelta(days=60))
        work.results.append(PlannedResult(churns, "churned", reason="Went back to spreadsheets"))


def _returns_at(prospect: Prospect, reason: str, at: datetime) -> datetime | None:
    """Those who said “later” often do come back then."""
    if reason not in ("later_this_year", "timeline_over_12_months", "no_budget"):
        return None
    if prospect.rng.random() > 0.25 + 0.5 * prospect.buyer.need:
        return None
    return at + timedelta(days=max(20.0, prospect.buyer.starts_in * prospect.rng.uniform(0.4, 0.95)))


def _rejection(prospect: Prospect, rep: Rep, at: datetime, reason: str) -> PlannedAnswer:
    rng = prospect.rng
    return PlannedAnswer(at, "rejected", reason, evidence_for(prospect, reason, at), decision_ms=_thinking(rng) + 6000)


def evidence_for(prospect: Prospect, reason: str, at: datetime) -> str:
    """The fact a rep writes down beside the reason: what the truth is, in the words of the desk."""
    rng, firm, buyer = prospect.rng, prospect.firm, prospect.buyer
    name = f"{rng.choice(('Ms', 'Mr'))} {rng.choice(_DECIDERS)}"
    words: dict[str, Any] = {
        "too_small": f"{firm.employees} employees",
        "outside_region": firm.country.name,
        "wrong_product": rng.choice(("Payroll", "Recruiting", "Point of sale", "A free template")),
        "not_eligible": "Tender only, no direct purchase",
        "not_decision_maker": f"{name}, {rng.choice(('COO', 'Head of Operations', 'Managing Director'))}",
        "wrong_function": f"Works in {buyer.function}",
        "no_need": rng.choice(_NO_NEED),
        "no_budget": f"{max(500, round(buyer.budget / 500) * 500)} EUR a year",
        "timeline_over_12_months": (at + timedelta(days=buyer.starts_in)).date().isoformat(),
        "later_this_year": (at + timedelta(days=max(30, buyer.starts_in - 20))).date().isoformat(),
        "already_customer": firm.name,
        "in_other_deal": f"Open deal of {name.rpartition(' ')[2]} with the same company",
        "is_competitor": rng.choice(COMPETITORS),
        "is_student": rng.choice(("Writes a thesis", "University address on the profile")),
        "chose_competitor": rng.choice(COMPETITORS),
        "wrong_number": prospect.phone or "no number given",
        "wrong_email": prospect.email,
        "wrong_company": f"Left {firm.name} last year",
        "duplicate_of": f"Same person as a lead of {firm.name} from last month",
        "other_outside_criteria": "Wants to resell our product in their own suite",
    }
    return str(words[reason])


_DECIDERS = ("Albrecht", "Costa", "Dupont", "Nakagawa", "Petersen", "Whitfield", "Rao", "Stein")
_NO_NEED = (
    "Only read the paper", "Planning works fine in their ERP", "Did not ask for a call", "Bought a tool in spring",
    "Just curious, no project", "Has six people, plans on a whiteboard",
)  # fmt: skip


def _thinking(rng: Random) -> int:
    return round(min(240_000.0, rng.lognormvariate(9.35, 0.55)))


def _later(rep: Rep, at: datetime, hours: float) -> datetime:
    """`hours` business hours after `at`."""
    return due_at(at, timedelta(hours=hours), rep.hours)
