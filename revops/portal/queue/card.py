"""The context card of a lead: why, what they did, why now, what to say, what next, and our history with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from feedback.models import Disposition, TalkTrack
from feedback.second_look import NOTHING_AROUND, SecondLook, Surroundings, second_look
from feedback.surroundings import surroundings_of
from leads.cleaning import AS_SENT
from leads.models import Attempt, Lead, Signal
from leads.names import country_name
from leads.people import details_missing
from leads.source_limits import limit_words
from revops.foundation.kept_queries import KeptQuery, any_of, blank, fetch_kept
from revops.foundation.pages.words import duration_words
from revops.portal.queue.freshness import STALE_AFTER, all_cold, freshness_words, is_cold
from revops.portal.queue.next_step import NextStep, Reach, Tried, next_step
from revops.portal.queue.order import order_words
from revops.portal.queue.past import acts_since, is_earlier, last_rejections, other_people, related_leads
from revops.portal.queue.talk_track import Talk, talk_track
from revops.portal.queue.talking import talk_facts, track_for
from scoring.explanation import Explanation, Reason, StageExplanation, explain_lead, usual_stage
from scoring.marks import ScoreNotes, score_notes
from sla.clock_state import ClockState, Reading
from sla.models import Clock, HandOff
from sla.queries import clocks_of_leads, reading_of

SIGNALS_SHOWN = 5
SIGNALS_COUNTED = 1_000
STRONGEST = 5
WEAKEST = 3


@dataclass(frozen=True, slots=True)
class ShownClock:
    """A clock with what it says now."""

    clock: Clock
    reading: Reading

    @property
    def countdown_state(self) -> str:
        """For the countdown: "" while it ticks."""
        return "paused" if self.reading.state is ClockState.PAUSED else ""

    @property
    def is_closed(self) -> bool:
        return self.clock.met_at is not None or self.clock.cancelled_at is not None

    @property
    def closing_words(self) -> str:
        """How a closed clock ended: kept with how much to spare, late by how much, or called off."""
        span = duration_words(self.reading.left)
        if self.reading.is_late:
            return _("late by %(span)s") % {"span": span}
        return _("kept, %(span)s to spare") % {"span": span} if self.clock.met_at else _("called off")


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier lead of the same person or company, with why it was rejected last, if it was."""

    lead: Lead
    rejection: Disposition | None


