"""A small company: two heads, three reps, an agreement in effect, and leads to hand off."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.db import transaction

from leads.models import Account, Lead, Person, Source
from revops.foundation.models import Role, User
from sla.handoffs import HandOffRequest, hand_off_leads
from sla.models import Agreement, HandOff
from sla.starter import publish_starter_agreement, save_rep_profile, write_office_hours


def make_user(name: str, role: str = Role.REP, **fields) -> User:
    return User.objects.create(email=f"{name.lower()}@example.com", name=name, role=role, **fields)


def make_leads(count: int, now: datetime, *, account: Account | None = None, stage: str = "new") -> list[Lead]:
    source, _ = Source.objects.get_or_create(key="site", defaults={"name": "Website", "created_at": now})
    people = Person.objects.bulk_create(
        Person(first_name="Lead", last_name=str(number), account=account, created_at=now, updated_at=now)
        for number in range(count)
    )
    return Lead.objects.bulk_create(
        Lead(person=person, account=account, source=source, stage=stage, stage_at=now, received_at=now, occurred_at=now)
        for person in people
    )


def requests_for(leads: Sequence[Lead], at: datetime, **changes) -> list[HandOffRequest]:
    return [
        HandOffRequest(
            **{
                "lead_id": lead.pk,
                "from_stage": lead.stage,
                "tier": 1,
                "priority": 100,
                "qualified_at": at,
                "at": at,
                "account_id": lead.account_id,
                "account_owner_id": None,
                "country": "DE",
                "score_decision_id": None,
                "details_complete": True,
                "cause_kind": "submission",
                "cause_id": "subm_1",
            }
            | changes
        )
        for lead in leads
    ]


@pytest.fixture
def agreement(db, now) -> Agreement:
    return publish_starter_agreement(
        make_user("Mara", Role.MARKETING_MANAGER), make_user("Sam", Role.SALES_MANAGER), now - timedelta(days=30)
    )


@pytest.fixture
def reps(agreement, now) -> list[User]:
    """Anna and Ben, nine to five UTC, in the order routing looks at them."""
    calendar = write_office_hours(now, zone="UTC")
    people = sorted((make_user("Anna"), make_user("Ben")), key=lambda user: user.pk)
    for person in people:
        save_rep_profile(person, calendar, now=now)
    return people


@pytest.fixture
def hand_off(reps, now) -> Callable[..., list[HandOff]]:
    """Hands off so many new leads at `now`, or at another instant."""

    def give(count: int = 1, at: datetime = now, **changes) -> list[HandOff]:
        with transaction.atomic():
            return hand_off_leads(requests_for(make_leads(count, at), at, **changes), now=at)

    return give


def ids(rows: Sequence[HandOff]) -> list[UUID]:
    return [row.pk for row in rows]
