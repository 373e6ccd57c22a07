"""What the portal knows about a contested thing, as it was then: beside what the contester says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from feedback.models import Contest, ReasonCode
from leads.models import SubmissionOutcome
from revops.foundation.models import User
from revops.portal.lead_pages.timeline import Event, timeline_of
from revops.portal.sla_board.clocks import Story, story_of
from scoring.explanation import Explanation, explain
from scoring.models import ScoreDecision
from sla.models import Clause, Clock
from sla.routing import read_trace

EVENTS_SHOWN = 12

EFFECTS = {
    "breach_excused": gettext_lazy("The breach no longer counts; the clock stays in the history."),
    "turn_credited": gettext_lazy("The turn was credited back."),
    "turn_charged": gettext_lazy("The turn that was credited for the rejection was charged again."),
    "example_corrected": gettext_lazy("The label was put right, for the next tuning."),
}


@dataclass(slots=True)
class Facts:
    """Both facts of a contest. Only what belongs to its kind is filled in."""

    rows: list[tuple[str, Any]] = field(default_factory=list)
    explanation: Explanation | None = None
    story: Story | None = None
    candidates: list[tuple[str, str]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)


def facts_of(contest: Contest, now: datetime) -> Facts:
    """What is known, as of then. At most eight queries and the timeline."""
    facts = Facts(events=timeline_of(contest.lead, size=EVENTS_SHOWN).events)
    if contest.decision_id is not None:
        decision = ScoreDecision.objects.select_related("rulebook").get(pk=contest.decision_id)
        facts.explanation = explain(decision)
    if contest.clock_id is not None:
        clock = Clock.objects.select_related("clause__agreement", "user", "calendar_version").get(pk=contest.clock_id)
        facts.story = story_of(clock, now)
        facts.rows.append((_("Clause"), clock.clause.text))
        facts.rows.append((_("Responsible"), clock.user.name if clock.user else _("the side as a whole")))
    if contest.assignment is not None:
        assignment = contest.assignment
        trace = read_trace(assignment)
        names = dict(User.objects.filter(pk__in=[row[0] for row in trace]).values_list("pk", "name"))
        facts.candidates = [(names.get(row[0], _("Somebody")), str(row[1])) for row in trace]
        facts.rows.append((_("Given to"), assignment.user.name if assignment.user else _("nobody")))
        facts.rows.append((_("Why"), assignment.reason))
    if contest.disposition is not None and contest.disposition.reason is not None:
        row = contest.disposition
        facts.rows += [
            (_("Rejected by"), row.user.name if row.user else ""),
            (_("Reason"), row.reason.label if row.reason else ""),
            (_("Evidence"), row.evidence),
            (_("Note"), row.note or _("none")),
        ]
    if contest.about == "duplicate":
        outcome = SubmissionOutcome.objects.select_related("submission__source").get(pk=int(contest.subject_id))
        facts.rows += [
            (_("Attached on"), outcome.decided_at),
            (_("From"), outcome.submission.source.name),
            (_("Why"), outcome.detail or _("same person")),
        ]
    return facts


def effects_of(contest: Contest) -> list[str]:
    """What followed from the verdict, in words."""
    verdict = getattr(contest, "verdict", None)
    return [str(EFFECTS.get(code, code)) for code in verdict.effects] if verdict else []


def key_words() -> Callable[[str, str], str]:
    """What a clause, reason or rule is called; a key that is not known stays as it is. Two queries."""
    signed = Clause.objects.exclude(agreement__state="draft").order_by("agreement__version")
    clauses = dict(signed.values_list("code", "text"))
    reasons = dict(ReasonCode.objects.values_list("code", "label"))
    named = {"breach": clauses, "rejection": reasons}
    return lambda about, key: named.get(about, {}).get(key, key.replace("_", " "))


def would_follow(contest: Contest) -> list[str]:
    """What follows if it is upheld, said before anybody decides."""
    codes = {
        "breach": ["breach_excused"],
        "route": ["turn_credited"],
        "score": ["example_corrected"],
        "tier": ["example_corrected"],
        "duplicate": ["example_corrected"],
        "rejection": ["example_corrected"],
    }[contest.about]
    return [str(_WOULD[code]) for code in codes]


_WOULD = {
    "breach_excused": gettext_lazy("the breach leaves the count and stays in the history"),
    "turn_credited": gettext_lazy("the turn is credited back"),
    "example_corrected": gettext_lazy("the label is put right for the next tuning, and the turn is settled"),
}
