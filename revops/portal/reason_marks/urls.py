"""Addresses of the marks on reasons."""

from django.urls import path

from revops.portal.reason_marks import views

urlpatterns = [path("leads/<str:lead_id>/reasons/<slug:rule_key>/mark/", views.mark, name="reason-mark")]
