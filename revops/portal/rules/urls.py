"""Addresses of the rulebook."""

from django.urls import path

from revops.portal.rules import drafting, views

urlpatterns = [
    path("rules/", views.live_rules, name="rules"),
    path("rules/versions/", views.version_list, name="rule-versions"),
    path("rules/versions/<int:version>/", views.version_page, name="rule-version"),
    path("rules/changes/", views.change_log, name="rule-changes"),
    path("rules/try/", views.try_lead, name="rule-try"),
    path("rules/progress/", views.rescore_progress, name="rule-rescore-progress"),
    path("rules/draft/", drafting.new_draft, name="rule-draft"),
    path("rules/versions/<int:version>/edit/", drafting.edit, name="rule-edit"),
    path("rules/versions/<int:version>/ask/", drafting.ask, name="rule-ask"),
    path("rules/versions/<int:version>/sign/", drafting.sign, name="rule-sign"),
    path("rules/versions/<int:version>/publish/", drafting.publish, name="rule-publish"),
    path("rules/revert/", drafting.revert, name="rule-revert"),
]
