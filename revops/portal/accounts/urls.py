"""Addresses of accounts."""

from django.urls import path

from revops.portal.accounts import changing, views

urlpatterns = [
    path("accounts/", views.accounts, name="accounts"),
    path("accounts/export.csv", views.export, name="accounts-export"),
    path("accounts/surges/", views.tasks, name="account-tasks"),
    path("accounts/surges/rule/", changing.rule, name="surge-rule"),
    path("accounts/surges/<str:task_id>/close/", changing.close, name="account-task-close"),
    path("accounts/<str:account_id>/", views.account, name="account"),
    path("accounts/<str:account_id>/edit/", changing.edit, name="account-edit"),
    path("accounts/<str:account_id>/inside/", changing.inside, name="account-inside"),
    path("accounts/<str:account_id>/roles/", changing.roles, name="account-roles"),
    path("accounts/<str:account_id>/domains/", changing.add_another_domain, name="account-domains"),
]
