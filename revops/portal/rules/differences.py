"""What differs between two rulebooks, in the sentences of the rules. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from scoring.outline import outline
from scoring.rules import AXES, disqualifier_sentence, parse_rulebook, plain_points, rule_sentence


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that changed; `before` is empty for what is new, `after` for what was taken out."""

    before: str
    after: str

    @property
    def kind(self) -> str:
        return "changed" if self.before and self.after else "added" if self.after else "removed"


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """Everything that changed between two definitions in JSON: rules first, then caps, noes and tiers."""
    old, new = _sentences(before), _sentences(after)
    keys = [*old, *(key for key in new if key not in old)]
    return [Difference(old.get(key, ""), new.get(key, "")) for key in keys if old.get(key) != new.get(key)]


def _sentences(definition: Mapping[str, Any]) -> dict[str, str]:
    return dict(_told(definition))


def _told(definition: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    book = parse_rulebook(definition)
    for rule in book.rules:
        yield f"rule {rule.key}", rule_sentence(rule, book.kinds)
    for axis in AXES:
        yield f"cap {axis}", _("%(axis)s can reach %(cap)s.") % {
            "axis": axis.capitalize(), "cap": plain_points(book.caps[axis]),
        }  # fmt: skip
    for name, cap in book.family_caps.items():
        yield f"family {name}", _("Everything in “%(family)s” together adds at most %(cap)s.") % {
            "family": name, "cap": plain_points(cap),
        }  # fmt: skip
    for no in book.disqualifiers:
        yield f"no {no.key}", disqualifier_sentence(no, book.kinds)
    for tier, sentence in outline(definition).tiers.items():
        yield f"tier {tier}", _("Tier %(tier)s: %(sentence)s") % {"tier": tier, "sentence": sentence}
