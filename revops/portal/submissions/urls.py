"""Addresses of the journal."""

from django.urls import path

from revops.portal.submissions import views

urlpatterns = [
    path("submissions/", views.submission_list, name="submissions"),
    path("submissions/release/", views.release, name="submissions-release"),
    path("submissions/<str:receipt>/", views.submission_page, name="submission"),
]
