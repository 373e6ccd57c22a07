"""The form of a talk track."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from feedback.models import TalkTrack
from leads.models import Signal
from revops.foundation.models import Role, User
from revops.portal.back_office import offer

USUALLY_HOLDS = timedelta(days=90)


class TalkTrackForm(forms.ModelForm):
    """A talk track: whom it is for, what to say, who looks after it, and until when it holds."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = TalkTrack
        fields = (
            "name", "industry", "seniority", "function", "topic", "opener", "first_question", "second_question",
            "objection", "owner", "expires_on", "is_active",
        )  # fmt: skip
        widgets = {
            "opener": forms.Textarea(attrs={"rows": 2}),
            "objection": forms.Textarea(attrs={"rows": 2}),
            "expires_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        }

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        offer(self, "owner", User.objects.filter(is_active=True).exclude(role=Role.INTEGRATION).order_by("name"))
        for name in ("seniority", "function"):
            self.fields[name].choices = [("", _("Any")), *self.fields[name].choices[1:]]  # type: ignore[attr-defined]
        self.fields["version"].initial = self.instance.version
        self.initial.setdefault("expires_on", today + USUALLY_HOLDS)
        if self.instance._state.adding:
            self.initial["expires_on"] = today + USUALLY_HOLDS
        topics = Signal.objects.exclude(topic="").order_by().values_list("topic", flat=True).distinct()[:50]
        self.topics = sorted(topics)
        self.fields["topic"].widget.attrs["list"] = "known-topics"

    def clean_expires_on(self) -> date:
        day: date = self.cleaned_data["expires_on"]
        if day < self.today and self.data.get("is_active"):
            raise forms.ValidationError(_("Choose a day that is still to come, or take it out of use."))
        if day > self.today + timedelta(days=366):
            raise forms.ValidationError(_("A year at most: what nobody reads again grows stale."))
        return day

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("is_active"):
            same = TalkTrack.objects.filter(is_active=True).exclude(pk=self.instance.pk)
            names = ("industry", "seniority", "function", "topic")
            twin = same.filter(**{f"{name}__iexact": cleaned.get(name, "") for name in names}).first()
            if twin is not None:
                words = _("“%(name)s” is for the same segment and topic. Change that one, or narrow this one.")
                self.add_error("topic", words % {"name": twin.name})
        return cleaned
