"""The policy table: complete, consistent, and enforced in words."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied

from revops.foundation import policy
from revops.foundation.models import Role, User


@pytest.mark.parametrize("name", policy.PERMISSIONS)
def test_each_permission_has_words_and_somebody_who_has_it(name: str):
    row = policy.PERMISSIONS[name]
    assert str(row.sentence)
    assert row.roles
    assert row.roles <= set(Role.values)


@pytest.mark.parametrize("name", policy.PERMISSIONS)
def test_a_machine_has_exactly_the_permissions_that_a_scope_can_give(name: str):
    row = policy.PERMISSIONS[name]
    assert (Role.INTEGRATION in row.roles) == (row.scope is not None)


@pytest.mark.parametrize("name", policy.PERMISSIONS)
@pytest.mark.parametrize("role", Role.values)
def test_the_whole_grid_agrees_with_the_table(name: str, role: str):
    user = User(role=role)
    assert policy.can(user, name) == (role in policy.PERMISSIONS[name].roles)
    if not policy.can(user, name):
        with pytest.raises(PermissionDenied, match="Your role does not allow this"):
            policy.check(user, name)


def test_strangers_and_the_deactivated_may_nothing():
    for nobody in (AnonymousUser(), None, User(role=Role.ADMIN, is_active=False)):
        assert not policy.can(nobody, "leads.view")
        assert policy.visibility(nobody, "lead") == "none"


def test_only_the_two_managers_sign_rulebooks_and_no_key_can():
    row = policy.PERMISSIONS["rules.publish"]
    assert row.roles == {Role.SALES_MANAGER, Role.MARKETING_MANAGER}
    assert row.scope is None


def test_a_rep_sees_own_leads_and_others_see_all():
    assert policy.visibility(User(role=Role.REP), "lead") == "own"
    assert {policy.visibility(User(role=role), "lead") for role in Role.values if role != Role.REP} == {"all"}


def test_a_misspelt_permission_is_a_bug_and_not_a_refusal():
    with pytest.raises(KeyError):
        policy.can(User(role=Role.ADMIN), "leads.veiw")
