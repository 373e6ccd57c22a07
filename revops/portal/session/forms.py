"""What a person may change about themselves."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.utils.translation import gettext_lazy as _

from revops.foundation.models import User


class OwnSettingsForm(forms.ModelForm):
    """Name, time zone, look and shortcuts. Role, team and address are an admin's."""

    class Meta:
        model = User
        fields = ("name", "timezone", "theme", "shortcuts")
        labels = {"name": _("Name"), "timezone": _("Time zone"), "theme": _("Look"), "shortcuts": _("Shortcuts")}
        help_texts = {
            "timezone": _("All times on the pages are shown in it. Your deadlines do not change."),
            "shortcuts": _("“Only with Alt” keeps single letters free for speech input."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/"))
        self.fields["timezone"] = forms.ChoiceField(
            label=self.fields["timezone"].label,
            help_text=self.fields["timezone"].help_text,
            choices=[(zone, zone.replace("_", " ")) for zone in ("UTC", *zones)],
        )
