"""Whether the evidence of a rejection is what its reason asks for. Pure."""

from __future__ import annotations

import re
from datetime import date, timedelta

from feedback.models.reasons import EvidenceKind, ReasonCode
from leads.attempts import Persistence

ATTEMPTS_BEFORE_NO_RESPONSE = 6
CHANNELS_BEFORE_NO_RESPONSE = 2


def check_evidence(reason: ReasonCode, evidence: str, tried: Persistence) -> tuple[str, str]:
    """(code, words) if the evidence is not what the reason asks for, else two empty texts."""
    text = evidence.strip()
    if reason.evidence_kind == EvidenceKind.ATTEMPTS:
        if tried.attempts >= ATTEMPTS_BEFORE_NO_RESPONSE and tried.channels >= CHANNELS_BEFORE_NO_RESPONSE:
            return "", ""
        return "no_response_locked", (
            f"“{reason.label}” opens after {ATTEMPTS_BEFORE_NO_RESPONSE} attempts on {CHANNELS_BEFORE_NO_RESPONSE} "
            f"channels; so far {tried.attempts} on {tried.channels}."
        )
    if not text:
        return "missing_evidence", f"“{reason.label}” needs its evidence: {reason.evidence_question}"
    if reason.evidence_kind == EvidenceKind.DATE and date_of(text) is None:
        return "bad_evidence", f"{reason.evidence_question} Write the date like 2027-03-01."
    if reason.evidence_kind == EvidenceKind.NUMBER and not re.search(r"\d", text):
        return "bad_evidence", f"{reason.evidence_question} Write a number."
    if reason.evidence_kind == EvidenceKind.TEXT and len(text) < 3:
        return "bad_evidence", f"{reason.evidence_question} A few words are enough."
    return "", ""


def date_of(text: str) -> date | None:
    """The date at the beginning of a text, written like 2027-03-01."""
    try:
        return date.fromisoformat(text.strip()[:10])
    except ValueError:
        return None


def wakes_on(reason: ReasonCode, evidence: str, today: date) -> date | None:
    """When a lead rejected for this reason is looked at again; None: only a new strong act brings it back."""
    if reason.wakes_after_days is not None:
        return today + timedelta(days=reason.wakes_after_days)
    on = date_of(evidence)
    if reason.wakes_days_before is None or on is None:
        return None
    return max(on - timedelta(days=reason.wakes_days_before), today)


def in_words(span: timedelta) -> str:
    """A span as people say it: "12 s", "5 min", "3 h", "4 days"."""
    seconds = int(span.total_seconds())
    for size, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
