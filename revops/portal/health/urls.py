"""Addresses of the health page."""

from django.urls import path

from revops.portal.health import views

urlpatterns = [
    path("health/", views.health, name="health"),
    path("health/audit/", views.start, name="health-audit"),
]
