"""Strangers cannot make themselves an account, and no page of signing in is a dead end."""

from __future__ import annotations

import pytest
from django.core import mail
from django.test import Client

from revops.foundation.models import User
from tests.factories import UserFactory
from tests.portal.desk import signed_in

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery staple"
SIGN_IN = 'href="/accounts/login/"'


def test_a_stranger_is_told_who_makes_accounts(client: Client) -> None:
    answer = client.get("/accounts/signup/")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "Accounts are by invitation" in page
    assert SIGN_IN in page
    assert 'name="password1"' not in page


def test_a_stranger_who_sends_the_form_makes_nobody(client: Client) -> None:
    sent = {"email": "eve@stranger.example", "password1": PASSWORD, "password2": PASSWORD}
    answer = client.post("/accounts/signup/", sent)
    assert answer.status_code == 200
    assert "Accounts are by invitation" in answer.content.decode()
    assert not User.objects.filter(email="eve@stranger.example").exists()
    assert mail.outbox == []
    assert "_auth_user_id" not in client.session


def test_signing_up_with_a_taken_address_says_nothing_about_it(client: Client) -> None:
    UserFactory.create(email="rita@portal.example")
    sent = {"email": "rita@portal.example", "password1": PASSWORD, "password2": PASSWORD}
    assert "Accounts are by invitation" in client.post("/accounts/signup/", sent).content.decode()
    assert mail.outbox == []
    assert User.objects.filter(email="rita@portal.example").count() == 1


def test_who_is_signed_in_needs_no_sign_up() -> None:
    assert signed_in(UserFactory.create()).get("/accounts/signup/").status_code == 302


@pytest.mark.parametrize(
    "path",
    ["email/", "confirm-email/", "confirm-email/abc:def/", "3rdparty/", "3rdparty/signup/", "3rdparty/login/error/",
     "3rdparty/login/cancelled/"],
)  # fmt: skip
@pytest.mark.parametrize("is_signed_in", [False, True])
def test_pages_that_the_portal_does_not_have_are_not_found(path: str, is_signed_in: bool) -> None:
    client = signed_in(UserFactory.create()) if is_signed_in else Client()
    for answer in (
        client.get(f"/accounts/{path}"),
        client.post(f"/accounts/{path}", {"email": "eve@stranger.example"}),
    ):
        assert answer.status_code == 404
        assert "Go to your first page" in answer.content.decode()


def test_nobody_gives_themselves_another_address() -> None:
    user = UserFactory.create(email="rita@portal.example")
    sent = {"action_add": "", "email": "eve@stranger.example"}
    assert signed_in(user).post("/accounts/email/", sent).status_code == 404
    user.refresh_from_db()
    assert user.email == "rita@portal.example"


def test_a_switched_off_account_says_who_can_help(client: Client) -> None:
    User.objects.create_user("rita@portal.example", PASSWORD, name="Rita", role="rep", is_active=False)
    sent = {"login": "rita@portal.example", "password": PASSWORD}
    page = client.post("/accounts/login/", sent, follow=True).content.decode()
    assert "This account is switched off" in page
    assert SIGN_IN in page
    assert "_auth_user_id" not in client.session
