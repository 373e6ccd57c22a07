"""The hidden truth: who would really buy, why not, and what comes of a deal. Pure; nothing of it reaches the database.

Rules see titles, sizes and clicks. What decides is latent: need, authority, budget, when it starts. The visible
facts only lean towards it, so a better rule helps as much as it would in life, and no rule is perfect.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from revops.portal.demo.catalogue import LOST_REASONS, Profile
from revops.portal.demo.firms import Firm

SENIORITIES: dict[str, tuple[int, float]] = {
    "c_level": (9, 0.86),
    "vp": (9, 0.80),
    "director": (15, 0.72),
    "head": (17, 0.62),
    "manager": (28, 0.38),
    "staff": (22, 0.14),
}
"""How common, and how much they really decide."""

FUNCTIONS: dict[str, tuple[int, float]] = {
    "operations": (30, 0.95),
    "it": (17, 0.55),
    "general": (9, 0.80),
    "finance": (9, 0.45),
    "sales": (11, 0.28),
    "marketing": (12, 0.14),
    "hr": (5, 0.10),
    "product": (7, 0.30),
}
"""How common, and how near the work is that our product plans. The starter rulebook prefers sales and marketing."""

SERVED = frozenset(
    {"DE", "AT", "CH", "GB", "IE", "NL", "FR", "SE", "PL", "US", "CA", "MX", "AU", "NZ", "SG", "IN", "JP"}
)


@dataclass(frozen=True, slots=True)
class Buyer:
    """The truth about one person. Numbers from 0 to 1 unless said otherwise; `budget` in EUR a year."""

    need: float
    authority: float
    closeness: float
    budget: int
    starts_in: int
    means_it: bool
    reach: float
    standing: str
    seniority: str
    function: str

    @property
    def urgency(self) -> float:
        """How near the start of the project is: 1 today, a half in about four months."""
        return math.exp(-self.starts_in / 180)

    @property
    def interest(self) -> float:
        """What shows in behaviour: need that presses. Curious people without need show some as well."""
        return self.need * (0.35 + 0.65 * self.urgency)


def draw_buyer(rng: Random, profile: Profile, firm: Firm) -> Buyer:
    """Somebody whom `profile` brings from `firm`."""
    tilt = (profile.authority - 0.45) * 3.2
    seniority = _tilted(rng, SENIORITIES, tilt)
    function = _tilted(rng, FUNCTIONS, (profile.need - 0.4) * 2.2)
    closeness = FUNCTIONS[function][1]
    authority = _between(SENIORITIES[seniority][1] + rng.gauss(0.0, 0.14))
    pull = 2.6 * (profile.need - 0.5) + 1.1 * firm.need + 1.5 * (firm.industry_fit - 0.5) + 1.1 * (closeness - 0.5)
    need = _logistic(pull * 1.5 + rng.gauss(0.15, 0.85))
    starts_in = max(3, round(rng.lognormvariate(5.35 - 2.2 * profile.haste * (0.5 + need), 0.8)))
    return Buyer(
        need=need,
        authority=authority,
        closeness=closeness,
        budget=round(firm.employees**0.62 * 620 * rng.lognormvariate(0.0, 0.45) * (0.5 + 0.7 * authority)),
        starts_in=starts_in,
        means_it=rng.random() < profile.means_it,
        reach=_between(0.13 + 0.36 * need + (0.08 if profile.means_it > 0.6 else -0.04) + rng.gauss(0.0, 0.07), 0.03),
        standing=_standing(rng, profile),
        seniority=seniority,
        function=function,
    )


def _standing(rng: Random, profile: Profile) -> str:
    """What disqualifies somebody although nothing they sent shows it; empty for most."""
    draw, flaw = rng.random(), profile.misfits
    steps = (
        (flaw * 0.30, "wrong_number"),
        (flaw * 0.50, "wrong_email"),
        (flaw * 0.64, "wrong_company"),
        (flaw * 0.78, "is_student"),
        (flaw, "wrong_product"),
        (flaw + 0.022, "already_customer"),
        (flaw + 0.036, "in_other_deal"),
        (flaw + 0.060, "chose_competitor"),
        (flaw + 0.072, "duplicate_of"),
        (flaw + 0.078, "other_outside_criteria"),
    )
    return next((code for limit, code in steps if draw < limit), "")


ON_THE_CARD = frozenset({"is_student", "wrong_product", "duplicate_of", "already_customer", "in_other_deal"})
"""What a rep sees without talking to anybody."""


def seen_on_the_card(buyer: Buyer, firm: Firm, rng: Random) -> str:
    """The reason to reject that needs no conversation; empty if there is none."""
    if buyer.standing in ON_THE_CARD and rng.random() < 0.8:
        return buyer.standing
    if firm.country.code not in SERVED and rng.random() < 0.9:
        return "outside_region"
    if firm.employees < 10 and rng.random() < 0.75:
        return "too_small"
    return ""


FOUND_BY_READING = frozenset({"not_decision_maker", "wrong_function", "no_need", "wrong_company", "chose_competitor"})
"""What a careful rep finds in public profiles and in the lead's own acts before anybody has answered."""


