"""Each number against a slow recount in Python that shares nothing with its query but the definition in words."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from statistics import median
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from feedback.metrics import (
    METRICS,
    Filters,
    Period,
    Unit,
    Week,
    drill_count,
    drill_ids,
    is_mature,
    leads_behind,
    measure,
    measure_by,
    metric,
    weekly,
)
from feedback.metrics.dictionary import Fold
from feedback.models import Disposition, Outcome
from feedback.outcomes import Result
from leads.attempts import Try
from leads.models import Attempt, Lead
from revops.foundation import outbox
from revops.foundation.models import Notice
from revops.portal import journey
from sla.models import Clock, HandOff
from tests.factories import item
from tests.feedback.company import READY, Company

Row = tuple[Lead, datetime, float]
REASONS = [("no_budget", "3000 EUR"), ("is_student", "Thesis"), ("timeline_over_12_months", "2028-01-01")]


@pytest.fixture
def busy(company: Company, now: datetime) -> Company:
    """Two weeks of work: answers of every kind, undone ones, attempts, outcomes, history, a withdrawn lead."""
    dice = random.Random(7)
    for day in range(-10, 3):
        at = now + timedelta(days=day)
        leads = company.hand_off(dice.randint(2, 4), at=at, source=dice.randrange(3))
        outbox.deliver_due(at + timedelta(minutes=dice.randint(1, 45)))
        for lead in leads:
            _live_through(company, lead, at, dice)
    _add_history(company, now)
    withdrawn = company.hand_off(1)[0]
    company.reject(withdrawn)
    Lead.objects.filter(pk=withdrawn.pk).update(withdrawn_at=now)
    return company


def _live_through(company: Company, lead: Lead, at: datetime, dice: random.Random) -> None:
    """One lead's life, by dice: left alone, rejected, returned, or accepted with what follows."""
    fate = dice.random()
    if fate < 0.15:
        return
    if fate < 0.4:
        _be_rejected(company, lead, at, dice)
    elif fate < 0.5:
        company.answer(lead, "returned", at=at + timedelta(hours=2))
    else:
        _be_accepted(company, lead, at, dice)


def _try(company: Company, lead: Lead, at: datetime, *results: str) -> None:
    owner = company.owner_of(lead).pk
    journey.log_tries([Try(lead.pk, owner, "call", each, at) for each in results], now=at)


def _be_rejected(company: Company, lead: Lead, at: datetime, dice: random.Random) -> None:
    """Some rejections are undone, some leads come back and are accepted."""
    if dice.random() < 0.5:
        _try(company, lead, at + timedelta(minutes=30), "no_answer")
    row = company.reject(lead, *dice.choice(REASONS), at=at + timedelta(hours=1))
    if dice.random() < 0.3:
        company.undo(row.pk, at=at + timedelta(hours=1, minutes=6))
    elif dice.random() < 0.5:
        journey.admit([_again(company, lead, at + timedelta(hours=30))], now=at + timedelta(hours=30))
        if HandOff.objects.filter(lead=lead, state="open").exists():
            company.accept(lead, at=at + timedelta(hours=31))


def _be_accepted(company: Company, lead: Lead, at: datetime, dice: random.Random) -> None:
    company.accept(lead, at=at + timedelta(hours=1))
    if dice.random() < 0.8:
        results = dice.choice([("no_answer",), ("contact",), ("no_answer", "conversation")])
        _try(company, lead, at + timedelta(hours=dice.choice([2, 40])), *results)
    if dice.random() < 0.2:
        company.reject(lead, "no_need", "Solved it themselves", at=at + timedelta(hours=50))
        return
    steps = [("meeting", 20, None), ("opportunity", 26, 5000), (dice.choice(["won", "lost"]), 44, 6000)]
    for kind, hours, amount in steps[: dice.randrange(4)]:
        then = at + timedelta(hours=hours)
        money = Decimal(amount + dice.randrange(900)) if amount else None
        currency = dice.choice(["EUR", "EUR", "USD"]) if amount else ""
        result = Result(lead.pk, kind, then, money, currency, reason="Too dear" if kind == "lost" else "")
        assert journey.conclude([result], now=then)[0].refusal == ""


