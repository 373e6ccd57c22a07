"""What one cell does to the payload of its row, for each kind of target."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from leads.money import NotMoney, currency_code

from .targets import OUTCOMES, REASON_CODES
from .values import NotReadable, looks_masked, read_boolean, read_date, read_moment, read_number
from .vocabulary import guess_kind, guess_outcome, guess_reason

UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")
HISTORY = ("outcome", "outcome_at", "outcome_id", "amount", "currency", "reason")
MOST_QUANTITY = 1_000_000
MOST_VALUE = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Trouble:
    """A cell that could not be used as meant. Its value is kept as an attribute, so that nothing is lost."""

    column: str
    code: str
    words: str


Setter = Callable[["RowInProgress", str], None]


class Column(NamedTuple):
    """A column by its name, and the attribute that keeps what it says when it fits nowhere better."""

    header: str
    kept_as: str


@dataclass(slots=True)
class RowInProgress:
    """A payload being filled from one row."""

    payload: dict[str, Any]
    signals: dict[str, dict[str, Any]] = field(default_factory=dict)
    history: dict[str, Any] = field(default_factory=dict)
    errors: list[Trouble] = field(default_factory=list)

    def keep(self, column: Column, text: str) -> None:
        self.payload.setdefault("attributes", {}).setdefault(column.kept_as, text)

    def complain(self, column: Column, code: str, words: str, text: str) -> None:
        self.errors.append(Trouble(column.header, code, words))
        self.keep(column, text)


def text_setter(column: Column, target: str, values: Mapping[str, str]) -> Setter:
    is_utm, is_history = target in UTM, target in HISTORY
    if not (values or is_utm or is_history or target == "email"):
        return _plain_setter(column, target)

    def set_text(row: RowInProgress, text: str) -> None:
        said = values.get(fold(text), text) if values else text
        if not said:
            return
        if target == "currency":
            try:
                said = currency_code(said)
            except NotMoney:
                words = (
                    f"“{said[:40]}” is no currency, so the sum beside it is not counted. Write three letters, like EUR."
                )
                row.complain(column, "unknown_currency", words, said)
        place = row.payload.setdefault("utm", {}) if is_utm else row.history if is_history else row.payload
        if target == "email" and "@" not in said and looks_masked(said):
            row.complain(
                column, "masked_email", "This is a masked value, not an address; the id identifies the row.", said
            )
        elif target not in place:
            place[target] = said
        elif place[target] != said:
            row.keep(column, said)

    return set_text


def _plain_setter(column: Column, target: str) -> Setter:
    """What most columns do: the cell becomes the fact, a second column that differs is kept beside it."""

    def set_plain(row: RowInProgress, text: str) -> None:
        known = row.payload.get(target)
        if known is None:
            row.payload[target] = text
        elif known != text:
            row.keep(column, text)

    return set_plain


def attribute_setter(name: str, values: Mapping[str, str]) -> Setter:
    def set_attribute(row: RowInProgress, text: str) -> None:
        said = values.get(fold(text), text) if values else text
        if said:
            row.payload.setdefault("attributes", {}).setdefault(name, said)

    return set_attribute


def count_setter(column: Column, kind: str, form: str) -> Setter:
    def set_count(row: RowInProgress, text: str) -> None:
        try:
            count = round(read_number(text, form))
        except (NotReadable, OverflowError):
            try:
                count = int(read_boolean(text))
            except NotReadable:
                words = f"“{text[:40]}” is neither a count nor yes or no."
                return row.complain(column, "unreadable_number", words, text)
        if count > 0:
            act = row.signals.setdefault(kind, {"kind": kind, "occurred_at": None, "quantity": 0})
            act["quantity"] = max(act["quantity"], min(count, MOST_QUANTITY))
        return None

    return set_count


def value_setter(column: Column, kind: str, form: str) -> Setter:
    def set_value(row: RowInProgress, text: str) -> None:
        try:
            value = round(read_number(text, form))
        except (NotReadable, OverflowError) as problem:
            return row.complain(column, "unreadable_number", str(problem), text)
        if value > 0:
            act = row.signals.setdefault(kind, {"kind": kind, "occurred_at": None, "quantity": 1})
            act["value"] = min(value, MOST_VALUE)
        return None

    return set_value


def kind_setter(column: Column, values: Mapping[str, str]) -> Setter:
    def set_kind(row: RowInProgress, text: str) -> None:
        word = fold(text)
        kind = values[word] if word in values else guess_kind(word)
        if kind is None:
            row.complain(column, "unknown_value", f"“{text[:40]}” is no act we know; it was kept as a fact.", text)
        elif kind:
            row.signals.setdefault(kind, {"kind": kind, "occurred_at": None, "quantity": 1})
        else:
            row.keep(column, text)

    return set_kind


def outcome_setter(column: Column, values: Mapping[str, str]) -> Setter:
    def set_outcome(row: RowInProgress, text: str) -> None:
        word = fold(text)
        outcome = values[word] if word in values else guess_outcome(word)
        if outcome in OUTCOMES:
            if outcome != "open":
                row.history.setdefault("outcome", outcome)
        elif outcome == "":
            row.keep(column, text)
        else:
            words = f"“{text[:40]}” is not one of {', '.join(OUTCOMES)}; it was kept as a fact."
            row.complain(column, "unknown_value", words, text)

    return set_outcome


def reason_setter(column: Column, values: Mapping[str, str]) -> Setter:
    def set_reason(row: RowInProgress, text: str) -> None:
        word = fold(text)
        code = values[word] if word in values else guess_reason(word)
        if code in REASON_CODES:
            row.history.setdefault("reason_code", code)
            row.history.setdefault("reason_evidence", text)
        elif code == "":
            row.keep(column, text)
        else:
            words = f"“{text[:40]}” is no reason we know; it was kept as a fact. Map it to a reason code."
            row.complain(column, "unknown_value", words, text)

    return set_reason


def boolean_setter(column: Column, target: str, values: Mapping[str, str]) -> Setter:
    def set_boolean(row: RowInProgress, text: str) -> None:
        try:
            said = read_boolean(values.get(fold(text), text))
        except NotReadable as problem:
            return row.complain(column, "unreadable_boolean", str(problem), text)
        if said:
            row.payload[target] = True
        return None

    return set_boolean


def date_setter(column: Column, target: str, form: str) -> Setter:
    def set_date(row: RowInProgress, text: str) -> None:
        try:
            row.payload.setdefault(target, read_date(text, form).isoformat())
        except NotReadable as problem:
            row.complain(column, "unreadable_date", str(problem), text)

    return set_date


def moment_setter(column: Column, target: str, form: str, zone: str) -> Setter:
    def set_moment(row: RowInProgress, text: str) -> None:
        place = row.history if target in HISTORY else row.payload
        try:
            place.setdefault(target, read_moment(text, form, zone).isoformat())
        except NotReadable as problem:
            row.complain(column, "unreadable_date", str(problem), text)

    return set_moment


def number_setter(column: Column, target: str, form: str) -> Setter:
    def set_number(row: RowInProgress, text: str) -> None:
        try:
            row.history.setdefault(target, f"{read_number(text, form):.2f}")
        except (NotReadable, OverflowError) as problem:
            row.complain(column, "unreadable_number", str(problem), text)

    return set_number


def fold(text: str) -> str:
    """A word as it is compared: one space, no capitals."""
    return " ".join(text.split()).casefold()
