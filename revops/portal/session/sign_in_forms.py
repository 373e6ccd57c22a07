"""allauth's forms in the product's words: sentence case, no placeholders, hints where they help."""

from __future__ import annotations

import logging
from smtplib import SMTPException
from typing import Any

from allauth.account import forms as account
from allauth.mfa.base import forms as mfa
from allauth.mfa.totp import forms as totp
from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from revops.foundation.models import User

logger = logging.getLogger(__name__)

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


class ForgottenPasswordForm(PlainWords, account.ResetPasswordForm):
    """Machines have keys and no password: their address is answered like one that nobody has."""

    users: list[User]

    def clean_email(self) -> str:
        email: str = super().clean_email()
        self.users = [user for user in self.users if not user.is_machine]
        return email

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        """Writes the letter; if no mail can leave, says so instead of ending in an error."""
        try:
            return str(super().save(request, **kwargs))
        except (SMTPException, OSError):
            logger.exception("A mail with a link to a new password could not be sent")
            words = _("No mail can leave at the moment, so none was sent. A RevOps admin can give you a link.")
            messages.error(request, words)
            return str(self.cleaned_data["email"])


class ChoosePasswordForm(PlainWords, account.ResetPasswordKeyForm): ...


class PasswordAgainForm(PlainWords, account.ReauthenticateForm): ...


class SecondFactorForm(PlainWords, mfa.AuthenticateForm): ...


class SecondFactorAgainForm(PlainWords, mfa.ReauthenticateForm): ...


class AuthenticatorAppForm(PlainWords, totp.ActivateTOTPForm):
    """The first code of an app proves that it holds the secret."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs["inputmode"] = "numeric"
