"""Fair turns: who is next among people of different weights, in exact integers. Pure.

Every turn costs its winner one TURN and credits that TURN to all who could have taken it, by weight. So balances
always sum to zero, and somebody who could not take a lead neither gains nor loses. The next turn goes to the
smallest (turns taken + ½) ÷ weight (Webster's, or Sainte-Laguë's, method), which keeps turns ÷ weight within one of
each other and mixes heavy and light people smoothly.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import lcm
from typing import NamedTuple

TURN = 1_000_000_000
"""Units of one turn; so fine that rounding a share never adds up to a turn."""


class _Group(NamedTuple):
    """People who can take the same lead: their shares of a turn, and how their balances compare."""

    shares: tuple[tuple[int, int], ...]
    scales: tuple[tuple[int, int], ...]


class FairTurns:
    """Balances of people who are known by their place in a list. Owed turns are above zero, turns ahead below."""

    def __init__(self, weights: Sequence[int], balances: Sequence[int]) -> None:
        self.weights = tuple(weights)
        self.balances = list(balances)

    def take(self, members: tuple[int, ...]) -> int:
        """Whose turn it is among `members` (at least one, rising); charges it. Ties go to the first in the list."""
        group = _group(members, self.weights)
        balances = self.balances
        claims = [(2 * balances[who] - TURN) * scale for who, scale in group.scales]
        winner = members[claims.index(max(claims))]
        for who, share in group.shares:
            balances[who] += share
        balances[winner] -= TURN
        return winner

    def give_back(self, who: int, members: tuple[int, ...]) -> None:
        """Returns one turn to `who`; all `members` (who could have taken that turn, too) pay for it by weight."""
        self.balances[who] += TURN
        for member, share in _group(members, self.weights).shares:
            self.balances[member] -= share

    def charge_again(self, who: int, members: tuple[int, ...]) -> None:
        """Takes back what `give_back` gave."""
        self.balances[who] -= TURN
        for member, share in _group(members, self.weights).shares:
            self.balances[member] += share


@lru_cache(maxsize=1024)
def _group(members: tuple[int, ...], weights: tuple[int, ...]) -> _Group:
    own = [weights[who] for who in members]
    whole = sum(own)
    shares = [TURN * weight // whole for weight in own]
    for at in range(TURN - sum(shares)):  # fewer units than members: one each, from the front
        shares[at] += 1
    scale = lcm(*own)
    return _Group(
        tuple(zip(members, shares, strict=True)),
        tuple((who, scale // weight) for who, weight in zip(members, own, strict=True)),
    )
