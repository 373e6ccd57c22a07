"""Query sets that are compiled once: the same rows as the query set gives, and never those of before."""

from typing import Any

import pytest
from django.db import connection
from django.db.models import Count, Q, QuerySet
from django.test.utils import CaptureQueriesContext

from revops.foundation.kept_queries import KeptQuery, any_of, blank, fetch_kept
from revops.foundation.models import Team, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def north() -> Team:
    """A team with Ada, and Bob who has none; South is empty."""
    Team.objects.create(name="South", side="sales")
    team = Team.objects.create(name="North", side="sales")
    User.objects.create(email="ada@example.com", name="Ada 100%", role="rep", team=team)
    User.objects.create(email="bob@example.com", name="Bob", role="rep")
    return team


def people() -> QuerySet[User]:
    return User.objects.order_by("email")


def test_instances_come_with_their_relations_and_annotations_in_one_query(north: Team) -> None:
    rows = people().select_related("team").annotate(others=Count("team__members"))
    kept = KeptQuery(rows.filter(email=blank("email")))
    for _use in range(4):  # from the third time on the server keeps the plan
        with CaptureQueriesContext(connection) as asked:
            (ada,), (bob,) = kept.fetch(email="ada@example.com"), kept.fetch(email="bob@example.com")
            assert (ada.team, ada.team.name, ada.others) == (north, "North", 1)  # type: ignore[attr-defined]
            assert (bob.team, bob.others) == (None, 0)  # type: ignore[attr-defined]
        assert len(asked) == 2
    assert ada == people().get(email="ada@example.com")
    assert not ada._state.adding


@pytest.mark.parametrize("fields", [(), ("name",), ("name", "team__name")])
def test_values_come_as_the_query_set_gives_them(north: Team, fields: tuple[str, ...]) -> None:
    shapes: list[QuerySet[Any, Any]] = [people().values(*fields), people().values_list(*fields)]
    if len(fields) == 1:
        shapes.append(people().values_list(*fields, flat=True))
    for rows in shapes:
        assert KeptQuery(rows).fetch() == list(rows)
        assert KeptQuery(rows.filter(role=blank("role"))).fetch(role="rep") == list(rows)


def test_groups_are_counted_beside_blanks(north: Team) -> None:
    kept = KeptQuery(
        User.objects.order_by()
        .values("role")
        .annotate(n=Count("pk"), named=Count("pk", filter=Q(name=blank("name"))))
        .values_list("role", "n", "named")
    )
    assert kept.fetch(name="Bob") == [("rep", 2, 1)]
    assert kept.fetch(name="Eve") == [("rep", 2, 0)]


def test_a_change_shows_at_once(north: Team) -> None:
    kept = KeptQuery(people().values_list("name", flat=True))
    for name in ("Bea", "Bert", "Bill", "Bo"):
        User.objects.filter(email="bob@example.com").update(name=name)
        assert kept.fetch() == ["Ada 100%", name]


def test_what_is_no_blank_stands_in_the_text_whatever_it_holds(north: Team) -> None:
    assert KeptQuery(people().filter(name__contains="100%")).first() == people().first()
    assert KeptQuery(people().filter(name="%s")).first() is None
    sql, values = KeptQuery(people().filter(role="rep", email=blank("email"))).statement(email="x")
    assert "'rep'" in sql
    assert values == ["x"]


def test_a_list_fits_any_of_its_values_however_long_it_is(north: Team) -> None:
    kept = KeptQuery(people().filter(email=any_of("emails")).values_list("email", flat=True))
    assert kept.fetch(emails=[]) == []
    assert kept.fetch(emails=["bob@example.com", "eve@example.com"]) == ["bob@example.com"]
    assert len(kept.fetch(emails=["ada@example.com", "bob@example.com", *map(str, range(1_000))])) == 2


def test_nothing_equals_none(north: Team) -> None:
    kept = KeptQuery(people().filter(Q(team=blank("team")) | Q(email=blank("email"))))
    assert kept.fetch(team=None, email="ada@example.com") == [people().first()]


def test_counting_ends_where_the_query_set_ends(north: Team) -> None:
    assert KeptQuery(people().values_list("pk")).count() == 2
    assert KeptQuery(people().values_list("pk")[:1]).count() == 1


def test_how_many_rows_may_be_left_to_each_use(north: Team) -> None:
    kept = KeptQuery(people())
    assert [len(kept.fetch(most=most)) for most in (1, 2, 3)] == [1, 2, 2]


def test_several_are_asked_together(north: Team) -> None:
    one = KeptQuery(people().filter(email=blank("email")))
    found = fetch_kept((one, {"email": "ada@example.com"}), (KeptQuery(Team.objects.order_by("name")), {}))
    assert found == [[people().first()], list(Team.objects.order_by("name"))]


def test_a_long_list_among_several_is_asked_for_by_itself(north: Team) -> None:
    kept = KeptQuery(people().filter(email=any_of("emails")).values_list("email", flat=True))
    many = ["ada@example.com", *map(str, range(100))]
    for _use in range(4):
        assert fetch_kept((kept, {"emails": many}), (kept, {"emails": many[:1]})) == [["ada@example.com"]] * 2


def test_a_missing_value_is_an_error() -> None:
    with pytest.raises(KeyError, match="email"):
        KeptQuery(people().filter(email=blank("email"))).fetch()


def test_rows_of_another_kind_are_refused() -> None:
    with pytest.raises(TypeError, match="NamedValues"):
        KeptQuery(people().values_list("name", named=True)).fetch()
