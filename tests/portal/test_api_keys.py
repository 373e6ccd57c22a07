"""API keys on their pages: shown once, rotated with overlap, revoked at once."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from revops.foundation.api_keys import PATTERN, create_api_key, find_api_key
from revops.foundation.models import ApiKey, LedgerEntry
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def machine() -> Any:
    return UserFactory.create(role="integration", name="Website")


def _text_in(answer: Any) -> str:
    return re.search(PATTERN, html.unescape(answer.content.decode())).group()  # type: ignore[union-attr]


def _created(client: Any, machine: Any, **more: Any) -> Any:
    data = {"name": "Forms", "owner": str(machine.pk), "scopes": ["leads:write"], "days": "30", **more}
    return client.post("/api-keys/new/", data)


def test_a_new_key_is_shown_once_and_works(sign_in: Any, machine: Any) -> None:
    client = sign_in()
    answer = _created(client, machine)
    text = _text_in(answer)
    key = find_api_key(text, timezone.now())
    assert key is not None
    assert (key.owner, key.scopes, key.created_by) == (machine, ["leads:write"], client.person)
    assert "no-store" in answer["Cache-Control"]
    assert text not in client.get(f"/api-keys/{key.public_id}/").content.decode()
    entry = LedgerEntry.objects.get(action="api_key.created")
    assert text not in str(entry.after)


def test_scopes_are_sentences(sign_in: Any) -> None:
    page = sign_in().get("/api-keys/new/").content.decode()
    assert "Accept and reject leads (leads:decide)" in page


def test_a_key_without_a_scope_or_for_three_years_is_refused(sign_in: Any, machine: Any) -> None:
    client = sign_in()
    assert _created(client, machine, scopes=[]).status_code == 422
    assert _created(client, machine, days="1095").status_code == 422
    assert not ApiKey.objects.exists()


def test_after_a_rotation_both_secrets_work_until_the_overlap_ends(sign_in: Any, machine: Any) -> None:
    client = sign_in()
    old = _text_in(_created(client, machine))
    key = ApiKey.objects.get()
    new = _text_in(client.post(f"/api-keys/{key.public_id}/rotate/", {"overlap": "1"}))
    now = timezone.now()
    assert find_api_key(old, now) == find_api_key(new, now) == key
    assert find_api_key(old, now + timedelta(days=2)) is None
    assert LedgerEntry.objects.get(action="api_key.rotated").after == {"overlap_days": 1}


def test_a_revoked_key_is_refused_at_once_and_gets_no_new_secret(sign_in: Any, machine: Any) -> None:
    client = sign_in()
    text = _text_in(_created(client, machine))
    key = ApiKey.objects.get()
    for _ in range(2):
        client.post(f"/api-keys/{key.public_id}/revoke/")
    assert find_api_key(text, timezone.now()) is None
    assert LedgerEntry.objects.filter(action="api_key.revoked").count() == 1
    assert client.post(f"/api-keys/{key.public_id}/rotate/", {"overlap": "7"}).status_code == 302


@pytest.mark.parametrize("role", ["rep", "marketer", "sales_manager", "executive"])
def test_only_the_admin_opens_keys(sign_in: Any, role: str) -> None:
    assert sign_in(role).get("/api-keys/").status_code == 403


def test_an_unknown_key_is_not_there(sign_in: Any) -> None:
    assert sign_in().get("/api-keys/nothing/").status_code == 404


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_for_one_key_and_for_three(
    sign_in: Any, machine: Any, count: int, django_assert_num_queries: Any
) -> None:
    for number in range(count):
        create_api_key(f"Key {number}", machine, ["leads:read"], timezone.now())
    client = sign_in()
    with django_assert_num_queries(4):  # session, person, rows, count
        page = client.get("/api-keys/").content.decode()
    assert page.count('<th scope="row"') == count


def test_the_list_is_filtered_and_downloaded(sign_in: Any, machine: Any) -> None:
    create_api_key("Website", machine, ["leads:read"], timezone.now())
    client = sign_in()
    assert "No key matches" in client.get("/api-keys/", {"state": "revoked"}).content.decode()
    lines = b"".join(client.get("/api-keys/", {"format": "csv"}).streaming_content).decode().splitlines()
    assert len(lines) == 2
