"""Addresses of consent: the links in mails, and the ledger."""

from django.urls import path

from revops.portal.consents import public

urlpatterns = [
    path("c/again/<str:receipt>/", public.again, name="confirmation-again"),
    path("c/<str:token>/", public.confirm_page, name="confirmation"),
    path("u/<str:token>/", public.withdraw_page, name="withdraw-consent"),
]
