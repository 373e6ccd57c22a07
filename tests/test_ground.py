"""The ground that tests stand on: databases that stay apart, a browser that complains."""

import pytest
from django.db import connection
from playwright.sync_api import Page

from revops.foundation.models import Team
from tests.browser import Console


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("_round", [1, 2])
def test_a_test_with_real_commits_leaves_nothing_behind(_round: int) -> None:
    assert not Team.objects.filter(name="Left behind").exists()
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE left_behind (number int)")
    Team.objects.create(name="Left behind", side="sales")


@pytest.mark.browser
def test_a_page_that_complains_is_noticed(page: Page, console: Console) -> None:
    console.allow("planted")
    console.allow("favicon.ico")  # only pages name their icon, this is bare JSON
    page.goto("/healthz/live")
    page.evaluate("console.error('planted')")
    page.evaluate("setTimeout(() => { throw new Error('planted too') })")
    page.wait_for_timeout(100)
    assert [error for error in console.errors if "planted" in error] == ["planted ()", "script error: planted too"]
    assert console.complaints() == []
