"""Addresses of business calendars."""

from django.urls import path

from revops.portal.calendars import views

urlpatterns = [
    path("calendars/", views.calendar_list, name="calendars"),
    path("calendars/new/", views.new_calendar, name="calendar-new"),
    path("calendars/<str:public_id>/", views.calendar_page, name="calendar"),
    path("calendars/<str:public_id>/team/", views.team_hours, name="calendar-team"),
    path("calendars/<str:public_id>/days/", views.import_days, name="calendar-days"),
    path("calendars/<str:public_id>/days/save/", views.save_days, name="calendar-days-save"),
]
