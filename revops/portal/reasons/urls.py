"""Addresses of the catalogue of reasons, the criteria gaps, and the register of tracks."""

from django.urls import path

from revops.portal.reasons import gaps, tracks, views

urlpatterns = [
    path("reasons/", views.reason_list, name="reasons"),
    path("reasons/new/", views.reason_new, name="reason-new"),
    path("reasons/preview/", views.preview, name="reason-preview"),
    path("reasons/gaps/", gaps.gap_list, name="criteria-gaps"),
    path("reasons/gaps/<uuid:disposition_id>/", gaps.answer, name="answer-gap"),
    path("reasons/bought-later/", gaps.bought_later, name="bought-later"),
    path("reasons/tracks/", tracks.track_list, name="tracks"),
    path("reasons/tracks/new/", tracks.track_new, name="track-new"),
    path("reasons/tracks/<slug:code>/", tracks.track_page, name="track"),
    path("reasons/families/<slug:code>/", views.family, name="reason-family"),
    path("reasons/<slug:code>/", views.reason_page, name="reason"),
    path("reasons/<slug:code>/retire/", views.switch, {"is_active": False}, name="reason-retire"),
    path("reasons/<slug:code>/restore/", views.switch, {"is_active": True}, name="reason-restore"),
]
