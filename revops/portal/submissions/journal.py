"""Reads of the journal for its pages: filters, rules in words, and a submission as people read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from leads.models import HygieneRule, Source, Submission, SubmissionOutcome
from leads.models.submissions import Channel, OutcomeKind
from revops.foundation.ids import decode, encode

PENDING = "pending"
OUTCOMES = [*OutcomeKind.choices, (PENDING, _("Pending"))]
TONES = {
    OutcomeKind.NEW: ("good", "circle-check"),
    OutcomeKind.ATTACHED: ("good", "link"),
    OutcomeKind.QUARANTINED: ("warn", "lock"),
    OutcomeKind.REFUSED: ("bad", "ban"),
    OutcomeKind.WITHDRAWN: ("neutral", "arrow-back-up"),
    PENDING: ("note", "hourglass"),
}
FILTERS = ("q", "outcome", "source", "channel", "rule", "day")
WAY_IN_RULES: dict[str, str | Promise] = {
    "honeypot": _("Filled in a field that only robots see."),
    "time_trap": _("Sent faster than a person can type."),
    "unconfirmed": _("Waits until the address is confirmed."),
    "purchased": _("Comes from a purchased list."),
    "source_stopped": _("Comes from a source that is stopped."),
    "bad_list": _("Came with rows of which too many are bad."),
    "unreadable": _("Could not be read."),
}
"""Rules that are not of the hygiene gate, in words."""


@dataclass(frozen=True, slots=True)
class JournalRow:
    """A submission with its outcome, ready to show. `facts` are empty for who may not see personal data."""

    submission: Submission
    outcome: str
    outcome_words: str | Promise
    tone: tuple[str, str]
    rule: str | Promise
    detail: str
    lead_id: str
    facts: Mapping[str, str]

    @property
    def is_quarantined(self) -> bool:
        return self.outcome == OutcomeKind.QUARANTINED


def rule_words() -> dict[str, str | Promise]:
    """Each rule that can decide about a submission, as a sentence. One query."""
    return {**WAY_IN_RULES, **dict(HygieneRule.objects.values_list("code", "sentence"))}


def filtered(asked: QueryDict) -> QuerySet[Submission]:
    """The submissions a filter asks for, with outcome, source and body."""
    rows: QuerySet[Submission] = Submission.objects.with_outcome().select_related("source", "body", "pending")
    if words := asked.get("q", "").strip():
        rows = rows.filter(_found(words))
    rows = _by_outcome(rows, asked.get("outcome", ""))
    if asked.get("source"):
        rows = rows.filter(source__key=asked["source"])
    if asked.get("channel") in Channel.values:
        rows = rows.filter(channel=asked["channel"])
    if rule := asked.get("rule"):
        rows = rows.filter(Exists(_latest(rule=rule)) | Exists(_latest(flags__contains=[rule])))
    if day := day_asked(asked):
        start = datetime.combine(day, time(), UTC)
        rows = rows.filter(received_at__gte=start, received_at__lt=start + timedelta(days=1))
    return rows


def day_asked(asked: QueryDict) -> date | None:
    """The day (UTC) in the address, if it names one."""
    try:
        return date.fromisoformat(asked.get("day", ""))
    except ValueError:
        return None


def source_choices() -> list[tuple[str, str]]:
    return list(Source.objects.values_list("key", "name"))


def row_of(submission: Submission, rules: Mapping[str, str | Promise], *, shows_people: bool) -> JournalRow:
    """A submission of `filtered` as a row."""
    outcome = submission.outcome or PENDING  # type: ignore[attr-defined]
    code = submission.outcome_rule or ""  # type: ignore[attr-defined]
    lead_id = submission.outcome_lead_id  # type: ignore[attr-defined]
    waits = outcome == PENDING and hasattr(submission, "pending")
    return JournalRow(
        submission=submission,
        outcome=outcome,
        outcome_words=dict(OUTCOMES)[outcome],
        tone=TONES[outcome],
        rule=rules.get(code, code),
        detail=submission.pending.error if waits else submission.outcome_detail or "",  # type: ignore[attr-defined]
        lead_id=encode("lead", lead_id) if lead_id else "",
        facts=_who(submission) if shows_people else {},
    )


def _who(submission: Submission) -> dict[str, str]:
    payload = submission.body.payload if hasattr(submission, "body") else None
    if not isinstance(payload, dict):
        return {}
    name = payload.get("name") or f"{payload.get('first_name') or ''} {payload.get('last_name') or ''}".strip()
    facts = {"name": name, "email": payload.get("email"), "company": payload.get("company")}
    return {key: str(value or "")[:200] for key, value in facts.items()} if any(facts.values()) else {}


def _found(words: str) -> Q:
    """By receipt, by the e-mail address of the person, or by the sender's own id."""
    if "@" in words:
        return _of_address(words)
    try:
        return Q(pk=decode("sub", words))
    except ValueError:
        return Q(external_id=words)


def _of_address(address: str) -> Q:
    """Admitted submissions are found by their person, the others (which are few) by what was sent."""
    admitted = SubmissionOutcome.objects.filter(lead__person__email=address).values("submission_id")
    stopped = SubmissionOutcome.objects.filter(
        kind__in=[OutcomeKind.QUARANTINED, OutcomeKind.REFUSED], submission__body__payload__email__iexact=address
    ).values("submission_id")
    return Q(pk__in=admitted) | Q(pk__in=stopped) | Q(pending__isnull=False, body__payload__email__iexact=address)


def _by_outcome(rows: QuerySet[Submission], kind: str) -> QuerySet[Submission]:
    if kind == PENDING:
        return rows.filter(pending__isnull=False)
    return rows.filter(Exists(_latest(kind=kind))) if kind in OutcomeKind.values else rows


def _latest(**facts: Any) -> QuerySet[SubmissionOutcome]:
    """The outcome of a submission that counts, if it has these facts."""
    later = SubmissionOutcome.objects.filter(submission=OuterRef("submission"), pk__gt=OuterRef("pk"))
    return SubmissionOutcome.objects.filter(~Exists(later), submission=OuterRef("pk"), **facts)
