"""Addresses of contests."""

from django.urls import path

from revops.portal.contests import views

urlpatterns = [
    path("contests/", views.contest_list, name="contests"),
    path("contests/new/", views.new, name="contest-new"),
    path("contests/<str:contest_id>/", views.contest, name="contest"),
    path("contests/<str:contest_id>/judge/", views.judge, name="contest-judge"),
]
