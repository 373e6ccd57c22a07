"""Addresses of duplicates and merges."""

from django.urls import path

from revops.portal.merges import views

urlpatterns = [
    path("merges/", views.proposals, name="merges"),
    path("merges/<str:kind>/<str:match_id>/", views.proposal, name="match"),
    path("merges/<str:kind>/<str:match_id>/merge/", views.accept, name="match-merge"),
    path("merges/<str:kind>/<str:match_id>/refuse/", views.refuse, name="match-refuse"),
    path("merges/<str:kind>/<str:match_id>/ask-again/", views.ask_again, name="match-ask-again"),
    path("merges/<str:kind>/<str:merge_id>/undo/", views.undo_merge, name="merge-undo"),
    path("leads/<str:lead_id>/same-as/", views.same_as, name="lead-same-as"),
]