@dataclass(slots=True)
class Card:
    """All that the context card shows. `explanation` is None for a lead that was never judged."""

    lead: Lead
    handoff: HandOff | None
    explanation: Explanation | None
    signals: Sequence[Signal]
    signals_total: int
    talk: Talk
    step: NextStep
    attempts: list[Attempt]
    clocks: list[ShownClock]
    earlier: list[Earlier]
    changed_since: Sequence[Mapping[str, Any]]
    group: list[Lead]
    last_rejection: Disposition | None
    now: datetime
    missing_details: list[str] = field(default_factory=list)
    around: Surroundings = NOTHING_AROUND
    track: TalkTrack | None = None
    notes: ScoreNotes = field(default_factory=ScoreNotes)

    @property
    def person(self) -> Any:
        return self.lead.person

    @property
    def dynamics(self) -> Any:
        """What goes on inside the company, if somebody wrote it down. No query: it is read with the lead."""
        account = self.lead.account
        return getattr(account, "dynamics", None) if account is not None and not account._state.adding else None

    @property
    def company(self) -> str:
        """The company, else the person: what a lead is called in lists and messages."""
        return lead_name(self.lead)

    @property
    def strongest(self) -> list[Reason]:
        """At most five reasons for it and three against, of all axes, strongest first."""
        reasons = [reason for part in self.explanation.axes for reason in part.reasons] if self.explanation else []
        plus = sorted((r for r in reasons if r.points > 0), key=lambda r: -r.points)[:STRONGEST]
        minus = sorted((r for r in reasons if r.points < 0), key=lambda r: r.points)[:WEAKEST]
        return [*plus, *minus]

    @property
    def why(self) -> str:
        """The findings of the one sentence; tier and axes stand beside it."""
        return findings(self.explanation.summary) if self.explanation else ""

    @property
    def tier_words(self) -> str:
        """Which tier is which, where the lead was handed off as another one than it reads today; else empty."""
        if self.handoff is None or self.explanation is None or self.handoff.tier == self.explanation.tier:
            return ""
        facts = {
            "then": self.handoff.tier,
            "day": date_format(timezone.localtime(self.handoff.handed_off_at), "j M"),
            "now": self.explanation.tier,
        }
        lacks = self.explanation.disqualified or next(iter(self.explanation.missing), "")
        if self.explanation.tier > self.handoff.tier and lacks:
            words = _("Handed off as tier %(then)s on %(day)s; reads tier %(now)s today because it lacks: %(lacks)s")
            return words % {**facts, "lacks": lacks}
        words = _("Handed off as tier %(then)s on %(day)s; reads tier %(now)s today: %(why)s")
        return words % {**facts, "why": self.why}

    @property
    def stage(self) -> StageExplanation | None:
        """How far they have come; where no act says it, where leads of the source usually begin."""
        source = self.lead.source
        if self.explanation is None:
            return None
        return self.explanation.stage or usual_stage(source.readiness, source.name)

    @property
    def limit_words(self) -> str:
        """Why its source keeps it from what the rules say; empty if it does not."""
        if self.explanation is None:
            return ""
        source = self.lead.source
        return limit_words(source.name, self.explanation.tier, self.lead.stage, source.allowed_tiers)

    @property
    def longest_bar(self) -> int:
        return max((abs(reason.points) for reason in self.strongest), default=0)

    @property
    def timing(self) -> list[str]:
        """Why now, in words: what the timing rules found, and what is known but not judged."""
        axes = self.explanation.axes if self.explanation else ()
        found = [reason.evidence for part in axes if part.axis.value == "timing" for reason in part.reasons]
        return found or _stated_timing(self.lead)

    @property
    def is_stale(self) -> bool:
        seen = self.lead.last_signal_at
        return seen is not None and self.now - seen > STALE_AFTER and not self.is_cold

    @property
    def is_cold(self) -> bool:
        """Whether all that they did is too old to call on."""
        return all_cold(((one.kind.code, one.occurred_at) for one in self.signals), self.now)

    @property
    def acts(self) -> list[tuple[Signal, bool]]:
        """The latest acts, each with whether it has grown cold."""
        return [(one, is_cold(one.kind.code, one.occurred_at, self.now)) for one in self.signals]

    @property
    def has_more_signals(self) -> bool:
        """Whether there are more than were counted."""
        return self.signals_total >= SIGNALS_COUNTED

    @property
    def look(self) -> SecondLook | None:
        """What would speak against closing the lead, whatever the words."""
        return second_look(self.around, "", is_dated=False, today=timezone.localdate(self.now))

    @property
    def because(self) -> str:
        """Why it stands where it stands in the queue."""
        handoff = self.handoff
        if handoff is None or handoff.state != "open":
            return ""
        return order_words(handoff.due_at, handoff.tier, handoff.priority, self.now)

    @property
    def vote(self) -> bool | None:
        """What this person said about the talk track for this lead."""
        return getattr(self.track, "vote", None)

    @property
    def rules_since(self) -> str:
        """What changed in the rules between the last rejection and now."""
        before = getattr(self.last_rejection, "rulebook_version", None)
        latest = self.explanation.rulebook_version if self.explanation else None
        if before is None or latest is None or before >= latest:
            return ""
        return _("the rulebook went from v%(then)s to v%(now)s") % {"then": before, "now": latest}

    @property
    def sales_clock(self) -> ShownClock | None:
        """The open clock of sales that is due first."""
        return next((c for c in self.clocks if c.clock.side == "sales" and not c.is_closed), None)

    @property
    def missing(self) -> list[str]:
        """What is not known and would help: facts the hand-off needs, then those a call needs."""
        words = {
            "name": _("no name"),
            "way to reach them": _("no e-mail and no phone"),
            "company": _("no company"),
            "role": _("no role"),
        }
        gaps = [words[gap] for gap in self.missing_details]
        if not self.person.phone and "way to reach them" not in self.missing_details:
            sent = self.lead.attributes.get(f"phone{AS_SENT}")
            gaps.append(_("no phone to dial, they wrote “%(sent)s”") % {"sent": sent} if sent else _("no phone"))
        if self.lead.account and self.lead.account.employees is None:
            gaps.append(_("company size not known"))
        if not self.person.purchasing_role and "role" not in self.missing_details:
            gaps.append(_("part in the decision not stated"))
        return gaps

    @property
    def attempts_left(self) -> range:
        """The open steps of the ladder of six."""
        return range(max(0, self.step.of - len(self.attempts)))

    @property
    def facts(self) -> list[tuple[str, Any]]:
        """Company and contact, in words; what is not known stays empty."""
        account, person = self.lead.account, self.person
        employees = account.employees if account else None
        return [
            (_("Industry"), account.industry if account else ""),
            (_("Employees"), None if employees is None else number_format(employees, force_grouping=True)),
            (_("Country"), country_name(person.country or (account.country if account else ""))),
            (_("City"), person.city),
            (_("Part in the decision"), person.purchasing_role),
            (_("Source"), self.lead.source.name),
            (_("Campaign"), self.lead.campaign.name if self.lead.campaign else None),
            (_("Received"), timezone.localtime(self.lead.received_at).strftime("%-d %b %Y %H:%M")),
        ]

    @property
    def freshness(self) -> str:
        return freshness_words(self.lead.last_signal_at, is_all_cold=self.is_cold, now=self.now)


