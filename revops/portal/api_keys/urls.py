"""Addresses of API keys."""

from django.urls import path

from revops.portal.api_keys import views

urlpatterns = [
    path("api-keys/", views.key_list, name="api-keys"),
    path("api-keys/new/", views.key_new, name="api-key-new"),
    path("api-keys/<slug:public_id>/", views.key_page, name="api-key"),
    path("api-keys/<slug:public_id>/rotate/", views.rotate, name="api-key-rotate"),
    path("api-keys/<slug:public_id>/revoke/", views.revoke, name="api-key-revoke"),
]
