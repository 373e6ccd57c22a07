"""Addresses of the gate."""

from django.urls import path

from revops.portal.gate import views

urlpatterns = [
    path("gate/", views.gate, name="gate"),
    path("gate/try/", views.try_it, name="gate-try"),
    path("gate/<slug:code>/", views.rule_page, name="gate-rule"),
    path("gate/<slug:code>/undo/", views.undo_change, name="gate-undo"),
    path("gate/<slug:code>/terms.csv", views.export_terms, name="gate-terms"),
    path("gate/<slug:code>/import/", views.import_terms, name="gate-import"),
    path("gate/bounced/report/", views.report_bounces, name="gate-bounces"),
]
