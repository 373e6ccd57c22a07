"""What differs between two rulebooks, in words: like “Visited the pricing page …: +12 → +18 intent.” Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from scoring.outline import outline
from scoring.rules import (
    AXES,
    Kind,
    Rule,
    RulebookDefinition,
    disqualifier_sentence,
    parse_rulebook,
    plain_points,
    rule_sentence,
    signed_points,
)
from scoring.rules.sentences import condition_clause, stage_sentence


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that changed; `before` is empty for what is new, `after` for what was taken out.

    `part` and `key` name it in the definition (“rules”, “pricing_twice”). `words` say the change in one line.
    """

    part: str
    key: str
    before: str
    after: str
    words: str

    @property
    def kind(self) -> str:
        return "changed" if self.before and self.after else "added" if self.after else "removed"


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """Everything that changed between two definitions in JSON: rules first, then caps, noes, tiers, stages, kinds."""
    old, new = parse_rulebook(before), parse_rulebook(after)
    said, now = _sentences(before, old), _sentences(after, new)
    names = [*said, *(name for name in now if name not in said)]
    changes = _rule_changes(old, new)
    found = [
        Difference(*name, said.get(name, ""), now.get(name, ""), _words(name, said, now, changes))
        for name in names
        if said.get(name) != now.get(name) or (name[0] == "rules" and name[1] in changes)
    ]
    return [*found, *_order(old, new)]


def _words(name: tuple[str, str], said: Mapping[Any, str], now: Mapping[Any, str], changes: Mapping[str, str]) -> str:
    if name not in said:
        return _("New: %(sentence)s") % {"sentence": now[name]}
    if name not in now:
        return _("Gone: %(sentence)s") % {"sentence": said[name]}
    if name[0] == "rules":
        return changes[name[1]]
    return _("%(before)s Now: %(after)s") % {"before": said[name], "after": now[name]}


def _rule_changes(old: RulebookDefinition, new: RulebookDefinition) -> dict[str, str]:
    """What changed in rules that both have, by key."""
    earlier = {rule.key: rule for rule in old.rules}
    pairs = [(earlier[rule.key], rule) for rule in new.rules if rule.key in earlier]
    return {after.key: _rule_change(before, after, old, new) for before, after in pairs if before != after}


def _rule_change(before: Rule, after: Rule, old: RulebookDefinition, new: RulebookDefinition) -> str:
    clause = _clause(after, new.kinds)
    if before.condition != after.condition:
        clause = _("%(clause)s (before: %(earlier)s)") % {"clause": clause, "earlier": _clause(before, old.kinds)}
    changed = []
    if before.points != after.points or before.axis != after.axis:
        had, has = signed_points(before.points), signed_points(after.points)
        if before.axis == after.axis:
            changed.append(f"{had} → {has} {after.axis}")
        else:
            changed.append(f"{had} {before.axis} → {has} {after.axis}")
    else:
        changed.append(f"{signed_points(after.points)} {after.axis}")
    if before.half_life_days != after.half_life_days:
        changed.append(_("half-life %(before)s → %(after)s") % {"before": _days(before), "after": _days(after)})
    if before.family != after.family:
        families = {"before": before.family or _("none"), "after": after.family or _("none")}
        changed.append(_("family %(before)s → %(after)s") % families)
    return f"{clause}: {', '.join(changed)}."


def _clause(rule: Rule, kinds: Mapping[str, Kind]) -> str:
    clause = condition_clause(rule.condition, kinds)
    return f"{clause[:1].upper()}{clause[1:]}"


def _days(rule: Rule) -> str:
    return _("%(n)d days") % {"n": rule.half_life_days} if rule.half_life_days else _("none")


def _order(old: RulebookDefinition, new: RulebookDefinition) -> Iterator[Difference]:
    """Caps cut the later rules, so their order is part of what is signed."""
    both = {rule.key for rule in old.rules} & {rule.key for rule in new.rules}
    had, has = ([rule.key for rule in book.rules if rule.key in both] for book in (old, new))
    if had != has:
        moved = ", ".join(key for before, key in zip(had, has, strict=True) if before != key)
        words = _("The order of rules changed (caps cut the later ones): %(rules)s.") % {"rules": moved}
        yield Difference("rules", "", ", ".join(had), ", ".join(has), words)


def _sentences(definition: Mapping[str, Any], book: RulebookDefinition) -> dict[tuple[str, str], str]:
    return dict(_told(definition, book))


def _told(definition: Mapping[str, Any], book: RulebookDefinition) -> Iterator[tuple[tuple[str, str], str]]:
    whole = outline(definition)
    for rule in book.rules:
        yield ("rules", rule.key), rule_sentence(rule, book.kinds)
    for axis in AXES:
        words = {"axis": axis.capitalize(), "cap": plain_points(book.caps[axis])}
        yield ("caps", axis.value), _("%(axis)s can reach %(cap)s.") % words
    for axis, sentence in zip(book.floors, whole.floors, strict=True):
        yield ("floors", axis.value), sentence
    for family, sentence in zip(book.family_caps, whole.family_caps, strict=True):
        yield ("family_caps", family), sentence
    for no in book.disqualifiers:
        yield ("disqualifiers", no.key), disqualifier_sentence(no, book.kinds)
    for tier, sentence in whole.tiers.items():
        yield ("tiers", str(tier)), _("Tier %(tier)s: %(sentence)s") % {"tier": tier, "sentence": sentence}
    for stage in book.stages:
        yield ("stages", stage.stage.value), stage_sentence(stage, book.kinds)
    for code, kind in book.kinds.items():
        proven = _("“%(name)s” is proven.") if kind.is_proven else _("“%(name)s” is not proven yet.")
        yield ("kinds", code), proven % {"name": kind.name}
    if book.axis_reason:
        yield ("axis_reason", ""), book.axis_reason
