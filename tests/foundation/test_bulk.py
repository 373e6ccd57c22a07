"""Rows written as mappings and read by plain conditions are the same rows as those of models and querysets."""

from datetime import timedelta

import pytest

from revops.foundation.bulk import FEW, insert_values
from revops.foundation.models import OutboxMessage
from revops.foundation.reading import rows_where

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
