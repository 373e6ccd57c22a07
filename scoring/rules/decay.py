"""How much an old act is still worth: exact tables in steps of 5 %, so that every machine agrees to the bit. Pure.

The value after `a` days with half-life `h` is 2^(−a/h), rounded to the nearest twentieth (half up). Steps keep the
sentence readable ("worth 60 % now") and a lead's points still between two steps: it need not be looked at daily.
"""

from __future__ import annotations

from functools import cache

FULL = 1000
STEP = 50
LONGEST_HALF_LIFE = 365


@cache
def decay_table(half_life_days: int) -> tuple[int, ...]:
    """Thousandths left by age in days; the last entry is 0 and holds for every greater age.

    Integers only: 2^(−a/h) ≥ (2k−1)/40 exactly when 40^h ≥ (2k−1)^h · 2^a.
    """
    table = []
    steps = FULL // STEP
    whole = 40**half_life_days
    age = 0
    while steps > 0:
        while steps > 0 and whole < (2 * steps - 1) ** half_life_days << age:
            steps -= 1
        table.append(steps * STEP)
        age += 1
    return tuple(table)


@cache
def next_step_table(half_life_days: int) -> tuple[int, ...]:
    """By age, the age at which the table next changes; the last entry is -1: never again."""
    table = decay_table(half_life_days)
    upcoming = [-1] * len(table)
    for age in range(len(table) - 2, -1, -1):
        upcoming[age] = age + 1 if table[age + 1] != table[age] else upcoming[age + 1]
    return tuple(upcoming)
