"""Addresses of what marketing does to keep its promises."""

from django.urls import path

from revops.portal.promises import views

urlpatterns = [
    path("findings/", views.findings_list, name="findings"),
    path("findings/<str:finding_id>/", views.finding, name="finding"),
    path("nurture/", views.nurture, name="nurture"),
    path("nurture/start/", views.start, name="nurture-start"),
    path("nurture/<str:lead_id>/stop/", views.stop, name="nurture-stop"),
    path("performance/", views.newest_performance, name="performance-newest"),
    path("performance/<str:month>/", views.performance, name="performance"),
]