def _again(company: Company, lead: Lead, at: datetime) -> Any:
    return item(lead.source, lead.person.email, **{**READY, "timeline_on": "2026-06-01", "_received_at": at})


def _add_history(company: Company, now: datetime) -> None:
    past = {"outcome": "won", "amount": "9000", "currency": "EUR", "outcome_at": now.isoformat()}
    lost = {"reason_code": "is_student", "reason_evidence": "Student", "outcome_at": now.isoformat()}
    for number, history in enumerate((past, lost)):
        entry = item(company.sources[0], f"old{number}@past.com", _is_history=True, _received_at=now, history=history)
        journey.admit([entry], now=now)


# --- the slow definitions --------------------------------------------------------------------------------------------
def _live() -> list[Lead]:
    return [lead for lead in Lead.objects.select_related("source") if not lead.is_history and lead.withdrawn_at is None]


def _handoffs(*states: str) -> Iterator[tuple[Lead, HandOff]]:
    live = {lead.pk: lead for lead in _live()}
    for handoff in HandOff.objects.all():
        if handoff.lead_id in live and (not states or handoff.state in states):
            yield live[handoff.lead_id], handoff


def _standing(*kinds: str) -> Iterator[tuple[Lead, Disposition]]:
    live = {lead.pk: lead for lead in _live()}
    undone = {row.undoes_id for row in Disposition.objects.all()}
    for row in Disposition.objects.all():
        if row.kind in kinds and row.pk not in undone and not row.is_history and row.lead_id in live:
            yield live[row.lead_id], row


def _outcomes(*kinds: str) -> Iterator[tuple[Lead, Outcome]]:
    live = {lead.pk: lead for lead in _live()}
    for row in Outcome.objects.all():
        if row.kind in kinds and row.lead_id in live:
            yield live[row.lead_id], row


def _became(lead: Lead, *kinds: str) -> float:
    return float(any(row.kind in kinds for row in Outcome.objects.filter(lead=lead)))


def _sum_of(lead: Lead, kind: str) -> float:
    return float(sum(row.amount or 0 for row in Outcome.objects.filter(lead=lead, kind=kind, currency="EUR")))


def _tries(lead: Lead) -> list[Attempt]:
    return list(Attempt.objects.filter(lead=lead))


def _reached(lead: Lead) -> bool:
    return any(attempt.result in ("contact", "conversation") for attempt in _tries(lead))


def _euros(row: Outcome) -> float:
    return float(row.amount or 0) if row.currency == "EUR" else 0.0


def _of_one_handoff(lead: Lead, handoff: HandOff, times: list[datetime]) -> list[datetime]:
    """Those of the times that lie between a hand-off and the next one of the same lead."""
    after = [row.handed_off_at for row in HandOff.objects.filter(lead=lead) if row.number == handoff.number + 1]
    return [at for at in times if handoff.handed_off_at <= at and not (after and at >= after[0])]


def _first_try(lead: Lead, handoff: HandOff) -> datetime | None:
    mine = set(_of_one_handoff(lead, handoff, [row.occurred_at for row in _tries(lead)]))
    counted = [row.recorded_at if row.grade == "C" else row.occurred_at for row in _tries(lead)
               if row.occurred_at in mine]  # fmt: skip
    return min(counted, default=None)


def _told(lead: Lead, handoff: HandOff) -> datetime | None:
    notices = Notice.objects.filter(subject_id=lead.pk, kind="lead.assigned")
    return min(_of_one_handoff(lead, handoff, [row.created_at for row in notices]), default=None)


def _speed() -> Iterator[Row]:
    for lead, handoff in _handoffs():
        tried = _first_try(lead, handoff)
        if tried is not None:
            yield lead, handoff.handed_off_at, (tried - handoff.handed_off_at) / timedelta(hours=1)


def _system_speed() -> Iterator[Row]:
    for lead, handoff in _handoffs():
        told = _told(lead, handoff)
        if told is not None:
            yield lead, handoff.handed_off_at, (told - handoff.qualified_at) / timedelta(minutes=1)


