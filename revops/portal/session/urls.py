"""Addresses of signing in and of one's own settings; the rest of `accounts/` is allauth's."""

from django.urls import path

from revops.portal.session import views

urlpatterns = [
    path("accounts/login/", views.SignInView.as_view(), name="account_login"),
    path("sign-in/demo/", views.sign_in_as_demo_user, name="demo-sign-in"),
    path("me/", views.own_settings, name="own-settings"),
]
