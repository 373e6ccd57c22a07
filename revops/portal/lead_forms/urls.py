"""Addresses of lead forms: the public ones under /f/, those of marketing under /forms/."""

from django.urls import path

from revops.portal.lead_forms import public, views

urlpatterns = [
    path("f/<slug:slug>/", public.hosted_form, name="hosted-form"),
    path("f/<slug:slug>/thanks/", public.thanks, name="hosted-form-thanks"),
    path("forms/", views.form_list, name="forms"),
    path("forms/new/", views.form_new, name="form-new"),
    path("forms/<slug:slug>/", views.form_edit, name="form"),
]
