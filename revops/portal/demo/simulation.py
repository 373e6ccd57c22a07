"""Runs the year: slice after slice of time goes through the real journey, and reps work what it hands them."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, TypeVar
from uuid import UUID

from django.db import transaction

from feedback.dispositions import Answer
from feedback.outcomes import Result
from leads.acts import Act, ActOnLead
from leads.attempts import Try
from leads.intake import Item
from leads.models import Account, Lead
from revops.portal import journey
from revops.portal.demo.behaviour import Arrival, Prospect, later_submission
from revops.portal.demo.company import Company
from revops.portal.demo.desk import PlannedAnswer, PlannedResult, PlannedTry, Trouble, work_handoff
from revops.portal.demo.desk_words import SECOND_LOOK
from revops.portal.demo.marketing import complete_roles, lateness
from revops.portal.demo.seasons import YEAR
from revops.portal.demo.world import World
from sla.handoffs import reassign_handoffs
from sla.models import Clock, HandOff

T = TypeVar("T")

LARGE = 1500
SWEEP_EVERY = timedelta(days=56)
UNROUTED_FOR = timedelta(days=1)
STILL_OPEN = timedelta(days=4)


class Timeline:
    """The year cut into slices, finer towards now. Each costs a hundred queries, so a small company gets fewer."""

    def __init__(self, leads: int, now: datetime) -> None:
        is_large = leads >= LARGE
        self.ends: list[datetime] = []
        at = now - YEAR
        for until, step in (
            (timedelta(days=45), timedelta(days=5) if is_large else timedelta(days=7)),
            (timedelta(days=2), timedelta(days=1) if is_large else timedelta(days=7)),
            (timedelta(0), timedelta(hours=12) if is_large else timedelta(days=1)),
        ):
            while at < now - until:
                at = min(at + step, now - until)
                self.ends.append(at)

    def slice_of(self, at: datetime) -> int:
        return bisect_left(self.ends, at)


class Agenda:
    """What is planned for each slice; what lies beyond the last is forgotten."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self.current = 0
        self._slices: dict[int, list[tuple[datetime, int, Any]]] = defaultdict(list)
        self._count = 0

    def add(self, at: datetime, thing: Any) -> None:
        place = max(self.timeline.slice_of(at), self.current)
        if place < len(self.timeline.ends):
            self._count += 1
            self._slices[place].append((at, self._count, thing))

    def due(self) -> list[Any]:
        """What the current slice brings, in order of time."""
        return [thing for _, _, thing in sorted(self._slices.pop(self.current, []), key=lambda entry: entry[:2])]


