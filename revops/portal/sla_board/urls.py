"""Addresses of the SLA pages."""

from django.urls import path

from revops.portal.sla_board import views

urlpatterns = [
    path("sla/", views.board, name="sla-board"),
    path("sla/clauses/<slug:code>/", views.clause, name="sla-clause"),
    path("sla/clocks/<str:clock_id>/", views.clock, name="sla-clock"),
]
