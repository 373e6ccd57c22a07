"""Several statements in one round trip: their order, their snapshots, their errors."""

import pytest
from django.db import IntegrityError, connection, transaction

from revops.foundation.models import Team
from revops.foundation.round_trips import fetch_together, one_round_trip

pytestmark = pytest.mark.django_db


def test_rows_come_back_in_the_order_of_the_statements_and_later_ones_see_earlier_ones() -> None:
    insert = "INSERT INTO foundation_team (id, name, side, timezone) VALUES (gen_random_uuid(), %s, 'sales', 'UTC')"
    for number in range(4):  # from the third time on the server keeps the plan
        added, counted = fetch_together(
            (f"{insert} RETURNING name", [f"Team {number}"]), ("SELECT count(*) FROM foundation_team", ())
        )
        assert (added, counted) == ([(f"Team {number}",)], [(number + 1,)])


def test_writes_inside_are_there_afterwards_and_may_be_read_inside() -> None:
    with one_round_trip():
        Team.objects.create(name="North", side="sales")
        assert Team.objects.filter(name="North").exists()
        Team.objects.create(name="South", side="sales")
    assert Team.objects.count() == 2
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)


def test_an_error_of_any_statement_is_djangos_and_the_connection_goes_on() -> None:
    Team.objects.create(name="North", side="sales")

    def write_twice() -> None:
        with transaction.atomic(), one_round_trip():
            Team.objects.create(name="North", side="sales")
            Team.objects.create(name="South", side="sales")

    with pytest.raises(IntegrityError):
        write_twice()
    assert list(Team.objects.values_list("name", flat=True)) == ["North"]
