"""Addresses of the rep's desk: one per action."""

from django.urls import path

from revops.portal.queue import practice_views as views_practice
from revops.portal.queue import pulling, views

urlpatterns = [
    path("queue/", views.queue, name="queue"),
    path("queue/news/", views.news, name="queue-news"),
    path("queue/practice/", views_practice.intro, name="practice"),
    path("queue/practice/<int:number>/", views_practice.lesson, name="practice-lesson"),
    path("queue/next/", pulling.take, name="queue-next"),
    path("queue/undo/<uuid:disposition_id>/", views.undo, name="undo"),
    path("queue/<str:lead_id>/accept/", views.accept, name="accept"),
    path("queue/<str:lead_id>/reject/", views.reject, name="reject"),
    path("queue/<str:lead_id>/return/", views.give_back, name="return-to-nurture"),
    path("queue/<str:lead_id>/snooze/", views.snooze, name="snooze"),
    path("queue/<str:lead_id>/reassign/", views.reassign, name="reassign"),
    path("queue/<str:lead_id>/attempts/", views.log_attempt, name="log-attempt"),
]
