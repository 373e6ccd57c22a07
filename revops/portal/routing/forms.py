"""Forms of routing: one rule, a question, a dry run, and what to do with leads that wait."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from leads.models import Account, Source
from leads.names import country_code, country_name
from revops.foundation.models import Side, Team, User
from revops.portal.back_office import offer
from revops.portal.routing.words import language_names
from sla.territories import SEGMENT_WORDS, LeadFacts, Otherwise

TIERS = [("1", gettext_lazy("Tier 1")), ("2", gettext_lazy("Tier 2")), ("3", gettext_lazy("Tier 3"))]
SEGMENTS = [(segment.value, words) for segment, words in SEGMENT_WORDS.items()]


class RuleForm(forms.Form):
    """One territory or segment rule."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=80, help_text=gettext_lazy("As people call it, like “DACH mid-size”.")
    )
    countries = forms.CharField(
        label=gettext_lazy("Countries"),
        required=False,
        max_length=1000,
        help_text=gettext_lazy("Separated by commas, like Germany, AT, CH. Empty: any."),
    )
    segment = forms.MultipleChoiceField(
        label=gettext_lazy("Size of the company"),
        choices=SEGMENTS,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("None ticked: any, also unknown."),
    )
    employees_from = forms.IntegerField(label=gettext_lazy("Employees from"), required=False, min_value=0)
    employees_to = forms.IntegerField(label=gettext_lazy("Employees to"), required=False, min_value=0)
    industries = forms.CharField(
        label=gettext_lazy("Industries"),
        required=False,
        max_length=1000,
        help_text=gettext_lazy("As accounts name them, separated by commas. Empty: any."),
    )
    languages = forms.MultipleChoiceField(
        label=gettext_lazy("Languages"), choices=(), required=False, widget=forms.SelectMultiple(attrs={"size": 4})
    )
    sources = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Sources"),
        queryset=Source.objects.none(),
        required=False,
        to_field_name="key",
        widget=forms.SelectMultiple(attrs={"size": 4}),
    )
    tiers = forms.MultipleChoiceField(
        label=gettext_lazy("Tiers"), choices=TIERS, required=False, widget=forms.CheckboxSelectMultiple
    )
    teams = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Goes to teams"),
        queryset=Team.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    people = forms.ModelMultipleChoiceField(
        label=gettext_lazy("And to these people"),
        queryset=User.objects.none(),
        required=False,
        widget=forms.SelectMultiple(attrs={"size": 5}),
    )
    otherwise = forms.ChoiceField(
        label=gettext_lazy("If none of them can take it"),
        choices=[
            (Otherwise.NEXT.value, gettext_lazy("the next rule decides")),
            (Otherwise.WAIT.value, gettext_lazy("the lead waits for one of them")),
        ],
        initial=Otherwise.NEXT.value,
        widget=forms.RadioSelect,
    )
    is_on = forms.BooleanField(label=gettext_lazy("The rule is on"), required=False, initial=True)
    note = forms.CharField(
        label=gettext_lazy("Why"), max_length=300, help_text=gettext_lazy("Kept with the change, for those who ask.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["languages"].choices = sorted(  # type: ignore[attr-defined]
            language_names().items(), key=lambda one: one[1]
        )
        offer(self, "sources", Source.objects.order_by("name"))
        offer(self, "teams", Team.objects.filter(side=Side.SALES).order_by("name"))
        takers = User.objects.filter(rep_profile__isnull=False).filter(Q(is_active=True))
        offer(self, "people", takers.order_by("name"))

    def clean_countries(self) -> list[str]:
        return countries_of(self.cleaned_data["countries"])

    def rule(self, key: str) -> dict[str, Any]:
        """The rule as it is stored."""
        asked = self.cleaned_data
        when: dict[str, Any] = {
            "country": asked["countries"],
            "segment": asked["segment"],
            "industry": _parts(asked["industries"]),
            "language": asked["languages"],
            "source": [source.key for source in asked["sources"]],
            "tier": asked["tiers"],
        }
        size = {"from": asked["employees_from"], "to": asked["employees_to"]}
        when["employees"] = {name: number for name, number in size.items() if number is not None}
        return {
            "key": key,
            "name": asked["name"].strip(),
            "is_on": asked["is_on"],
            "when": {name: values for name, values in when.items() if values},
            "teams": [str(team.pk) for team in asked["teams"]],
            "people": [str(person.pk) for person in asked["people"]],
            "otherwise": asked["otherwise"],
        }

    @staticmethod
    def of(rule: dict[str, Any]) -> dict[str, Any]:
        """What the form shows of a stored rule."""
        when = rule.get("when") or {}
        size = when.get("employees") or {}
        return {
            "name": rule["name"],
            "countries": ", ".join(country_name(code) for code in when.get("country", ())),
            "segment": when.get("segment", []),
            "employees_from": size.get("from"),
            "employees_to": size.get("to"),
            "industries": ", ".join(when.get("industry", ())),
            "languages": when.get("language", []),
            "sources": when.get("source", []),
            "tiers": [str(tier) for tier in when.get("tier", ())],
            "teams": rule.get("teams", []),
            "people": rule.get("people", []),
            "otherwise": rule.get("otherwise") or Otherwise.NEXT.value,
            "is_on": rule.get("is_on", True),
        }


class QuestionForm(forms.Form):
    """Who would get a lead like this?"""

    country = forms.CharField(label=gettext_lazy("Country"), required=False, max_length=80)
    employees = forms.IntegerField(label=gettext_lazy("Employees"), required=False, min_value=0)
    industry = forms.CharField(label=gettext_lazy("Industry"), required=False, max_length=120)
    language = forms.ChoiceField(label=gettext_lazy("Language"), required=False)
    source = forms.ModelChoiceField(
        label=gettext_lazy("Source"), queryset=Source.objects.none(), required=False, to_field_name="key"
    )
    account = forms.CharField(
        label=gettext_lazy("Company"),
        required=False,
        max_length=300,
        help_text=gettext_lazy("Name or domain, if it may be known: its owner comes first."),
    )
    tier = forms.ChoiceField(label=gettext_lazy("Tier"), choices=TIERS, initial="1")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].choices = [("", _("any")), *sorted(  # type: ignore[attr-defined]
            language_names().items(), key=lambda one: one[1]
        )]  # fmt: skip
        offer(self, "source", Source.objects.order_by("name"), gettext_lazy("any"))

    def clean_country(self) -> str:
        found = countries_of(self.cleaned_data["country"])
        if len(found) > 1:
            raise ValidationError(_("Name one country."))
        return found[0] if found else ""

    def clean_account(self) -> Account | None:
        text = self.cleaned_data["account"].strip()
        if not text:
            return None
        found = Account.objects.filter(Q(domain=text) | Q(name__iexact=text)).first()
        if found is None:
            raise ValidationError(_("No company of this name or domain is known. Leave it empty for a new one."))
        return found

    def facts(self) -> LeadFacts:
        asked = self.cleaned_data
        source = asked["source"].key if asked["source"] else ""
        return LeadFacts(
            asked["country"], asked["employees"], source, asked["industry"], asked["language"], int(asked["tier"])
        )


class WaitingForm(forms.Form):
    """What to do with leads that wait; `handoffs` names them, none means all."""

    handoffs = forms.TypedMultipleChoiceField(coerce=UUID, choices=(), required=False)
    heir = forms.ModelChoiceField(
        label=gettext_lazy("Give to"),
        queryset=User.objects.none(),
        required=False,
        empty_label=gettext_lazy("Choose a colleague"),
    )

    def __init__(self, waiting: list[UUID], heirs: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["handoffs"].choices = [(str(pk), str(pk)) for pk in waiting]  # type: ignore[attr-defined]
        offer(self, "heir", heirs)


def countries_of(text: str) -> list[str]:
    """ISO codes out of names and codes separated by commas. Raises ValidationError for one we do not know."""
    found = []
    for part in _parts(text):
        code = country_code(part)
        if not code:
            words = _("“%(text)s” is not a country we know. Write it in English, or as its code.")
            raise ValidationError(words, params={"text": part})
        found.append(code)
    return found


def _parts(text: str) -> list[str]:
    return [part for part in (part.strip() for part in text.split(",")) if part]
