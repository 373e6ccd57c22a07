"""What an entry of the ledger says, as people read it: names for people, words for codes, days as days."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from django.apps import apps
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from revops.foundation.ids import encode
from revops.foundation.models import LedgerEntry, User
from revops.foundation.pages.words import day_words

_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}\S*")
_CODE = re.compile(r"[a-z]+(?:_[a-z]+)+")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Change:
    """One field of an entry; "" where nothing was or is. A digest is shown by its beginning."""

    field: str
    before: str
    after: str
    is_digest: bool = False


def told(entries: Iterable[LedgerEntry]) -> list[tuple[LedgerEntry, list[Change]]]:
    """Entries with what each changed, in words; the people they name are read at once."""
    entries = list(entries)
    found = {one for entry in entries for one in _uuids([entry.before, entry.after])}
    people: dict[str, str] = {}
    if found:
        people = {str(pk): name for pk, name in User.objects.filter(pk__in=found).values_list("pk", "name")}
    return [(entry, changes_of(entry, people)) for entry in entries]


def changes_of(entry: LedgerEntry, people: Mapping[str, str]) -> list[Change]:
    """What an entry says was before and is now, field by field; fields that were and are empty say nothing."""
    before, after = entry.before or {}, entry.after or {}
    changes = [_change(name, before.get(name), after.get(name), people) for name in sorted({*before, *after})]
    return [change for change in changes if change.before or change.after]


def kind_words(kind: str) -> str:
    """A kind of thing in the ledger as people say it: "spendfile" is "Spend file"."""
    words = _models().get(kind, kind.replace("_", " "))
    return f"{words[:1].upper()}{words[1:]}"


def shown(value: Any) -> str:
    """A value as a file holds it: text as it is, everything else as JSON."""
    if value is None or value == "":
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@cache
def _models() -> dict[str, str]:
    return {str(model._meta.model_name): str(model._meta.verbose_name) for model in apps.get_models()}


def _change(name: str, before: Any, after: Any, people: Mapping[str, str]) -> Change:
    is_digest = isinstance(after, str) and _DIGEST.fullmatch(after) is not None
    return Change(name.replace("_", " "), _read(name, before, people), _read(name, after, people), is_digest)


def _read(name: str, value: Any, people: Mapping[str, str]) -> str:
    """A value as people read it; lists and what they hold joined by commas."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, str):
        return _read_text(name, value, people)
    if isinstance(value, list):
        parts = [_read(name, one, people) for one in value]
        return ("; " if any(isinstance(one, dict) for one in value) else ", ").join(part for part in parts if part)
    if isinstance(value, dict):
        pairs = [(key, _read(key, one, people)) for key, one in value.items()]
        return ", ".join(f"{key.replace('_', ' ')} {words}" for key, words in pairs if words)
    return shown(value)


def _read_text(name: str, text: str, people: Mapping[str, str]) -> str:
    if text in people:
        return people[text]
    if _UUID.fullmatch(text):
        return encode(name, UUID(text)) if name == "lead" else text
    if _INSTANT.fullmatch(text) and (at := parse_datetime(text)) is not None:
        return f"{timezone.localtime(at) if timezone.is_aware(at) else at:%-d %b %Y %H:%M}"
    return text.replace("_", " ") if _CODE.fullmatch(text) else day_words(text)


def _uuids(value: Any) -> Iterator[str]:
    if isinstance(value, str) and _UUID.fullmatch(value):
        yield value
    elif isinstance(value, dict):
        yield from (found for one in value.values() for found in _uuids(one))
    elif isinstance(value, list):
        yield from (found for one in value for found in _uuids(one))
