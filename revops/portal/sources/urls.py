"""Addresses of the source register."""

from django.urls import path

from revops.portal.sources import views

urlpatterns = [
    path("sources/", views.source_list, name="sources"),
    path("sources/new/", views.source_new, name="source-new"),
    path("sources/<slug:key>/", views.source_page, name="source"),
    path("sources/<slug:key>/stop/", views.change_state, {"state": "stop"}, name="source-stop"),
    path("sources/<slug:key>/start/", views.change_state, {"state": "start"}, name="source-start"),
    path("sources/<slug:key>/exception/", views.make_exception, name="source-exception"),
    path("sources/<slug:key>/exception/end/", views.end_the_exception, name="source-exception-end"),
    path("sources/<slug:key>/spend/", views.state_spend, name="source-spend"),
]
