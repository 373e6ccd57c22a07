"""Who may take a lead, who gets it, and the first test that each of the others failed. Pure."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from sla.fair_turns import TURN, FairTurns
from sla.territories import LeadFacts, Otherwise, TerritoryRule


class Test(StrEnum):
    """The tests in their order; the value is the letter that traces keep."""

    __test__ = False

    ACTIVE = "i"
    ROUTABLE = "r"
    PRESENT = "a"
    STAYS = "l"
    RULE = "g"
    TERRITORY = "c"
    TIER = "t"
    CAPACITY = "f"


THOUSANDTH = TURN // 1000
PASSED = "."
"""What a trace keeps for somebody who could have taken the lead."""

FAILED_WORDS: Mapping[str, str | Promise] = {
    PASSED: _("could take it"),
    Test.ACTIVE: _("not active"),
    Test.ROUTABLE: _("not in routing"),
    Test.PRESENT: _("absent"),
    Test.STAYS: _("about to leave for more than 5 days"),
    Test.RULE: _("the rule sends it to others"),
    Test.TERRITORY: _("in another territory"),
    Test.TIER: _("for another tier"),
    Test.CAPACITY: _("has as much open work as they can take"),
}


class Reason(StrEnum):
    """Why somebody got a lead."""

    ACCOUNT_OWNER = "Owns the account"
    FIRST_OWNER = "Had this company's first lead of the last 4 months"
    NEXT_IN_TURN = "Next in turn"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One person as routing sees them. In `leaves` no new leads come because a long absence follows."""

    user_id: UUID
    weight: int = 1
    capacity: int | None = None
    is_active: bool = True
    is_routable: bool = True
    countries: frozenset[str] = frozenset()
    tiers: frozenset[int] = frozenset()
    absences: Sequence[tuple[datetime, datetime]] = ()
    leaves: Sequence[tuple[datetime, datetime]] = ()
    team_id: UUID | None = None


class RouteRequest(NamedTuple):
    """One lead that needs an owner at `at`. An unknown country ("") fits every territory."""

    lead_id: UUID
    handoff_id: UUID
    at: datetime
    tier: int
    country: str = ""
    account_owner_id: UUID | None = None
    first_owner_id: UUID | None = None
    account_id: UUID | None = None
    employees: int | None = None
    source: str = ""
    industry: str = ""
    language: str = ""

    @property
    def facts(self) -> LeadFacts:
        return LeadFacts(self.country, self.employees, self.source, self.industry, self.language, self.tier)


