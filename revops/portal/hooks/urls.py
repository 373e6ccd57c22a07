"""Addresses of inbound webhooks: what senders post to, and the pages of marketing."""

from django.urls import path

from revops.portal.hooks import receiving, views

urlpatterns = [
    path("hooks/in/<str:hook>/", receiving.receive, name="hook-in"),
    path("hooks/in/<str:hook>/<str:secret>/", receiving.receive, name="hook-in-secret"),
    path("webhooks/in/", views.hook_list, name="hooks"),
    path("webhooks/in/new/", views.hook_new, name="hook-new"),
    path("webhooks/in/preview/", views.hook_preview, name="hook-preview"),
    path("webhooks/in/<str:hook>/", views.hook_page, name="hook"),
    path("webhooks/in/<str:hook>/edit/", views.hook_edit, name="hook-edit"),
    path("webhooks/in/<str:hook>/switch/", views.hook_switch, name="hook-switch"),
    path("webhooks/in/<str:hook>/rotate/", views.hook_rotate, name="hook-rotate"),
    path("webhooks/in/<str:hook>/replay/", views.hook_replay, name="hook-replay"),
]
