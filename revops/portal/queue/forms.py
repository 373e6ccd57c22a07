"""Forms of the desk that need more than a button."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from revops.foundation.models import User
from revops.portal.queue.snoozing import snooze_options


class SnoozeForm(forms.Form):
    """One of the usual instants (`until`), or one's own (`until` = pick, with `pick_at` in one's own time zone)."""

    until = forms.CharField(max_length=32)
    pick_at = forms.DateTimeField(required=False, input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"])
    reason = forms.CharField(max_length=200, required=False)

    def __init__(self, *args: Any, now: datetime, due_at: datetime | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zone = timezone.get_current_timezone()
        self.options = {option.code: option.until for option in snooze_options(now, zone, due_at)}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        at = self.options.get(cleaned.get("until", "")) or cleaned.get("pick_at")
        if at is None:
            raise forms.ValidationError(_("Choose until when, or pick a day and a time."))
        return {**cleaned, "at": at}


class ReassignForm(forms.Form):
    """Who gets a lead instead, and why."""

    user = forms.ModelChoiceField(User.objects.filter(is_active=True, rep_profile__isnull=False))
    reason = forms.CharField(max_length=200)
