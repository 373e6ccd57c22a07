"""Addresses of overrides."""

from django.urls import path

from revops.portal.overrides import views

urlpatterns = [
    path("overrides/", views.register, name="overrides"),
    path("overrides/<uuid:override_id>/end/", views.end_early, name="override-end"),
    path("leads/<str:lead_id>/override/", views.override, name="lead-override"),
]
