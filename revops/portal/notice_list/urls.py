"""Addresses of one's own notices."""

from django.urls import path

from revops.portal.notice_list import views

urlpatterns = [
    path("notices/", views.notices, name="notices"),
    path("notices/bell/", views.bell, name="notices-bell"),
    path("notices/read/", views.read_all, name="notices-read"),
    path("notices/<uuid:pk>/open/", views.open_notice, name="notice-open"),
    path("notices/<uuid:pk>/read/", views.read_one, name="notice-read"),
]
