"""The qualification matrix: one grid of attributes by tier that says what the rulebook does with each. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from scoring.engine.compiled import required_fact
from scoring.outline import criteria_words
from scoring.rules import Rule, RulebookDefinition, parse_rulebook, plain_points, signed_points
from scoring.rules.attributes import ATTRIBUTES, Nature
from scoring.rules.conditions import ActQuestion, Condition, attributes_of
from scoring.rules.definition import TierCriteria
from scoring.rules.sentences import condition_clause


class Polarity(StrEnum):
    """Whether an attribute speaks for a lead, against it, or ends the matter."""

    REQUIRED = "required"
    POSITIVE = "positive"
    NEGATIVE = "negative"
    DISQUALIFIER = "disqualifier"


NATURE_LABELS = {
    Nature.FIRMOGRAPHIC: gettext_noop("Firmographic: the company"),
    Nature.DEMOGRAPHIC: gettext_noop("Demographic: the person"),
    Nature.BEHAVIOURAL: gettext_noop("Behavioural: what they do"),
    Nature.SITUATION: gettext_noop("Situation: why now, and where from"),
}
POLARITY_LABELS = {
    Polarity.REQUIRED: gettext_noop("Required"),
    Polarity.POSITIVE: gettext_noop("Speaks for it"),
    Polarity.NEGATIVE: gettext_noop("Speaks against it"),
    Polarity.DISQUALIFIER: gettext_noop("Stops it"),
}


@dataclass(frozen=True, slots=True)
class Cell:
    """What an attribute means for one tier; `mark` is for the eye: required, for, against, stops, here, none."""

    mark: str
    text: str


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One attribute. `key` is the rule's or disqualifier's, empty for what a tier requires itself; `cells` by tier."""

    key: str
    attribute: str
    polarity: Polarity
    cells: Mapping[int, Cell]

    @property
    def shown_polarity(self) -> str:
        return _(POLARITY_LABELS[self.polarity])


@dataclass(frozen=True, slots=True)
class MatrixPart:
    """The attributes of one nature: what is required, what speaks for, against, what stops."""

    nature: Nature
    rows: tuple[MatrixRow, ...]

    @property
    def label(self) -> str:
        return _(NATURE_LABELS[self.nature])


@dataclass(frozen=True, slots=True)
class Matrix:
    """`tiers` says for each tier what it asks for in all."""

    parts: tuple[MatrixPart, ...]
    tiers: Mapping[int, str]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def matrix(definition: Mapping[str, Any]) -> Matrix:
    """The matrix of a definition in JSON. Raises InvalidRulebook if it is none."""
    book = parse_rulebook(definition)
    rows: dict[Nature, list[MatrixRow]] = {nature: [] for nature in Nature}
    for nature, row in [*_required(book), *_rules(book), *_disqualifiers(book)]:
        rows[nature].append(row)
    order = list(Polarity)
    return Matrix(
        parts=tuple(
            MatrixPart(nature, tuple(sorted(found, key=lambda row: order.index(row.polarity))))
            for nature, found in rows.items()
            if found
        ),
        tiers={
            1: _("%(act)s; %(criteria)s")
            % {"act": condition_clause(book.hand_raise, book.kinds), "criteria": criteria_words(book.tier_1, book)},
            2: criteria_words(book.tier_2, book),
            3: _("everybody else"),
        },
    )


def nature_of(condition: Condition) -> Nature:
    """Acts make a condition behavioural; otherwise its first fact says what it is about."""
    if any(isinstance(question, ActQuestion) for question in condition.questions()):
        return Nature.BEHAVIOURAL
    return ATTRIBUTES[min(attributes_of(condition))].nature


def _required(book: RulebookDefinition) -> Iterator[tuple[Nature, MatrixRow]]:
    asked: dict[Condition, set[int]] = {book.hand_raise: {1}}
    for tier, criteria in ((1, book.tier_1), (2, book.tier_2)):
        for name in criteria.required_facts:
            asked.setdefault(required_fact(name), set()).add(tier)
        if criteria.condition is not None:
            asked.setdefault(criteria.condition, set()).add(tier)
    for condition, tiers in asked.items():
        cells = {tier: Cell("required", _("must hold")) if tier in tiers else _NOTHING for tier in (1, 2, 3)}
        clause = condition_clause(condition, book.kinds)
        yield nature_of(condition), MatrixRow("", _capital(clause), Polarity.REQUIRED, cells)


def _rules(book: RulebookDefinition) -> Iterator[tuple[Nature, MatrixRow]]:
    for rule in book.rules:
        cells = {1: _counts(rule, book.tier_1, book), 2: _counts(rule, book.tier_2, book), 3: _NOTHING}
        polarity = Polarity.NEGATIVE if rule.points < 0 else Polarity.POSITIVE
        clause = _capital(condition_clause(rule.condition, book.kinds))
        yield nature_of(rule.condition), MatrixRow(rule.key, clause, polarity, cells)


def _counts(rule: Rule, criteria: TierCriteria, book: RulebookDefinition) -> Cell:
    points = f"{signed_points(rule.points)} {rule.axis}"
    if rule.points == 0 or book.is_unproven(rule):
        return Cell("none", _("%(points)s, counts for no tier") % {"points": points})
    least = criteria.minimum.get(rule.axis)
    if least is None:
        return Cell("none", points)
    text = _("%(points)s of %(least)s") % {"points": points, "least": plain_points(least)}
    return Cell("against" if rule.points < 0 else "for", text)


def _disqualifiers(book: RulebookDefinition) -> Iterator[tuple[Nature, MatrixRow]]:
    stops, here = Cell("stops", _("never")), Cell("here", _("always"))
    for no in book.disqualifiers:
        clause = _capital(condition_clause(no.condition, book.kinds))
        row = MatrixRow(no.key, clause, Polarity.DISQUALIFIER, {1: stops, 2: stops, 3: here})
        yield nature_of(no.condition), row


_NOTHING = Cell("none", "")


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
