"""Addresses of the rejection review."""

from django.urls import path

from revops.portal.rejections import views

urlpatterns = [
    path("rejections/", views.rejections, name="rejections"),
    path("rejections/rejections.csv", views.as_csv, name="rejections-csv"),
    path("rejections/leads/", views.rejected_leads, name="rejections-list"),
]
