"""Addresses of accounts."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from revops.portal.accounts import changing, views


class AccountId(StringConverter):
    """The public id of an account; other words below `accounts/` belong to signing in."""

    regex = "account_[0-9a-z]+"


register_converter(AccountId, "account_id")

urlpatterns = [
    path("accounts/", views.accounts, name="accounts"),
    path("accounts/export.csv", views.export, name="accounts-export"),
    path("accounts/surges/", views.tasks, name="account-tasks"),
    path("accounts/surges/rule/", changing.rule, name="surge-rule"),
    path("accounts/surges/<str:task_id>/close/", changing.close, name="account-task-close"),
    path("accounts/<account_id:account_id>/", views.account, name="account"),
    path("accounts/<account_id:account_id>/edit/", changing.edit, name="account-edit"),
    path("accounts/<account_id:account_id>/inside/", changing.inside, name="account-inside"),
    path("accounts/<account_id:account_id>/roles/", changing.roles, name="account-roles"),
    path("accounts/<account_id:account_id>/domains/", changing.add_another_domain, name="account-domains"),
]
