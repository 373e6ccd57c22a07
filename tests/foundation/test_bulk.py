"""Rows written as mappings and read by plain conditions are the same rows as those of models and querysets."""

from datetime import timedelta

import pytest
from django.db import connection

from leads.models import Lead
from revops.foundation.bulk import FEW, insert_rows, insert_values, new_rows
from revops.foundation.models import OutboxMessage
from revops.foundation.reading import rows_where
from revops.foundation.round_trips import plans_kept

pytestmark = pytest.mark.django_db


def messages(count, now):
    return [
        {
            "kind": "lead.assigned",
            "channel": "in_app",
            "recipient": str(place),
            "created_at": now,
            "available_at": now + timedelta(seconds=place),
            "payload": {"text": f"Nº {place}"},
        }
        for place in range(count)
    ]


@pytest.mark.parametrize("count", [1, FEW, FEW + 1, 40])
def test_mappings_become_rows_with_the_defaults_of_their_fields(count, now, django_assert_max_num_queries):
    with django_assert_max_num_queries(1):  # a COPY is not counted
        insert_values(OutboxMessage, messages(count, now))
    rows = list(OutboxMessage.objects.order_by("pk"))
    assert [row.payload for row in rows] == [{"text": f"Nº {place}"} for place in range(count)]
    model = OutboxMessage(kind="lead.assigned")
    assert {(row.state, row.attempts, row.subject_kind) for row in rows} == {
        (model.state, model.attempts, model.subject_kind)
    }


def test_nothing_to_insert_takes_no_query(django_assert_num_queries):
    with django_assert_num_queries(0):
        insert_values(OutboxMessage, [])


def test_a_name_that_is_no_column_is_refused(now):
    with pytest.raises(TypeError, match="OutboxMessage has no sender"):
        insert_values(OutboxMessage, [{**messages(1, now)[0], "sender": "x"}])


def test_plain_conditions_read_what_querysets_read(now, django_assert_num_queries):
    insert_values(OutboxMessage, messages(3, now))
    with django_assert_num_queries(1):
        found = rows_where(OutboxMessage, "available_at > %s ORDER BY available_at DESC", [now])
    expected = list(OutboxMessage.objects.filter(available_at__gt=now).order_by("-available_at"))
    assert found == expected
    assert [row.__dict__.keys() for row in found] == [row.__dict__.keys() for row in expected]
    assert [row.payload for row in found] == [{"text": "Nº 2"}, {"text": "Nº 1"}]
    assert not found[0]._state.adding


def test_new_rows_are_what_the_constructor_makes(now):
    given = {"stage": "new", "stage_at": now, "received_at": now, "attributes": {"use_case": "routing"}}
    quick, other = new_rows(Lead, [given, given])
    usual = Lead(**given)
    names = [field.attname for field in Lead._meta.concrete_fields if field.name != "id"]
    assert [getattr(quick, name) for name in names] == [getattr(usual, name) for name in names]
    assert quick.id < other.id < usual.id
    assert quick._state.adding
    assert quick._state.db is None


def test_new_rows_share_no_default_that_can_change(now):
    one, other = new_rows(Lead, [{"received_at": now}, {"received_at": now}])
    one.first_touch["utm_source"] = "fair"
    assert other.first_touch == {}


@pytest.mark.django_db
def test_new_rows_are_inserted_like_any(now):
    rows = new_rows(
        OutboxMessage,
        [{"kind": "test", "channel": "webhook", "created_at": now, "available_at": now} for _ in range(FEW + 1)],
    )
    insert_rows(OutboxMessage, rows)
    assert set(OutboxMessage.objects.values_list("pk", flat=True)) == {row.pk for row in rows}
    assert not rows[0]._state.adding


@pytest.mark.django_db
def test_plans_are_kept_only_inside(now):
    asked = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE %s"

    def kept() -> int:
        with connection.cursor() as cursor:
            cursor.execute(asked, ["%leads_source%any($1)%"])
            return int(cursor.fetchone()[0])

    def read_often() -> None:
        for _ in range(6):
            with connection.cursor() as cursor:
                cursor.execute("SELECT id FROM leads_source WHERE id = any(%s)", [[]])

    read_often()
    assert kept() == 0
    with plans_kept():
        read_often()
    assert kept() == 1
