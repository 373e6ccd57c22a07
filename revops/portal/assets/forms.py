"""The form of a content asset, and the five things that tell content for decision makers from content for students."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from leads.models import Asset
from leads.models.assets import COLD_AFTER_DAYS, USUALLY_COLD_AFTER_DAYS
from leads.url_patterns import BadPattern, read_patterns
from revops.foundation.models import Role, User
from revops.portal.back_office import offer

CHECKS = [
    ("title", _("The title names a business problem, not a school subject")),
    ("abstract", _("The abstract says which decision it helps with")),
    ("structure", _("The answer comes first, the theory later or not at all")),
    ("level", _("It takes practice for granted and explains no basics")),
    ("next_step", _("It ends with a step that only a buyer would take")),
]


class AssetForm(forms.ModelForm):
    """Registers or changes an asset. The key is given once."""

    addresses = forms.CharField(
        label=_("Addresses at which people see it"),
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "placeholder": "/guides/planning*"}),
        help_text=_("One a line; * stands for any text. Beginning with / it counts on every host."),
        error_messages={"required": _("Give at least one address, like /guides/planning*.")},
    )
    checks = forms.MultipleChoiceField(
        label=_("Made for people who decide"),
        choices=CHECKS,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Tick what holds. How many hold is shown beside whom it really attracts."),
    )
    cold_after_days = forms.IntegerField(
        label=_("Cold after days"), required=False, min_value=1, max_value=3650,
        help_text=_("Empty: 91 for e-books, white papers, webinars and tools, 182 for everything else."),
    )  # fmt: skip
    field_order = (
        "name", "key", "kind", "topic", "audience", "level", "addresses", "cold_after_days", "checks", "owner", "note",
    )  # fmt: skip

    class Meta:
        model = Asset
        fields = ("name", "key", "kind", "topic", "audience", "level", "cold_after_days", "checks", "owner", "note")
        labels = {
            "name": _("Name"), "key": _("Key"), "kind": _("Kind"), "topic": _("Topic"), "audience": _("Made for"),
            "level": _("Level"), "owner": _("Owner"), "note": _("Note"),
        }  # fmt: skip
        widgets = {"note": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        asset = self.instance
        owners = User.objects.exclude(role=Role.INTEGRATION)
        offer(self, "owner", owners.filter(Q(is_active=True) | Q(pk=asset.owner_id)), _("Nobody"))
        self.fields["addresses"].initial = "\n".join(asset.url_patterns)
        if not asset._state.adding:
            del self.fields["key"]

    def clean_addresses(self) -> list[str]:
        try:
            return read_patterns(self.cleaned_data["addresses"])
        except BadPattern as problem:
            raise forms.ValidationError(str(problem)) from None

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("cold_after_days"):
            data["cold_after_days"] = COLD_AFTER_DAYS.get(str(data.get("kind")), USUALLY_COLD_AFTER_DAYS)
        return data

    def described(self) -> Asset:
        """The asset as described, not yet saved."""
        asset: Asset = self.save(commit=False)
        asset.url_patterns = self.cleaned_data["addresses"]
        asset.cold_after_days = self.cleaned_data["cold_after_days"]
        return asset
