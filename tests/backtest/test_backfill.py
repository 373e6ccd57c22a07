"""The past of a database that is older than its cases: opened once, labelled as it is, as if it was always kept."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from feedback import past_cases
from feedback.past_cases import Backfilled, backfill_cases
from revops.portal import journey
from scoring.backtest import pack_everything, run_backtest
from scoring.backtest.store import Store
from scoring.models import Case, CaseChunk, CaseMark
from tests.backtest.company import accept, admit, conclude, reject, sent, stricter
from tests.factories import item
from tests.portal.desk import Office

pytestmark = pytest.mark.django_db


@pytest.fixture
def at() -> datetime:
    return timezone.now() - timedelta(days=20)


def live_a_while(office: Office, at: datetime) -> None:
    leads = admit(office, [sent(office, n) for n in range(5)], at)
    accept(leads[0], leads[0].owner_id or office.rep.pk, at + timedelta(hours=1))
    conclude(leads[0], "won", at + timedelta(days=3), 1000)
    reject(leads[1], leads[1].owner_id or office.rep.pk, at + timedelta(hours=1))
    pack_everything(now=timezone.now())


def test_what_is_missing_is_opened_and_gives_the_same_past(
    office: Office, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    live_a_while(office, at)
    before = run_backtest(stricter("fit", 100), cases=Store())
    Case.objects.all().delete()
    CaseChunk.objects.all().delete()
    assert run_backtest(stricter("fit", 100), cases=Store()).cases == 0
    monkeypatch.setattr(past_cases, "BATCH", 2)  # more than one round of each
    assert backfill_cases(now=timezone.now()) == Backfilled(5, 0, 5, 10)
    after = run_backtest(stricter("fit", 100), cases=Store())
    assert (after.cases, after.changes, after.tiers, after.flipped) == (
        before.cases, before.changes, before.tiers, before.flipped,
    )  # fmt: skip
    assert not CaseMark.objects.exists()


def test_a_second_call_finds_nothing_to_do(office: Office, at: datetime) -> None:
    live_a_while(office, at)
    assert backfill_cases(now=timezone.now()) == Backfilled(0, 0, 0, 0)
    told = StringIO()
    call_command("backfill_cases", stdout=told)
    assert told.getvalue().strip() == "Nothing was missing."


def test_the_command_says_what_it_opened(office: Office, at: datetime) -> None:
    live_a_while(office, at)
    Case.objects.filter(kind=1).update(chunk=None, place=None)
    Case.objects.filter(kind=1).delete()
    told = StringIO()
    call_command("backfill_cases", "--json", stdout=told)
    assert json.loads(told.getvalue()) == {"handoffs": 5, "history": 0, "leads": 0, "packed": 5}


def test_answered_leads_of_history_are_cases_again(office: Office, at: datetime) -> None:
    history = {"reason_code": "is_student", "reason_evidence": "Writes a thesis"}
    journey.admit([item(office.source, "old@firm.com", company="Firm", history=history, _is_history=True)], now=at)
    kept = Case.objects.filter(kind=2).count()
    assert kept == 1
    Case.objects.all().delete()
    assert backfill_cases(now=timezone.now()).history == kept
    assert Case.objects.filter(kind=2).count() == kept
