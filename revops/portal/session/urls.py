"""Addresses of signing in and of one's own settings; the rest of `accounts/` is allauth's."""

from django.conf import settings
from django.urls import URLPattern, path

from revops.portal.session import views

NOT_USED = ["email/", "confirm-email/", "confirm-email/<str:key>/"]
"""An admin gives addresses and changes them, under audit: nobody adds or confirms one here."""
PROVIDERS = ["3rdparty/", "3rdparty/login/cancelled/", "3rdparty/login/error/", "3rdparty/signup/"]
"""What only makes sense beside an identity provider."""


def switched_off() -> list[URLPattern]:
    """Pages of allauth that this portal does not have."""
    has_providers = bool(settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"])
    routes = NOT_USED if has_providers else [*NOT_USED, *PROVIDERS]
    return [path(f"accounts/{route}", views.not_here) for route in routes]


urlpatterns = [
    path("accounts/login/", views.SignInView.as_view(), name="account_login"),
    path("sign-in/demo/", views.sign_in_as_demo_user, name="demo-sign-in"),
    path("me/", views.own_settings, name="own-settings"),
    *switched_off(),
]
