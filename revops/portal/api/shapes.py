"""What a submission and a signal may look like: one table that checks them quickly and describes them in OpenAPI.

Hand-written because a batch of a thousand passes here; every field is checked in about a microsecond.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from rapidfuzz import process
from rapidfuzz.distance import OSA

from leads.cleaning import UTM_FACTS
from leads.models.consents import ConsentPurpose
from revops.foundation.api.problems import FieldError, escape_pointer

MOST_SIGNALS = 50
MOST_ATTRIBUTES = 50
LARGEST_VALUE = 2**31 - 1
CLOCKS_DIFFER_BY = timedelta(minutes=5)
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)

Check = Callable[[Any, str, datetime], list[FieldError]]
Field = tuple[Check, dict[str, Any]]
"""How to check a value (its pointer and now given), and its schema."""


def problem_at(pointer: str, code: str, detail: str) -> FieldError:
    """One thing wrong at one place; `pointer` without the leading #."""
    return {"pointer": f"#{pointer}", "code": code, "detail": detail}


def text(most: int, *, required: bool = False) -> Field:
    """A text of at most `most` characters; null means not stated unless it is required."""

    def check(value: Any, pointer: str, now: datetime) -> list[FieldError]:
        if value is None and not required:
            return []
        if not isinstance(value, str):
            return [problem_at(pointer, "not_a_text", _("Send a text."))]
        if required and not value.strip():
            return [problem_at(pointer, "required", _("This cannot be empty."))]
        if len(value) > most:
            words = _("At most %(n)s characters, this has %(has)s.") % {"n": most, "has": len(value)}
            return [problem_at(pointer, "too_long", words)]
        return []

    schema = {"type": "string" if required else ["string", "null"], "maxLength": most}
    return check, schema | ({"minLength": 1, "pattern": r"\S"} if required else {})


def whole_number(least: int, most: int) -> Field:
    def check(value: Any, pointer: str, now: datetime) -> list[FieldError]:
        if value is None or (type(value) is int and least <= value <= most):
            return []
        words = _("Send a whole number from %(least)s to %(most)s.") % {"least": least, "most": most}
        return [problem_at(pointer, "not_a_whole_number", words)]

    return check, {"type": ["integer", "null"], "minimum": least, "maximum": most}


def instant() -> Field:
    """A past instant with its time zone."""

    def check(value: Any, pointer: str, now: datetime) -> list[FieldError]:
        if value is None:
            return []
        at = read_instant(value)
        if at is None:
            words = _("Write the time with its zone, like 2026-03-04T10:00:00Z.")
            return [problem_at(pointer, "not_an_instant", words)]
        if not _EARLIEST <= at <= now + CLOCKS_DIFFER_BY:
            return [problem_at(pointer, "out_of_range", _("This must have happened already, and after 1970."))]
        return []

    return check, {"type": ["string", "null"], "format": "date-time", "description": "In the past."}


def read_instant(value: Any) -> datetime | None:
    """An RFC 3339 instant as aware UTC, None if it is not one."""
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) and len(value) >= 16 else None
        return at.astimezone(UTC) if at is not None and at.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def _employees(value: Any, pointer: str, now: datetime) -> list[FieldError]:
    if value is None or (isinstance(value, str) and len(value) <= 40):
        return []
    if type(value) is int and 0 <= value <= LARGEST_VALUE:
        return []
    return [problem_at(pointer, "not_a_number", _("Send a number, or a size like “51-200”."))]


def _yes_or_no(value: Any, pointer: str, now: datetime) -> list[FieldError]:
    return [] if isinstance(value, bool) else [problem_at(pointer, "not_a_boolean", _("Send true or false."))]


def _attributes(value: Any, pointer: str, now: datetime) -> list[FieldError]:
    if value is None:
        return []
    if not isinstance(value, dict) or len(value) > MOST_ATTRIBUTES:
        words = _("Send an object of at most %(n)s names and plain values.") % {"n": MOST_ATTRIBUTES}
        return [problem_at(pointer, "not_an_object", words)]
    errors = []
    for name, inner in value.items():
        place = f"{pointer}/{escape_pointer(name[:80])}"
        if not name.strip() or len(name) > 64:
            errors.append(problem_at(place, "bad_name", _("A name has 1 to 64 characters.")))
        elif not (
            inner is None or isinstance(inner, (bool, int, float)) or (isinstance(inner, str) and len(inner) <= 500)
        ):
            errors.append(
                problem_at(place, "not_plain", _("Send a text of at most 500 characters, a number, or true."))
            )
    return errors


def _utm(value: Any, pointer: str, now: datetime) -> list[FieldError]:
    if value is None:
        return []
    if not isinstance(value, dict):
        return [problem_at(pointer, "not_an_object", _("Send an object like {“utm_source”: “newsletter”}."))]
    return check_fields(value, UTM_FIELDS, pointer, now)


def _consent(value: Any, pointer: str, now: datetime) -> list[FieldError]:
    if value is None:
        return []
    return check_object(value, CONSENT_FIELDS, pointer, now, required=("text",))


