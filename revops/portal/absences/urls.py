"""Addresses of absences."""

from django.urls import path

from revops.portal.absences import views

urlpatterns = [
    path("absences/", views.absence_list, name="absences"),
    path("absences/import/", views.import_file, name="absences-import"),
    path("absences/import/save/", views.save_file, name="absences-import-save"),
    path("absences/<str:public_id>/", views.edit, name="absence"),
    path("absences/<str:public_id>/cancel/", views.cancel, name="absence-cancel"),
]
