"""Addresses of routing."""

from django.urls import path

from revops.portal.routing import rules, trying, views, waiting

urlpatterns = [
    path("routing/", views.turns, name="routing"),
    path("routing/waiting/", waiting.waiting_list, name="routing-waiting"),
    path("routing/waiting/route/", waiting.route_again, name="routing-route"),
    path("routing/waiting/give/", waiting.give, name="routing-give"),
    path("routing/rules/", rules.rule_list, name="routing-rules"),
    path("routing/rules/new/", rules.new_rule, name="routing-rule-new"),
    path("routing/rules/<str:key>/", rules.edit_rule, name="routing-rule"),
    path("routing/rules/<str:key>/move/", rules.move_rule, name="routing-rule-move"),
    path("routing/rules/<str:key>/switch/", rules.switch_rule, name="routing-rule-switch"),
    path("routing/rules/<str:key>/remove/", rules.remove_rule, name="routing-rule-remove"),
    path("routing/try/", trying.try_backlog, name="routing-try"),
]
