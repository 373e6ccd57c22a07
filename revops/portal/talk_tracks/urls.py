"""Addresses of the talk tracks."""

from django.urls import path

from revops.portal.talk_tracks import views

urlpatterns = [
    path("talk-tracks/", views.track_list, name="talk-tracks"),
    path("talk-tracks/new/", views.track_new, name="talk-track-new"),
    path("talk-tracks/<uuid:track_id>/", views.track_page, name="talk-track"),
    path("talk-tracks/<uuid:track_id>/vote/<str:lead_id>/", views.vote, name="talk-track-vote"),
]