class Simulation:
    """The portal's year. `counts` says what was done, and how often the portal refused."""

    def __init__(self, company: Company, world: World, now: datetime, seed: int) -> None:
        self.company, self.now = company, now
        self.timeline = Timeline(len(world.prospects), now)
        self.rng = Random(f"desk/{seed}")  # noqa: S311 - a story, not a secret
        self.counts: dict[str, int] = defaultdict(int)
        self.troubles = (
            Trouble("Sales Americas", now - timedelta(days=40), now - timedelta(days=26), 5.0),
            Trouble("Sales APAC", now - timedelta(days=200), now - timedelta(days=193), 3.0),
        )
        self._arrivals, self._acts, self._tries, self._answers, self._results, self._roles = (
            Agenda(self.timeline) for _ in range(6)
        )
        for arrival in world.arrivals:
            self._arrivals.add(arrival.at, arrival)
        for prospect in world.prospects:
            for at, act in prospect.acts:
                self._acts.add(at, (prospect, at, act))
        self._by_lead: dict[UUID, Prospect] = {}
        self._seen: set[UUID] = set()
        self._unrouted: dict[UUID, tuple[datetime, UUID]] = {}
        self._to_release: list[tuple[UUID, Arrival]] = []
        self._swept_at = now - YEAR

    def run(self, after_slice: Callable[[int, int, datetime], None]) -> None:
        """Runs all slices; `after_slice(done, of, end)` is called after each."""
        start = self.now - YEAR
        for number, end in enumerate(self.timeline.ends):
            for agenda in (self._arrivals, self._acts, self._tries, self._answers, self._results, self._roles):
                agenda.current = number
            self._release(end)
            self._admit(self._arrivals.due(), end)
            self._record(self._acts.due(), end)
            if end - self._swept_at >= SWEEP_EVERY or end == self.now:
                self._swept_at = end
                while journey.reevaluate(now=end) >= 5000:
                    pass
            self._take_handoffs(start, end)
            self.counts["roles completed"] += complete_roles(self._roles.due(), end)
            self._log(self._tries.due(), end)
            self._answer(self._answers.due(), end)
            self._conclude(self._results.due(), end)
            after_slice(number + 1, len(self.timeline.ends), end)
            start = end

    def _admit(self, arrivals: Sequence[Arrival], end: datetime) -> None:
        if not arrivals:
            return
        sources = self.company.sources
        items = [
            Item(
                source_id=sources[arrival.source].pk,
                channel=arrival.channel,
                payload=arrival.payload,
                raw=arrival.raw,
                refusal=arrival.refusal,
                external_id=arrival.external_id,
                received_at=arrival.at,
                occurred_at=arrival.occurred_at,
                campaign_key=arrival.campaign,
            )
            for arrival in arrivals
        ]
        receipts = journey.admit(items, now=end)
        self.counts["submissions"] += len(receipts)
        for arrival, receipt in zip(arrivals, receipts, strict=True):
            self.counts[str(receipt.outcome)] += 1
            if arrival.is_rightly_released and receipt.outcome == "quarantined":
                self._to_release.append((receipt.submission_id, arrival))
            if arrival.prospect is not None and receipt.lead_id is not None:
                arrival.prospect.lead_id = receipt.lead_id
                arrival.prospect.is_quiet = False
                arrival.prospect.source_id = sources[arrival.source].pk
                self._by_lead[receipt.lead_id] = arrival.prospect
        found = {receipt.lead_id for receipt in receipts if receipt.lead_id}
        for lead_id, person_id in Lead.objects.filter(pk__in=found).values_list("pk", "person_id"):
            if lead_id in self._by_lead:
                self._by_lead[lead_id].person_id = person_id

    def _release(self, end: datetime) -> None:
        """Marketing looks into the quarantine and lets some in."""
        ripe = [pk for pk, arrival in self._to_release if arrival.at < end - timedelta(days=1)]
        if ripe:
            self.counts["released"] += len(journey.release(ripe, now=end))
            self._to_release = [entry for entry in self._to_release if entry[0] not in set(ripe)]

    def _record(self, planned: Sequence[tuple[Prospect, datetime, Act]], end: datetime) -> None:
        acts = [
            ActOnLead(act, prospect.lead_id, prospect.person_id, prospect.source_id, at)
            for prospect, at, act in planned
            if prospect.lead_id is not None and not (prospect.is_quiet and prospect.rng.random() < 0.8)
        ]
        for chunk in _chunks(acts, 2000):
            journey.record_signals(chunk, now=end)
        self.counts["acts"] += len(acts)

    def _take_handoffs(self, start: datetime, end: datetime) -> None:
        """Looks at what the portal handed off since, and plans the work on it."""
        fresh = [
            handoff
            for handoff in HandOff.objects.filter(state="open", handed_off_at__gte=start - timedelta(days=1))
            .order_by("handed_off_at", "lead__received_at", "priority")
            .only("pk", "lead_id", "owner_id", "handed_off_at")
            if handoff.pk not in self._seen and handoff.lead_id in self._by_lead
        ]
        self._seen.update(handoff.pk for handoff in fresh)
        self.counts["hand-offs"] += len(fresh)
        for handoff in fresh:
            if handoff.owner_id is None:
                self._unrouted[handoff.pk] = (handoff.handed_off_at, handoff.lead_id)
            else:
                self._plan(handoff.lead_id, handoff.owner_id, handoff.handed_off_at)
        incomplete = Clock.objects.open().filter(
            handoff__in=[handoff.pk for handoff in fresh], clause__code="details_within"
        )
        for lead_id, started_at in incomplete.order_by("started_at", "lead__received_at").values_list(
            "lead_id", "started_at"
        ):
            prospect = self._by_lead[lead_id]
            at = started_at + lateness(prospect.rng, started_at, self.now)
            self._roles.add(at, (prospect, at))
        self._give_unrouted(end)

    def _give_unrouted(self, end: datetime) -> None:
        """A manager gives what nobody covers to somebody after a day; the newest ones still wait."""
        ripe = [pk for pk, (at, _) in self._unrouted.items() if at < end - UNROUTED_FOR and at < self.now - STILL_OPEN]
        reps = sorted(self.company.reps.values(), key=lambda rep: (rep.team, rep.pace))
        for pk in ripe:
            _, lead_id = self._unrouted.pop(pk)
            rep = self.rng.choice(reps)
            manager = self.company.users["manager1"]
            with transaction.atomic():
                reassign_handoffs([pk], rep.user_id, by_id=manager.pk, reason="Nobody covers the country", now=end)
            self._plan(lead_id, rep.user_id, end)

    def _plan(self, lead_id: UUID, owner_id: UUID, at: datetime) -> None:
        prospect, rep = self._by_lead[lead_id], self.company.reps[owner_id]
        work = work_handoff(prospect, rep, at, self.troubles, self._patience(at))
        for attempt in work.tries:
            self._tries.add(attempt.at, (lead_id, owner_id, attempt))
        for answer in work.answers:
            self._answers.add(answer.at, (lead_id, owner_id, answer))
        for result in work.results:
            self._results.add(result.at, (lead_id, owner_id, result))
        if work.returns_at is not None and work.returns_at < self.now:
            kind = prospect.rng.choice(("demo_request", "pricing_request"))
            self._arrivals.add(work.returns_at, later_submission(prospect, work.returns_at, kind=kind))

    def _patience(self, at: datetime) -> float:
        """Work piles up a little before now, so that every queue has something in it."""
        age = self.now - at
        return 5.0 if age < timedelta(hours=40) else 2.2 if age < STILL_OPEN else 1.0

    def _log(self, planned: Sequence[tuple[UUID, UUID, PlannedTry]], end: datetime) -> None:
        tries = [
            Try(
                lead_id=lead_id,
                user_id=user_id,
                channel=attempt.channel,
                result=attempt.result,
                occurred_at=attempt.at,
                grade="A" if attempt.channel == "call" else "B",
                note=attempt.note,
            )
            for lead_id, user_id, attempt in planned
        ]
        if tries:
            self.counts["attempts"] += len(journey.log_tries(tries, now=end))

    def _answer(self, planned: Sequence[tuple[UUID, UUID, PlannedAnswer]], end: datetime) -> None:
        """Answers in order; the second answer to the same lead goes into the next call."""
        waiting = list(planned)
        while waiting:
            batch: dict[UUID, tuple[UUID, PlannedAnswer]] = {}
            later = []
            for lead_id, user_id, answer in waiting:
                if lead_id in batch:
                    later.append((lead_id, user_id, answer))
                else:
                    batch[lead_id] = (user_id, answer)
            answers = [
                Answer(
                    lead_id,
                    user_id,
                    plan.kind,
                    plan.at,
                    plan.reason,
                    plan.evidence,
                    plan.note,
                    plan.decision_ms,
                    second_look=SECOND_LOOK,
                )
                for lead_id, (user_id, plan) in batch.items()
            ]
            for answered, (user_id, plan) in zip(journey.decide(answers, now=end), batch.values(), strict=True):
                self.counts[plan.kind if answered.disposition else f"refused: {answered.code}"] += 1
                if plan.kind in ("rejected", "returned"):
                    self._by_lead[answered.answer.lead_id].is_quiet = True
                if plan.is_slip and answered.disposition:
                    journey.undo([answered.disposition.pk], user_id, now=min(plan.at + timedelta(seconds=20), end))
                    self.counts["undone"] += 1
            waiting = later

    def _conclude(self, planned: Sequence[tuple[UUID, UUID, PlannedResult]], end: datetime) -> None:
        results = [
            Result(
                lead_id=lead_id,
                kind=result.kind,
                occurred_at=result.at,
                amount=Decimal(result.amount) if result.amount else None,
                currency="EUR" if result.amount else "",
                reason=result.reason,
                user_id=user_id,
            )
            for lead_id, user_id, result in planned
        ]
        if results:
            for recorded in journey.conclude(results, now=end):
                self.counts[recorded.result.kind if recorded.outcome else "outcomes refused"] += 1
                if recorded.result.kind == "won" and recorded.outcome:
                    own_account(recorded.result)


def own_account(result: Result) -> None:
    """Whoever won a customer owns the account: its next leads go to them."""
    Account.objects.filter(leads=result.lead_id, owner=None).update(
        owner_id=result.user_id, updated_at=result.occurred_at
    )


def _chunks(things: Sequence[T], size: int) -> list[Sequence[T]]:
    return [things[start : start + size] for start in range(0, len(things), size)]
