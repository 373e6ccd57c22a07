"""“Release, and never again”: what a rule of the gate learns when a person lets in what it held."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from leads.cleaning import clean
from leads.gate import BOUNCED, change_rule, forget_bounce
from leads.hygiene import exception_for
from leads.models import HygieneRule, Submission
from revops.foundation.models import User

MOST_NAMED = 20


def exception_of(submission: Submission) -> str:
    """What the rule that holds a submission of `with_outcome` would have to let pass; empty if there is nothing."""
    code = submission.outcome_rule or ""  # type: ignore[attr-defined]
    payload = submission.body.payload if hasattr(submission, "body") else None
    rule = HygieneRule.objects.filter(pk=code).first()
    if rule is None or not isinstance(payload, dict):
        return ""
    facts = clean(payload)
    if code == BOUNCED:
        return facts.email
    return exception_for(code, facts, frozenset(rule.terms) - frozenset(rule.allowed))


def never_again(submission_ids: Sequence[UUID], user: User, reason: str, now: datetime) -> list[str]:
    """Lets the rules that hold these submissions pass their like from now on. Returns what they learned.

    One change of a rule however many submissions it holds; an address that bounced is taken off the list.
    """
    held = Submission.objects.filter(pk__in=submission_ids).quarantined().with_outcome().select_related("body")
    learned: dict[str, set[str]] = {}
    for submission in held:
        if exception := exception_of(submission):
            learned.setdefault(submission.outcome_rule, set()).add(exception)  # type: ignore[attr-defined]
    named: set[str] = set()
    for code, exceptions in learned.items():
        if code == BOUNCED:
            named |= {address for address in exceptions if forget_bounce(address)}
            continue
        rule = HygieneRule.objects.get(pk=code)
        change_rule(code, {"allowed": [*rule.allowed, *exceptions]}, user, reason, now)
        named |= exceptions
    return sorted(named)[:MOST_NAMED]
