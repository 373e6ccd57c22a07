"""The buying group of an account: its people with their roles, and what won deals had that it has not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count, Max, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from leads.buying_group import BuyingRole, Gap, RoleOf, Template, gaps, learn, role_of
from leads.models import Account, Lead, Person

MOST_PEOPLE = 200
LEARN_FROM = 2000
"""So many of the accounts that were won last are learned from."""


@dataclass(frozen=True, slots=True)
class Member:
    """One person of the account, with their newest lead and what they do."""

    person: Person
    role: RoleOf | None
    lead: Lead | None
    acts: int
    last_at: Any


@dataclass(frozen=True, slots=True)
class BuyingGroup:
    """The people of an account and how complete they are as a group."""

    members: list[Member]
    template: Template
    gaps: list[Gap]

    @property
    def missing(self) -> list[Gap]:
        return [gap for gap in self.gaps if gap.is_missing]


def group_of(account: Account) -> BuyingGroup:
    """The buying group of one account. Four queries, whatever its size."""
    members = _members(account)
    template = learned_template()
    return BuyingGroup(members, template, gaps(template, {one.person.name: one.role for one in members}))


def learned_template() -> Template:
    """The roles that the accounts won last had, history included. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_WON, [LEARN_FROM])
        rows = cursor.fetchall()
    found: dict[UUID, set[BuyingRole]] = defaultdict(set)
    for account, stated, seniority, function in rows:
        role = role_of(stated, seniority, function)
        found[account] |= {role.role} if role else set()
    return learn(list(found.values()))


def _members(account: Account) -> list[Member]:
    newest = Lead.objects.shown().filter(person=OuterRef("pk")).order_by("-received_at", "-pk")
    people = (
        Person.objects.filter(account=account, merged_into__isnull=True)
        .annotate(
            n_acts=Count("signals", filter=Q(signals__lead__withdrawn_at__isnull=True)),
            acted_at=Max("signals__occurred_at"),
            newest_lead=Subquery(newest.values("pk")[:1]),
        )
        .order_by(Coalesce("acted_at", "created_at").desc(), "pk")[:MOST_PEOPLE]
    )
    rows: Sequence[Any] = list(people)
    leads = Lead.objects.select_related("owner", "score").in_bulk([row.newest_lead for row in rows if row.newest_lead])
    return [
        Member(
            row, role_of(row.purchasing_role, row.seniority, row.function), leads.get(row.newest_lead), row.n_acts,
            row.acted_at,
        )
        for row in rows
    ]  # fmt: skip


_WON = """
SELECT won.account_id, person.purchasing_role, person.seniority, person.function
  FROM (SELECT account_id FROM leads_lead
         WHERE stage = 'won' AND account_id IS NOT NULL AND withdrawn_at IS NULL
         GROUP BY account_id ORDER BY max(stage_at) DESC LIMIT %s) won
  JOIN leads_person person ON person.account_id = won.account_id AND person.merged_into_id IS NULL
"""
