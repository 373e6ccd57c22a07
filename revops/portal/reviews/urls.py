"""Addresses of the weekly review."""

from django.urls import path

from revops.portal.reviews import views

urlpatterns = [
    path("review/", views.current, name="review"),
    path("review/decisions/<uuid:decision_id>/answer/", views.answer, name="review-answer"),
    path("review/<str:week>/", views.review, name="review-week"),
    path("review/<str:week>/review.csv", views.as_csv, name="review-csv"),
    path("review/<str:week>/review.json", views.as_json, name="review-json"),
    path("review/<str:week>/decisions/", views.decide, name="review-decide"),
    path("review/<str:week>/freeze/", views.freeze, name="review-freeze"),
    path("review/<str:week>/attendance/", views.attendance, name="review-attendance"),
    path("review/<str:week>/close/", views.close, name="review-close"),
]
