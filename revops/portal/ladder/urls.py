"""Addresses of the ladder."""

from django.urls import path

from revops.portal.ladder import views

urlpatterns = [
    path("sla/ladder/", views.ladder, name="sla-ladder"),
    path("sla/ladder/backups/", views.backups, name="sla-backups"),
]
