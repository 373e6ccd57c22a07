"""A draft over the past: the same numbers as a slow recount, labels that follow the answers, and honest cautions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from leads.models import Lead
from revops.foundation.ids import new_id
from revops.foundation.statistics import wilson_interval
from revops.portal import journey
from scoring.backtest import (
    Backtest,
    Group,
    Scope,
    judging,
    list_flips,
    pack_cases,
    pack_everything,
    remembering,
    run_backtest,
    waiting,
)
from scoring.backtest.columns import frame_from
from scoring.backtest.judging import forget_verdicts
from scoring.backtest.packing import chunks as chunks_module
from scoring.backtest.packing import relabelling
from scoring.backtest.store import Store
from scoring.engine import compile_rulebook, evaluate
from scoring.facts import load_facts
from scoring.models import Case, CaseChunk, CaseKind, ScoreDecision
from scoring.publishing import NoLiveRulebook
from scoring.rules import InvalidRulebook, parse_rulebook
from tests.backtest.company import accept, admit, changed, conclude, live_definition, reject, sent, stricter
from tests.portal.desk import Office

pytestmark = pytest.mark.django_db


@pytest.fixture
def at() -> datetime:
    return timezone.now() - timedelta(days=40)


def packed(definition: Any, **options: Any) -> Backtest:
    pack_everything(now=timezone.now())
    return run_backtest(definition, cases=Store(), **options)


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
        lead for week in range(4) for lead in admit(office, list(_varied(office, week)), at + timedelta(days=7 * week))
    ]
    found = packed(live_definition())
    assert found.cases == len(leads) > 30
    assert found.observed > 5
    assert found.flipped == 0
    assert found.changes.newly_in.n == found.changes.newly_out.n == 0
    assert all(flow.before == flow.after for flow in found.tiers)
    assert _replayed() == []


def _varied(office: Office, week: int) -> Iterator[Any]:
    acts = ("demo_request", "content_download", "pricing_request", "webinar_attended")
    for n in range(12):
        number = 100 * week + n
        yield sent(
            office, number, employees=str(5 + 37 * n), act=acts[n % 4],
            title=("VP Sales", "Clerk", "Head of IT")[n % 3],
            signals=[{"kind": "pricing_page_visit"}] * (n % 3) + [{"kind": "blog_visit", "topic": "routing"}],
            country=("DE", "BR", "US")[n % 3], timeline_on="2030-04-15" if n % 2 else "",
        )  # fmt: skip


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
        leads += admit(office, list(_varied(office, week)), at + timedelta(days=7 * week))
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
        admit(office, list(_varied(office, week)), at + timedelta(days=7 * week))
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
    admit(office, list(_varied(office, 0)), at)
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
    admit(office, list(_varied(office, 0)), at)
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
    admit(office, list(_varied(office, 0)), at)
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
