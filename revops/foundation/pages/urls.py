"""Addresses of the page kit."""

from django.urls import path

from revops.foundation.pages import views

urlpatterns = [
    path("design/", views.design, name="design"),
    path("design/errors/<int:status>/", views.design_error, name="design-error"),
    path("me/display/", views.display_settings, name="display-settings"),
]
