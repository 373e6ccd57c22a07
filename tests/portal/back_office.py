"""Somebody of each role who is signed in, and a company that can take leads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from scoring.starter import publish_starter
from sla.starter import publish_starter_agreement, save_rep_profile, write_office_hours
from tests.conftest import NOW
from tests.factories import SourceFactory, TeamFactory, UserFactory


@pytest.fixture
def sign_in() -> Callable[..., Client]:
    """A client of a new person with a role, or of one who exists: `sign_in("admin")`, `sign_in(user=rep)`.

    The person is at `client.person`.
    """

    def of(role: str = "admin", user: Any = None, **fields: Any) -> Client:
        client = Client()
        client.person = user or UserFactory.create(role=role, **fields)  # type: ignore[attr-defined]
        client.force_login(client.person, backend=settings.AUTHENTICATION_BACKENDS[0])  # type: ignore[attr-defined]
        return client

    return of


@pytest.fixture
def company(db: None) -> dict[str, Any]:
    """Both heads and an admin, two reps in office hours, a live rulebook and agreement, one source."""
    long_ago = NOW - timedelta(days=60)
    sales, marketing = TeamFactory.create(), TeamFactory.create(side="marketing")
    sales_head = UserFactory.create(role="sales_manager", team=sales)
    marketing_head = UserFactory.create(role="marketing_manager", team=marketing)
    admin = UserFactory.create(role="admin")
    publish_starter(admin, marketing_head, sales_head, long_ago)
    publish_starter_agreement(marketing_head, sales_head, long_ago)
    hours = write_office_hours(long_ago, zone="UTC")
    reps = [UserFactory.create(team=sales) for _ in range(2)]
    for rep in reps:
        save_rep_profile(rep, hours, now=long_ago)
    return {
        "reps": reps,
        "admin": admin,
        "sales_head": sales_head,
        "marketing_head": marketing_head,
        "hours": hours,
        "source": SourceFactory.create(key="website"),
    }
