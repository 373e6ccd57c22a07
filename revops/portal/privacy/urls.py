"""Addresses of privacy."""

from django.urls import path, re_path

from revops.portal.privacy import views

urlpatterns = [
    path("privacy/", views.request_list, name="privacy"),
    path("privacy/new/", views.new, name="privacy-new"),
    path("privacy/retention/", views.retention_rules, name="privacy-retention"),
    path("privacy/retention/<slug:code>/", views.set_retention, name="privacy-retention-set"),
    path("privacy/<str:request_id>/", views.one_request, name="privacy-request"),
    path("privacy/<str:request_id>/erase/", views.erase, name="privacy-erase"),
    path("privacy/<str:request_id>/progress/", views.progress, name="privacy-progress"),
    path("privacy/<str:request_id>/close/", views.close, name="privacy-close"),
    re_path(r"^privacy/(?P<request_id>[^/]+)/export\.(?P<form>json|zip)$", views.export, name="privacy-export"),
]