def _purpose(value: Any, pointer: str, now: datetime) -> list[FieldError]:
    if value in ConsentPurpose.values:
        return []
    words = _("Send one of: %(names)s.") % {"names": ", ".join(ConsentPurpose.values)}
    return [problem_at(pointer, "unknown_purpose", words)]


def _signals(value: Any, pointer: str, now: datetime) -> list[FieldError]:
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > MOST_SIGNALS:
        words = _("Send a list of at most %(n)s signals.") % {"n": MOST_SIGNALS}
        return [problem_at(pointer, "not_a_list", words)]
    return [
        error
        for number, signal in enumerate(value)
        for error in check_object(signal, ACT_FIELDS, f"{pointer}/{number}", now, required=("kind",))
    ]


UTM_FIELDS: dict[str, Field] = dict.fromkeys(UTM_FACTS, text(200))

CONSENT_FIELDS: dict[str, Field] = {
    "text": text(2000, required=True),
    "purpose": (_purpose, {"type": "string", "enum": ConsentPurpose.values}),
    "given_at": instant(),
}
"""Words that the sender agreed to."""

ACT_FIELDS: dict[str, Field] = {
    "kind": text(48, required=True),
    "topic": text(64),
    "occurred_at": instant(),
    "quantity": whole_number(1, 1_000_000),
    "value": whole_number(-LARGEST_VALUE, LARGEST_VALUE),
    "url": text(500),
    "event_id": text(120),
}
"""One observed act."""

SUBMISSION_FIELDS: dict[str, Field] = {
    "source": text(64),
    "external_id": text(200),
    "occurred_at": instant(),
    "act": text(48),
    "topic": text(64),
    "email": text(320),
    "phone": text(60),
    "name": text(400),
    "first_name": text(200),
    "last_name": text(200),
    "title": text(300),
    "company": text(300),
    "website": text(300),
    "country": text(100),
    "city": text(120),
    "industry": text(120),
    "employees": (_employees, {"type": ["integer", "string", "null"], "minimum": 0, "maximum": LARGEST_VALUE,
                               "maxLength": 40}),
    "need": text(5000),
    "purchasing_role": text(64),
    "do_not_contact": (_yes_or_no, {"type": "boolean"}),
    "use_case": text(500),
    "trigger_event": text(500),
    **dict.fromkeys(("timeline_on", "contract_end_on", "budget_on"), text(40)),
    **UTM_FIELDS,
    "utm": (_utm, {"type": ["object", "null"], "properties": {name: field[1] for name, field in UTM_FIELDS.items()},
                   "additionalProperties": False}),
    "attributes": (_attributes, {
        "type": ["object", "null"], "maxProperties": MOST_ATTRIBUTES,
        "propertyNames": {"minLength": 1, "maxLength": 64, "pattern": r"\S"},
        "additionalProperties": {"type": ["string", "number", "boolean", "null"], "maxLength": 500},
    }),
    "consent": (_consent, {"type": ["object", "null"], "required": ["text"], "additionalProperties": False,
                           "properties": {name: field[1] for name, field in CONSENT_FIELDS.items()}}),
    "signals": (_signals, {"type": ["array", "null"], "maxItems": MOST_SIGNALS,
                           "items": {"$ref": "#/components/schemas/Act"}}),
}  # fmt: skip
"""One submission: who sent it, what they said about themselves, and what they did."""


def check_object(
    value: Any,
    fields: Mapping[str, Field],
    pointer: str,
    now: datetime,
    *,
    required: tuple[str, ...] = (),
) -> list[FieldError]:
    """Everything wrong with one object; empty if it may pass."""
    if not isinstance(value, dict):
        return [problem_at(pointer, "not_an_object", _("Send an object with named fields."))]
    missing = [
        problem_at(f"{pointer}/{name}", "required", _("This field is required."))
        for name in required
        if name not in value
    ]
    return [*missing, *check_fields(value, fields, pointer, now)]


def check_fields(
    value: Mapping[str, Any], fields: Mapping[str, Field], pointer: str, now: datetime
) -> list[FieldError]:
    """Everything wrong with the members of an object; names that are not in `fields` are wrong."""
    errors: list[FieldError] = []
    for name, inner in value.items():
        field = fields.get(name)
        if field is not None:
            errors += field[0](inner, f"{pointer}/{name}", now)
        elif len(errors) < 100:
            words = _no_such_field(name, fields)
            errors.append(problem_at(f"{pointer}/{escape_pointer(name[:80])}", "unknown_field", words))
    return errors[:100]


def _no_such_field(name: str, fields: Mapping[str, Field]) -> str:
    """With the field that was perhaps meant, and all there are."""
    words = _("There is no field of this name. Fields are: %(names)s.") % {"names": ", ".join(sorted(fields))}
    near = process.extractOne(name[:80].lower(), list(fields), scorer=OSA.normalized_similarity, score_cutoff=0.6)
    return f"{_('Perhaps %(name)s was meant.') % {'name': near[0]}} {words}" if near else words


def schema_of(fields: Mapping[str, Field], required: tuple[str, ...] = ()) -> dict[str, Any]:
    """The JSON schema of an object with these fields."""
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {name: field[1] for name, field in fields.items()},
        "additionalProperties": False,
    }
    return schema | ({"required": list(required)} if required else {})
