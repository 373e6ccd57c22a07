"""Measures what matching proposes of people whose truth is known, beside what similar text alone would."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from typing import Any
from uuid import UUID

from django.db import connection

from leads.cleaning import registered_domain
from leads.hygiene import FREE_DOMAINS
from leads.matching.sweeping import sweep_people
from leads.models import Account, Person, PersonProposal
from leads.names import normalise_company
from leads.titles import function_of, seniority_of
from revops.foundation.bulk import insert_rows
from revops.foundation.ids import new_id
from revops.portal.benchmarking.duplicates import Truth, Written, write_truth


@dataclass(frozen=True, slots=True)
class Measured:
    """What matching proposed of a known truth. `missed` counts by the way the second writing differed."""

    people: int
    true_pairs: int
    proposed: int
    right: int
    missed: dict[str, int]
    wrong: list[tuple[Written, Written]]
    seconds: float

    @property
    def precision(self) -> float:
        return self.right / self.proposed if self.proposed else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.true_pairs if self.true_pairs else 1.0


def store(truth: Truth, now: datetime) -> dict[UUID, Written]:
    """Writes the people into the database as the intake would; answers with who each row is."""
    accounts: dict[str, Account] = {}
    people: list[Person] = []
    who: dict[UUID, Written] = {}
    for row in truth.rows:
        domain = registered_domain(row.email.partition("@")[2])
        domain = "" if domain in FREE_DOMAINS else domain
        key = domain or normalise_company(row.company)
        if key and key not in accounts:
            accounts[key] = Account(
                id=new_id(), name=row.company, normalised_name=normalise_company(row.company), domain=domain or None,
                created_at=now, updated_at=now,
            )  # fmt: skip
        person = Person(
            id=new_id(), account=accounts.get(key), email=row.email or None, phone=row.phone or None,
            first_name=row.first, last_name=row.last, title=row.title, seniority=seniority_of(row.title),
            function=function_of(row.title), country=row.country, created_at=now, updated_at=now,
        )  # fmt: skip
        people.append(person)
        who[person.pk] = row
    insert_rows(Account, list(accounts.values()))
    insert_rows(Person, people)
    return who


def measure(people: int, seed: int, now: datetime) -> Measured:
    """Writes a truth down, lets the matching look at it, and compares. Needs a database of its own."""
    return measure_both(people, seed, now)[0]


def measure_both(people: int, seed: int, now: datetime) -> tuple[Measured, Measured]:
    """What matching proposes of a truth, and what similar text alone would: each name and address beside all others."""
    _sweep(now)  # whoever is there already: they are compared with, but not what is timed
    who = store(write_truth(people, seed), now)
    started = time.perf_counter()
    _sweep(now)
    swept = time.perf_counter()
    pairs = PersonProposal.objects.filter(state="open").values_list("first_id", "second_id")
    ours = compare(who, set(pairs), swept - started)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE leads_personsearch")
        cursor.execute("SELECT set_config('pg_trgm.similarity_threshold', '0.6', true)")
        started = time.perf_counter()
        cursor.execute(_ALIKE, [sample := sorted(who)[::SAMPLE]])
        alike = {tuple(sorted(pair)) for pair in cursor.fetchall()}
    return ours, compare(who, alike, time.perf_counter() - started, among=set(sample))


def _sweep(now: datetime) -> None:
    while sweep_people(now=now):
        pass


SAMPLE = 25
"""One person in so many is compared with all by similar text: that is too slow for everybody."""
_ALIKE = """
SELECT one.person_id, other.person_id
  FROM leads_personsearch one
  JOIN leads_personsearch other ON one.text %% other.text AND one.person_id <> other.person_id
 WHERE one.person_id = ANY(%s::uuid[])
"""


def compare(who: dict[UUID, Written], pairs: set[Any], seconds: float, among: set[UUID] | None = None) -> Measured:
    """Proposed pairs beside the truth; `among`: only pairs with one of these people count."""
    clusters: dict[int, list[UUID]] = defaultdict(list)
    for pk, row in who.items():
        clusters[row.who].append(pk)
    true_pairs = {tuple(sorted(pair)) for pks in clusters.values() for pair in combinations(pks, 2)}
    if among is not None:
        true_pairs = {pair for pair in true_pairs if among & set(pair)}
    found = {(first, second) for first, second in pairs if first in who and second in who}
    right = found & true_pairs
    missed = Counter(_kind(who[a], who[b]) for a, b in true_pairs - found)
    wrong = [(who[a], who[b]) for a, b in found - true_pairs]
    people = len(who) if among is None else len(among)
    return Measured(people, len(true_pairs), len(found), len(right), dict(missed), wrong, seconds)


def _kind(one: Written, other: Written) -> str:
    return " / ".join(sorted({one.kind, other.kind} - {"first"}))
