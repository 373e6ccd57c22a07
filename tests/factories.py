"""The smallest valid rows. Later stages are made by calling the real services."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import factory
from factory.django import DjangoModelFactory

from leads.intake import Item
from leads.models import Source
from revops.foundation.models import Team, User
from tests.conftest import NOW


class TeamFactory(DjangoModelFactory[Team]):
    class Meta:
        model = Team

    name = factory.Sequence(lambda number: f"Team {number}")
    side = "sales"


class UserFactory(DjangoModelFactory[User]):
    class Meta:
        model = User

    email = factory.Sequence(lambda number: f"person{number}@portal.invalid")
    name = factory.Sequence(lambda number: f"Person {number}")
    role = "rep"
    timezone = "UTC"


class SourceFactory(DjangoModelFactory[Source]):
    class Meta:
        model = Source

    key = factory.Sequence(lambda number: f"source-{number}")
    name = factory.Sequence(lambda number: f"Source {number}")
    created_at = NOW - timedelta(days=365)


def item(source: Source, email: str = "ada@acme-works.com", **facts: Any) -> Item:
    """A live API submission of one person; facts beginning with `_` go to the item itself."""
    own = {name.removeprefix("_"): facts.pop(name) for name in list(facts) if name.startswith("_")}
    payload = {"email": email, **facts} if email else facts
    return Item(source_id=source.pk, channel=own.pop("channel", "api"), payload=payload, **own)
