"""Chunks, remembered and forgotten answers: whatever is held in memory, a backtest says the same."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from leads.models import Lead
from scoring.backtest import (
    judging,
    pack_cases,
    pack_everything,
    remembering,
    run_backtest,
)
from scoring.backtest.judging import forget_verdicts
from scoring.backtest.packing import chunks as chunks_module
from scoring.backtest.packing import relabelling
from scoring.backtest.store import Store
from scoring.models import Case, CaseChunk, CaseKind
from tests.backtest.company import accept, admit, changed, live_definition, packed, reject, sent, stricter, varied
from tests.portal.desk import Office

pytestmark = pytest.mark.django_db


@pytest.fixture
def at() -> datetime:
    return timezone.now() - timedelta(days=40)


def test_labels_read_beside_a_chunk_and_packed_ones_are_the_same(
    office: Office, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    leads = admit(office, [sent(office, n) for n in range(6)], at)
    pack_everything(now=timezone.now())
    for n, lead in enumerate(leads):
        (accept if n % 2 else reject)(lead, office.rep.pk, at + timedelta(hours=1))
    beside = run_backtest(stricter("fit", 25), cases=Store())
    assert Case.objects.filter(is_relabelled=True).count() == 6
    monkeypatch.setattr(relabelling, "MOST_RELABELLED", 2)
    pack_everything(now=timezone.now())
    pack_cases(now=timezone.now())
    assert not Case.objects.filter(is_relabelled=True).exists()
    assert run_backtest(stricter("fit", 25), cases=Store()).changes == beside.changes


def test_chunks_of_any_size_give_the_same_answer(office: Office, at: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    for week in range(2):
        admit(office, list(varied(office, week)), at + timedelta(days=7 * week))
    draft = stricter("intent", 45)
    whole = packed(draft)
    chunks = list(CaseChunk.objects.values_list("n", flat=True))
    Case.objects.update(chunk=None, place=None, waits=True)
    Case.objects.filter(kind=CaseKind.LEAD).update(waits=False)
    CaseChunk.objects.all().delete()
    monkeypatch.setattr(chunks_module, "CHUNK", 5)
    from scoring.backtest import mark_changed

    mark_changed(list(Lead.objects.values_list("pk", flat=True)))
    for _round in range(20):
        pack_cases(now=timezone.now(), limit=7)
    parts = run_backtest(draft, cases=Store())
    assert CaseChunk.objects.count() > len(chunks)
    assert (parts.changes, parts.tiers, parts.unobservable, parts.flipped) == (
        whole.changes, whole.tiers, whole.unobservable, whole.flipped,
    )  # fmt: skip


def test_answers_that_were_forgotten_are_made_again(
    office: Office, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    admit(office, list(varied(office, 0)), at)
    draft = changed(decision_maker=3, webinar=20)
    expected = packed(draft)
    for name in ("MOST_MASKS", "MOST_AGES", "MOST_TOTALS"):
        monkeypatch.setattr(remembering, name, 1)
    forget_verdicts()
    forgetful = Store()
    for asked in (live_definition(), changed(webinar=9), draft):
        found = run_backtest(asked, cases=forgetful)
    assert (found.changes, found.tiers, found.flips) == (expected.changes, expected.tiers, expected.flips)


def test_what_is_forgotten_between_two_looks_is_read_after_all(
    office: Office, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    admit(office, list(varied(office, 0)), at)
    expected = packed(live_definition())
    real, asked = judging.columns_wanted, list[Any]()

    def knew_a_moment_ago(judges: Any, memory: Any) -> set[str]:
        asked.append(memory)
        return set() if len(asked) <= CaseChunk.objects.count() else real(judges, memory)

    monkeypatch.setattr(judging, "columns_wanted", knew_a_moment_ago)
    forget_verdicts()
    again = run_backtest(live_definition(), cases=Store())
    assert (again.changes, again.tiers, again.cautions) == (expected.changes, expected.tiers, expected.cautions)
    assert len(asked) == 2 * CaseChunk.objects.count()


def test_a_draft_may_ask_what_no_rulebook_asked_before(office: Office, at: datetime) -> None:
    admit(office, [sent(office, n, use_case="Routing" if n % 2 else "") for n in range(6)], at)
    draft = live_definition()
    draft["disqualifiers"] = [
        *draft["disqualifiers"], {"key": "routing", "when": {"fact": "lead.use_case", "equals": "routing"}},
    ]  # fmt: skip
    assert packed(draft).changes.newly_out.n == 3
