"""Addresses of signal kinds."""

from django.urls import path

from revops.portal.signal_kinds import views

urlpatterns = [
    path("rules/signals/", views.kinds, name="signal-kinds"),
    path("rules/signals/<slug:code>/judge/", views.judge, name="signal-kind-judge"),
]