def found_by_reading(buyer: Buyer, firm: Firm, rng: Random, strictness: float) -> str:
    """The reason to reject that research brings out; empty if it finds none."""
    reason = learned_by_talking(buyer, firm, rng, strictness)
    if reason not in FOUND_BY_READING:
        return ""
    return reason if rng.random() < (0.5 if buyer.means_it else 0.72) + strictness else ""


def learned_by_talking(buyer: Buyer, firm: Firm, rng: Random, strictness: float) -> str:
    """The reason to reject that a conversation brings out; empty for somebody worth the work.

    `strictness` is the rep's: 0 is fair, 0.1 rejects more.
    """
    if buyer.standing:
        return buyer.standing
    misjudged = rng.gauss(0.0, 0.09) + strictness
    if firm.industry == "Public sector" and rng.random() < 0.3:
        return "not_eligible"
    if not buyer.means_it and buyer.need < 0.62 + misjudged:
        return "no_need"
    if buyer.need < 0.34 + misjudged:
        return "no_need" if rng.random() < 0.85 else "chose_competitor"
    if buyer.closeness < 0.2 and rng.random() < 0.7:
        return "wrong_function"
    if buyer.authority < 0.30 + misjudged and rng.random() < 0.75:
        return "not_decision_maker"
    if buyer.budget < 3300 * (1 + misjudged):
        return "no_budget"
    if buyer.starts_in > 365:
        return "timeline_over_12_months"
    if buyer.starts_in > 190 + 60 * rng.random():
        return "later_this_year"
    return ""


def would_buy(buyer: Buyer, firm: Firm) -> float:
    """The probability that an accepted lead who is worked well becomes a customer."""
    if buyer.standing:
        return 0.0
    pull = 4.2 * (buyer.need - 0.58) + 2.4 * (buyer.authority - 0.5) + 1.6 * (firm.industry_fit - 0.5)
    return _logistic(pull + 1.1 * (buyer.urgency - 0.5) - 1.35)


@dataclass(frozen=True, slots=True)
class Deal:
    """What becomes of an accepted lead. Spans count from the first conversation; None: it never happens."""

    meeting_after: timedelta | None = None
    opportunity_after: timedelta | None = None
    closes_after: timedelta | None = None
    is_won: bool = False
    amount: int = 0
    lost_reason: str = ""
    churns_after: timedelta | None = None


def course_of_deal(buyer: Buyer, firm: Firm, rng: Random, diligence: float) -> Deal:
    """Draws the course of one deal. `diligence` is the rep's (1 is usual): slow follow-up loses meetings."""
    chance = would_buy(buyer, firm)
    if rng.random() > min(0.93, (0.30 + 0.85 * chance**0.6) * diligence):
        return Deal()
    meeting = timedelta(days=rng.lognormvariate(1.5, 0.55))
    if rng.random() > 0.22 + 0.75 * chance**0.5:
        return Deal(meeting)
    opportunity = meeting + timedelta(days=rng.lognormvariate(1.9, 0.6))
    amount = max(2400, round(buyer.budget * rng.lognormvariate(0.0, 0.25) / 100) * 100)
    cycle = timedelta(days=min(240.0, rng.lognormvariate(3.3 + 0.10 * math.log(firm.employees + 1), 0.5)))
    is_won = rng.random() < 0.04 + 0.50 * chance
    leaves = is_won and rng.random() < 0.06
    return Deal(
        meeting_after=meeting,
        opportunity_after=opportunity,
        closes_after=opportunity + cycle * (1.0 if is_won else 1.15),
        is_won=is_won,
        amount=amount,
        lost_reason="" if is_won else rng.choice(LOST_REASONS),
        churns_after=opportunity + cycle + timedelta(days=rng.uniform(95, 200)) if leaves else None,
    )


def _tilted(rng: Random, table: dict[str, tuple[int, float]], tilt: float) -> str:
    weights = [common * math.exp(tilt * (value - 0.5)) for common, value in table.values()]
    return rng.choices(list(table), weights)[0]


def _between(value: float, low: float = 0.0, high: float = 1.0) -> float:
    return min(max(value, low), high)


def _logistic(value: float) -> float:
    return 1 / (1 + math.exp(-value))
