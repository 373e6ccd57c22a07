"""What a question costs and what it gains: completion of forms with and without it, acceptance with and without it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import redis
from django.core.cache import cache
from django.db import connection

from leads.models import FormTally, FormVersion, LeadForm
from revops.foundation.statistics import Interval, difference_interval, is_too_few
from revops.portal.lead_forms.questions import ASKED_LATER, QUESTIONS, Question

logger = logging.getLogger(__name__)

MEASURED_OVER = timedelta(days=365)
_KEPT = "worth-of-questions"
_DAY = 24 * 3600


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two shares: with a question (or its answer), and without."""

    hits: int = 0
    n: int = 0
    other_hits: int = 0
    other_n: int = 0

    @property
    def is_too_few(self) -> bool:
        return is_too_few(self.n) or is_too_few(self.other_n)

    @property
    def share(self) -> float | None:
        return self.hits / self.n if self.n else None

    @property
    def other_share(self) -> float | None:
        return self.other_hits / self.other_n if self.other_n else None

    @property
    def difference(self) -> float | None:
        return None if self.share is None or self.other_share is None else self.share - self.other_share

    @property
    def interval(self) -> Interval | None:
        return difference_interval(self.hits, self.n, self.other_hits, self.other_n)


@dataclass(frozen=True, slots=True)
class Worth:
    """One question of a form: what it costs in completion, what it gains in acceptance, and how often it is answered
    when it is asked later."""

    question: Question
    is_asked: bool
    completion: Comparison
    acceptance: Comparison
    asked: int
    answered: int


def worths(lead_form: LeadForm, now: datetime) -> list[Worth]:
    """Every question of a form, and those that are asked later. Five queries."""
    completion = _completion(lead_form)
    acceptance = measure_acceptance(now)
    later = _asked_later(lead_form)
    asked = [entry["name"] for entry in lead_form.fields if entry["name"] in QUESTIONS]
    names = [*asked, *(name for name in (*completion, *order_of_worth(), *later) if name not in asked)]
    return [
        Worth(
            QUESTIONS[name],
            name in asked,
            completion.get(name, Comparison()),
            acceptance.get(name, Comparison()),
            *later.get(name, (0, 0)),
        )
        for name in dict.fromkeys(names)
        if name in QUESTIONS and name != "email"
    ]


def order_of_worth() -> Sequence[str]:
    """Which fact to ask for first: the role in the decision, then those that gained most when measured."""
    try:
        measured: Mapping[str, float] = cache.get(_KEPT) or {}
    except (redis.RedisError, OSError) as problem:
        logger.warning("Questions are asked in their usual order: %s", problem)
        measured = {}
    first, *rest = ASKED_LATER
    return [first, *sorted(rest, key=lambda name: -measured.get(name, 0.0))]


def remember_worth(now: datetime) -> int:
    """The sweep: measures what each fact gains and keeps it for a day. Returns how many could be judged."""
    gains = {
        name: found.difference
        for name, found in measure_acceptance(now).items()
        if not found.is_too_few and found.difference is not None
    }
    cache.set(_KEPT, gains, 2 * _DAY)
    return len(gains)


def _completion(lead_form: LeadForm) -> dict[str, Comparison]:
    """Of the versions of a form that asked a question and of those that did not: opened and sent. Two queries."""
    asked = {row.version: _names(row.fields) for row in FormVersion.objects.filter(form=lead_form)}
    asked.setdefault(lead_form.version, _names(lead_form.fields))
    counts: dict[int, tuple[int, int]] = {}
    for version, opened, sent in FormTally.objects.filter(form=lead_form).values_list("version", "opened", "sent"):
        before = counts.get(version, (0, 0))
        counts[version] = before[0] + max(opened, sent), before[1] + sent
    found = {}
    for name in sorted(set().union(*asked.values())):
        with_it = [counts.get(version, (0, 0)) for version, names in asked.items() if name in names]
        without = [counts.get(version, (0, 0)) for version, names in asked.items() if name not in names]
        found[name] = Comparison(*_summed(with_it), *_summed(without))
    return found


def _summed(counts: Iterable[tuple[int, int]]) -> tuple[int, int]:
    rows = list(counts)
    return sum(sent for _opened, sent in rows), sum(opened for opened, _sent in rows)


def _names(fields: Iterable[Mapping[str, object]]) -> set[str]:
    return {str(entry["name"]) for entry in fields}


def _asked_later(lead_form: LeadForm) -> dict[str, tuple[int, int]]:
    """How often each fact was asked for after this form, and how often it was answered. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT question, count(*), count(answered_at) FROM leads_profileask WHERE form_id = %s GROUP BY question",
            [lead_form.pk],
        )
        return {question: (asked, answered) for question, asked, answered in cursor.fetchall()}


def measure_acceptance(now: datetime) -> dict[str, Comparison]:
    """How often sales accepted leads of which a fact was known, and others, within a year. One query over answers."""
    sums = ", ".join(
        f"count(*) FILTER (WHERE is_accepted AND {known}), count(*) FILTER (WHERE {known}),"
        f" count(*) FILTER (WHERE is_accepted AND NOT ({known})), count(*) FILTER (WHERE NOT ({known}))"
        for known in _KNOWN.values()
    )
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {sums} FROM ({_ANSWERS}) answer", {"since": now - MEASURED_OVER, "now": now})  # noqa: S608 - constants
        row = cursor.fetchone()
    return {name: Comparison(*row[place * 4 : place * 4 + 4]) for place, name in enumerate(_KNOWN)}


_ANSWERS = """
SELECT handoff.state = 'accepted' AS is_accepted, person.purchasing_role, person.title, person.phone,
    coalesce(nullif(person.country, ''), account.country, '') AS country, account.employees, account.industry,
    lead.attributes->>'timeline_on' AS timeline_on, lead.attributes->>'use_case' AS use_case
FROM sla_handoff handoff
JOIN leads_lead lead ON lead.id = handoff.lead_id AND NOT lead.is_history AND lead.withdrawn_at IS NULL
JOIN leads_person person ON person.id = lead.person_id
LEFT JOIN leads_account account ON account.id = lead.account_id
WHERE handoff.state IN ('accepted', 'rejected', 'returned')
  AND handoff.answered_at > %(since)s AND handoff.answered_at <= %(now)s
"""
_KNOWN = {
    "purchasing_role": "purchasing_role <> ''",
    "timeline_on": "timeline_on IS NOT NULL",
    "employees": "employees IS NOT NULL",
    "title": "title <> ''",
    "use_case": "use_case IS NOT NULL",
    "industry": "coalesce(industry, '') <> ''",
    "country": "country <> ''",
    "phone": "phone IS NOT NULL",
}
