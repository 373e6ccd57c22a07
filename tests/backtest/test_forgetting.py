"""What a person typed leaves the packed past with the person; what was decided of them stays as it was."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.utils import timezone

from leads.models import Lead, Person
from scoring.backtest import forget_texts, mark_changed, pack_everything, run_backtest
from scoring.backtest.packing import chunks
from scoring.backtest.store import Store
from scoring.models import Case, CaseColumn
from tests.backtest.company import admit, live_definition, sent, stricter
from tests.portal.desk import Office

pytestmark = pytest.mark.django_db

MARKER = "Zyxwort"


def holding(text: str) -> list[str]:
    """The columns, of chunks and of samples, that hold a text."""
    return [
        f"{column.name} of chunk {column.chunk_id}"
        for column in CaseColumn.objects.all()
        if text.encode() in column.data
    ]


def test_a_marker_is_found_nowhere_after_and_the_past_says_the_same(
    office: Office, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "SAMPLE_EVERY", 1)  # the sample holds everybody
    marked, other = admit(
        office,
        [
            sent(office, 1, title=f"VP Sales {MARKER}", attributes={"use_case": MARKER, "trigger_event": MARKER}),
            sent(office, 2, title="VP Sales, Nordics"),
        ],
        at,
    )
    pack_everything(now=timezone.now())
    mark_changed([marked.pk])
    pack_everything(now=timezone.now())  # the place it had before is dead now, and still holds what it held
    before = run_backtest(stricter("fit", 25), cases=Store())
    assert holding(MARKER)
    assert holding("Nordics")
    Person.objects.filter(pk=marked.person_id).update(title="")
    Lead.objects.filter(pk=marked.pk).update(attributes={})
    assert forget_texts([marked.pk]) == 3
    assert holding(MARKER) == []
    assert holding("Nordics"), "what others typed stays"
    after = run_backtest(stricter("fit", 25), cases=Store())
    assert (after.changes, after.tiers) == (before.changes, before.tiers)
    assert run_backtest(live_definition(), cases=Store()).flipped == 0, "the decision can still be made again"
    assert set(Case.objects.filter(is_narrow=True).values_list("lead_id", flat=True)) == {marked.pk}
    assert Case.objects.filter(lead=other.pk, is_narrow=False).exists()


def test_a_case_that_waits_is_packed_from_what_its_decision_kept(office: Office, at: datetime) -> None:
    (lead,) = admit(office, [sent(office, 1, title=f"VP Sales {MARKER}")], at)
    Person.objects.filter(pk=lead.person_id).update(title="")
    assert forget_texts([lead.pk]) == 0
    pack_everything(now=timezone.now())
    assert holding(MARKER) == []
    assert run_backtest(live_definition(), cases=Store()).flipped == 0


def test_forgetting_twice_or_nobody_changes_nothing(office: Office, at: datetime) -> None:
    (lead,) = admit(office, [sent(office, 1, title=f"VP Sales {MARKER}")], at)
    pack_everything(now=timezone.now())
    assert forget_texts([]) == 0
    assert forget_texts([lead.pk]) == forget_texts([lead.pk]) == 2
    assert holding(MARKER) == []
