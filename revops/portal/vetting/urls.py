"""Addresses of vetting."""

from django.urls import path

from revops.portal.vetting import views

urlpatterns = [
    path("vetting/", views.vetting, name="vetting"),
    path("vetting/<str:public_id>/", views.vetted, name="vetted"),
    path("vetting/<str:public_id>/progress/", views.vetting_progress, name="vetting-progress"),
    path("vetting/<str:public_id>/list.csv", views.vetted_csv, name="vetted-csv"),
    path("vetting/<str:public_id>/forget/", views.forget_vetted, name="vetting-forget"),
]
