"""A draft over the past: the same numbers as a slow recount, lead by lead, and labels that follow the answers."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from leads.models import Lead
from revops.portal import journey
from scoring.backtest import (
    Backtest,
    Group,
    list_flips,
    pack_everything,
    run_backtest,
    waiting,
)
from scoring.backtest.columns import frame_from
from scoring.backtest.packing import chunks as chunks_module
from scoring.backtest.store import Store
from scoring.engine import compile_rulebook, evaluate
from scoring.facts import load_facts
from scoring.models import Case, CaseChunk, CaseKind, ScoreDecision
from scoring.rules import parse_rulebook
from tests.backtest.company import (
    accept,
    admit,
    changed,
    conclude,
    live_definition,
    packed,
    reject,
    sent,
    stricter,
    varied,
)
from tests.portal.desk import Office

pytestmark = pytest.mark.django_db


@pytest.fixture
def at() -> datetime:
    return timezone.now() - timedelta(days=40)


def test_what_a_draft_lets_through_and_keeps_out_is_counted_with_what_became_of_it(
    office: Office, at: datetime
) -> None:
    big = admit(office, [sent(office, n) for n in range(3)], at)
    small = admit(office, [sent(office, n, employees="20") for n in range(3, 7)], at + timedelta(days=7))
    for lead in big:
        accept(lead, office.rep.pk, at + timedelta(hours=1))
    conclude(big[0], "won", at + timedelta(days=2), 5000)
    for lead in small[:3]:
        reject(lead, office.rep.pk, at + timedelta(days=8))
    found = packed(stricter("fit", 35))
    assert found.is_exact
    assert (found.cases, found.observed, found.undated) == (7, 7, 0)
    assert found.changes.kept.n == 3
    assert found.changes.kept.acceptance.hits == 3
    assert (found.changes.kept.won, found.changes.kept.revenue) == (1, 5000)
    assert found.changes.newly_out == Group(n=4, rejected=3)
    assert found.changes.newly_in.n == 0
    tier_1 = found.tiers[0]
    assert (tier_1.before, tier_1.after) == (7, 3)
    assert found.weeks == pytest.approx(8 / 7)
    assert tier_1.per_week == pytest.approx(-4 / (8 / 7))
    assert [(part.name, part.changes.newly_out.n) for part in found.by_source] == [("Website", 4)]
    assert sum(part.changes.kept.n for part in found.by_rep) == 3
    assert {part.name for part in found.by_rep} <= {"Rita Rep", "Carl Colleague"}
    assert "few" in {caution.code for caution in found.cautions}


def test_the_rulebook_of_then_changes_nothing_and_makes_every_stored_decision_again(
    office: Office, at: datetime
) -> None:
    leads = [
        lead for week in range(4) for lead in admit(office, list(varied(office, week)), at + timedelta(days=7 * week))
    ]
    found = packed(live_definition())
    assert found.cases == len(leads) > 30
    assert found.observed > 5
    assert found.flipped == 0
    assert found.changes.newly_in.n == found.changes.newly_out.n == 0
    assert all(flow.before == flow.after for flow in found.tiers)
    assert _replayed() == []


def _replayed() -> list[int]:
    """Hand-offs whose packed facts do not give the decision that was stored for them: there must be none."""
    wrong = []
    compiled = compile_rulebook(parse_rulebook(live_definition()))
    for chunk in CaseChunk.objects.filter(is_past=True):
        columns = chunks_module.read_columns(chunk)
        again = evaluate(compiled, frame_from(columns, compiled.attributes))
        for case in Case.objects.filter(chunk=chunk).exclude(kind=CaseKind.LEAD):
            decision = ScoreDecision.objects.get(pk=case.decision_id)
            same = (
                decision.contributions == again.contributions[case.place].tolist()
                and decision.tier == again.tier[case.place]
                and decision.intent == again.axes["intent"][case.place]
            )
            if not same:
                wrong.append(case.pk)
    return wrong


def test_the_numbers_are_those_of_a_slow_recount_lead_by_lead(office: Office, at: datetime) -> None:
    leads: list[Lead] = []
    for week in range(3):
        leads += admit(office, list(varied(office, week)), at + timedelta(days=7 * week))
    handed_off = [lead for lead in leads if lead.stage == "handed_off"]
    for n, lead in enumerate(handed_off):
        moment = lead.received_at + timedelta(hours=2)
        if n % 4 == 3:
            reject(lead, office.rep.pk, moment)
        elif n % 4:
            accept(lead, office.rep.pk, moment)
            if n % 2:
                conclude(lead, "meeting", moment + timedelta(days=1))
                conclude(lead, "opportunity", moment + timedelta(days=2), 1000 * n)
    draft = changed(decision_maker=2, right_size=1, asked_for_sales=25)
    draft["tiers"]["1"]["minimum"] = {"fit": 14_000, "intent": 24_000}
    found = packed(draft)
    assert _told(found) == _recounted(leads, draft)
    assert found.changes.newly_out.n > 0
    assert found.changes.kept.n > 0


def _told(found: Backtest) -> Counter[str]:
    told: Counter[str] = Counter()
    for name in ("kept", "newly_in", "newly_out"):
        group: Group = getattr(found.changes, name)
        for what in ("n", "accepted", "rejected", "met", "opportunities"):
            told[f"{name} {what}"] = getattr(group, what)
        told[f"{name} pipeline"] = int(group.pipeline)
    told["unseen in"], told["unseen out"] = found.unobservable.newly_in, found.unobservable.newly_out
    for flow in found.tiers:
        told[f"tier {flow.tier} before"], told[f"tier {flow.tier} after"] = flow.before, flow.after
    return +told


def _recounted(leads: list[Lead], draft: dict[str, Any]) -> Counter[str]:
    """From the tables, one lead at a time, in plain Python."""
    told: Counter[str] = Counter()
    old, new = (compile_rulebook(parse_rulebook(one)) for one in (live_definition(), draft))
    for lead in leads:
        before, after = (
            int(evaluate(book, load_facts([lead.pk], book, as_of={lead.pk: lead.received_at}, now=timezone.now()).frame)
                .tier[0])
            for book in (old, new)
        )  # fmt: skip
        told[f"tier {before} before"] += 1
        told[f"tier {after} after"] += 1
        change = {(1, 1): "kept", (1, 0): "newly_out", (0, 1): "newly_in"}.get((int(before == 1), int(after == 1)))
        handoff = lead.handoffs.first()
        if handoff is None:
            told["unseen in"] += change == "newly_in"
            told["unseen out"] += change == "newly_out"
            continue
        if change is None:
            continue
        told[f"{change} n"] += 1
        told[f"{change} accepted"] += handoff.state == "accepted"
        told[f"{change} rejected"] += handoff.state == "rejected"
        kinds = set(lead.outcomes.values_list("kind", flat=True))
        told[f"{change} met"] += "meeting" in kinds
        told[f"{change} opportunities"] += "opportunity" in kinds
        told[f"{change} pipeline"] += int(sum(o.amount for o in lead.outcomes.filter(kind="opportunity")))
    return +told


def test_leads_that_sales_never_saw_are_counted_apart_and_never_guessed(office: Office, at: datetime) -> None:
    admit(office, [sent(office, 1)], at)
    admit(office, [sent(office, n, employees="20", title="Clerk", industry="") for n in range(2, 6)], at)
    draft = live_definition()
    draft["tiers"]["1"]["minimum"] = {}
    found = packed(draft)
    assert found.observed == 1
    assert (found.unobservable.n, found.unobservable.newly_in) == (4, 4)
    assert found.changes.newly_in == Group()
    assert "unseen" in {caution.code for caution in found.cautions}
    _n, flips = list_flips(draft, cases=Store())
    assert {flip.label for flip in flips} == {"unseen"}


def test_labels_follow_answers_undo_outcomes_and_a_second_hand_off(office: Office, at: datetime) -> None:
    (lead,) = admit(office, [sent(office, 1)], at)
    pack_everything(now=timezone.now())
    cases = Store()

    def label() -> tuple[int, int, int, int, int]:
        kept = run_backtest(live_definition(), cases=cases).changes.kept
        return kept.accepted, kept.rejected, kept.met, kept.opportunities, kept.won

    assert label() == (0, 0, 0, 0, 0)
    rejected = reject(lead, office.rep.pk, at + timedelta(hours=1))
    assert label() == (0, 1, 0, 0, 0)
    journey.undo([rejected.disposition.pk], office.rep.pk, now=at + timedelta(hours=2))
    assert label() == (0, 0, 0, 0, 0)
    accept(lead, office.rep.pk, at + timedelta(hours=3))
    assert label() == (1, 0, 0, 0, 0)
    conclude(lead, "meeting", at + timedelta(days=1))
    conclude(lead, "won", at + timedelta(days=2), 700)
    assert label() == (1, 0, 1, 1, 1)
    assert Case.objects.get(kind=CaseKind.HAND_OFF).revenue == 700


def test_facts_changed_before_packing_leave_the_case_with_what_was_decided(office: Office, at: datetime) -> None:
    (lead,) = admit(office, [sent(office, 1)], at)
    lead.account.employees = 3
    lead.account.save()
    found = packed(live_definition())
    assert found.changes.kept.n == 1
    assert Case.objects.get(kind=CaseKind.HAND_OFF).is_narrow
    draft = live_definition()
    draft["disqualifiers"] = [{"key": "used", "when": {"fact": "lead.use_case", "known": True}}]
    assert "narrow" in {caution.code for caution in packed(draft).cautions}


def test_a_changed_lead_is_judged_as_it_is_now_and_counted_once(office: Office, at: datetime) -> None:
    (lead,) = admit(office, [sent(office, 1, employees="20", title="Clerk", act="content_download")], at)
    draft = live_definition()
    draft["tiers"]["2"]["minimum"] = {"fit": 0, "intent": 3_000}
    assert packed(draft).tiers[1].after == 1
    lead.person.do_not_contact = True
    lead.person.save()
    admit(office, [sent(office, 1, employees="20", act="content_download")], at + timedelta(days=1))
    found = packed(draft)
    assert found.cases == 1
    assert found.tiers[1].after == 0
    assert Case.objects.filter(kind=CaseKind.LEAD).count() == 1
    assert waiting() == 0
