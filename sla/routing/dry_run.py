"""Tries routing without assigning: who would get which lead, how it would be split, how fair it would be after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sla.candidates import FAILED_WORDS, THOUSANDTH, Choice, RouteRequest
from sla.routing.roster import Roster, load_roster
from sla.territories import TerritoryRule


@dataclass(frozen=True, slots=True)
class Share:
    """What one person would get: leads, turns among them, and the balance before and after in turns."""

    user_id: UUID
    weight: int
    leads: int
    turns: int
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class DryRun:
    """What `route_leads` would do now, lead by lead in the order asked, and what would come of it."""

    requests: Sequence[RouteRequest]
    choices: Sequence[Choice]
    shares: Sequence[Share]
    roster: Roster

    @property
    def nobody(self) -> int:
        """Leads that nobody could take."""
        return sum(1 for choice in self.choices if choice.user_id is None)

    def candidates_of(self, choice: Choice) -> list[tuple[UUID, str]]:
        """Each candidate of one choice, and the first test failed in words."""
        return [
            (person.user_id, str(FAILED_WORDS[letter]))
            for person, letter in zip(self.roster.candidates, choice.tests, strict=True)
        ]


def try_routes(
    requests: Sequence[RouteRequest],
    *,
    now: datetime,
    rules: Sequence[TerritoryRule] | None = None,
    without: UUID | None = None,
) -> DryRun:
    """What `route_leads` would do now, by `rules` instead of those in force if given. Writes and locks nothing.

    `without` is somebody who takes none, as if they were not in routing.
    """
    roster = load_roster(now=now, lock=False).without(without)
    if rules is not None:
        roster = roster.by_rules(rules)
    turns = roster.turns()
    chooser = roster.chooser(turns)
    choices = [chooser.choose(request) for request in requests]
    got = Counter(choice.user_id for choice in choices)
    taken = Counter(choice.user_id for choice in choices if choice.took_turn)
    shares = [
        Share(
            user_id=person.user_id,
            weight=person.weight,
            leads=got[person.user_id],
            turns=taken[person.user_id],
            before=roster.balances[place] // THOUSANDTH / 1000,
            after=turns.balances[place] // THOUSANDTH / 1000,
        )
        for place, person in enumerate(roster.candidates)
        if person.is_active and person.is_routable
    ]
    return DryRun(requests, choices, shares, roster)
