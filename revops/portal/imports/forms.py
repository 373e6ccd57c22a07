"""What the wizard asks: the file, how it reads, what its columns mean, where it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from leads.files import FileShape
from leads.files.encodings import CHOICES as ENCODINGS
from leads.mapping import TARGETS, target_label
from leads.mapping.targets import KIND_CODES, attribute_name
from leads.mapping.values import DATE_FORMATS, NUMBER_FORMATS
from leads.models import ImportKind, Source
from leads.models.imports import LegalBasis
from leads.models.sources import SourceKind

DELIMITERS = [(",", _("comma")), (";", _("semicolon")), ("\t", _("tab")), ("|", _("bar |"))]
MATCHED_KINDS = frozenset({"outcome", "reason", "kind"})
KEPT = ("defaults", "name", "preset", "is_history")


class UploadForm(forms.Form):
    """The file itself."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("CSV, TSV, NDJSON or .xlsx, up to 200 MB. What it is shows after the upload, for you to confirm."),
        error_messages={
            "required": _("Choose a file."),
            "empty": _("The file is empty. Export it again and check that it has rows."),
        },
    )

    kind = forms.ChoiceField(
        label=_("What its rows are"),
        choices=[
            (ImportKind.LEADS, _("Leads: people who came to us")),
            (ImportKind.OUTCOMES, _("Deals: what became of leads that were imported before")),
        ],
        initial=ImportKind.LEADS,
        widget=forms.RadioSelect,
        required=False,
    )


