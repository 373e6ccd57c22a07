"""Who may come in: people whom an admin made an account for, and nobody else; what signing in says and writes."""

from __future__ import annotations

import logging
from smtplib import SMTPException
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from revops.foundation.models import User

logger = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    """allauth's ways, without its open door: neither a password nor an identity provider makes an account."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "account_inactive": _("This account is switched off. A RevOps admin can switch it on again."),
        "email_password_mismatch": _("This address and this password do not belong together. Check both, try again."),
        "enter_current_password": _("This is not your current password."),
        "incorrect_password": _("This is not your password."),
        "invalid_password_reset": _("This link does not work any more. Ask for a new one."),
        "rate_limited": _("That was too often in a short time. Wait a minute, then try again."),
        "too_many_login_attempts": _("That failed too often. Wait five minutes, then try again."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never: an admin invites people, and says their role and team."""
        return False

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Back to where the password was changed from, instead of to an empty form."""
        return reverse("mfa_index")

    def format_email_subject(self, subject: str) -> str:
        """As it is: the sender's name says which portal writes."""
        return str(subject)

    def send_notification_mail(
        self, template_prefix: str, user: User, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        """Tells people what changed about their sign-in; the change stands also while no mail can leave."""
        try:
            super().send_notification_mail(template_prefix, user, context, email or user.email)
        except (SMTPException, OSError):
            logger.exception("A mail about a changed sign-in could not be sent", extra={"mail": template_prefix})


class SecondFactorAdapter(DefaultMFAAdapter):
    """allauth's second factors, refused in the product's words."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "cannot_delete_authenticator": _("Your second factor cannot be turned off."),
        "cannot_generate_recovery_codes": _("Recovery codes need an authenticator app. Set one up first."),
        "incorrect_code": _("This code is not right, or it has run out. Type the one that is shown now."),
    }
