"""A backtest of the rules of then comes to every stored hand-off again, however many there are; PAST_CASES says."""

from __future__ import annotations

import json
import os
from datetime import datetime, timedelta
from io import StringIO
from random import Random
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from leads.intake import Item
from revops.foundation.models import User
from revops.portal import journey
from scoring.backtest import pack_everything, prove_cases, run_backtest, waiting
from scoring.backtest.store import Store
from scoring.models import Case, CaseKind, ScoreDecision
from scoring.publishing import create_draft, publish_rulebook, sign_rulebook
from tests.backtest.company import admit, changed, live_definition, sent
from tests.factories import item
from tests.portal.desk import Office

CASES = int(os.environ.get("PAST_CASES", "300"))
"""How many hand-offs the past has; PAST_CASES=100000 is the whole of it."""
BATCH = 1_000
pytestmark = pytest.mark.django_db


@pytest.fixture
def at() -> datetime:
    return timezone.now() - timedelta(days=300)


@pytest.mark.slow
def test_a_backtest_of_the_live_rules_comes_to_every_stored_hand_off(office: Office, at: datetime) -> None:
    rng, made, known = Random(5), 0, 1
    while Case.objects.filter(kind=CaseKind.HAND_OFF).count() < CASES:
        moment = at + timedelta(minutes=made * 400_000 // (CASES + 1))
        journey.admit([_somebody(office, rng, made + n, moment) for n in range(min(BATCH, CASES))], now=moment)
        made += min(BATCH, CASES)
        if made >= 2 * known:  # plans made for an empty database would read all of it for each batch
            known = made
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")
    assert pack_everything(now=timezone.now()) >= made
    proof = prove_cases()
    assert proof.checked == Case.objects.filter(kind=CaseKind.HAND_OFF).count() >= CASES
    assert (proof.differing, proof.examples) == (0, [])
    found = run_backtest(live_definition(), cases=Store())
    assert (found.observed, found.flipped) == (proof.checked, 0)
    assert found.changes.kept.n == proof.checked, "whatever was handed off would be handed off"
    assert found.changes.newly_in.n == found.changes.newly_out.n == 0
    assert not Case.objects.filter(is_narrow=True).exists()
    assert waiting() == 0
    assert ScoreDecision.objects.values("contributions").distinct().count() > min(50, CASES // 10)


def _somebody(office: Office, rng: Random, number: int, moment: datetime) -> Item:
    """One of many different people, most of whom ask for sales."""
    kinds = ("pricing_page_visit", "roi_calculator", "case_study_view", "blog_visit", "webinar_attended", "email_open")
    signals = [
        {"kind": rng.choice(kinds), "value": rng.randrange(100), "topic": rng.choice(("", "routing", "pricing")),
         "occurred_at": (moment - timedelta(hours=rng.randrange(24 * 60))).isoformat()}
        for _act in range(rng.randrange(6))
    ]  # fmt: skip
    return item(
        office.source, f"p{number}@firm{number // 2}.com", _received_at=moment, company=f"Firm {number // 2}",
        title=rng.choice(("VP Sales", "Head of Marketing", "Chief Revenue Officer", "Sales Manager", "Clerk")),
        employees=str(rng.choice((5, 30, 60, 300, 900, 4000))), country=rng.choice(("DE", "US", "BR", "FR")),
        industry=rng.choice(("Software", "Logistics", "Retail")), need="Routing for twelve reps",
        timeline_on=rng.choice(("", (moment + timedelta(days=rng.randrange(-20, 200))).date().isoformat())),
        act=rng.choice(("demo_request", "demo_request", "pricing_request", "content_download")), signals=signals,
    )  # fmt: skip


@pytest.fixture
def two_versions(office: Office) -> Office:
    """Four hand-offs, two each by another version of the rules."""
    now = timezone.now()
    admit(office, [sent(office, n) for n in range(2)], now - timedelta(days=9))
    draft = create_draft(changed(decision_maker=15), office.admin, "Next", "Other points.", now)
    sign_rulebook(draft, office.sales_head, "sales", now)
    sign_rulebook(draft, User.objects.get(role="marketing_manager"), "marketing", now)
    publish_rulebook(draft, now, emergency_reason="A test cannot wait thirty days.")
    admit(office, [sent(office, n) for n in range(2, 4)], now)
    pack_everything(now=timezone.now())
    return office


def test_each_hand_off_is_judged_by_the_version_that_decided_it(two_versions: Office) -> None:
    proof = prove_cases()
    assert (proof.checked, proof.differing) == (4, 0)
    assert sorted(proof.by_version.values()) == [2, 2]
    said = StringIO()
    call_command("replay", "--cases", "--json", stdout=said)
    told = json.loads(said.getvalue())
    assert (told["checked"], told["differing"], told["not_packed_yet"]) == (4, 0, 0)


@pytest.mark.parametrize(
    ("change", "field"), [("intent = intent + 1, contributions = contributions", "points"), ("tier = 2", "tier")]
)
def test_a_decision_that_was_tampered_with_is_found(two_versions: Office, change: str, field: str) -> None:
    _tamper(change)
    proof = prove_cases()
    assert proof.differing == 1
    assert field in {one.field for one in proof.examples}
    said = StringIO()
    with pytest.raises(CommandError, match="do not replay"):
        call_command("replay", "--cases", stdout=said)
    assert "4 hand-offs judged again" in said.getvalue()
    assert "1 differ." in said.getvalue()


def _tamper(change: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE scoring_scoredecision DISABLE TRIGGER USER")
        cursor.execute(
            f"UPDATE scoring_scoredecision SET {change} WHERE id = (SELECT max(decision_id) FROM scoring_case)"
        )
        cursor.execute("ALTER TABLE scoring_scoredecision ENABLE TRIGGER USER")
