"""People, keys and clients that the tests of the ground share."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from revops.foundation.api_keys import create_api_key
from revops.foundation.models import Role, Side, Team, User
from revops.foundation.policy import SCOPES

MakeUser = Callable[..., User]
MakeClient = Callable[..., APIClient]


@pytest.fixture
def team(db: None) -> Team:
    return Team.objects.create(name="Sales North", side=Side.SALES)


@pytest.fixture
def make_user(db: None) -> MakeUser:
    def make(role: str = Role.REP, **fields: Any) -> User:
        number = User.objects.count()
        return User.objects.create_user(f"{role}{number}@example.com", name=f"{role} {number}", role=role, **fields)

    return make


@pytest.fixture
def key_client(make_user: MakeUser) -> MakeClient:
    """A client that sends an API key with the given scopes (all of them by default)."""

    def make(*scopes: str, owner: User | None = None, **options: Any) -> APIClient:
        key, text = create_api_key(
            "A test", owner or make_user(Role.INTEGRATION), scopes or SCOPES, datetime.now(UTC) - timedelta(hours=1)
        )
        for name, value in options.items():
            setattr(key, name, value)
        key.save()
        client = APIClient(HTTP_AUTHORIZATION=f"Bearer {text}")
        client.api_key = key
        return client

    return make
