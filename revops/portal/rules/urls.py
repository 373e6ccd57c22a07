"""Addresses of the rulebook."""

from django.urls import path

from revops.portal.rules import conflicts, drafting, flips, pages, shadows, views
from revops.portal.rules.editor import start
from revops.portal.rules.editor import views as editor

urlpatterns = [
    path("rules/", views.live_rules, name="rules"),
    path("rules/versions/", views.version_list, name="rule-versions"),
    path("rules/versions/<int:version>/", views.version_page, name="rule-version"),
    path("rules/matrix/", pages.matrix_page, name="rule-matrix"),
    path("rules/compare/", pages.compare, name="rule-compare"),
    path("rules/rule/<slug:key>/", pages.rule_page, name="rule-page"),
    path("rules/changes/", views.change_log, name="rule-changes"),
    path("rules/try/", views.try_lead, name="rule-try"),
    path("rules/progress/", views.rescore_progress, name="rule-rescore-progress"),
    path("rules/keep/", drafting.keep, name="rule-keep"),
    path("rules/draft/", start.new_draft, name="rule-draft"),
    path("rules/versions/<int:version>/edit/", editor.edit, name="rule-edit"),
    path("rules/versions/<int:version>/backtest/", editor.backtest, name="rule-backtest"),
    path("rules/versions/<int:version>/merge/", conflicts.merge_typed, name="rule-merge"),
    path("rules/versions/<int:version>/rebase/", conflicts.rebase, name="rule-rebase"),
    path("rules/versions/<int:version>/rulebook.json", start.export, name="rule-export"),
    path("rules/versions/<int:version>/flips/", flips.flip_list, name="rule-flips"),
    path("rules/versions/<int:version>/shadow/", shadows.shadow_page, name="rule-shadow"),
    path("rules/versions/<int:version>/shadow/start/", shadows.start, name="rule-shadow-start"),
    path("rules/shadows/<uuid:run_id>/end/", shadows.end, name="rule-shadow-end"),
    path("rules/versions/<int:version>/decline/", drafting.decline, name="rule-decline"),
    path("rules/versions/<int:version>/discard/", drafting.discard, name="rule-discard"),
    path("rules/versions/<int:version>/unschedule/", drafting.unschedule, name="rule-unschedule"),
    path("rules/versions/<int:version>/ask/", drafting.ask, name="rule-ask"),
    path("rules/versions/<int:version>/sign/", drafting.sign, name="rule-sign"),
    path("rules/versions/<int:version>/publish/", drafting.publish, name="rule-publish"),
    path("rules/revert/", drafting.revert, name="rule-revert"),
]
