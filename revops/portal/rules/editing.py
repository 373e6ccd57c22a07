"""The form in which a copy of a rulebook is changed: which rules count, their points, thresholds and caps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from scoring.rules import AXES, POINT, disqualifier_sentence, parse_rulebook, rule_sentence
from scoring.rules.reading import Problem

LONGEST_SUMMARY = 140
NUMBERS: dict[str, str | Promise] = {
    "at_least": _("at least"),
    "at_most": _("at most"),
    "minimum_value": _("value of at least"),
    "within_days": _("within days"),
    "within_days_ahead": _("within days ahead"),
}
"""Numbers of a condition that this form changes."""
TIERS = ("1", "2")


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule with its fields. `numbers` are those of its condition."""

    sentence: str
    on: BoundField
    points: BoundField | None = None
    numbers: tuple[BoundField, ...] = ()


class RulebookForm(forms.Form):
    """Changes a copy of a rulebook. A rule that is switched off is not part of the version that this makes."""

    name = forms.CharField(label=_("Name"), max_length=120)
    summary = forms.CharField(
        label=_("What changes, and why"),
        max_length=LONGEST_SUMMARY,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("One sentence that everybody reads; at most 140 characters."),
    )
    review_by_on = forms.DateField(label=_("Review by"), widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, whole: Mapping[str, Any], current: Mapping[str, Any], *args: Any, **kwargs: Any) -> None:
        """`whole` has every rule that can be switched on, `current` those that are on."""
        super().__init__(*args, **kwargs)
        self.whole = whole
        book = parse_rulebook(whole)
        self._sentences = {rule.key: rule_sentence(rule, book.kinds) for rule in book.rules}
        self._noes = {no.key: disqualifier_sentence(no, book.kinds) for no in book.disqualifiers}
        on = {rule["key"] for rule in current["rules"]}
        for rule in whole["rules"]:
            self._add_rule(rule, is_on=rule["key"] in on)
        stopped = {no["key"] for no in current.get("disqualifiers", [])}
        for no in whole.get("disqualifiers", []):
            self._add(f"no:{no['key']}", forms.BooleanField(label=_("Stop such leads"), required=False,
                                                            initial=no["key"] in stopped))  # fmt: skip
        for axis in AXES:
            self._add(f"cap:{axis}", _points(_("Most that %(axis)s can reach"), axis, whole["caps"][axis]))
        for name, cap in whole.get("family_caps", {}).items():
            self._add(f"family:{name}", _points(_("Most that “%(axis)s” can add"), name, cap))
        for tier in TIERS:
            for axis in AXES:
                least = whole["tiers"][tier].get("minimum", {}).get(axis)
                label = _("Tier 1: %(axis)s at least") if tier == "1" else _("Tier 2: %(axis)s at least")
                self._add(f"tier:{tier}:{axis}", _points(label, axis, least, required=False))
        days = whole["tiers"]["1"]["hand_raise"]["within_days"]
        self._add("hand_raise", forms.IntegerField(label=_("Tier 1: the request is at most so many days old"),
                                                   min_value=1, max_value=3650, initial=days))  # fmt: skip

    def _add(self, name: str, field: forms.Field) -> None:
        self.fields[name] = field

    def _add_rule(self, rule: Mapping[str, Any], *, is_on: bool) -> None:
        key = rule["key"]
        self._add(f"on:{key}", forms.BooleanField(label=_("Counts"), required=False, initial=is_on))
        self._add(f"points:{key}", _points(_("Points"), "", rule["points"]))
        if rule.get("half_life_days"):
            self._add(f"half:{key}", _whole(_("halving every days"), rule["half_life_days"]))
        for name, label in NUMBERS.items():
            if isinstance(value := rule["when"].get(name), int) and not isinstance(value, bool):
                self._add(f"n:{key}:{name}", _whole(label, value))

    # --- what the template shows -------------------------------------------------------------------------------------
    @property
    def about(self) -> list[BoundField]:
        return [self["name"], self["summary"], self["review_by_on"]]

    def axes(self) -> Iterator[tuple[str, list[RuleRow], BoundField]]:
        """Each axis with its rules and its cap."""
        for axis in AXES:
            rows = [self._row(rule["key"]) for rule in self.whole["rules"] if rule["axis"] == axis]
            yield axis.capitalize(), rows, self[f"cap:{axis}"]

    def _row(self, key: str) -> RuleRow:
        numbers = [name for name in self.fields if name == f"half:{key}" or name.startswith(f"n:{key}:")]
        return RuleRow(
            self._sentences[key], self[f"on:{key}"], self[f"points:{key}"], tuple(self[name] for name in numbers)
        )

    @property
    def noes(self) -> list[RuleRow]:
        return [RuleRow(self._noes[no["key"]], self[f"no:{no['key']}"]) for no in self.whole.get("disqualifiers", [])]

    @property
    def limits(self) -> list[BoundField]:
        beginnings = ("family:", "tier:", "hand_raise")
        return [self[name] for name in self.fields if name.startswith(beginnings)]

    # --- what comes of it --------------------------------------------------------------------------------------------
    def definition(self) -> dict[str, Any]:
        """The definition as changed; without signal kinds, which are stamped when it is saved."""
        cleaned = self.cleaned_data
        made = deepcopy({key: value for key, value in self.whole.items() if key != "kinds"})
        made["rules"] = [self._changed(rule) for rule in made["rules"] if cleaned[f"on:{rule['key']}"]]
        made["disqualifiers"] = [no for no in made.get("disqualifiers", []) if cleaned[f"no:{no['key']}"]]
        made["caps"] = {axis.value: _thousandths(cleaned[f"cap:{axis}"]) for axis in AXES}
        families = {rule["family"] for rule in made["rules"] if rule.get("family")}
        made["family_caps"] = {
            name: _thousandths(cleaned[f"family:{name}"]) for name in made.get("family_caps", {}) if name in families
        }
        for tier in TIERS:
            asked = {axis.value: cleaned[f"tier:{tier}:{axis}"] for axis in AXES}
            made["tiers"][tier]["minimum"] = {
                axis: _thousandths(least) for axis, least in asked.items() if least is not None
            }
        made["tiers"]["1"]["hand_raise"]["within_days"] = cleaned["hand_raise"]
        return made

    def _changed(self, rule: dict[str, Any]) -> dict[str, Any]:
        key = rule["key"]
        rule["points"] = _thousandths(self.cleaned_data[f"points:{key}"])
        if f"half:{key}" in self.fields:
            rule["half_life_days"] = self.cleaned_data[f"half:{key}"]
        for name in NUMBERS:
            if f"n:{key}:{name}" in self.fields:
                rule["when"][name] = self.cleaned_data[f"n:{key}:{name}"]
        return rule

    def show_problems(self, problems: list[Problem], definition: Mapping[str, Any]) -> None:
        """Puts what the lint says beside the field it speaks of."""
        for problem in problems:
            self.add_error(self._field_at(problem.pointer.split("/")[1:], definition), problem.message)

    def _field_at(self, path: list[str], definition: Mapping[str, Any]) -> str | None:
        match path:
            case ["rules", index, *_rest] if index.isdecimal():
                return f"points:{definition['rules'][int(index)]['key']}"
            case ["caps", axis] if f"cap:{axis}" in self.fields:
                return f"cap:{axis}"
            case ["family_caps", name] if f"family:{name}" in self.fields:
                return f"family:{name}"
            case ["tiers", tier, "minimum", axis] if f"tier:{tier}:{axis}" in self.fields:
                return f"tier:{tier}:{axis}"
        return None


