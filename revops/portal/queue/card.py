"""The context card of a lead: why, what they did, why now, what to say, what next, and our history with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Q, Window
from django.utils import timezone
from django.utils.translation import gettext as _

from feedback.models import Disposition, DispositionKind
from leads.models import Attempt, Lead, Signal
from leads.people import details_missing
from revops.foundation.pages.words import duration_words
from revops.portal.queue.next_step import NextStep, Reach, Tried, next_step
from revops.portal.queue.talk_track import TalkFacts, TalkTrack, talk_track
from scoring.explanation import Explanation, Reason, explain_lead
from sla.clock_state import ClockState, Reading
from sla.models import Clock, HandOff
from sla.queries import clocks_of_leads, reading_of

SIGNALS_SHOWN = 5
STRONGEST = 5
WEAKEST = 3
RELATED_SHOWN = 40
WORTH_SAYING = (("hand_raise", "high"), ("medium",))
"""Which acts a rep may mention, best first; nobody likes to hear that they opened an e-mail."""
STALE_AFTER = timedelta(days=14)


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
    talk: TalkTrack
    step: NextStep
    attempts: list[Attempt]
    clocks: list[ShownClock]
    earlier: list[Earlier]
    changed_since: Sequence[Mapping[str, Any]]
    group: list[Lead]
    last_rejection: Disposition | None
    now: datetime
    missing_details: list[str] = field(default_factory=list)

    @property
    def person(self) -> Any:
        return self.lead.person

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
        return seen is not None and self.now - seen > STALE_AFTER

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
            gaps.append(_("no phone"))
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
        return [
            (_("Industry"), account.industry if account else ""),
            (_("Employees"), account.employees if account else None),
            (_("Country"), person.country or (account.country if account else "")),
            (_("City"), person.city),
            (_("Part in the decision"), person.purchasing_role),
            (_("Source"), self.lead.source.name),
            (_("Campaign"), self.lead.campaign.name if self.lead.campaign else None),
            (_("Received"), timezone.localtime(self.lead.received_at).strftime("%-d %b %Y %H:%M")),
        ]

    @property
    def freshness(self) -> str:
        if self.lead.last_signal_at is None:
            return _("no dated activity")
        return _("last active %(day)s") % {"day": timezone.localtime(self.lead.last_signal_at).strftime("%-d %b %H:%M")}


def lead_name(lead: Lead) -> str:
    """What a lead is called: its company, else its person."""
    return lead.account.name if lead.account else lead.person.name


def findings(summary: str) -> str:
    """A summary without its tier and axes, for where those are shown already."""
    head, _colon, rest = summary.partition(": ")
    return f"{rest[:1].upper()}{rest[1:]}" if rest else head


def card_for(lead: Lead, handoff: HandOff | None, user: Any, now: datetime) -> Card:
    """The card of one lead with person, account and owner loaded. Eight queries, whatever its history."""
    explanation = explain_lead(lead.pk)
    signals = list(
        Signal.objects.filter(person_id=lead.person_id)
        .select_related("kind", "source")
        .annotate(total=Window(Count("pk")))
        .order_by(F("occurred_at").desc(nulls_last=True), "-pk")[:SIGNALS_SHOWN]
    )
    attempts = list(Attempt.objects.filter(lead=lead).select_related("user").order_by("occurred_at", "pk"))
    clocks = [
        ShownClock(clock, reading_of(clock, now))
        for clock in sorted(clocks_of_leads([lead.pk]).get(lead.pk, []), key=lambda clock: (clock.due_at, clock.pk))
    ]
    related = _related(lead)
    rejections = _rejections([lead.pk, *(other.pk for other in related)])
    own = [lead.pk, *(other.pk for other in related if other.person_id == lead.person_id)]
    last = max((rejections[pk] for pk in own if pk in rejections), key=lambda row: row.recorded_at, default=None)
    return Card(
        lead=lead,
        handoff=handoff,
        explanation=explanation,
        signals=signals,
        signals_total=signals[0].total if signals else 0,
        talk=talk_track(_talk_facts(lead, signals, user, now)),
        step=_step(lead, attempts, clocks),
        attempts=attempts,
        clocks=clocks,
        earlier=[Earlier(other, rejections.get(other.pk)) for other in related if _is_earlier(other, lead)][:5],
        changed_since=_acts_since(lead.person_id, last.recorded_at if last else now),
        group=_group(related, lead),
        last_rejection=last,
        now=now,
        missing_details=details_missing(lead),
    )


def _related(lead: Lead) -> list[Lead]:
    """Other leads of the person, and of the company."""
    same = Q(person_id=lead.person_id)
    if lead.account_id:
        same |= Q(account_id=lead.account_id)
    others = Lead.objects.shown().filter(same).exclude(pk=lead.pk).select_related("person", "account", "source")
    return list(others.order_by("-received_at", "-pk")[:RELATED_SHOWN])


def _is_earlier(other: Lead, lead: Lead) -> bool:
    return other.person_id == lead.person_id or other.received_at <= lead.received_at


def _rejections(lead_ids: Sequence[UUID]) -> dict[UUID, Disposition]:
    """The latest rejection of each lead that was not taken back."""
    rows = (
        Disposition.objects.filter(lead_id__in=lead_ids, kind=DispositionKind.REJECTED, undone_by__isnull=True)
        .select_related("reason", "user")
        .order_by("recorded_at", "pk")
    )
    return {row.lead_id: row for row in rows}


def _acts_since(person_id: UUID, since: datetime) -> Sequence[Mapping[str, Any]]:
    return list(
        Signal.objects.filter(person_id=person_id, received_at__gt=since)
        .values("kind__name")
        .annotate(times=Count("pk"))
        .order_by("-times", "kind__name")[:4]
    )


def _group(related: Sequence[Lead], lead: Lead) -> list[Lead]:
    """Other people of the company, the most recently active first, each once."""
    seen, group = {lead.person_id}, []
    floor = datetime.min.replace(tzinfo=timezone.get_current_timezone())
    for other in sorted(related, key=lambda other: other.last_signal_at or floor, reverse=True):
        if other.person_id not in seen:
            seen.add(other.person_id)
            group.append(other)
    return group[:5]


def _talk_facts(lead: Lead, signals: Sequence[Signal], user: Any, now: datetime) -> TalkFacts:
    dated = [signal for signal in signals if signal.occurred_at is not None]
    act = next((one for rank in WORTH_SAYING for one in dated if one.kind.strength in rank), None)
    person, facts = lead.person, lead.attributes
    return TalkFacts(
        first_name=person.first_name,
        company=lead.account.name if lead.account else "",
        speaker=user.get_short_name(),
        act=act.kind.name if act else "",
        act_days_ago=(timezone.localdate(now) - timezone.localdate(act.occurred_at)).days if act else None,
        topic=act.topic if act else "",
        need=lead.need,
        use_case=str(facts.get("use_case") or ""),
        seniority=person.seniority,
        function=person.function,
        trigger_event=str(facts.get("trigger_event") or ""),
    )


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
