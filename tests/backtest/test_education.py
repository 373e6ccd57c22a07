"""A real past: a hand-made change of rules over the imported education file, recounted by hand."""

from __future__ import annotations

from collections import Counter, defaultdict
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from feedback.models import Outcome
from leads.models import Lead, Signal
from scoring.backtest import list_flips, pack_everything, run_backtest
from scoring.backtest.store import Store
from scoring.publishing import stamp_kinds
from tests.imports.conftest import SHARED, needs_shared_data

pytestmark = [needs_shared_data, pytest.mark.django_db]


def rules(*, seconds: int, pages: int, least: int) -> dict[str, Any]:
    """Time on the site and pages make the points. Undated acts are no hand-raise now: the change is about tier 2."""
    definition = stamp_kinds(
        {
            "rules": [
                {
                    "axis": "intent", "key": "stayed_long", "points": 20_000,
                    "when": {"signals": ["time_on_site"], "minimum_value": seconds},
                },
                {
                    "axis": "intent", "key": "read_much", "points": 10_000,
                    "when": {"signals": ["page_visit"], "at_least": pages},
                },
                {
                    "axis": "fit", "key": "from_india", "points": 5_000,
                    "when": {"fact": "lead.country", "equals": "IN"},
                },
            ],
            "caps": {"fit": 40_000, "intent": 60_000, "timing": 30_000},
            "disqualifiers": [{"key": "silent", "when": {"fact": "person.do_not_contact", "is": True}}],
            "tiers": {
                "1": {"hand_raise": {"signals": ["form_submission"], "within_days": 30}, "minimum": {"intent": 0}},
                "2": {"minimum": {"intent": least}},
            },
        }
    )  # fmt: skip
    definition["kinds"] = {
        code: {**kind, "is_proven": True, "strength": "hand_raise" if code == "form_submission" else kind["strength"]}
        for code, kind in definition["kinds"].items()
    }
    return definition


BEFORE = {"seconds": 400, "pages": 3, "least": 10_000}
AFTER = {"seconds": 900, "pages": 6, "least": 20_000}


def test_a_change_of_rules_over_the_education_file_is_recounted_by_hand(company: Any) -> None:
    path = str(SHARED / "xeducation" / "Leads.csv")
    call_command("import_leads", path, "--json", source="X Education", history=True, stdout=StringIO())
    pack_everything(now=timezone.now())
    cases = Store()
    before, after = rules(**BEFORE), rules(**AFTER)
    found = run_backtest(after, against=before, cases=cases)
    n, flips = list_flips(after, against=before, limit=8000, cases=cases)
    told = Counter(f"{flip.label} to tier {flip.tier_after}" for flip in flips)
    assert told == _recounted()
    assert n == len(flips) == found.flipped > 500
    assert (found.cases, found.undated, found.weeks) == (7392, 7392, None)
    assert "undated" in {caution.code for caution in found.cautions}
    assert run_backtest(before, against=before, cases=cases).flipped == 0


def _recounted() -> Counter[str]:
    """Lead by lead from the tables, without engine, columns or NumPy."""
    pages: dict[Any, int] = defaultdict(int)
    seconds: dict[Any, int] = defaultdict(int)
    for person, kind, quantity, value in Signal.objects.values_list("person_id", "kind__code", "quantity", "value"):
        if kind == "page_visit":
            pages[person] += quantity
        if kind == "time_on_site" and value is not None:
            seconds[person] = max(seconds[person], value)
    won = set(Outcome.objects.filter(kind="won").values_list("lead_id", flat=True))
    told: Counter[str] = Counter()
    for lead in Lead.objects.select_related("person"):
        was, is_now = (_tier(lead, pages[lead.person_id], seconds[lead.person_id], **one) for one in (BEFORE, AFTER))
        if was != is_now:
            told[f"{'won' if lead.pk in won else 'lost'} to tier {is_now}"] += 1
    return told


def _tier(lead: Lead, visits: int, stayed: int, *, seconds: int, pages: int, least: int) -> int:
    if lead.person.do_not_contact:
        return 3
    intent = (20_000 if stayed >= seconds else 0) + (10_000 if visits >= pages else 0)
    return 2 if intent >= least else 3