class ShapeForm(forms.Form):
    """How to read the file, where what was found out is wrong."""

    encoding = forms.ChoiceField(label=_("Encoding"), choices=list(ENCODINGS.items()), required=False)
    delimiter = forms.ChoiceField(label=_("Separator"), choices=DELIMITERS, required=False)
    sheet = forms.ChoiceField(label=_("Sheet"), required=False)
    header_line = forms.IntegerField(
        label=_("Line of the header"), min_value=0, required=False, help_text=_("0 if the file has no header.")
    )

    def __init__(self, *args: Any, shape: FileShape, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {
            "encoding": shape.encoding,
            "delimiter": shape.delimiter,
            "sheet": shape.sheet,
            "header_line": shape.header_line,
        }
        if shape.format == "xlsx":
            del self.fields["encoding"], self.fields["delimiter"]
            self.fields["sheet"] = forms.ChoiceField(label=_("Sheet"), choices=[(name, name) for name in shape.sheets])
        else:
            del self.fields["sheet"]
        if shape.format == "ndjson":
            del self.fields["delimiter"], self.fields["header_line"]


class RulesForm(forms.Form):
    """Where the people come from, and on what grounds we may keep them."""

    source = forms.ModelChoiceField(
        label=_("Source"),
        queryset=Source.objects.order_by("name"),
        empty_label=_("Choose a source"),
        error_messages={"required": _("Choose where these people come from.")},
    )
    campaign = forms.CharField(
        label=_("Campaign"), required=False, max_length=120, help_text=_("For rows that do not name their own.")
    )
    is_history = forms.BooleanField(
        label=_("These are past facts"),
        required=False,
        help_text=_("They teach the rules and fill the reports, and never start a clock or reach a queue."),
    )
    legal_basis = forms.ChoiceField(
        label=_("Legal basis"),
        choices=LegalBasis.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("State the legal basis; without one these people may not be kept.")},
    )

    new_source = forms.CharField(
        label=_("Or register a new source"),
        required=False,
        max_length=120,
        help_text=_("Its name, like “Trade fair Hannover”. Leave “Source” empty then."),
    )
    new_kind = forms.ChoiceField(
        label=_("Kind of the new source"),
        choices=[(kind, label) for kind, label in SourceKind.choices if kind != SourceKind.PURCHASED],
        initial=SourceKind.INBOUND,
        required=False,
    )
    field_order = ("source", "new_source", "new_kind", "campaign", "is_history", "legal_basis")

    def __init__(self, *args: Any, kind: str, may_register: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if kind == ImportKind.OUTCOMES:
            del self.fields["is_history"], self.fields["campaign"]
            self.fields["source"].help_text = _("The one the leads came from: their ids are looked up in it.")
        if not may_register or kind == ImportKind.OUTCOMES:
            del self.fields["new_source"], self.fields["new_kind"]
        elif self.data.get("new_source", "").strip():
            self.fields["source"].required = False

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("source") and (data.get("new_source") or "").strip():
            self.add_error("new_source", _("Choose a source or register a new one, not both."))
        return data

    def answers(self) -> dict[str, Any]:
        """The cleaned answers; deals are facts of the past and name no campaign."""
        return {"is_history": True, "campaign": "", **self.cleaned_data}


@dataclass
class ColumnChoice:
    """One column of the mapping page: what it holds, what it becomes."""

    number: int
    header: str
    plan: dict[str, Any]
    samples: list[str]

    @property
    def target(self) -> str:
        return str(self.plan.get("to") or "ignore")

    @property
    def target_label(self) -> str:
        return target_label(self.target)

    @property
    def is_sure(self) -> bool:
        return float(self.plan.get("confidence", 1)) >= 0.8

    @property
    def kind(self) -> str:
        return TARGETS[self.target].kind if self.target in TARGETS else "text"

    @property
    def is_ignored(self) -> bool:
        return self.target == "ignore"

    @property
    def empty_words(self) -> str:
        return ", ".join(self.plan.get("empty") or [])

    @property
    def formats(self) -> list[tuple[str, str]]:
        if self.kind in {"date", "moment"}:
            return list(DATE_FORMATS.items())
        is_number = self.kind == "number" or self.target.startswith("signal")
        return list(NUMBER_FORMATS.items()) if is_number and self.kind != "kind" else []

    @property
    def has_words(self) -> bool:
        """Whether its values are words to be matched with ours, on a page of their own."""
        return self.kind in MATCHED_KINDS

    @property
    def groups(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """What the column can become, grouped for a select."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for target in TARGETS.values():
            groups.setdefault(str(target.group), []).append((target.code, str(target.label)))
        own = f"attribute:{attribute_name(self.header)}"
        facts = [(own, target_label(own))]
        if self.target.startswith("attribute:") and self.target != own:
            facts.append((self.target, self.target_label))
        groups[str(_("A fact under its own name"))] = facts
        groups[str(_("How often they did something"))] = [(f"signal:{code}", name) for code, name in KIND_CODES.items()]
        groups[str(_("How much of it"))] = [(f"signal_value:{code}", name) for code, name in KIND_CODES.items()]
        return list(groups.items())


def column_choices(headers: list[str], mapping: dict[str, Any], rows: list[list[str]]) -> list[ColumnChoice]:
    """The columns of a file with what a mapping says of them and a few of their values."""
    choices = []
    for position, header in enumerate(headers):
        plan = mapping.get("columns", {}).get(header) or {"to": "ignore"}
        plan = {"to": plan} if isinstance(plan, str) else dict(plan)
        values = dict.fromkeys(row[position].strip() for row in rows if row[position].strip())
        choices.append(ColumnChoice(position, header, plan, [value[:60] for value in list(values)[:3]]))
    return choices


def mapping_from(data: QueryDict, choices: list[ColumnChoice], offered: dict[str, Any]) -> dict[str, Any]:
    """The mapping a person chose on the page; what the page does not ask is kept from the one offered."""
    columns: dict[str, Any] = {}
    for choice in choices:
        target = data.get(f"to-{choice.number}", choice.target)
        plan: dict[str, Any] = {"to": target}
        if target == choice.target:
            plan |= {name: choice.plan[name] for name in ("also", "keep_as", "values") if name in choice.plan}
        form = data.get(f"format-{choice.number}", choice.plan.get("format", ""))
        empty = [
            word.strip() for word in data.get(f"empty-{choice.number}", choice.empty_words).split(",") if word.strip()
        ]
        if form:
            plan["format"] = form
        if empty:
            plan["empty"] = empty
        columns[choice.header] = plan
    kept: dict[str, Any] = {name: offered[name] for name in KEPT if name in offered}
    return {**kept, "columns": columns, "zone": data.get("zone") or offered.get("zone") or "UTC"}
