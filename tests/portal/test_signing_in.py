"""Passwords and second factors: every page in the product's words, every mail of them, and what they do."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret, hotp_value, yield_hotp_counters_from_time
from django.core import mail
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse

from revops.foundation.models import User
from tests.factories import UserFactory
from tests.portal.desk import signed_in

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery staple"
NEW = "another horse, another staple"
FOREIGN = (
    "Please",
    "third-party",
    "Third-Party",
    "authenticat",
    "Sign Up",
    "Sign In",
    "example.com",
    "Token",
    "reauth",
)


@pytest.fixture
def rita() -> User:
    return User.objects.create_user("rita@portal.example", PASSWORD, name="Rita", role="rep")


@pytest.fixture
def desk(rita: User) -> Client:
    """Rita's browser, signed in by password and confirmed once more a moment ago."""
    client = Client()
    client.post("/accounts/login/", {"login": rita.email, "password": PASSWORD})
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return client


def check(answer: HttpResponse, heading: str, *, way_back: str) -> str:
    """One heading, which the tab says too, no words of the library's, at most one main action, and a way on."""
    page = answer.content.decode()
    body = page[page.index("<main") : page.index("</main>")]
    assert [re.sub(r"<.*?>", "", found).strip() for found in re.findall(r"<h1.*?>(.*?)</h1>", page, re.DOTALL)] == [
        heading
    ]
    title = re.search(r"<title>(.*?)</title>", page, re.DOTALL)
    assert title
    assert heading in title[1]
    spoken = re.sub(r"<[^>]*>", " ", body)
    assert [
        word for word in FOREIGN if word in spoken.replace("authenticator app", "").replace("Authenticator", "")
    ] == []
    assert len(re.findall(r'class="btn btn-(?:primary|danger)', body)) <= 1
    assert f'href="{way_back}"' in body
    return page


ENTRANCES = [
    ("/accounts/password/reset/", "Forgot your password?"),
    ("/accounts/password/reset/done/", "Look into your mail"),
    ("/accounts/password/reset/key/abc-made-up/", "This link does not work any more"),
    ("/accounts/password/reset/key/done/", "Your password is saved"),
    ("/accounts/inactive/", "This account is switched off"),
    ("/accounts/signup/", "Accounts are by invitation"),
]


@pytest.mark.parametrize(("path", "heading"), ENTRANCES)
def test_each_page_for_strangers_leads_back_to_signing_in(client: Client, path: str, heading: str) -> None:
    check(client.get(path), heading, way_back="/accounts/login/")


def test_a_forgotten_password_is_replaced_by_a_link(client: Client, rita: User) -> None:
    asked = client.post("/accounts/password/reset/", {"email": "RITA@portal.example"}, follow=True)
    check(asked, "Look into your mail", way_back="/accounts/login/")
    (letter,) = mail.outbox
    assert letter.subject == "Choose a new password"
    assert letter.to == ["rita@portal.example"]
    link = re.search(r"http://testserver(/\S+)", letter.body)
    assert link
    page = client.get(link[1], follow=True)
    words = check(page, "Choose a password", way_back="/accounts/login/")
    assert "Twelve characters or more" in words
    home = page.redirect_chain[-1][0]
    short = client.post(home, {"password1": "short", "password2": "short"})
    assert "There is a problem" in check(short, "Choose a password", way_back="/accounts/login/")
    done = client.post(home, {"password1": NEW, "password2": NEW}, follow=True)
    check(done, "Your password is saved", way_back="/accounts/login/")
    rita.refresh_from_db()
    assert rita.check_password(NEW)
    assert mail.outbox[1].subject == "Your password was changed"
    used = client.get(link[1], follow=True)
    check(used, "This link does not work any more", way_back="/accounts/password/reset/")


def test_an_unknown_address_gets_the_same_page_and_no_way_to_sign_up(client: Client) -> None:
    answer = client.post("/accounts/password/reset/", {"email": "eve@stranger.example"}, follow=True)
    check(answer, "Look into your mail", way_back="/accounts/login/")
    (letter,) = mail.outbox
    assert letter.subject == "No account has this address"
    assert "ask a RevOps admin" in letter.body
    assert "http" not in letter.body


def test_the_address_of_a_machine_is_answered_like_an_unknown_one(client: Client) -> None:
    UserFactory.create(role="integration", email="crm@machines.example")
    client.post("/accounts/password/reset/", {"email": "crm@machines.example"})
    assert [letter.subject for letter in mail.outbox] == ["No account has this address"]


