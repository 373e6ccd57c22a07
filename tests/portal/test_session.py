"""Signing in, trying the portal as a demo person, landing on one's first page, and one's own settings."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from revops.foundation.models import User
from tests.factories import UserFactory
from tests.portal.desk import signed_in

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery staple"


def test_signing_in_with_address_and_password(client: Client) -> None:
    User.objects.create_user("rita@portal.invalid", PASSWORD, name="Rita", role="rep")
    wrong = client.post("/accounts/login/", {"login": "rita@portal.invalid", "password": "wrong"})
    assert wrong.status_code == 200
    right = client.post("/accounts/login/", {"login": "rita@portal.invalid", "password": PASSWORD}, follow=True)
    assert right.redirect_chain[-1][0] == "/queue/"


@pytest.mark.parametrize("role", ["rep", "sales_manager", "marketer", "marketing_manager", "executive", "admin"])
def test_everybody_lands_on_a_page_they_may_see(role: str) -> None:
    response = signed_in(UserFactory.create(role=role)).get("/", follow=True)
    assert response.status_code == 200


def test_demo_people_sign_in_with_one_click_in_demo_mode(client: Client, settings: Any) -> None:
    settings.DEMO_MODE = True
    rep = UserFactory.create(role="rep", name="Rita Rep")
    page = client.get("/accounts/login/").content.decode()
    assert "Rita Rep" in page
    assert client.post("/sign-in/demo/", {"email": rep.email}, follow=True).status_code == 200
    assert client.session["_auth_user_id"] == str(rep.pk)


def test_outside_demo_mode_there_is_no_such_door(client: Client) -> None:
    rep = UserFactory.create(role="rep", name="Rita Rep")
    assert "Rita Rep" not in client.get("/accounts/login/").content.decode()
    assert client.post("/sign-in/demo/", {"email": rep.email}).status_code == 404


def test_demo_mode_opens_no_account_of_a_machine(client: Client, settings: Any) -> None:
    settings.DEMO_MODE = True
    machine = UserFactory.create(role="integration")
    assert client.post("/sign-in/demo/", {"email": machine.email}).status_code == 404


def test_own_settings_change_zone_look_and_keys() -> None:
    user = UserFactory.create(name="Rita")
    client = signed_in(user)
    post = {"name": "Rita R.", "timezone": "Europe/Berlin", "theme": "dark", "shortcuts": "alt", "role": "admin"}
    assert client.post("/me/", post).status_code == 302
    user.refresh_from_db()
    assert (user.name, user.timezone, user.theme, user.shortcuts) == ("Rita R.", "Europe/Berlin", "dark", "alt")
    assert user.role == "rep"
    assert client.post("/me/", {**post, "timezone": "Mars/Olympus"}).status_code == 422


def test_signing_out_needs_a_post() -> None:
    client = signed_in(UserFactory.create())
    assert client.get("/accounts/logout/").status_code == 200
    client.post("/accounts/logout/")
    assert client.get("/queue/").status_code == 302
