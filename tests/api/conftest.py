"""A portal in operation and clients of every principal, for the tests of the API."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from revops.foundation.api_keys import create_api_key
from revops.foundation.models import User
from revops.foundation.policy import SCOPES
from scoring.starter import publish_starter
from sla.starter import publish_starter_agreement, save_rep_profile, write_office_hours
from tests.factories import SourceFactory, TeamFactory, UserFactory

READY: dict[str, Any] = {
    "source": "website", "email": "ada@acme-works.com", "first_name": "Ada", "last_name": "Lovelace",
    "title": "VP Sales", "company": "Acme Works", "country": "DE", "employees": 300, "industry": "Software",
    "act": "demo_request", "need": "We need routing this quarter", "timeline_on": "2099-04-15",
    "signals": [{"kind": "pricing_page_visit"}, {"kind": "pricing_page_visit"}],
}  # fmt: skip
"""A submission that the starter rulebook finds sales-ready."""


class Client(APIClient):
    """Speaks JSON and knows the root of the API. An error of the server is an answer, as it is for real clients."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.raise_request_exception = False

    def get_json(self, path: str, status: int = 200, **parameters: Any) -> Any:
        response = self.get(f"/api/v1/{path}", parameters)
        assert response.status_code == status, response.content
        return response.json()

    def send(self, path: str, body: Any = None, status: int | None = None, **headers: str) -> Any:
        response = self.post(f"/api/v1/{path}", {} if body is None else body, format="json", headers=headers)
        if status is not None:
            assert response.status_code == status, response.content
        return response


def open_house(now: Any = None) -> SimpleNamespace:
    """Two reps, both heads, an admin, a service account, a live rulebook and agreement, and one source."""
    now = now or timezone.now()
    long_ago = now - timedelta(days=60)
    sales, marketing = TeamFactory.create(), TeamFactory.create(side="marketing")
    people = {
        "sales_manager": UserFactory.create(role="sales_manager", team=sales),
        "marketing_manager": UserFactory.create(role="marketing_manager", team=marketing),
        "marketer": UserFactory.create(role="marketer", team=marketing),
        "admin": UserFactory.create(role="admin"),
        "executive": UserFactory.create(role="executive"),
        "integration": UserFactory.create(role="integration"),
    }
    publish_starter(people["admin"], people["marketing_manager"], people["sales_manager"], long_ago)
    publish_starter_agreement(people["marketing_manager"], people["sales_manager"], long_ago)
    hours = write_office_hours(long_ago, zone="UTC")
    reps = [UserFactory.create(team=sales) for _ in range(2)]
    for rep in reps:
        save_rep_profile(rep, hours, now=long_ago)
    people["rep"], people["other_rep"] = reps
    source = SourceFactory.create(key="website", name="Website")
    return SimpleNamespace(reps=reps, source=source, people=people, now=now)


def key_for(user: User, *scopes: str, **options: Any) -> str:
    """The text of a new API key of `user`, with all scopes unless some are named."""
    key, text = create_api_key("A test", user, scopes or SCOPES, timezone.now() - timedelta(hours=1))
    for name, value in options.items():
        setattr(key, name, value)
    key.save()
    return text


@pytest.fixture
def house(db: None) -> SimpleNamespace:
    return open_house()


@pytest.fixture
def machine(house: SimpleNamespace) -> Client:
    """A client with a key of all scopes."""
    return Client(HTTP_AUTHORIZATION=f"Bearer {key_for(house.people['integration'])}")


@pytest.fixture
def as_(house: SimpleNamespace) -> Callable[[str], Client]:
    """A client with the browser session of somebody of the house."""

    def sign_in(name: str) -> Client:
        client = Client()
        client.force_login(house.people[name])
        return client

    return sign_in


@pytest.fixture
def key_with(house: SimpleNamespace) -> Callable[..., Client]:
    """A client with a key of the service account that has only these scopes."""

    def make(*scopes: str, **options: Any) -> Client:
        return Client(HTTP_AUTHORIZATION=f"Bearer {key_for(house.people['integration'], *scopes, **options)}")

    return make


@pytest.fixture
def lead(machine: Client) -> dict[str, Any]:
    """A lead that waits for sales, as the API shows it."""
    receipt = machine.send("submissions/", READY, 201).json()
    return machine.get_json(f"leads/{receipt['lead_id']}/")
