"""Addresses of imports."""

from django.urls import path

from revops.portal.imports import views, views_mending

urlpatterns = [
    path("imports/", views.import_list, name="imports"),
    path("imports/new/", views.new_import, name="import-new"),
    path("imports/<str:public_id>/", views.import_detail, name="import-detail"),
    path("imports/<str:public_id>/shape/", views.import_shape, name="import-shape"),
    path("imports/<str:public_id>/shape/confirm/", views.confirm_shape, name="import-shape-confirm"),
    path("imports/<str:public_id>/columns/", views.import_columns, name="import-columns"),
    path("imports/<str:public_id>/values/", views_mending.import_values, name="import-values"),
    path("imports/<str:public_id>/rules/", views.import_rules, name="import-rules"),
    path("imports/<str:public_id>/check/", views.import_check, name="import-check"),
    path("imports/<str:public_id>/mend/", views_mending.import_mend, name="import-mend"),
    path("imports/<str:public_id>/mend/alike/", views_mending.mend_alike, name="import-mend-alike"),
    path("imports/<str:public_id>/mend/file/", views_mending.mend_from_file, name="import-mend-file"),
    path("imports/<str:public_id>/release/", views_mending.release_import, name="import-release"),
    path("imports/<str:public_id>/put-away/", views_mending.put_import_away, name="import-put-away"),
    path("imports/<str:public_id>/try/", views.try_import, name="import-try"),
    path("imports/<str:public_id>/start/", views.start_import, name="import-start"),
    path("imports/<str:public_id>/stop/", views.stop_import, name="import-stop"),
    path("imports/<str:public_id>/progress/", views.import_progress, name="import-progress"),
    path("imports/<str:public_id>/errors.csv", views.import_errors, name="import-errors"),
    path("imports/<str:public_id>/undo/", views.undo_import, name="import-undo"),
]
