"""Addresses of imports."""

from django.urls import path

from revops.portal.imports import views

urlpatterns = [
    path("imports/", views.import_list, name="imports"),
    path("imports/new/", views.new_import, name="import-new"),
    path("imports/<str:public_id>/", views.import_detail, name="import-detail"),
    path("imports/<str:public_id>/shape/", views.import_shape, name="import-shape"),
    path("imports/<str:public_id>/shape/confirm/", views.confirm_shape, name="import-shape-confirm"),
    path("imports/<str:public_id>/columns/", views.import_columns, name="import-columns"),
    path("imports/<str:public_id>/rules/", views.import_rules, name="import-rules"),
    path("imports/<str:public_id>/check/", views.import_check, name="import-check"),
    path("imports/<str:public_id>/try/", views.try_import, name="import-try"),
    path("imports/<str:public_id>/start/", views.start_import, name="import-start"),
    path("imports/<str:public_id>/stop/", views.stop_import, name="import-stop"),
    path("imports/<str:public_id>/progress/", views.import_progress, name="import-progress"),
    path("imports/<str:public_id>/errors.csv", views.import_errors, name="import-errors"),
    path("imports/<str:public_id>/undo/", views.undo_import, name="import-undo"),
]
