"""Session and user are read anew for each page: whoever lost either is a stranger at once."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from revops.foundation.models import User

pytestmark = pytest.mark.django_db
PAGE = "/design/"


@pytest.fixture
def ada() -> User:
    return User.objects.create(email="ada@example.com", name="Ada", role="admin")


@pytest.fixture
def client(ada: User) -> Client:
    client = Client()
    client.force_login(ada)
    for _use in range(3):
        assert client.get(PAGE).status_code == 200
    return client


def test_session_and_user_are_all_that_is_read(client: Client) -> None:
    with CaptureQueriesContext(connection) as asked:
        client.get(PAGE)
    assert [query["sql"].split('"')[1] for query in asked] == ["django_session", "foundation_user"]


def test_a_new_name_shows_on_the_next_page(client: Client, ada: User) -> None:
    User.objects.filter(pk=ada.pk).update(name="Countess Lovelace")
    assert "Countess Lovelace" in client.get(PAGE).content.decode()


def test_a_deactivated_person_is_out_at_once(client: Client, ada: User) -> None:
    User.objects.filter(pk=ada.pk).update(is_active=False)
    assert client.get(PAGE).status_code == 302


def test_an_ended_session_is_out_at_once(client: Client) -> None:
    Session.objects.all().delete()
    assert client.get(PAGE).status_code == 302


def test_an_expired_session_is_out_at_once(client: Client) -> None:
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert client.get(PAGE).status_code == 302


@pytest.mark.parametrize("key", ["", "short", "x" * 32, "'; --%s"])
def test_a_made_up_session_is_nobodys(key: str) -> None:
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = key
    assert client.get(PAGE).status_code == 302
