"""Addresses of leads."""

from django.urls import path

from revops.portal.lead_pages import views

urlpatterns = [
    path("leads/", views.leads, name="leads"),
    path("leads/export.csv", views.export, name="leads-export"),
    path("leads/<str:lead_id>/", views.lead, name="lead"),
    path("leads/<str:lead_id>/outcomes/", views.record_outcome, name="record-outcome"),
    path("leads/<str:lead_id>/outcomes/<uuid:outcome_id>/", views.correct_outcome, name="correct-outcome"),
    path("leads/<str:lead_id>/outcomes/<uuid:outcome_id>/withdraw/", views.withdraw_outcome, name="withdraw-outcome"),
]