def _person_speed() -> Iterator[Row]:
    for lead, handoff in _handoffs():
        tried = _first_try(lead, handoff)
        if tried is None:
            continue
        given = [row.assigned_at for row in handoff.assignments.all() if row.user_id]
        details = [c.met_at for c in Clock.objects.filter(handoff=handoff, clause__code="details_within") if c.met_at]
        steps = [min(given, default=None), _told(lead, handoff), min(details, default=None)]
        begun = max((at for at in steps if at is not None and at <= tried), default=handoff.handed_off_at)
        yield lead, handoff.handed_off_at, (tried - begun) / timedelta(hours=1)


def _was_accepted(lead: Lead) -> bool:
    return lead.handoffs.filter(state="accepted").exists()


ANSWERED = ("accepted", "rejected", "returned")
DAY = timedelta(days=1)
SLOW: dict[str, Callable[[], Iterator[Row]]] = {
    "acceptance_rate": lambda: ((le, h.answered_at, float(h.state == "accepted")) for le, h in _handoffs(*ANSWERED)),
    "accepted_leads": lambda: ((le, h.answered_at, 1.0) for le, h in _handoffs("accepted")),
    "lead_to_opportunity": lambda: ((le, le.received_at, _became(le, "opportunity", "won", "lost")) for le in _live()),
    "lead_to_revenue": lambda: ((le, le.received_at, _became(le, "won")) for le in _live()),
    "pipeline_created": lambda: ((le, o.occurred_at, _euros(o)) for le, o in _outcomes("opportunity")),
    "revenue_won": lambda: ((le, o.occurred_at, _euros(o)) for le, o in _outcomes("won")),
    "pipeline_per_accepted": lambda: (
        (le, h.answered_at, _sum_of(le, "opportunity")) for le, h in _handoffs("accepted")
    ),
    "revenue_per_accepted": lambda: ((le, h.answered_at, _sum_of(le, "won")) for le, h in _handoffs("accepted")),
    "win_rate": lambda: ((le, o.occurred_at, float(o.kind == "won")) for le, o in _outcomes("won", "lost")),
    "speed_to_lead": _speed,
    "speed_to_lead_system": _system_speed,
    "speed_to_lead_person": _person_speed,
    "response_quality": lambda: (
        (le, h.answered_at, float(any(t.occurred_at < h.answered_at + DAY for t in _tries(le))))
        for le, h in _handoffs("accepted")
    ),
    "contact_rate": lambda: ((le, h.answered_at, float(_reached(le))) for le, h in _handoffs("accepted")),
    "connect_to_meeting": lambda: (
        (le, h.answered_at, _became(le, "meeting")) for le, h in _handoffs("accepted") if _reached(le)
    ),
    "meeting_to_opportunity": lambda: (
        (le, o.occurred_at, _became(le, "opportunity", "won", "lost")) for le, o in _outcomes("meeting")
    ),
    "opportunity_velocity": lambda: (
        (le, o.occurred_at, (o.occurred_at - min(h.handed_off_at for h in HandOff.objects.filter(lead=le))) / DAY)
        for le, o in _outcomes("opportunity")
    ),
    "rejections": lambda: ((le, d.decided_at, 1.0) for le, d in _standing("rejected")),
    "rejection_rate": lambda: ((le, d.decided_at, float(d.kind == "rejected")) for le, d in _standing(*ANSWERED)),
    "wasted_hours": lambda: (
        (le, d.decided_at, 0.1 * sum(t.occurred_at <= d.decided_at for t in _tries(le)))
        for le, d in _standing("rejected")
    ),
    "recycled_conversion": lambda: (
        (le, h.answered_at, float(h.state == "accepted")) for le, h in _handoffs(*ANSWERED) if h.number > 1
    ),
    "cost_per_accepted": lambda: ((le, le.received_at, 0.0) for le in _live() if _was_accepted(le)),
}  # fmt: skip


def _fold(key: str, values: list[float]) -> float | None:
    match METRICS[key].fold:
        case Fold.SUM:
            return float(sum(values))
        case Fold.MEDIAN:
            return median(values) if values else None
        case Fold.PER_LEAD:
            return None  # nobody states money here; tests/campaigns does
        case _:
            return sum(values) / len(values) if values else None


def _approximately(value: float | None) -> Any:
    return None if value is None else pytest.approx(value)


def test_every_metric_has_a_slow_definition() -> None:
    assert set(SLOW) == set(METRICS)


