"""Matches the words of other systems (their statuses, reasons and acts) with ours, and remembers the answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from leads.files import RowError, read_rows
from leads.mapping.targets import KIND_CODES, OUTCOMES, REASON_CODES, TARGETS
from leads.mapping.vocabulary import guess_kind, guess_outcome, guess_reason
from leads.models import ImportRun
from revops.foundation.models import User
from revops.portal.imports import wizard
from revops.portal.imports.forms import MATCHED_KINDS
from revops.portal.imports.uploads import shape_of, stored_path

MOST_ROWS = 20_000
"""Rows that are looked through for words; rarer ones are guessed and, if unknown, kept as facts and reported."""

MOST_WORDS = 60
GUESSES = {"outcome": guess_outcome, "reason": guess_reason, "kind": guess_kind}
CODES: dict[str, list[str]] = {"outcome": list(OUTCOMES), "reason": list(REASON_CODES), "kind": list(KIND_CODES)}


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a column: how many rows say it, what it means here (empty: kept as a fact), and who said so."""

    text: str
    rows: int
    means: str
    is_guess: bool


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of one column and what they can mean."""

    number: int
    header: str
    becomes: str
    words: list[Word]
    meanings: list[tuple[str, str]]


def vocabularies(run: ImportRun) -> list[Vocabulary]:
    """The columns whose words are to be matched, with their words, the frequent ones first."""
    plans = _plans(run)
    if not plans:
        return []
    headers = list(shape_of(run).headers)
    counted = _counted(run, [headers.index(header) for header in plans])
    found = []
    for header, plan in plans.items():
        number = headers.index(header)
        kind = TARGETS[plan["to"]].kind
        said = {" ".join(word.split()).casefold(): str(code or "") for word, code in (plan.get("values") or {}).items()}
        empty = {str(word).strip().casefold() for word in plan.get("empty") or ()}
        words = [
            Word(
                text, rows, said.get(text.casefold(), GUESSES[kind](text.casefold()) or ""), text.casefold() not in said
            )
            for text, rows in counted[number].most_common()
            if text.casefold() not in empty
        ]
        meanings = [(code, KIND_CODES.get(code, code.replace("_", " ")).capitalize()) for code in CODES[kind]]
        found.append(Vocabulary(number, header, TARGETS[plan["to"]].label, words[:MOST_WORDS], meanings))
    return [vocabulary for vocabulary in found if vocabulary.words]


def has_words(run: ImportRun) -> bool:
    """Whether any column holds words to be matched."""
    return bool(_plans(run))


def match_words(run: ImportRun, said: Mapping[str, Mapping[str, str]], user: User | None, now: datetime) -> None:
    """Takes what people say words mean, column → word → code, into the mapping, and remembers it with it."""
    columns = {header: dict(_plan(plan)) for header, plan in run.mapping["columns"].items()}
    for header, meanings in said.items():
        kind = TARGETS[columns[header]["to"]].kind
        allowed = {word: code if code in CODES[kind] else "" for word, code in meanings.items()}
        columns[header]["values"] = {**(columns[header].get("values") or {}), **allowed}
    wizard.choose_mapping(run, {**run.mapping, "columns": columns}, user, now)


def _plans(run: ImportRun) -> dict[str, dict[str, Any]]:
    headers = set(shape_of(run).headers)
    plans = {header: _plan(plan) for header, plan in (run.mapping.get("columns") or {}).items()}
    return {
        header: plan
        for header, plan in plans.items()
        if header in headers and plan.get("to") in TARGETS and TARGETS[plan["to"]].kind in MATCHED_KINDS
    }


def _plan(plan: Any) -> dict[str, Any]:
    return {"to": plan} if isinstance(plan, str) else dict(plan)


def _counted(run: ImportRun, places: list[int]) -> dict[int, Counter[str]]:
    counted: dict[int, Counter[str]] = {place: Counter() for place in places}
    spelled: dict[tuple[int, str], str] = {}
    for _line, cells in islice(read_rows(stored_path(run.file), shape_of(run)), MOST_ROWS):
        if isinstance(cells, RowError):
            continue
        for place in places:
            if text := " ".join(cells[place].split()):
                counted[place][spelled.setdefault((place, text.casefold()), text)] += 1
    return counted
