"""Forms of the catalogue of reasons."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from feedback.models import EvidenceKind, GapAnswerKind, NurtureTrack, ReasonCode, ReasonFamily
from feedback.reasons import DIGITS, FIELDS
from scoring.rules import ATTRIBUTES

ACT, BEFORE, AFTER = "act", "before", "after"
WAYS_BACK = [
    (ACT, _("Only with a new strong act")),
    (BEFORE, _("So many days before the date given as evidence")),
    (AFTER, _("So many days after the rejection")),
]
_KEYS = [(digit, str(digit % 10)) for digit in DIGITS]


class ReasonForm(forms.ModelForm):
    """A reason as the editor shows it. What is vague is refused when it is saved, not by this form."""

    way_back = forms.ChoiceField(label=_("How the lead comes back"), choices=WAYS_BACK, widget=forms.RadioSelect)
    days = forms.IntegerField(label=_("Days"), min_value=1, max_value=730, required=False)
    criterion = forms.ChoiceField(
        label=_("Criterion of the matrix it refers to"),
        required=False,
        help_text=_("Marketing sees by it which rule to change. Without one, each rejection is a criteria gap."),
    )
    digit = forms.TypedChoiceField(
        label=_("Key"), choices=_KEYS, coerce=int, help_text=_("On the sheet, within its family. Keys never move.")
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    is_outdated = False

    class Meta:
        model = ReasonCode
        fields = (
            "code", "label", "family", "digit", "evidence_kind", "evidence_question", "root_cause", "mended_by",
            "way_back", "days", "consequence", "criterion", "is_creditable",
        )  # fmt: skip
        labels = {
            "code": _("Code"),
            "label": _("Reason"),
            "family": _("Family"),
            "evidence_kind": _("Evidence it asks for"),
            "evidence_question": _("The question"),
            "root_cause": _("Root cause"),
            "mended_by": _("Team that can fix it"),
            "consequence": _("What happens then"),
            "is_creditable": _("Gives the rep's turn back"),
        }
        help_texts = {
            "code": _("Systems know the reason by it. It cannot be changed later."),
            "label": _("As a rep would say it, specific enough that marketing knows what to change."),
            "evidence_question": _("The one fact that proves it, like “Who decides?”."),
            "consequence": _("The rep reads it before pressing, after how the lead comes back."),
            "is_creditable": _("Off for reasons that say nothing against the lead, like “no response”."),
        }

    field_order = Meta.fields

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reason = self.instance
        self.fields["criterion"].choices = criteria(reason.criterion)  # type: ignore[attr-defined]
        self.fields["version"].initial = reason.version
        if reason.wakes_days_before is not None:
            self.initial.update({"way_back": BEFORE, "days": reason.wakes_days_before})
        elif reason.wakes_after_days is not None:
            self.initial.update({"way_back": AFTER, "days": reason.wakes_after_days})
        else:
            self.initial.setdefault("way_back", ACT)
        if not reason._state.adding:
            del self.fields["code"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        way, days = cleaned.get("way_back"), cleaned.get("days")
        if way in (BEFORE, AFTER) and days is None and "days" not in self.errors:
            self.add_error("days", _("Say how many days."))
        self.instance.wakes_days_before = days if way == BEFORE else None
        self.instance.wakes_after_days = days if way == AFTER else None
        if way == BEFORE and cleaned.get("evidence_kind") != EvidenceKind.DATE:
            self.add_error("way_back", _("Only a reason whose evidence is a date can wake before it."))
        return cleaned

    def _post_clean(self) -> None:
        """Fills the instance; what the catalogue checks is checked when it is saved."""
        self.instance = forms.models.construct_instance(self, self.instance, self._meta.fields, self._meta.exclude)

    def clean_code(self) -> str:
        code = str(self.cleaned_data["code"])
        if ReasonCode.objects.filter(pk=code).exists():
            raise ValidationError(_("This code is taken. Retired reasons keep theirs."))
        return code

    def keep_up(self) -> None:
        """After somebody was faster: what was typed stays, and saving it again replaces theirs."""
        self.is_outdated = True
        version = ReasonCode.objects.values_list("version", flat=True).get(pk=self.instance.pk)
        self.data = {**{name: self.data[name] for name in self.data}, "version": version}

    def show(self, problem: ValidationError) -> None:
        """Shows what the catalogue refused at its fields."""
        names = {"wakes_days_before": "days", "wakes_after_days": "days", "family_id": "family"}
        for field, words in problem.message_dict.items():
            name = names.get(field, field)
            self.add_error(name if name in self.fields else None, words)


class FamilyForm(forms.ModelForm):
    """The name of a family; its key never moves."""

    class Meta:
        model = ReasonFamily
        fields = ("label",)
        labels = {"label": _("Name")}


class GapForm(forms.Form):
    """What marketing answers to a criteria gap."""

    kind = forms.ChoiceField(label=_("Answer"), choices=GapAnswerKind.choices)
    words = forms.CharField(
        label=_("In words"), max_length=300, min_length=10,
        error_messages={
            "required": _("Say it to the rep in a sentence."),
            "min_length": _("Say it to the rep in a sentence."),
        },
    )  # fmt: skip


class TrackForm(forms.ModelForm):
    """A nurture track by name."""

    class Meta:
        model = NurtureTrack
        fields = ("name", "code", "description", "digit", "is_default", "is_active")
        labels = {
            "name": _("Name"),
            "code": _("Code"),
            "description": _("Whom it is for"),
            "digit": _("Key"),
            "is_default": _("The usual one"),
            "is_active": _("In use"),
        }
        help_texts = {
            "description": _("Shown beside its key on the rep's sheet."),
            "code": _("Systems know the track by it. It cannot be changed later."),
            "digit": _("1 to 9, pressed after N."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            del self.fields["code"]

    def _get_validation_exclusions(self) -> set[str]:
        """That another track is the usual one is no mistake: saving this one changes it. Keys are checked in words."""
        return {*super()._get_validation_exclusions(), "is_default", "digit"}  # type: ignore[misc]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        digit, is_active = cleaned.get("digit"), cleaned.get("is_active")
        if digit is not None and not 1 <= digit <= 9:
            self.add_error("digit", _("Choose a key from 1 to 9."))
        elif digit is not None and is_active:
            taken = NurtureTrack.objects.filter(digit=digit, is_active=True).exclude(pk=self.instance.pk).first()
            if taken is not None:
                words = _("This key is taken by “%(name)s”. Keys never move; choose a free one.")
                self.add_error("digit", words % {"name": taken.name})
        if cleaned.get("is_default") and not is_active:
            self.add_error("is_active", _("The usual track has to be in use."))
        was_usual = NurtureTrack.objects.filter(pk=self.instance.pk, is_default=True).exists()
        if was_usual and not cleaned.get("is_default"):
            self.add_error("is_default", _("One track is the usual one: choose another one first."))
        return cleaned


def criteria(current: str = "") -> list[tuple[Any, Any]]:
    """What a reason can refer to: the facts a rule can ask about, and what reasons refer to beyond them."""
    used = set(ReasonCode.objects.exclude(criterion="").values_list("criterion", flat=True)) | {current}
    beyond = sorted(used - set(ATTRIBUTES) - {""})
    facts = [(key, f"{one.label[:1].upper()}{one.label[1:]} ({key})") for key, one in ATTRIBUTES.items()]
    return [
        ("", _("None: it is a criteria gap")),
        (_("Facts a rule can ask about"), facts),
        (_("Other criteria"), [(key, criterion_words(key)) for key in beyond]),
    ]


def criterion_words(key: str) -> str:
    """A criterion as people say it: "account.employees" is "Number of employees"."""
    known = ATTRIBUTES.get(key)
    words = known.label if known else key.rpartition(".")[2].replace("_", " ")
    return f"{words[:1].upper()}{words[1:]}"


__all__ = ["FIELDS", "FamilyForm", "GapForm", "ReasonForm", "TrackForm", "criteria", "criterion_words"]
