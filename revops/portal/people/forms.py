"""Forms of people, teams, places in routing and absences."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from leads.names import country_code
from revops.foundation.models import Role, Team, User
from revops.portal.back_office import offer
from revops.portal.people.changing import ChangeRefused, check_admin_is_left
from revops.portal.people.handing_over import How
from sla.models import AbsenceKind, Calendar, RepProfile

SIDE_OF_ROLE: dict[Any, str] = {
    Role.REP: "sales",
    Role.SALES_MANAGER: "sales",
    Role.MARKETER: "marketing",
    Role.MARKETING_MANAGER: "marketing",
}


class PersonForm(forms.ModelForm):
    """Invites or changes somebody."""

    class Meta:
        model = User
        fields = ("name", "email", "role", "team", "timezone")
        labels = {
            "name": gettext_lazy("Name"),
            "email": gettext_lazy("E-mail address"),
            "role": gettext_lazy("Role"),
            "team": gettext_lazy("Team"),
            "timezone": gettext_lazy("Time zone"),
        }
        help_texts = {
            "role": gettext_lazy("What they may do follows from it."),
            "timezone": gettext_lazy("Like Europe/Berlin."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "team", Team.objects.all(), gettext_lazy("No team"))
        self.role_before = None if self.instance._state.adding else self.instance.role

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"]).strip()
        if User.objects.filter(email=email).exclude(pk=self.instance.pk).exists():
            raise ValidationError(_("Somebody else has this e-mail address."))
        return email

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        role, team = cleaned.get("role"), cleaned.get("team")
        side = SIDE_OF_ROLE.get(role)
        if side and team and team.side != side:
            self.add_error("team", _("This team is on the other side. Choose one that fits the role."))
        if self.role_before == Role.ADMIN and role != Role.ADMIN:
            self._check_admin_is_left()
        return cleaned

    def _check_admin_is_left(self) -> None:
        try:
            check_admin_is_left(User.objects.get(pk=self.instance.pk))
        except ChangeRefused as refusal:
            self.add_error("role", str(refusal))


class TeamForm(forms.ModelForm):
    """Makes or changes a team."""

    class Meta:
        model = Team
        fields = ("name", "side", "manager", "timezone")
        labels = {
            "name": gettext_lazy("Name"),
            "side": gettext_lazy("Side"),
            "manager": gettext_lazy("Manager"),
            "timezone": gettext_lazy("Time zone"),
        }
        help_texts = {"timezone": gettext_lazy("Like Europe/Berlin.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = User.objects.exclude(role=Role.INTEGRATION)
        current = Q(is_active=True) | Q(pk=self.instance.manager_id)
        offer(self, "manager", people.filter(current), gettext_lazy("Nobody yet"))


class RoutingForm(forms.Form):
    """Somebody's place in routing."""

    is_routable = forms.BooleanField(label=gettext_lazy("Gets new leads"), required=False)
    weight = forms.IntegerField(
        label=gettext_lazy("Weight"),
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text=gettext_lazy("Turns relative to the others: somebody with 2 gets twice as many as somebody with 1."),
    )
    capacity = forms.IntegerField(
        label=gettext_lazy("Capacity"),
        required=False,
        validators=[MinValueValidator(1), MaxValueValidator(100_000)],
        help_text=gettext_lazy("Most unanswered hand-offs at one time. Empty: no limit."),
    )
    calendar = forms.ModelChoiceField(
        label=gettext_lazy("Business hours"),
        queryset=Calendar.objects.none(),
        required=False,
        empty_label=gettext_lazy("Those of their team, else Monday to Friday, nine to five"),
    )
    countries = forms.CharField(
        label=gettext_lazy("Countries"),
        required=False,
        max_length=1000,
        help_text=gettext_lazy("Separated by commas, like Germany, AT, CH. Empty: all."),
    )
    tiers = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Tiers"),
        choices=[(1, gettext_lazy("Tier 1")), (2, gettext_lazy("Tier 2")), (3, gettext_lazy("Tier 3"))],
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("None ticked: all."),
    )

    def __init__(self, profile: RepProfile | None, *args: Any, **kwargs: Any) -> None:
        initial: dict[str, Any] = {"weight": 1, "is_routable": True}
        if profile is not None:
            initial = {
                "is_routable": profile.is_routable, "weight": profile.weight, "capacity": profile.capacity,
                "calendar": profile.calendar_id, "countries": ", ".join(profile.countries), "tiers": profile.tiers,
            }  # fmt: skip
        super().__init__(*args, **{"initial": initial, **kwargs})
        offer(self, "calendar", Calendar.objects.order_by("name"))

    def clean_countries(self) -> list[str]:
        found = []
        for text in filter(None, (part.strip() for part in self.cleaned_data["countries"].split(","))):
            code = country_code(text)
            if not code:
                raise ValidationError(_("“%(text)s” is not a country we know. Write it in English, or as its code."),
                                      params={"text": text})  # fmt: skip
            found.append(code)
        return found


class AbsenceForm(forms.Form):
    """Days on which somebody is away."""

    first = forms.DateField(label=gettext_lazy("First day"), widget=forms.DateInput(attrs={"type": "date"}))
    last = forms.DateField(label=gettext_lazy("Last day"), widget=forms.DateInput(attrs={"type": "date"}))
    kind = forms.ChoiceField(label=gettext_lazy("Why"), choices=AbsenceKind.choices)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        first: date | None = cleaned.get("first")
        last: date | None = cleaned.get("last")
        if first and last and last < first:
            self.add_error("last", _("The last day comes after the first, or is the same."))
        if first and last and (last - first).days > 730:
            self.add_error("last", _("Two years are the most; deactivate somebody who is away for longer."))
        return cleaned


class LeavingForm(forms.Form):
    """What becomes of somebody's open leads: to one colleague, routed anew, or the pool."""

    how = forms.ChoiceField(
        label=gettext_lazy("Their open leads go"),
        choices=How.choices,
        initial=How.HEIR,
        required=False,
        widget=forms.RadioSelect,
    )
    heir = forms.ModelChoiceField(
        label=gettext_lazy("Colleague"),
        queryset=User.objects.none(),
        required=False,
        empty_label=gettext_lazy("Choose a colleague"),
    )

    def __init__(self, heirs: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "heir", heirs)

    def clean_how(self) -> str:
        return self.cleaned_data["how"] or How.HEIR
