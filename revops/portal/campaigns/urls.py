"""Addresses of campaigns."""

from django.urls import path

from revops.portal.campaigns import views

urlpatterns = [
    path("campaigns/", views.campaign_list, name="campaigns"),
    path("campaigns/new/", views.campaign_new, name="campaign-new"),
    path("campaigns/<str:public_id>/", views.campaign_page, name="campaign"),
    path("campaigns/<str:public_id>/edit/", views.campaign_edit, name="campaign-edit"),
    path("campaigns/<str:public_id>/archive/", views.archive_campaign, {"put": True}, name="campaign-archive"),
    path("campaigns/<str:public_id>/restore/", views.archive_campaign, {"put": False}, name="campaign-restore"),
    path("campaigns/<str:public_id>/take-up/", views.take_up_campaign, name="campaign-take-up"),
]
