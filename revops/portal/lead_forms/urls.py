"""Addresses of lead forms: the public ones under /f/, those of marketing under /forms/."""

from django.urls import path

from revops.portal.lead_forms import public, views

urlpatterns = [
    path("f/<slug:slug>/", public.hosted_form, name="hosted-form"),
    path("f/<slug:slug>/thanks/", public.thanks, name="hosted-form-thanks"),
    path("f/<slug:slug>/more/", public.answer, name="hosted-form-answer"),
    path("forms/", views.form_list, name="forms"),
    path("forms/new/", views.form_new, name="form-new"),
    path("forms/<slug:slug>/", views.form_edit, name="form"),
    path("forms/<slug:slug>/preview/", views.form_preview, name="form-preview"),
    path("forms/<slug:slug>/questions/", views.form_questions, name="form-questions"),
    path("forms/<slug:slug>/publish/", views.form_publish, name="form-publish"),
    path("forms/<slug:slug>/archive/", views.form_archive, name="form-archive"),
    path("forms/<slug:slug>/copy/", views.form_copy, name="form-copy"),
]