def lead_name(lead: Lead) -> str:
    """What a lead is called: its company, else its person."""
    return lead.account.name if lead.account else lead.person.name


def findings(summary: str) -> str:
    """A summary without its tier and axes, for where those are shown already."""
    head, _colon, rest = summary.partition(": ")
    return f"{rest[:1].upper()}{rest[1:]}" if rest else head


def card_for(lead: Lead, handoff: HandOff | None, user: Any, now: datetime) -> Card:
    """The card of one lead with person, account and owner loaded. Sixteen queries, whatever its history."""
    explanation = explain_lead(lead.pk)
    signals = _latest_acts(lead)
    attempts = _ATTEMPTS.fetch(lead=lead.pk)
    clocks = [
        ShownClock(clock, reading_of(clock, now))
        for clock in sorted(clocks_of_leads([lead.pk]).get(lead.pk, []), key=lambda clock: (clock.due_at, clock.pk))
    ]
    related = related_leads(lead)
    rejections = last_rejections([lead.pk, *(other.pk for other in related)])
    around = surroundings_of([lead], {lead.pk: handoff} if handoff else {}, now=now)[lead.pk]
    track = track_for(lead, signals, user, now)
    own = [lead.pk, *(other.pk for other in related if other.person_id == lead.person_id)]
    last = max((rejections[pk] for pk in own if pk in rejections), key=lambda row: row.recorded_at, default=None)
    return Card(
        lead=lead,
        handoff=handoff,
        explanation=explanation,
        signals=signals,
        signals_total=_count_acts(lead),
        talk=talk_track(talk_facts(lead, signals, user, now), track),
        step=_step(lead, attempts, clocks),
        attempts=attempts,
        clocks=clocks,
        earlier=[Earlier(other, rejections.get(other.pk)) for other in related if is_earlier(other, lead)][:5],
        changed_since=acts_since(lead.person.everybody, last.recorded_at if last else now),
        group=other_people(related, lead),
        last_rejection=last,
        now=now,
        missing_details=details_missing(lead),
        around=around,
        track=track,
        notes=score_notes(lead.pk, getattr(user, "pk", None), now),
    )


def _latest_acts(lead: Lead) -> list[Signal]:
    """The latest acts in the order of their index, however many there are, undated ones last. Two queries."""
    people = lead.person.everybody
    found = fetch_kept(*((rows, {"person": pk}) for rows in (_DATED, _UNDATED) for pk in people))
    dated = sorted(chain(*found[: len(people)]), key=lambda one: (one.occurred_at, one.pk), reverse=True)
    undated = sorted(chain(*found[len(people) :]), key=lambda one: one.pk, reverse=True)
    return [*dated, *undated][:SIGNALS_SHOWN]


_ACTS = Signal.objects.filter(person=blank("person")).select_related("kind", "source")
_DATED = KeptQuery(_ACTS.filter(occurred_at__isnull=False).order_by("-occurred_at", "-pk")[:SIGNALS_SHOWN])
_UNDATED = KeptQuery(_ACTS.filter(occurred_at__isnull=True).order_by("-pk")[:SIGNALS_SHOWN])
_COUNTED = KeptQuery(Signal.objects.filter(person=any_of("people")).values_list("pk", flat=True)[:SIGNALS_COUNTED])
_ATTEMPTS = KeptQuery(Attempt.objects.filter(lead=blank("lead")).select_related("user").order_by("occurred_at", "pk"))


def _count_acts(lead: Lead) -> int:
    """How many acts there are; counting ends at SIGNALS_COUNTED."""
    return _COUNTED.count(people=lead.person.everybody)


def _step(lead: Lead, attempts: Sequence[Attempt], clocks: Sequence[ShownClock]) -> NextStep:
    person = lead.person
    first = next((c.clock.due_at for c in clocks if c.clock.clause.code == "first_contact" and not c.is_closed), None)
    return next_step(
        lead.stage,
        [Tried(attempt.channel, attempt.result, attempt.occurred_at) for attempt in attempts],
        Reach(bool(person.phone), bool(person.email), person.do_not_contact),
        first,
        timezone.get_current_timezone(),
    )


def _stated_timing(lead: Lead) -> list[str]:
    labels = {
        "timeline_on": _("They named %(value)s as the start."),
        "contract_end_on": _("Their contract ends on %(value)s."),
        "budget_on": _("Their budget is decided on %(value)s."),
        "trigger_event": _("Event: %(value)s."),
    }
    stated = [words % {"value": lead.attributes[key]} for key, words in labels.items() if lead.attributes.get(key)]
    if lead.wakes_on:
        stated.append(_("Not before %(day)s, they said.") % {"day": lead.wakes_on.strftime("%-d %b %Y")})
    return stated
