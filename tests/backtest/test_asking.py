"""Asking a backtest: scope, pages of flips, quick answers, honest cautions and refusals."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from revops.foundation.ids import new_id
from revops.foundation.statistics import wilson_interval
from scoring.backtest import (
    Scope,
    list_flips,
    pack_everything,
    run_backtest,
)
from scoring.backtest.packing import chunks as chunks_module
from scoring.backtest.store import Store
from scoring.publishing import NoLiveRulebook
from scoring.rules import InvalidRulebook
from tests.backtest.company import accept, admit, changed, live_definition, packed, reject, sent, stricter, varied
from tests.portal.desk import Office

pytestmark = pytest.mark.django_db


@pytest.fixture
def at() -> datetime:
    return timezone.now() - timedelta(days=40)


def test_scope_narrows_by_day_source_and_rep(office: Office, at: datetime) -> None:
    admit(office, [sent(office, n) for n in range(2)], at)
    admit(office, [sent(office, n) for n in range(2, 5)], at + timedelta(days=20))
    pack_everything(now=timezone.now())
    day = at.astimezone(UTC).date()
    draft = stricter("fit", 100)

    def cases(**scope: Any) -> int:
        return run_backtest(draft, scope=Scope(**scope), cases=Store()).changes.newly_out.n

    assert cases() == 5
    assert cases(last_on=day + timedelta(days=3)) == 2
    assert cases(first_on=day + timedelta(days=3)) == 3
    assert cases(source_id=office.source.pk) == 5
    assert cases(source_id=new_id()) == 0
    assert cases(rep_id=office.rep.pk) + cases(rep_id=office.colleague.pk) == 5


def test_flips_come_in_pages_the_greatest_first(office: Office, at: datetime) -> None:
    admit(office, list(varied(office, 0)), at)
    pack_everything(now=timezone.now())
    draft = changed(asked_for_sales=0, decision_maker=0)
    n, flips = list_flips(draft, limit=100, cases=Store())
    assert n == len(flips) > 3
    crossing = [1 in (flip.tier_before, flip.tier_after) for flip in flips]
    assert crossing == sorted(crossing, reverse=True)
    moved = [abs(flip.moved_by) for flip, crosses in zip(flips, crossing, strict=True) if crosses]
    assert moved == sorted(moved, reverse=True)
    pages = [flip for offset in range(0, n, 2) for flip in list_flips(draft, offset=offset, limit=2, cases=Store())[1]]
    assert pages == flips
    assert run_backtest(draft, cases=Store()).flips == tuple(flips[:20])


def test_a_quick_answer_is_a_sample_of_the_exact_one(
    office: Office, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks_module, "SAMPLE_EVERY", 2)
    monkeypatch.setattr("scoring.backtest.store.SAMPLE_EVERY", 2)
    admit(office, [sent(office, n) for n in range(10)], at)
    pack_everything(now=timezone.now())
    draft = stricter("fit", 100)
    cases = Store()
    assert run_backtest(draft, quick=True, cases=cases).is_exact, "few cases are answered exactly at once"
    monkeypatch.setattr("scoring.backtest.comparing.SAMPLE_FROM", 3)
    quick, exact = run_backtest(draft, quick=True, cases=cases), run_backtest(draft, cases=cases)
    assert (quick.is_exact, quick.cases, quick.of) == (False, 5, 10)
    assert (exact.is_exact, exact.cases) == (True, 10)
    assert quick.tiers[0].per_week == pytest.approx(exact.tiers[0].per_week)


def test_intervals_are_wilsons(office: Office, at: datetime) -> None:
    leads = admit(office, [sent(office, n) for n in range(4)], at)
    for lead in leads[:3]:
        accept(lead, office.rep.pk, at + timedelta(hours=1))
    reject(leads[3], office.rep.pk, at + timedelta(hours=1))
    share = packed(live_definition()).changes.kept.acceptance
    assert (share.hits, share.n, share.value) == (3, 4, 0.75)
    assert share.interval == wilson_interval(3, 4)
    assert share.is_too_few


def test_data_that_did_not_exist_then_is_named(office: Office, at: datetime) -> None:
    admit(office, [sent(office, n, signals=[]) for n in range(3)], at)
    admit(office, [sent(office, 7, signals=[{"kind": "roi_calculator"}])], at + timedelta(days=30))
    told = {caution.code: caution.text for caution in packed(live_definition()).cautions}
    assert "never_recorded" in told
    found = [c.text for c in packed(live_definition()).cautions if c.code == "recorded_since"]
    assert any("ROI" in text and "3 cases are older" in text for text in found), found


def test_nothing_to_learn_from_is_said(office: Office) -> None:
    found = packed(live_definition())
    assert (found.cases, found.weeks, found.flips, found.by_source) == (0, None, (), ())
    assert [caution.code for caution in found.cautions] == ["no_past"]


def test_a_definition_that_does_not_parse_is_refused(office: Office) -> None:
    with pytest.raises(InvalidRulebook):
        run_backtest({**live_definition(), "rules": [{"key": "?"}]})


def test_without_a_live_rulebook_there_is_nothing_to_compare_with(office: Office) -> None:
    definition = live_definition()
    from scoring.models import Rulebook

    Rulebook.objects.filter(state="live").update(state="superseded", superseded_at=timezone.now())
    with pytest.raises(NoLiveRulebook):
        run_backtest(definition)
    assert run_backtest(definition, against=definition).flipped == 0


def test_an_undone_import_takes_its_cases_along(office: Office, at: datetime) -> None:
    from scoring.backtest import take_cases_back

    leads = admit(office, [sent(office, n) for n in range(3)], at)
    assert packed(live_definition()).cases == 3
    assert take_cases_back([leads[0].pk]) == 2
    assert run_backtest(live_definition(), cases=Store()).cases == 2


@pytest.mark.parametrize("amount", [1, 3])
def test_the_number_of_queries_does_not_depend_on_the_number_of_leads(
    amount: int, office: Office, at: datetime, django_assert_num_queries: Any
) -> None:
    admit(office, [sent(office, n) for n in range(amount)], at)
    pack_everything(now=timezone.now())
    draft = stricter("fit", 100)
    with django_assert_num_queries(5):
        run_backtest(draft, against=_once(draft), cases=Store())


def _once(draft: dict[str, Any]) -> dict[str, Any]:
    """A definition without a query: the draft with what it made stricter taken back."""
    tiers = {**draft["tiers"], "1": {**draft["tiers"]["1"], "minimum": {"fit": 12_000, "intent": 20_000}}}
    return {**draft, "tiers": tiers}
