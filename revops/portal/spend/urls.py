"""Addresses of spend."""

from django.urls import path

from revops.portal.spend import views

urlpatterns = [
    path("spend/", views.spend_list, name="spend"),
    path("spend/import/", views.spend_import, name="spend-import"),
    path("spend/files/<str:public_id>/", views.spend_file, name="spend-file"),
    path("spend/files/<str:public_id>/take-over/", views.take_over, name="spend-take-over"),
    path("spend/files/<str:public_id>/undo/", views.undo, name="spend-undo"),
]
