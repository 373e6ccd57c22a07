"""How the fields of a sender become the facts of a submission: rows of target with pointer or constant. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from leads.cleaning import UTM_FACTS, one_line, read_moment
from leads.hooks.unpacking import pointers_in, value_at
from leads.mapping.names import SYNONYMS, folded_name

MOST_ROWS = 100
LONGEST_NEED = 5_000
ATTRIBUTE = "attributes."

TARGETS: dict[str, str | Promise] = {
    "email": gettext_lazy("E-mail"),
    "phone": gettext_lazy("Phone"),
    "first_name": gettext_lazy("First name"),
    "last_name": gettext_lazy("Last name"),
    "name": gettext_lazy("Whole name"),
    "title": gettext_lazy("Job title"),
    "company": gettext_lazy("Company"),
    "website": gettext_lazy("Website"),
    "country": gettext_lazy("Country"),
    "city": gettext_lazy("City"),
    "industry": gettext_lazy("Industry"),
    "employees": gettext_lazy("Employees"),
    "purchasing_role": gettext_lazy("Part in the decision"),
    "need": gettext_lazy("What they need"),
    "use_case": gettext_lazy("Use case"),
    "timeline_on": gettext_lazy("Wants to start on"),
    "contract_end_on": gettext_lazy("Contract ends on"),
    "budget_on": gettext_lazy("Budget is decided on"),
    "trigger_event": gettext_lazy("Trigger event"),
    "do_not_contact": gettext_lazy("Do not contact"),
    "act": gettext_lazy("Kind of signal"),
    "topic": gettext_lazy("Topic"),
    "occurred_at": gettext_lazy("When it happened"),
    "external_id": gettext_lazy("The sender's id of the person"),
    "campaign": gettext_lazy("Campaign"),
    "consent": gettext_lazy("Consent: the words they agreed to"),
    "utm_source": gettext_lazy("utm_source"),
    "utm_medium": gettext_lazy("utm_medium"),
    "utm_campaign": gettext_lazy("utm_campaign"),
    "utm_content": gettext_lazy("utm_content"),
    "utm_term": gettext_lazy("utm_term"),
}
"""What a field can become, beside “attributes.NAME”."""

LONGEST = {"email": 320, "phone": 60, "act": 48, "topic": 64, "external_id": 200, "campaign": 120, "consent": 5_000,
           "need": LONGEST_NEED, "use_case": 500, "trigger_event": 500}  # fmt: skip


@dataclass(slots=True)
class Mapped:
    """One entry as facts, ready for the journal; `remarks` say what was left out and why."""

    payload: dict[str, Any] = field(default_factory=dict)
    external_id: str = ""
    campaign_key: str = ""
    occurred_at: datetime | None = None
    remarks: list[str] = field(default_factory=list)


def map_entry(rows: Sequence[Mapping[str, str]], entry: Any, whole: Any, now: datetime) -> Mapped:
    """The facts of one entry. Never raises: what cannot be used is left out with a remark. The first value wins."""
    mapped = Mapped()
    for row in rows[:MOST_ROWS]:
        target, pointer = row.get("target", ""), row.get("pointer", "")
        value = row.get("constant", "") if not pointer else value_at(entry, pointer, whole)
        if value is None or value == "" or _is_set(mapped, target):
            continue
        text = _text(value, LONGEST.get(target, 500), keeps_lines=target == "need")
        if text is None:
            mapped.remarks.append(
                _("%(target)s: “%(pointer)s” holds an object.") % {"target": target, "pointer": pointer}
            )
            continue
        if text:
            _put(mapped, target, text, now)
    return mapped


def check_rows(rows: Sequence[Mapping[str, str]]) -> list[str]:
    """What is wrong with a mapping, in words; empty if nothing is."""
    problems = []
    if len(rows) > MOST_ROWS:
        problems.append(_("At most %(n)s rows.") % {"n": MOST_ROWS})
    for number, row in enumerate(rows[:MOST_ROWS], 1):
        target, pointer = row.get("target", ""), row.get("pointer", "")
        is_known = target in TARGETS or (target.startswith(ATTRIBUTE) and 0 < len(target) - len(ATTRIBUTE) <= 64)
        if not is_known:
            problems.append(
                _("Row %(n)s: “%(target)s” is nothing a submission has.") % {"n": number, "target": target[:80]}
            )
        if bool(pointer) == bool(row.get("constant", "")):
            problems.append(_("Row %(n)s: give a pointer or a fixed value, one of the two.") % {"n": number})
        if pointer and not pointer.startswith(("/", "#/")):
            problems.append(_("Row %(n)s: a pointer begins with / (or #/ for the whole body).") % {"n": number})
    targets = {row.get("target") for row in rows}
    if not targets & {"email", "phone", "external_id"}:
        problems.append(
            _("Map the e-mail address, the phone number or the sender's id: else nobody can be told apart.")
        )
    return problems


def suggest_rows(sample: Any) -> list[dict[str, str]]:
    """A mapping for a sample, by the names of its fields; a name that comes twice counts where it comes first."""
    rows: list[dict[str, str]] = []
    taken: set[str] = set()
    for pointer, value in pointers_in(sample):
        name = folded_name(pointer.rpartition("/")[2])
        target = SYNONYMS.get(name, "")
        if target in TARGETS and target not in taken and value:
            taken.add(target)
            rows.append({"target": target, "pointer": pointer})
    return rows


def _put(mapped: Mapped, target: str, text: str, now: datetime) -> None:
    match target:
        case "external_id":
            mapped.external_id = text
        case "campaign":
            mapped.campaign_key = text
        case "occurred_at":
            at = read_moment(text) or _from_seconds(text)
            if at is None or at > now + timedelta(minutes=5) or at.year < 1970:
                mapped.remarks.append(_("occurred_at: “%(text)s” is no time in the past.") % {"text": text[:60]})
            else:
                mapped.occurred_at = at
        case "consent":
            if text.lower() not in {"false", "no", "0", "off"}:
                mapped.payload["consent"] = {"text": text, "given_at": now.isoformat()}
        case _ if target in UTM_FACTS:
            mapped.payload.setdefault("utm", {})[target] = text[:200]
        case _ if target.startswith(ATTRIBUTE):
            mapped.payload.setdefault("attributes", {})[target.removeprefix(ATTRIBUTE)] = text
        case _:
            mapped.payload[target] = text


def _is_set(mapped: Mapped, target: str) -> bool:
    if target in UTM_FACTS:
        return target in mapped.payload.get("utm", {})
    if target.startswith(ATTRIBUTE):
        return target.removeprefix(ATTRIBUTE) in mapped.payload.get("attributes", {})
    own = {"external_id": mapped.external_id, "campaign": mapped.campaign_key, "occurred_at": mapped.occurred_at}
    return bool(own.get(target)) or target in mapped.payload


def _text(value: Any, most: int, *, keeps_lines: bool) -> str | None:
    """A plain value as text, a list of plain values joined; None for what is not plain."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list) and all(isinstance(one, str | int | float) for one in value):
        value = ", ".join(str(one) for one in value)
    if isinstance(value, dict | list):
        return None
    return str(value).replace("\x00", "")[:most].strip() if keeps_lines else one_line(value, most)


def _from_seconds(text: str) -> datetime | None:
    """Seconds or milliseconds since 1970, as many systems send times."""
    if not (text.isascii() and text.isdigit()) or not 9 <= len(text) <= 13:
        return None
    seconds = int(text) / (1000 if len(text) > 11 else 1)
    return datetime.fromtimestamp(seconds, UTC)
