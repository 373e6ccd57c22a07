"""People and the rules that the database keeps."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from revops.foundation import ledger
from revops.foundation.correlation import request_id
from revops.foundation.models import LedgerEntry, Role, Team, User

pytestmark = pytest.mark.django_db


def test_an_email_address_is_one_person_whatever_its_case():
    User.objects.create_user("Ana@Example.com", name="Ana", role=Role.REP)
    with pytest.raises(IntegrityError, match="an_email_address_belongs_to_one_user"), transaction.atomic():
        User.objects.create_user("ana@example.COM", name="Other", role=Role.REP)
    assert User.objects.get(email="ANA@EXAMPLE.COM").name == "Ana"


def test_a_user_without_password_cannot_sign_in_with_one():
    assert not User.objects.create_user("ana@example.com", name="Ana", role=Role.REP).has_usable_password()


def test_a_user_needs_an_address():
    with pytest.raises(ValueError, match="e-mail address"):
        User.objects.create_user("", name="Nobody", role=Role.REP)


def test_a_superuser_is_an_admin():
    admin = User.objects.create_superuser("root@example.com", "a long password", name="Root")
    assert (admin.role, admin.is_staff, admin.is_superuser) == (Role.ADMIN, True, True)


def test_an_unknown_role_is_refused_by_the_database():
    with pytest.raises(IntegrityError, match="a_user_has_a_known_role"), transaction.atomic():
        User.objects.create_user("ana@example.com", name="Ana", role="king")


def test_a_zone_that_does_not_exist_is_refused_in_words():
    team = Team(name="Moon", side="sales", timezone="Moon/Base")
    with pytest.raises(ValidationError, match="not a time zone"):
        team.full_clean()


def entry(now, **fields):
    values = {"occurred_at": now, "actor_label": "system: test", "action": "lead.accepted", "subject_kind": "lead"}
    return LedgerEntry(**(values | fields))


def test_the_ledger_names_person_request_and_time(make_user, now):
    ana = make_user()
    token = request_id.set("req_12345678")
    try:
        ledger.record([entry(now, actor=ana, actor_label=""), entry(now)])
    finally:
        request_id.reset(token)
    first, second = LedgerEntry.objects.order_by("id")
    assert (first.actor, first.actor_label, first.request_id) == (ana, ana.name, "req_12345678")
    assert (second.actor, second.actor_label, second.occurred_at) == (None, "system: test", now)


def test_recording_takes_one_statement_for_one_and_for_many(now, django_assert_max_num_queries):
    for size in (1, 500):
        with django_assert_max_num_queries(1):  # a COPY is not counted
            ledger.record([entry(now, after={"stage": "new"}) for _number in range(size)])
    assert LedgerEntry.objects.filter(after__stage="new", before__isnull=True).count() == 501


def test_an_entry_without_an_actor_is_refused(now):
    with pytest.raises(IntegrityError, match="every_entry_names_who_acted"), transaction.atomic():
        ledger.record([entry(now, actor_label="")])


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE foundation_ledgerentry SET action = 'changed'",
        "DELETE FROM foundation_ledgerentry",
        "TRUNCATE foundation_ledgerentry",
    ],
)
def test_the_database_refuses_to_change_the_ledger(statement: str, now):
    ledger.record([entry(now)])
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(IntegrityError, match="only ever added"), transaction.atomic():
            cursor.execute(statement)
    assert LedgerEntry.objects.get().action == "lead.accepted"
