"""The form of a new key, with its scopes as sentences."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy

from revops.foundation.api_keys import DEFAULT_LIFE, LONGEST_LIFE
from revops.foundation.models import Role, User
from revops.foundation.policy import PERMISSIONS, SCOPES
from revops.portal.back_office import offer


def scope_sentences() -> dict[str, str]:
    """What each scope lets a key do, in words."""
    found: dict[str, list[str]] = defaultdict(list)
    for row in PERMISSIONS.values():
        if row.scope:
            sentence = str(row.sentence)
            found[row.scope].append(sentence if not found[row.scope] else sentence[:1].lower() + sentence[1:])
    return {scope: "; ".join(found[scope]) for scope in SCOPES}


def _scopes() -> forms.MultipleChoiceField:
    words = scope_sentences()
    return forms.MultipleChoiceField(
        label=gettext_lazy("May"),
        choices=[(scope, f"{words[scope]} ({scope})") for scope in SCOPES],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose at least one thing that the key may do.")},
    )


class ApiKeyForm(forms.Form):
    """A new key. It can never do more than its scopes, nor more than its owner's role."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=120, help_text=gettext_lazy("What uses it, like “Website forms”.")
    )
    owner = forms.ModelChoiceField(
        label=gettext_lazy("Acts as"),
        queryset=User.objects.none(),
        help_text=gettext_lazy("The key stops when this account is deactivated. Machines have accounts of their own."),
    )
    scopes = forms.MultipleChoiceField()
    days = forms.IntegerField(
        label=gettext_lazy("Expires after (days)"),
        initial=DEFAULT_LIFE.days,
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_LIFE.days)],
    )
    requests_per_minute = forms.IntegerField(
        label=gettext_lazy("Requests a minute"),
        required=False,
        validators=[MinValueValidator(1), MaxValueValidator(1_000_000)],
        help_text=gettext_lazy("Empty: as everybody."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = User.objects.filter(is_active=True)
        offer(self, "owner", people.order_by("name"))
        self.fields["owner"].initial = people.filter(role=Role.INTEGRATION).order_by("date_joined").first()
        self.fields["scopes"] = _scopes()

    def expires_at(self, now: datetime) -> datetime:
        return now + timedelta(days=self.cleaned_data["days"])


class RotationForm(forms.Form):
    """How long the old secret goes on working beside the new one."""

    overlap = forms.TypedChoiceField(
        label=gettext_lazy("The old secret works for another"),
        choices=[
            (0, gettext_lazy("0 days: it leaked")),
            (1, gettext_lazy("1 day")),
            (7, gettext_lazy("7 days")),
            (30, gettext_lazy("30 days")),
        ],
        coerce=int,
        initial=7,
    )
