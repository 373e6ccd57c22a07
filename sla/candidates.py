"""Who may take a lead, who gets it, and the first test that each of the others failed. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from sla.fair_turns import FairTurns


class Test(StrEnum):
    """The tests in their order; the value is the letter that traces keep."""

    __test__ = False

    ACTIVE = "i"
    ROUTABLE = "r"
    PRESENT = "a"
    STAYS = "l"
    TERRITORY = "c"
    TIER = "t"
    CAPACITY = "f"


PASSED = "."
"""What a trace keeps for somebody who could have taken the lead."""

FAILED_WORDS: Mapping[str, str | Promise] = {
    PASSED: _("could take it"),
    Test.ACTIVE: _("not active"),
    Test.ROUTABLE: _("not in routing"),
    Test.PRESENT: _("absent"),
    Test.STAYS: _("about to leave for more than 5 days"),
    Test.TERRITORY: _("another territory"),
    Test.TIER: _("another tier"),
    Test.CAPACITY: _("has as much open work as they can take"),
}


class Reason(StrEnum):
    """Why somebody got a lead."""

    ACCOUNT_OWNER = "Owns the account"
    FIRST_OWNER = "Had this company's first lead of the last 4 months"
    NEXT_IN_TURN = "Next in turn"


@dataclass(slots=True)
class Candidate:
    """One person as routing sees them. In `leaves` no new leads come because a long absence follows."""

    user_id: UUID
    weight: int = 1
    capacity: int | None = None
    open_work: int = 0
    is_active: bool = True
    is_routable: bool = True
    countries: frozenset[str] = frozenset()
    tiers: frozenset[int] = frozenset()
    absences: Sequence[tuple[datetime, datetime]] = ()
    leaves: Sequence[tuple[datetime, datetime]] = ()


@dataclass(frozen=True, slots=True)
class RouteRequest:
    """One lead that needs an owner at `at`. An unknown country ("") fits every territory."""

    lead_id: UUID
    handoff_id: UUID
    at: datetime
    tier: int
    country: str = ""
    account_owner_id: UUID | None = None
    first_owner_id: UUID | None = None
    account_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """Who got one lead, or None, and why; `tests` has one letter per candidate, `balances` those before the turn."""

    user_id: UUID | None
    reason: str
    took_turn: bool
    tests: str
    balances: tuple[int, ...] = ()

    def as_trace(self) -> dict[str, object]:
        """Compact, as an assignment stores it."""
        trace: dict[str, object] = {"tests": self.tests, "turn": self.took_turn}
        if self.took_turn:
            trace["balances"] = list(self.balances)
        return trace


@dataclass(slots=True)
class Chooser:
    """Chooses owners one lead after the other, keeping turns, open work and who has which account up to date."""

    candidates: Sequence[Candidate]
    turns: FairTurns
    _by_id: dict[UUID, int] = field(default_factory=dict)
    _lasting: dict[tuple[str, int], list[str]] = field(default_factory=dict)
    _account_owners: dict[UUID, UUID] = field(default_factory=dict)
    _absent: list[int] = field(default_factory=list)
    _limited: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._by_id = {person.user_id: place for place, person in enumerate(self.candidates)}
        self._absent = [place for place, person in enumerate(self.candidates) if person.absences or person.leaves]
        self._limited = [place for place, person in enumerate(self.candidates) if person.capacity is not None]

    def choose(self, request: RouteRequest) -> Choice:
        """The owner of one lead: its account's owner, else that company's first owner, else whose turn it is."""
        tests = self._tests(request)
        letters = "".join(tests)
        first_owner = request.first_owner_id
        if first_owner is None and request.account_id is not None:
            first_owner = self._account_owners.get(request.account_id)
        for known, reason in ((request.account_owner_id, Reason.ACCOUNT_OWNER), (first_owner, Reason.FIRST_OWNER)):
            place = self._by_id.get(known) if known is not None else None
            if place is not None and tests[place] not in _PERSONAL:
                return self._give(request, place, Choice(self.candidates[place].user_id, reason, False, letters))
        able = tuple(place for place, letter in enumerate(tests) if letter == PASSED)
        if not able:
            return Choice(None, _nobody(tests), False, letters)
        balances = tuple(self.turns.balances)
        place = self.turns.take(able)
        choice = Choice(self.candidates[place].user_id, Reason.NEXT_IN_TURN, True, letters, balances)
        return self._give(request, place, choice)

    def _give(self, request: RouteRequest, place: int, choice: Choice) -> Choice:
        self.candidates[place].open_work += 1
        if request.account_id is not None and choice.user_id is not None:
            self._account_owners.setdefault(request.account_id, choice.user_id)
        return choice

    def _tests(self, request: RouteRequest) -> list[str]:
        """The first test each candidate failed, as a letter."""
        key = (request.country, request.tier)
        lasting = self._lasting.get(key)
        if lasting is None:
            lasting = self._lasting[key] = [_lasting_test(person, *key) for person in self.candidates]
        tests = lasting.copy()
        for place in self._limited:
            person = self.candidates[place]
            if tests[place] == PASSED and person.capacity is not None and person.open_work >= person.capacity:
                tests[place] = Test.CAPACITY
        for place in self._absent:
            if tests[place] in _BEFORE_PRESENCE:
                continue
            person = self.candidates[place]
            if any(start <= request.at < end for start, end in person.absences):
                tests[place] = Test.PRESENT
            elif any(start <= request.at < end for start, end in person.leaves):
                tests[place] = Test.STAYS
        return tests


_BEFORE_PRESENCE = frozenset({Test.ACTIVE.value, Test.ROUTABLE.value})
_PERSONAL = _BEFORE_PRESENCE | {Test.PRESENT.value, Test.STAYS.value}
"""Tests that also an account's owner must pass; territory, tier and capacity give way to a relationship."""


def _lasting_test(person: Candidate, country: str, tier: int) -> str:
    """The first test failed among those that do not depend on the moment."""
    if not person.is_active:
        return Test.ACTIVE.value
    if not person.is_routable:
        return Test.ROUTABLE.value
    if country and person.countries and country not in person.countries:
        return Test.TERRITORY.value
    if person.tiers and tier not in person.tiers:
        return Test.TIER.value
    return PASSED


def _nobody(tests: Sequence[str]) -> str:
    """Why nobody could take a lead, in words."""
    if not tests:
        return "Nobody is set up to take leads"
    counted = Counter(tests)
    found = (f"{counted[test.value]} {FAILED_WORDS[test]}" for test in Test if counted[test.value])
    return f"Nobody could take it: {', '.join(found)}"[:200]
