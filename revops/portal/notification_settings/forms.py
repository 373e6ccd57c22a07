"""The forms of one's own notification settings."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from revops.foundation.models import NoticePreference


class PreferenceForm(forms.ModelForm):
    """Quiet hours, the limit per hour, and the digests."""

    class Meta:
        model = NoticePreference
        fields = ("keeps_quiet", "most_an_hour", "digest_hour", "wants_digest_mail")


class ChatForm(forms.Form):
    """The address of an incoming webhook. It is never shown again."""

    url = forms.URLField(
        label=_("Address of the incoming webhook"), max_length=1000, assume_scheme="https",
        help_text=_("From Slack, Mattermost or another chat: https://hooks.…; it is kept sealed and not shown again."),
        error_messages={"required": _("Paste the address of the incoming webhook."),
                        "invalid": _("This is no web address. It looks like https://hooks.example.com/…")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )  # fmt: skip