def whole_of(current: Mapping[str, Any], base: Mapping[str, Any] | None) -> dict[str, Any]:
    """`current` with the rules and noes of `base` that it has switched off, in the order of `base`."""
    if base is None:
        return dict(current)
    whole = dict(current)
    for part in ("rules", "disqualifiers"):
        own = {entry["key"]: entry for entry in current.get(part, [])}
        known = [own.pop(entry["key"], entry) for entry in base.get(part, [])]
        whole[part] = [*known, *own.values()]
    whole["family_caps"] = {**base.get("family_caps", {}), **current.get("family_caps", {})}
    used = {rule["family"] for rule in whole["rules"] if rule.get("family")}
    whole["family_caps"] = {name: cap for name, cap in whole["family_caps"].items() if name in used}
    whole["kinds"] = {**base.get("kinds", {}), **current.get("kinds", {})}
    return whole


def _points(label: str | Promise, axis: str, value: int | None, *, required: bool = True) -> forms.DecimalField:
    return forms.DecimalField(
        label=str(label) % {"axis": axis} if axis else str(label),
        required=required,
        max_digits=7,
        decimal_places=3,
        initial=None if value is None else (Decimal(value) / POINT).normalize() + 0,
        widget=forms.NumberInput(attrs={"step": "any"}),
    )


def _whole(label: str | Promise, value: int) -> forms.IntegerField:
    return forms.IntegerField(label=str(label), min_value=0, initial=value)


def _thousandths(points: Decimal) -> int:
    return int(points * POINT)
