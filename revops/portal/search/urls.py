"""Address of the search."""

from django.urls import path

from revops.portal.search import views

urlpatterns = [path("search/", views.search, name="search")]
