"""Addresses of consent: the links in mails, and the ledger."""

from django.urls import path

from revops.portal.consents import public, views

urlpatterns = [
    path("c/again/<str:receipt>/", public.again, name="confirmation-again"),
    path("c/<str:token>/", public.confirm_page, name="confirmation"),
    path("u/<str:token>/", public.withdraw_page, name="withdraw-consent"),
    path("consents/", views.consent_list, name="consents"),
    path("consents/<str:person>/", views.person_consents, name="person-consents"),
    path("consents/<str:person>/record/", views.record, name="consent-record"),
    path("consents/<str:person>/withdraw/", views.withdraw, name="consent-withdraw"),
]
