"""Addresses of the ledger."""

from django.urls import path

from revops.portal.audit import views

urlpatterns = [path("audit/", views.ledger_list, name="audit")]
