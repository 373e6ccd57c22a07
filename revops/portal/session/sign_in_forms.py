"""allauth's forms in the product's words: sentence case, no placeholders, hints where they help."""

from __future__ import annotations

from typing import Any

from allauth.account import forms as account
from allauth.mfa.base import forms as mfa
from allauth.mfa.totp import forms as totp
from django.utils.translation import gettext_lazy as _

LABELS = {
    "login": _("E-mail"),
    "email": _("E-mail"),
    "password": _("Password"),
    "oldpassword": _("Current password"),
    "password1": _("New password"),
    "password2": _("New password, once more"),
    "code": _("Code"),
}
HINTS = {"password1": _("Twelve characters or more, and nothing that is easy to guess, such as your name.")}


class PlainWords:
    """Before a form of allauth: labels and hints are ours."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():  # type: ignore[attr-defined]
            field.label = LABELS.get(name, field.label)
            field.help_text = HINTS.get(name, field.help_text)
            field.widget.attrs.pop("placeholder", None)


class SignInForm(PlainWords, account.LoginForm): ...


class ChangePasswordForm(PlainWords, account.ChangePasswordForm): ...


class SetPasswordForm(PlainWords, account.SetPasswordForm): ...


class ForgottenPasswordForm(PlainWords, account.ResetPasswordForm): ...


class ChoosePasswordForm(PlainWords, account.ResetPasswordKeyForm): ...


class PasswordAgainForm(PlainWords, account.ReauthenticateForm): ...


class SecondFactorForm(PlainWords, mfa.AuthenticateForm): ...


class SecondFactorAgainForm(PlainWords, mfa.ReauthenticateForm): ...


class AuthenticatorAppForm(PlainWords, totp.ActivateTOTPForm):
    """The first code of an app proves that it holds the secret."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs["inputmode"] = "numeric"
