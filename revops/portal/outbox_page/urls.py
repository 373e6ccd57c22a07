"""Addresses of the outbox page."""

from django.urls import path

from revops.portal.outbox_page import views

urlpatterns = [
    path("health/outbox/", views.outbox_list, name="outbox"),
    path("health/outbox/replay/", views.replay_all, name="outbox-replay-all"),
    path("health/outbox/<uuid:pk>/replay/", views.replay, name="outbox-replay"),
]
