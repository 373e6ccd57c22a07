"""Remembered numbers are those of the rows, whatever happened since, and are not asked for twice."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
import redis
from django.core.cache import cache
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from feedback.corrections import Correction
from feedback.costs import book_months
from feedback.metrics import (
    METRICS,
    Period,
    Week,
    by_source_of,
    cells,
    measure_by,
    metric,
    organisation_zone,
    weekly,
    weekly_of,
)
from feedback.metrics.cells import fold_changed_days
from feedback.models import ChangedDay, Disposition, NurturePeriod, Outcome
from feedback.nurturing import start_nurture, stop_nurture, unresponsive
from feedback.outcomes import Result
from feedback.promises import promise_board
from feedback.rejections import By, Matrix, cost_of, rejection_matrix
from feedback.reviews.building import build_review
from feedback.reviews.proving import prove_remembered_numbers
from leads.attempts import Try
from leads.models import Campaign, Lead, Spend
from revops.foundation import outbox
from revops.foundation.erasing import ERASED, erasing
from revops.foundation.models import Notice
from revops.portal import journey, tasks
from sla.models import Assignment, Clock, ClockExcuse, HandOff
from tests.factories import item
from tests.feedback.company import READY, Company

SPAN = 7
REMEMBERED = [one for one in METRICS.values() if one.facts.kind is not None]


def told(week: Week, now: datetime) -> dict[str, Any]:
    """Every number that is remembered somewhere."""
    return {
        "weekly": weekly_of(dict.fromkeys(REMEMBERED, SPAN), week),
        "by source": by_source_of(REMEMBERED, [week.period, week.plus(-1).period]),
        "board": [
            (one.as_dict(), [clock.pk for clock in one.worst], one.worst_items, one.amounts)
            for one in promise_board(week, now)
        ],
        "rejections": [_plain(rejection_matrix(Period(week.plus(-3).start, week.end), by)) for by in By],
        "costs": cost_of(Period(week.plus(-3).start, week.end)),
        "booked": sorted(map(repr, book_months(date(2026, 1, 1), date(2026, 4, 1), week.zone))),
    }


def _plain(matrix: Matrix) -> Any:
    return dict(matrix.cells), sorted(matrix.columns, key=repr), sorted(matrix.rows, key=repr), matrix.marked


def told_anew(week: Week, now: datetime, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    with monkeypatch.context() as forgetful:
        forgetful.setattr(cells, "PREFIX", f"cell:{uuid4().hex}")
        return told(week, now)


class Life:
    """What happens in a company, one thing after the other, by dice."""

    def __init__(self, company: Company, now: datetime, dice: random.Random) -> None:
        self.company, self.now, self.dice = company, now, dice
        self.steps: list[Callable[[], Any]] = [
            self.hand_off, self.hand_off, self.accept, self.accept, self.reject, self.give_up, self.undo,
            self.send_back, self.come_again, self.try_it, self.try_it, self.conclude, self.conclude, self.correct,
            self.tell, self.forget, self.nurture, self.stop, self.withdraw, self.move_source, self.excuse, self.erase,
            self.pass_time, self.fold, self.reassign, self.add_history, self.move_campaign, self.arrive,
        ]  # fmt: skip

    def any(self, rows: Any) -> Any:
        found = list(rows.order_by("pk"))
        return self.dice.choice(found) if found else None

    def earlier(self) -> datetime:
        return self.now - timedelta(hours=self.dice.randrange(1, 500))

    def hand_off(self) -> None:
        self.company.hand_off(self.dice.randint(1, 3), at=self.earlier(), source=self.dice.randrange(3))

    def arrive(self) -> None:
        """Somebody who is not ready for sales."""
        entry = item(self.company.sources[0], f"early{Lead.objects.count()}@firm.com", _received_at=self.earlier())
        journey.admit([entry], now=self.now)

    def waiting(self) -> Lead | None:
        return self.any(Lead.objects.filter(handoffs__state="open", withdrawn_at=None).distinct())

    def accept(self) -> None:
        if lead := self.waiting():
            self.company.accept(lead, at=self.now)

    def reject(self) -> None:
        if lead := self.waiting():
            self.company.reject(lead, at=self.now)

    def give_up(self) -> None:
        if lead := self.waiting():
            owner, since = self.company.owner_of(lead).pk, lead.handoffs.latest("number").handed_off_at
            tries = [Try(lead.pk, owner, channel, "no_answer", since) for channel in ("call", "email") * 3]
            journey.log_tries(tries, now=self.now)
            self.company.answer(lead, "rejected", at=self.now, reason="no_response", evidence="Six times, two channels")

    def send_back(self) -> None:
        if lead := self.waiting():
            self.company.answer(lead, "returned", at=self.now)

    def undo(self) -> None:
        since = self.now - timedelta(minutes=9)
        if row := self.any(Disposition.objects.filter(decided_at__gte=since, undone_by=None).exclude(kind="undone")):
            self.company.undo(row.pk, at=self.now)

    def come_again(self) -> None:
        if lead := self.any(Lead.objects.filter(stage__in=["rejected", "nurture"], is_history=False)):
            again = {**READY, "timeline_on": "2026-06-01", "_received_at": self.now}
            journey.admit([item(lead.source, lead.person.email, **again)], now=self.now)

    def try_it(self) -> None:
        if lead := self.any(Lead.objects.filter(handoffs__isnull=False).distinct()):
            result, at = self.dice.choice(["no_answer", "contact", "conversation"]), self.earlier()
            journey.log_tries([Try(lead.pk, self.company.owner_of(lead).pk, "call", result, at)], now=self.now)

    def conclude(self) -> None:
        if lead := self.any(Lead.objects.filter(stage__in=["accepted", "opportunity"])):
            kind = self.dice.choice(["meeting", "opportunity", "won", "lost"])
            money = Decimal(self.dice.randrange(900)) if kind != "meeting" else None
            why = "Too dear" if kind == "lost" else ""
            one = Result(lead.pk, kind, self.now, money, "EUR" if money is not None else "", reason=why)
            journey.conclude([one], now=self.now)

    def correct(self) -> None:
        if row := self.any(Outcome.objects.filter(is_history=False, corrected_by=None).exclude(kind="withdrawn")):
            at, money = self.now - timedelta(hours=1), Decimal(77) if row.amount is not None else None
            withdraws = self.dice.random() < 0.5
            why = "Too dear" if row.kind == "lost" else ""
            journey.correct(
                [Correction(row.pk, None, at, money, "EUR" if money else "", why, withdraws=withdraws)], now=self.now
            )

    def tell(self) -> None:
        outbox.deliver_due(self.now)

    def forget(self) -> None:
        if notice := self.any(Notice.objects.filter(kind="lead.assigned")):
            notice.delete()

    def nurture(self) -> None:
        if ids := list(unresponsive().values_list("lead", flat=True)[:2]):
            start_nurture(ids, by=self.company.marketing_head, now=self.now)

    def stop(self) -> None:
        if row := self.any(NurturePeriod.objects.filter(stopped_at=None, until__gt=self.now)):
            stop_nurture(row.lead_id, by=self.company.marketing_head, reason="Asked to be let alone", now=self.now)

    def withdraw(self) -> None:
        if lead := self.any(Lead.objects.all()):
            Lead.objects.filter(pk=lead.pk).update(withdrawn_at=None if lead.withdrawn_at else self.now)

    def move_source(self) -> None:
        if lead := self.any(Lead.objects.all()):
            Lead.objects.filter(pk=lead.pk).update(source=self.dice.choice(self.company.sources))

    def move_campaign(self) -> None:
        if lead := self.any(Lead.objects.all()):
            name = self.dice.choice(["spring", "autumn"])
            campaign, _new = Campaign.objects.get_or_create(
                source=lead.source, key=name, defaults={"name": name, "created_at": self.now}
            )
            Lead.objects.filter(pk=lead.pk).update(campaign=campaign)

    def excuse(self) -> None:
        if clock := self.any(Clock.objects.filter(excuse=None, due_at__lt=self.now)):
            ClockExcuse.objects.create(
                clock=clock, cause_kind="contest", cause_id=uuid4(), excused_by=self.company.sales_head,
                excused_at=self.now,
            )  # fmt: skip

    def erase(self) -> None:
        if row := self.any(Disposition.objects.exclude(evidence__in=["", ERASED])):
            with erasing():
                Disposition.objects.filter(pk=row.pk).update(evidence=ERASED)

    def pass_time(self) -> None:
        self.now += timedelta(hours=self.dice.randrange(1, 20))

    def fold(self) -> None:
        fold_changed_days()

    def reassign(self) -> None:
        if row := self.any(HandOff.objects.filter(owner__isnull=False)):
            Assignment.objects.create(
                handoff=row, user=row.owner, kind="manual", assigned_at=self.earlier(), reason="By hand"
            )

    def add_history(self) -> None:
        past = {"outcome": "won", "amount": "9000", "currency": "EUR", "outcome_at": self.now.isoformat()}
        email = f"h{Lead.objects.count()}@old.com"
        entry = item(self.company.sources[0], email, _is_history=True, _received_at=self.now, history=past)
        journey.admit([entry], now=self.now)


@pytest.mark.parametrize("seed", range(3))
def test_remembered_numbers_are_those_of_the_rows(
    company: Company, now: datetime, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    life = Life(company, now, random.Random(seed))
    life.hand_off()
    Spend.objects.create(source=company.sources[0], month_on="2026-03-01", amount_minor=100_000, currency="EUR")
    Spend.objects.create(source=company.sources[1], month_on="2026-02-01", amount_minor=70_001, currency="EUR")
    for number in range(40):
        step = life.dice.choice(life.steps)
        step()
        week = Week.of(life.now, organisation_zone())
        assert told(week, life.now) == told_anew(week, life.now, monkeypatch), f"step {number}: {step.__name__}"
    series = weekly_of(dict.fromkeys(REMEMBERED, SPAN), week)
    for one in REMEMBERED:
        assert series[one.key] == weekly(one, week, SPAN)


def test_what_is_remembered_is_not_asked_for_again(company: Company, week: Week) -> None:
    company.accept(company.hand_off(1)[0])
    asked = dict.fromkeys(REMEMBERED, SPAN)
    weekly_of(asked, week)
    with CaptureQueriesContext(connection) as captured:
        weekly_of(asked, week)
    assert len(captured) == 1


def test_only_weeks_that_changed_are_asked_for_again(company: Company, week: Week) -> None:
    company.hand_off(1, at=week.plus(-2).start + timedelta(days=1))
    one = metric("lead_to_opportunity")
    weekly_of({one: SPAN}, week)
    company.hand_off(1)
    with CaptureQueriesContext(connection) as captured:
        found = weekly_of({one: SPAN}, week)
    assert len(captured) == 2
    assert f"'{week.start:%Y-%m-%d}" in captured[1]["sql"]
    assert [one.n for one in found["lead_to_opportunity"].values()][-3:] == [1, 0, 1]


def test_several_spans_of_sources_add_up(company: Company, week: Week) -> None:
    for lead in company.hand_off(3):
        company.accept(lead)
    company.reject(company.hand_off(1)[0])
    both = Period(week.plus(-1).start, week.end)
    one = metric("acceptance_rate")
    assert by_source_of([one], [week.plus(-1).period, week.period]) == [measure_by(one, both)]


def test_what_needs_several_kinds_of_facts_is_read_from_the_rows(company: Company, week: Week) -> None:
    one = metric("cost_per_accepted")
    assert weekly_of({one: 3}, week) == {one.key: weekly(one, week, 3)}
    with pytest.raises(ValueError, match="more than one kind"):
        by_source_of([one], [week.period])


@pytest.mark.parametrize("problem", [redis.ConnectionError("gone"), OSError("gone")])
def test_without_valkey_the_rows_are_asked(
    company: Company, week: Week, monkeypatch: pytest.MonkeyPatch, problem: Exception
) -> None:
    company.accept(company.hand_off(1)[0])

    def fail(*args: Any) -> None:
        raise problem

    monkeypatch.setattr(cache, "get_many", fail)
    monkeypatch.setattr(cache, "set_many", fail)
    one = metric("acceptance_rate")
    assert weekly_of({one: 2}, week)[one.key] == weekly(one, week, 2)


def test_folding_keeps_every_version(company: Company, week: Week) -> None:
    company.accept(company.hand_off(2)[0])
    asked = dict.fromkeys(REMEMBERED, SPAN)
    weekly_of(asked, week)
    rows = ChangedDay.objects.count()
    gone = fold_changed_days()
    assert 0 < gone == rows - ChangedDay.objects.count()
    assert ChangedDay.objects.values("kind", "day").distinct().count() == ChangedDay.objects.count()
    assert fold_changed_days() == 0
    with CaptureQueriesContext(connection) as captured:
        weekly_of(asked, week)
    assert len(captured) == 1


def test_a_change_that_no_number_rests_on_marks_nothing(company: Company, week: Week) -> None:
    lead = company.hand_off(1)[0]
    before = ChangedDay.objects.count()
    Lead.objects.filter(pk=lead.pk).update(version=F("version") + 1)
    HandOff.objects.filter(lead=lead).update(snoozed_until=None, priority=3)
    Clock.objects.filter(lead=lead, met_at=None).update(look_at=None)
    assert ChangedDay.objects.count() == before


def test_the_nightly_proof_tells_of_a_number_that_no_mark_saved(company: Company, week: Week) -> None:
    lead = company.hand_off(2)[0]
    company.accept(lead)
    build_review(week, now=week.end)
    assert prove_remembered_numbers(week.end) == []
    with connection.cursor() as cursor:  # what must never happen: a fact changes and nobody says so
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE sla_handoff DISABLE TRIGGER handoff_answered_marks_its_days")
        cursor.execute("UPDATE sla_handoff SET state = 'rejected' WHERE lead_id = %s", [lead.pk])
    differing = prove_remembered_numbers(week.end)
    assert any(words.startswith("answers from 2026-03-02: (1, 1, 1.0) instead of (1, 0, 0.0)") for words in differing)
    assert prove_remembered_numbers(week.end) == []  # mended


def test_the_nightly_task_raises_if_a_number_differs(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert tasks.prove_numbers() == 0
    monkeypatch.setattr(tasks, "prove_remembered_numbers", lambda now: ["answers: 1 instead of 2"])
    with pytest.raises(RuntimeError, match="1 remembered numbers were not those of the rows"):
        tasks.prove_numbers()


def test_the_task_folds_what_changed(company: Company) -> None:
    company.hand_off(2)
    company.hand_off(1)
    assert tasks.fold_changed_days() > 0
    assert tasks.fold_changed_days() == 0