class Choice(NamedTuple):
    """Who got one lead, or None, and why; `tests` has one letter per candidate, `balances` those before the turn.

    `rule` is the name of the territory rule that decided, if one did.
    """

    user_id: UUID | None
    reason: str
    took_turn: bool
    tests: str
    balances: tuple[int, ...] = ()
    rule: str = ""

    def as_trace(self) -> dict[str, object]:
        """The tests and what decided, as an assignment stores them."""
        trace: dict[str, object] = {"tests": self.tests, "turn": self.took_turn}
        if self.rule:
            trace["rule"] = self.rule
        return trace

    def pack_balances(self) -> bytes | None:
        """Balances in thousandths of a turn, four bytes each, as an assignment stores them; None without a turn."""
        if not self.took_turn:
            return None
        return array("i", [balance // THOUSANDTH for balance in self.balances]).tobytes()


def unpack_balances(packed: bytes | memoryview) -> list[int]:
    """Balances in units, to a thousandth of a turn, out of what `Choice.pack_balances` made."""
    return [thousandths * THOUSANDTH for thousandths in array("i", packed)]


_Plan = tuple[tuple[TerritoryRule | None, list[str]], ...]
"""What to try for one kind of lead, in order: each rule that fits, or none, with the lasting tests of everybody."""


@dataclass(slots=True)
class Lineup:
    """People and rules, and what follows from them alone: what to try for which lead. Kept as long as they stay."""

    candidates: Sequence[Candidate]
    rules: Sequence[TerritoryRule] = ()
    places: Mapping[UUID, int] = field(init=False)
    absent: Sequence[int] = field(init=False)
    limited: Sequence[tuple[int, int]] = field(init=False)
    """Place and capacity of everybody who has one."""
    listed: str = field(init=False)
    """Who they are, as an array that the server reads."""
    _plans: dict[LeadFacts, _Plan] = field(default_factory=dict)
    _lasting: dict[tuple[str, int, str], list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rules = [rule for rule in self.rules if rule.is_on]
        self.places = {person.user_id: place for place, person in enumerate(self.candidates)}
        self.absent = [place for place, person in enumerate(self.candidates) if person.absences or person.leaves]
        self.listed = f"{{{','.join(str(person.user_id) for person in self.candidates)}}}"
        self.limited = [
            (place, person.capacity) for place, person in enumerate(self.candidates) if person.capacity is not None
        ]

    def plan(self, facts: LeadFacts) -> _Plan:
        """The rules that fit, in their order, up to one that lets leads wait; then everybody."""
        plan = self._plans.get(facts)
        if plan is not None:
            return plan
        fitting: list[TerritoryRule | None] = []
        for rule in self.rules:
            if rule.matches(facts):
                fitting.append(rule)
                if rule.otherwise is Otherwise.WAIT:
                    break
        else:
            fitting.append(None)
        plan = tuple([(rule, self._lasting_tests(facts, rule)) for rule in fitting])
        if len(self._plans) >= _MOST_PLANS:
            self._plans.clear()
        self._plans[facts] = plan
        return plan

    def _lasting_tests(self, facts: LeadFacts, rule: TerritoryRule | None) -> list[str]:
        key = (facts.country, facts.tier, rule.key if rule else "")
        lasting = self._lasting.get(key)
        if lasting is None:
            lasting = [_lasting_test(person, facts.country, facts.tier, rule) for person in self.candidates]
            self._lasting[key] = lasting
        return lasting


class Chooser:
    """Chooses owners one lead after the other, keeping turns, open work and who has which account up to date."""

    def __init__(self, lineup: Lineup, turns: FairTurns, open_work: Mapping[UUID, int] | None = None) -> None:
        """`open_work` is what those with a capacity have open already; nothing if they are not named."""
        self.lineup, self.turns = lineup, turns
        known = open_work or {}
        self._room = {
            place: capacity - known.get(lineup.candidates[place].user_id, 0) for place, capacity in lineup.limited
        }
        self._account_owners: dict[UUID, UUID] = {}
        self._able: dict[str, tuple[int, ...]] = {}

    def choose(self, request: RouteRequest) -> Choice:
        """The owner of one lead: its account's owner, else that company's first owner, else whose turn it is.

        Turns are taken among the people of the first rule that fits and has somebody who can take it.
        """
        plan = self.lineup.plan(request.facts)
        known = self._known_owner(request, plan[0][1])
        if known is not None:
            return known
        tests, rule = "", None
        for rule, lasting in plan:
            tests = self._tests(request.at, lasting)
            able = self._able.get(tests)
            if able is None:
                able = self._able[tests] = tuple(place for place, letter in enumerate(tests) if letter == PASSED)
            if able:
                balances = tuple(self.turns.balances)
                place = self.turns.take(able)
                name, reason = (
                    (rule.name, f"{Reason.NEXT_IN_TURN} · {rule.name}") if rule else ("", Reason.NEXT_IN_TURN)
                )
                choice = Choice(self.lineup.candidates[place].user_id, reason, True, tests, balances, name)
                return self._give(request, place, choice)
        return Choice(None, _nobody(tests, rule), False, tests, rule=rule.name if rule else "")

    def _known_owner(self, request: RouteRequest, lasting: list[str]) -> Choice | None:
        """Who has this company already, if they are there; territory, tier, rules and capacity give way to that."""
        first_owner = request.first_owner_id
        if first_owner is None and request.account_id is not None:
            first_owner = self._account_owners.get(request.account_id)
        for known, reason in ((request.account_owner_id, Reason.ACCOUNT_OWNER), (first_owner, Reason.FIRST_OWNER)):
            place = self.lineup.places.get(known) if known is not None else None
            if place is None:
                continue
            tests = self._tests(request.at, lasting)
            if tests[place] not in _PERSONAL:
                return self._give(request, place, Choice(self.lineup.candidates[place].user_id, reason, False, tests))
        return None

    def _give(self, request: RouteRequest, place: int, choice: Choice) -> Choice:
        if place in self._room:
            self._room[place] -= 1
        if request.account_id is not None and choice.user_id is not None:
            self._account_owners.setdefault(request.account_id, choice.user_id)
        return choice

    def _tests(self, at: datetime, lasting: list[str]) -> str:
        """The first test each candidate failed, as a letter."""
        tests = lasting.copy()
        for place, room in self._room.items():
            if room <= 0 and tests[place] == PASSED:
                tests[place] = Test.CAPACITY.value
        for place in self.lineup.absent:
            if tests[place] in _BEFORE_PRESENCE:
                continue
            person = self.lineup.candidates[place]
            if any(start <= at < end for start, end in person.absences):
                tests[place] = Test.PRESENT.value
            elif any(start <= at < end for start, end in person.leaves):
                tests[place] = Test.STAYS.value
        return "".join(tests)


_MOST_PLANS = 20_000
_BEFORE_PRESENCE = frozenset({Test.ACTIVE.value, Test.ROUTABLE.value})
_PERSONAL = _BEFORE_PRESENCE | {Test.PRESENT.value, Test.STAYS.value}
"""Tests that also an account's owner must pass; rules, territory, tier and capacity give way to a relationship."""


def _lasting_test(person: Candidate, country: str, tier: int, rule: TerritoryRule | None) -> str:
    """The first test failed among those that do not depend on the moment."""
    if not person.is_active:
        return Test.ACTIVE.value
    if not person.is_routable:
        return Test.ROUTABLE.value
    if rule is not None and not rule.takes(person.user_id, person.team_id):
        return Test.RULE.value
    if country and person.countries and country not in person.countries:
        return Test.TERRITORY.value
    if person.tiers and tier not in person.tiers:
        return Test.TIER.value
    return PASSED


def _nobody(tests: Sequence[str], rule: TerritoryRule | None) -> str:
    """Why nobody could take a lead, in words."""
    if not tests:
        return "Nobody is set up to take leads"
    counted = Counter(tests)
    found = (f"{counted[test.value]} {FAILED_WORDS[test]}" for test in Test if counted[test.value])
    whose = f"Nobody of “{rule.name}” could take it" if rule else "Nobody could take it"
    return f"{whose}: {', '.join(found)}"[:200]
