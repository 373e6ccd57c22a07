"""The forms of an account: its facts, what goes on inside, a further domain, and what makes a surge."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from leads.account_changes import read_domain
from leads.models import Account, AccountDynamics, SurgeRule
from leads.names import country_code
from revops.foundation.models import Role, User
from revops.portal.accounts.visibility import account_or_404
from revops.portal.back_office import offer


class AccountForm(forms.Form):
    """What is known of a company. The parent is named by its domain, its id or the address of its page."""

    name = forms.CharField(label=_("Name"), max_length=300)
    domain = forms.CharField(label=_("Domain"), max_length=255, required=False, help_text=_("Like acme.com"))
    industry = forms.CharField(label=_("Industry"), max_length=120, required=False)
    employees = forms.IntegerField(label=_("Employees"), min_value=1, max_value=2_000_000_000, required=False)
    country = forms.CharField(label=_("Country"), max_length=60, required=False, help_text=_("Like DE or Germany"))
    owner = forms.ModelChoiceField(User.objects.none(), label=_("Owner"), required=False)
    territory = forms.CharField(
        label=_("Territory"), max_length=80, required=False, help_text=_("Empty: as the routing rules say.")
    )
    parent = forms.CharField(
        label=_("Belongs to"), max_length=300, required=False, help_text=_("The parent's domain, or its page.")
    )

    def __init__(self, *args: Any, user: User, account: Account, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user, self.account = user, account
        owners = User.objects.filter(is_active=True, role__in=[Role.REP, Role.SALES_MANAGER]).order_by("name")
        offer(self, "owner", owners, _("Nobody"))

    def clean_domain(self) -> str | None:
        text = self.cleaned_data["domain"].strip()
        if not text:
            return None
        found = read_domain(text)
        if not found:
            raise forms.ValidationError(
                _("Write the company's own domain, like acme.com. Mail providers do not count.")
            )
        return found

    def clean_country(self) -> str:
        text = self.cleaned_data["country"].strip()
        code = country_code(text) if text else ""
        if text and not code:
            raise forms.ValidationError(_("Write a country we know, like DE or Germany."))
        return code

    def clean_parent(self) -> Account | None:
        text = self.cleaned_data["parent"].strip()
        if not text:
            return None
        found = account_named(self.user, text)
        if found is None:
            raise forms.ValidationError(_("No account you may see has this domain or address. Copy it from its page."))
        return found


def account_named(user: User, text: str) -> Account | None:
    """The account behind a public id, the address of its page, or a domain."""
    for part in text.rstrip("/").split("/")[::-1]:
        if part.startswith("account_"):
            try:
                return account_or_404(user, part)
            except Exception:  # noqa: BLE001 - whatever is wrong with it, it names no account
                return None
    domain = read_domain(text)
    found = Account.objects.filter(domain=domain).select_related("merged_into").first() if domain else None
    return (found.merged_into or found) if found else None


class InsideForm(forms.ModelForm):
    """Who must agree, what is in the way, and when they talk about it next."""

    class Meta:
        model = AccountDynamics
        fields = ("must_agree", "blocker", "next_on", "next_what")
        labels = {
            "must_agree": _("Who must agree"),
            "blocker": _("What is in the way"),
            "next_on": _("Their next internal date"),
            "next_what": _("What happens then"),
        }
        widgets = {"next_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("next_what") and not cleaned.get("next_on"):
            self.add_error("next_on", _("Say on which day, or leave both empty."))
        return cleaned


class DomainForm(forms.Form):
    """A further domain of the same company."""

    domain = forms.CharField(label=_("Another domain of this company"), max_length=255)

    def clean_domain(self) -> str:
        found = read_domain(self.cleaned_data["domain"])
        if not found:
            raise forms.ValidationError(
                _("Write the company's own domain, like acme.com. Mail providers do not count.")
            )
        return found


class SurgeRuleForm(forms.ModelForm):
    """When several active people make a surge."""

    class Meta:
        model = SurgeRule
        fields = ("people", "signals", "days")
        labels = {
            "people": _("At least so many different people"),
            "signals": _("with so many strong acts together"),
            "days": _("within so many days"),
        }