def test_asking_for_a_link_while_no_mail_can_leave_says_so(
    client: Client, rita: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(letter: Any) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr("django.core.mail.EmailMultiAlternatives.send", refuse)
    for address in (rita.email, "eve@stranger.example"):
        answer = client.post("/accounts/password/reset/", {"email": address}, follow=True)
        assert answer.status_code == 200
        assert "No mail can leave at the moment" in answer.content.decode()


def test_asking_too_often_is_answered_with_the_page_for_it(client: Client, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"reset_password": "1/h/key"}
    address = {"email": "often@stranger.example"}
    client.post("/accounts/password/reset/", address)
    answer = client.post("/accounts/password/reset/", address)
    assert answer.status_code == 429
    assert "Too many requests in a short time" in answer.content.decode()


def test_changing_the_password_ends_at_sign_in_security(desk: Client, rita: User) -> None:
    words = check(desk.get("/accounts/password/change/"), "Change password", way_back="/me/")
    assert "Current password" in words
    assert "New password, once more" in words
    assert "placeholder" not in words[words.index("<main") : words.index("</main>")]
    sent = {"oldpassword": "wrong", "password1": NEW, "password2": NEW}
    assert "This is not your current password." in desk.post("/accounts/password/change/", sent).content.decode()
    answer = desk.post("/accounts/password/change/", {**sent, "oldpassword": PASSWORD}, follow=True)
    assert answer.redirect_chain[-1][0] == "/accounts/2fa/"
    assert "Your password is changed." in answer.content.decode()
    (letter,) = mail.outbox
    assert letter.to == [rita.email]
    assert "Hello from" not in letter.body + letter.subject
    assert "http://testserver/accounts/password/reset/" in letter.body


def test_a_change_stands_while_no_mail_can_leave(desk: Client, rita: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Any, *args: Any, **kwargs: Any) -> int:
        raise ConnectionRefusedError

    monkeypatch.setattr("django.core.mail.EmailMultiAlternatives.send", refuse)
    sent = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    assert desk.post("/accounts/password/change/", sent).status_code == 302
    rita.refresh_from_db()
    assert rita.check_password(NEW)


def test_who_has_no_password_chooses_one() -> None:
    user = UserFactory.create(password="!")
    user.set_unusable_password()
    user.save()
    client = signed_in(user)
    check(client.get("/accounts/password/set/"), "Choose a password", way_back="/me/")
    sent = {"password1": NEW, "password2": NEW}
    assert client.post("/accounts/password/set/", sent).status_code == 302


def test_who_signed_in_long_ago_confirms_once_more(desk: Client) -> None:
    session = desk.session
    session["account_authentication_methods"] = []
    session.save()
    page = desk.get("/accounts/2fa/totp/activate/", follow=True)
    check(page, "Confirm that it is you", way_back="/me/")
    home = f"{page.redirect_chain[-1][0]}"
    wrong = desk.post(home, {"password": "wrong"})
    assert "This is not your password." in check(wrong, "Confirm that it is you", way_back="/me/")
    assert desk.post(home, {"password": PASSWORD}).url == "/accounts/2fa/totp/activate/"


@pytest.mark.django_db(transaction=True)
def test_an_app_is_set_up_and_turned_off_with_a_mail_each(desk: Client) -> None:
    check(desk.get("/accounts/2fa/totp/activate/"), "Set up the app", way_back="/accounts/2fa/")
    secret = desk.session["mfa.totp.secret"]
    wrong = desk.post("/accounts/2fa/totp/activate/", {"code": "000"})
    assert "There is a problem" in check(wrong, "Set up the app", way_back="/accounts/2fa/")
    codes = desk.post("/accounts/2fa/totp/activate/", {"code": code_of(secret)}, follow=True)
    page = check(codes, "Recovery codes", way_back="/accounts/2fa/")
    assert "10 of 10 left" in page
    new = desk.get("/accounts/2fa/recovery-codes/generate/")
    assert "The 10 that are left stop working" in check(new, "Make new recovery codes?", way_back="/accounts/2fa/")
    assert desk.post("/accounts/2fa/recovery-codes/generate/").status_code == 302
    check(desk.get("/accounts/2fa/totp/deactivate/"), "Turn the app off?", way_back="/accounts/2fa/")
    assert desk.post("/accounts/2fa/totp/deactivate/").status_code == 302
    told = {"Your second factor is on", "You have new recovery codes", "Your second factor is off"}
    assert {letter.subject for letter in mail.outbox} == told
    assert not any("Please" in letter.body or "Two-Factor" in letter.body for letter in mail.outbox)


def test_signing_in_asks_for_the_second_factor_and_lets_one_turn_back(client: Client, rita: User) -> None:
    TOTP.activate(rita, generate_totp_secret())
    codes = RecoveryCodes.activate(rita)
    asked = client.post("/accounts/login/", {"login": rita.email, "password": PASSWORD}, follow=True)
    page = asked.content.decode()
    assert page.count("<h1>") == 1
    assert "Your second factor" in page
    assert "Back to signing in" in page
    wrong = client.post("/accounts/2fa/authenticate/", {"code": "000000"}).content.decode()
    assert "This code is not right" in wrong
    client.post("/accounts/2fa/authenticate/", {"code": codes.get_unused_codes()[0]})
    assert client.session["_auth_user_id"] == str(rita.pk)
    check(client.get("/accounts/2fa/reauthenticate/"), "Confirm that it is you", way_back="/me/")


@pytest.mark.parametrize("name", ["authentication_error", "login_cancelled"])
def test_a_failed_identity_provider_leads_back_to_signing_in(name: str, rf: Any) -> None:
    request = rf.get("/")
    request.user = UserFactory.build()
    page = render_to_string(f"socialaccount/{name}.html", {}, request)
    assert page.count("<h1>") == 1
    assert f'href="{reverse("account_login")}"' in page


def code_of(secret: str) -> str:
    """What an app shows now."""
    counter = next(iter(yield_hotp_counters_from_time()))
    return f"{hotp_value(secret, counter):06d}"
