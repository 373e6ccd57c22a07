"""Each change of a fact marks the day on which the fact counts, also where another change often hides that it did."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from feedback.models import ChangedDay, Disposition, NurturePeriod
from feedback.nurturing import start_nurture, stop_nurture
from leads.attempts import Try
from revops.foundation.erasing import ERASED, erasing
from revops.portal import journey
from sla.models import Assignment, HandOff
from tests.feedback.company import Company

Mark = tuple[str, date]


def marks_of(change: Callable[[], Any]) -> set[Mark]:
    """What a change marked."""
    newest = max(ChangedDay.objects.values_list("pk", flat=True), default=0)
    change()
    return set(ChangedDay.objects.filter(pk__gt=newest).values_list("kind", "day"))


def rejected(company: Company, now: datetime) -> Disposition:
    """The answer to a lead handed off three days ago."""
    return company.reject(company.hand_off(1, at=now - timedelta(days=3))[0], "no_budget", "3000 EUR", at=now)


def test_an_answer_marks_its_day(company: Company, now: datetime) -> None:
    lead = company.hand_off(1, at=now - timedelta(days=3))[0]
    assert ("dispositions", now.date()) in marks_of(lambda: company.reject(lead, "no_budget", "3000 EUR", at=now))


def test_an_answer_taken_back_marks_the_day_of_the_answer(company: Company, now: datetime) -> None:
    answer = rejected(company, now)
    later = now + timedelta(minutes=5)
    assert ("dispositions", now.date()) in marks_of(lambda: company.undo(answer.pk, at=later))


def test_evidence_that_is_erased_marks_the_day_of_its_answer(company: Company, now: datetime) -> None:
    answer = rejected(company, now)

    def erase() -> None:
        with erasing():
            Disposition.objects.filter(pk=answer.pk).update(evidence=ERASED)

    assert marks_of(erase) == {("dispositions", now.date())}


def test_an_owner_marks_the_day_of_the_hand_off(company: Company, now: datetime) -> None:
    company.hand_off(1, at=now - timedelta(days=3))
    row = HandOff.objects.get()
    given = Assignment(handoff=row, user=row.owner, kind="manual", assigned_at=now, reason="By hand")
    assert marks_of(given.save) == {("handoffs", row.handed_off_at.date())}


def test_a_hand_off_that_moves_marks_what_both_leads_count_in(company: Company, now: datetime) -> None:
    early, late = now - timedelta(days=5), now - timedelta(days=2)
    lead, other = company.hand_off(1, at=early)[0], company.hand_off(1, at=late)[0]
    company.accept(lead, at=early)
    moved = HandOff.objects.get(lead=lead)
    found = marks_of(lambda: HandOff.objects.filter(pk=moved.pk).update(lead=other, number=2))
    assert found >= {(kind, at.date()) for kind in ("handoffs", "leads") for at in (early, late)}
    assert ("answers", early.date()) in found


def test_nurture_marks_the_day_of_the_answer_it_follows(company: Company, now: datetime) -> None:
    lead = company.hand_off(1, at=now - timedelta(days=3))[0]
    owner, since = company.owner_of(lead).pk, now - timedelta(days=2)
    journey.log_tries([Try(lead.pk, owner, way, "no_answer", since) for way in ("call", "email") * 3], now=now)
    company.answer(lead, "rejected", at=now, reason="no_response", evidence="Six times, two channels")
    day, later, head = {("dispositions", now.date())}, now + timedelta(days=9), company.marketing_head
    NurturePeriod.objects.filter(lead=lead).delete()
    assert marks_of(lambda: start_nurture([lead.pk], by=head, now=later)) >= day
    assert marks_of(lambda: stop_nurture(lead.pk, by=head, reason="Asked to be let alone", now=later)) >= day
    assert marks_of(NurturePeriod.objects.filter(lead=lead).delete) == day
