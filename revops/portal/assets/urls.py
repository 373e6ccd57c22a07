"""Addresses of content assets."""

from django.urls import path

from revops.portal.assets import views

urlpatterns = [
    path("assets/", views.asset_list, name="assets"),
    path("assets/new/", views.asset_new, name="asset-new"),
    path("assets/<slug:key>/", views.asset_page, name="asset"),
    path("assets/<slug:key>/edit/", views.asset_edit, name="asset-edit"),
    path("assets/<slug:key>/archive/", views.archive_asset, {"put": True}, name="asset-archive"),
    path("assets/<slug:key>/restore/", views.archive_asset, {"put": False}, name="asset-restore"),
]
