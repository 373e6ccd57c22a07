"""The pages of the kit through the test client: design, display settings, errors, sign-in, budgets."""

import gzip
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client, RequestFactory

from revops.foundation.models import User
from revops.foundation.pages import nav
from revops.foundation.pages.errors import ERRORS, error_page, server_error

STATIC = Path(settings.BASE_DIR) / "static"


@pytest.fixture
def person(db) -> User:
    return User.objects.create_user("mara@example.com", "a-long-password", name="Mara Lindqvist", role="admin")


@pytest.fixture
def signed_in(client: Client, person: User) -> Client:
    client.force_login(person, backend=settings.AUTHENTICATION_BACKENDS[0])
    return client


def test_the_design_page_shows_every_component_with_two_queries(signed_in: Client, django_assert_num_queries) -> None:
    with django_assert_num_queries(2):  # the session and the person
        page = signed_in.get("/design/").content.decode()
    assert page.count("<h1") == 1
    assert "Show as table" in page
    components = Path(settings.BASE_DIR, "templates", "components").glob("*.html")
    marks = {path.name: re.search(r'class="([a-z-]+)', path.read_text()) for path in components}
    assert [name for name, mark in marks.items() if mark and f'class="{mark[1]}' not in page] == []


def test_a_stranger_is_sent_to_sign_in(client: Client, db) -> None:
    assert client.get("/design/").url.startswith("/accounts/login/")


def test_sign_in_refuses_a_wrong_password_in_words(client: Client, person: User) -> None:
    answer = client.post("/accounts/login/", {"login": person.email, "password": "wrong"})
    page = answer.content.decode()
    assert "There is a problem" in page
    assert "<title>Error:" in page


@pytest.mark.parametrize(("kept", "sent"), [("dark", "dark"), ("auto", "neon")])
def test_the_look_is_kept_when_it_is_known(signed_in: Client, person: User, kept: str, sent: str) -> None:
    answer = signed_in.post("/me/display/", {"theme": sent, "next": "/design/"})
    person.refresh_from_db()
    assert (person.theme, answer.url) == (kept, "/design/")


def test_display_settings_never_send_anybody_to_another_site(signed_in: Client) -> None:
    assert signed_in.post("/me/display/", {"shortcuts": "alt", "next": "https://evil.example/"}).url == "/"


@pytest.mark.parametrize("status", ERRORS)
def test_each_error_page_says_what_happened_and_what_to_do(status: int, db) -> None:
    request = RequestFactory().get("/")
    request.request_id = "req-123"
    answer = error_page(request, status)
    page = answer.content.decode()
    assert answer.status_code == status
    assert page.count("<h1") == 1
    assert "req-123" in page
    for word in ("please", "invalid", "error occurred"):
        assert word not in page.lower()


def test_the_page_for_our_own_mistakes_needs_no_database() -> None:
    request = RequestFactory().get("/")
    request.request_id = "req-9"
    answer = server_error(request)
    assert answer.status_code == 500
    assert b"req-9" in answer.content


def test_a_missing_page_is_worded(signed_in: Client) -> None:
    answer = signed_in.get("/no/such/page/")
    assert answer.status_code == 404
    assert b"There is nothing at this address" in answer.content


def _zipped(pattern: str) -> list[int]:
    return [len(gzip.compress(path.read_bytes(), 9)) for path in STATIC.glob(pattern)]


@pytest.mark.parametrize(
    ("pattern", "kilobytes"), [("**/*.js", 25), ("js/portal.js", 12), ("vendor/tabler-*/*.css", 20)]
)
def test_what_a_page_loads_stays_in_its_budget(pattern: str, kilobytes: int) -> None:
    assert 0 < sum(_zipped(pattern)) <= kilobytes * 1024


def test_the_styles_of_every_page_and_one_sheet_of_its_own_stay_in_their_budget() -> None:
    own = [path.name for path in (STATIC / "css").glob("*.css") if path.name != "portal.css"]
    shared = sum([*_zipped("vendor/tabler-*/*.css"), *_zipped("css/portal.css")])
    assert 0 < shared + max(sum(_zipped(f"css/{name}")) for name in own) <= 25 * 1024


def test_a_form_that_was_open_for_too_long_is_refused_in_words(person: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(person, backend=settings.AUTHENTICATION_BACKENDS[0])
    answer = client.post("/me/display/", {"theme": "dark"})
    assert answer.status_code == 403
    assert b"open for too long" in answer.content


def test_every_shortcut_of_the_rail_goes_to_one_page():
    keys = [page.keys for group in nav.NAVIGATION for page in group.pages if page.keys]
    assert sorted(set(keys)) == sorted(keys)