def test_every_number_agrees_with_the_slow_recount(busy: Company, week: Week) -> None:
    """By week, by source and with its leads. One test, because the two weeks take a while to live through."""
    for key, recount in SLOW.items():
        one, rows = metric(key), [(lead, at, value) for lead, at, value in recount() if at is not None]
        assert rows, f"nothing happened that {key} could count"
        for each, found in weekly(one, week, 3).items():
            period = each.period
            within = [(lead, value) for lead, at, value in rows if period.start <= at < period.end]
            values = [value for _, value in within]
            expected = (len(values), sum(value > 0 for value in values), _approximately(_fold(key, values)))
            assert (found.n, found.hits, found.value) == expected, f"{key} in {each}"
            assert measure(one, period) == found
            assert sorted(drill_ids(one, period)) == sorted(lead.pk for lead, _ in within)
            counted = [lead.pk for lead, value in within if value > 0]
            assert sorted(drill_ids(one, period, part="hits")) == sorted(counted)
            leads = set(leads_behind(one, period, part="misses").values_list("pk", flat=True))
            assert leads == {lead.pk for lead, value in within if value <= 0}
            assert drill_count(one, period) == (len(within), len({lead.pk for lead, _ in within}))
        _check_sources(key, rows, week)


def _check_sources(key: str, rows: list[Row], week: Week) -> None:
    by_source: dict[UUID, list[float]] = defaultdict(list)
    period = Period(week.plus(-2).start, week.end)
    for lead, at, value in rows:
        if period.start <= at < period.end:
            by_source[lead.source_id].append(value)
    found = measure_by(metric(key), period)
    assert set(found) == set(by_source), key
    for source_id, values in by_source.items():
        assert found[source_id].n == len(values), key
        assert found[source_id].value == _approximately(_fold(key, values)), key
        assert measure(metric(key), period, Filters(source_id=source_id)) == found[source_id]


def test_an_empty_week_says_nothing_instead_of_zero(company: Company, week: Week) -> None:
    for one in METRICS.values():
        found = measure(one, week.period)
        assert (found.n, found.value) == (0, 0.0 if one.fold is Fold.SUM else None)
        assert found.interval is None


def test_a_share_has_an_interval_and_says_when_it_is_too_few(company: Company, week: Week) -> None:
    leads = company.hand_off(20)
    for lead in leads[:-1]:
        company.accept(lead)
    few = measure(METRICS["acceptance_rate"], week.period)
    assert (few.n, few.too_few) == (19, True)
    company.reject(leads[-1])
    enough = measure(METRICS["acceptance_rate"], week.period)
    assert (enough.n, enough.hits, enough.too_few) == (20, 19, False)
    assert enough.interval is not None
    assert enough.interval.low < 0.95 < enough.interval.high
    assert not measure(METRICS["rejections"], week.period).too_few


def test_a_cohort_is_ripe_when_its_youngest_lead_had_its_time(week: Week) -> None:
    one = METRICS["lead_to_opportunity"]
    ripe_at = week.end + one.matures_after
    assert not is_mature(one, week.period, ripe_at - timedelta(seconds=1))
    assert is_mature(one, week.period, ripe_at)


def test_an_unknown_metric_names_the_known_ones() -> None:
    with pytest.raises(KeyError, match=r"There is no metric “mql_volume”\. Known: acceptance_rate"):
        metric("mql_volume")


@pytest.mark.parametrize("one", METRICS.values(), ids=METRICS)
def test_every_metric_says_what_it_is_and_what_for(one: Any) -> None:
    assert str(one.definition).endswith(".")
    assert str(one.decision).endswith(".")
    assert one.owner in {"sales", "marketing", "revops"}
    assert one.unit in Unit


def test_volume_that_marketing_makes_alone_cannot_be_a_goal() -> None:
    assert not METRICS["rejections"].can_be_goal
    assert not any("mql" in key for key in METRICS)


def test_each_way_of_asking_is_one_query(company: Company, week: Week) -> None:
    one = METRICS["acceptance_rate"]
    with CaptureQueriesContext(connection) as captured:
        measure(one, week.period)
        measure_by(one, week.period)
        weekly(one, week, 13)
        drill_ids(one, week.period)
        list(leads_behind(one, week.period))
    assert len(captured) == 5
