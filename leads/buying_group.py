"""Who takes part in a decision: roles, as stated or read from a title, and what is missing beside won deals. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from revops.foundation.statistics import Interval, is_too_few, wilson_interval


class BuyingRole(TextChoices):
    """The words that are written down; what people state is read into these."""

    DECISION_MAKER = "decision maker", _("Decision maker")
    BUDGET_HOLDER = "budget holder", _("Budget holder")
    CHAMPION = "champion", _("Champion")
    EVALUATOR = "technical evaluator", _("Technical evaluator")
    INFLUENCER = "influencer", _("Influencer")
    USER = "user", _("User")
    GATEKEEPER = "gatekeeper", _("Gatekeeper")


USUAL_FROM = 0.5
"""A role belongs to the group if at least this share of won accounts had it."""

_STATED: tuple[tuple[BuyingRole, tuple[str, ...]], ...] = (
    (BuyingRole.BUDGET_HOLDER, ("budget", "economic", "finance", "buyer", "purchas", "einkauf")),
    (BuyingRole.DECISION_MAKER, ("decision", "decid", "final", "sign", "owner", "entscheid")),
    (BuyingRole.CHAMPION, ("champion", "sponsor", "driv", "lead the project")),
    (BuyingRole.EVALUATOR, ("technical", "evaluat", "security", "architect", "it ")),
    (BuyingRole.GATEKEEPER, ("gate", "block", "legal", "procurement")),
    (BuyingRole.INFLUENCER, ("influenc", "recommend", "advis", "evaluates")),
    (BuyingRole.USER, ("user", "use it", "anwender", "end ")),
)
_BY_SENIORITY = {
    "c_level": BuyingRole.DECISION_MAKER, "vp": BuyingRole.DECISION_MAKER, "director": BuyingRole.DECISION_MAKER,
    "head": BuyingRole.CHAMPION, "manager": BuyingRole.INFLUENCER, "staff": BuyingRole.USER,
}  # fmt: skip
_BY_FUNCTION = {"finance": BuyingRole.BUDGET_HOLDER, "it": BuyingRole.EVALUATOR}


@dataclass(frozen=True, slots=True)
class RoleOf:
    """Somebody's role; `is_stated` is false if it is only read from the title."""

    role: BuyingRole
    is_stated: bool


def role_of(stated: str, seniority: str, function: str) -> RoleOf | None:
    """The role of a person: what was stated, else what the title suggests; None if neither says anything."""
    words = f"{stated.lower()} "
    for role, begins in _STATED:
        if stated and any(begin in words for begin in begins):
            return RoleOf(role, is_stated=True)
    if seniority == "student":
        return None
    guess = _BY_FUNCTION.get(function) if seniority not in ("c_level", "vp") else None
    guess = guess or _BY_SENIORITY.get(seniority)
    return RoleOf(guess, is_stated=False) if guess else None


@dataclass(frozen=True, slots=True)
class Learned:
    """How often one role was there when a deal was won."""

    role: BuyingRole
    count: int
    of: int

    @property
    def share(self) -> float:
        return self.count / self.of if self.of else 0.0

    @property
    def interval(self) -> Interval | None:
        return wilson_interval(self.count, self.of)

    @property
    def is_usual(self) -> bool:
        return self.share >= USUAL_FROM


@dataclass(frozen=True, slots=True)
class Template:
    """The roles of won deals, the most frequent first; `n` won accounts stand behind it."""

    learned: tuple[Learned, ...]
    n: int

    @property
    def is_too_few(self) -> bool:
        return is_too_few(self.n)

    @property
    def usual(self) -> list[BuyingRole]:
        """The roles that a group usually has; none while there are too few deals to say."""
        return [] if self.is_too_few else [one.role for one in self.learned if one.is_usual]


def learn(won_accounts: Sequence[Collection[BuyingRole]]) -> Template:
    """What roles won accounts had: one collection of roles for each of them."""
    counts = Counter(role for roles in won_accounts for role in set(roles))
    n = len(won_accounts)
    ordered = sorted(BuyingRole, key=lambda role: (-counts[role], list(BuyingRole).index(role)))
    return Template(tuple(Learned(role, counts[role], n) for role in ordered if counts[role]), n)


@dataclass(frozen=True, slots=True)
class Gap:
    """A usual role, and who has it here; nobody: it is missing."""

    learned: Learned
    people: tuple[str, ...]

    @property
    def is_missing(self) -> bool:
        return not self.people


def gaps(template: Template, people: Mapping[str, RoleOf | None]) -> list[Gap]:
    """Each usual role beside the people of the account who have it, those that are missing first."""
    found = [
        Gap(one, tuple(name for name, role in people.items() if role is not None and role.role == one.role))
        for one in template.learned
        if one.role in template.usual
    ]
    return sorted(found, key=lambda gap: (not gap.is_missing, -gap.learned.count))
