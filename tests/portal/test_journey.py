"""The whole journey on the database: from a submission to the answer of sales, and what a failure leaves behind."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from feedback.dispositions import Answer
from feedback.models import Disposition
from feedback.outcomes import Result
from leads.acts import Act, ActOnLead
from leads.attempts import Try
from leads.intake import Item
from leads.models import Lead, PendingSubmission, Signal, Source, Submission, SubmissionOutcome
from revops.foundation.ids import new_id
from revops.foundation.models import User
from revops.portal import journey
from scoring.models import LeadScore, ScoreDecision
from scoring.replay import replay_decisions
from scoring.starter import publish_starter
from sla.models import Assignment, Clock, HandOff
from sla.starter import publish_starter_agreement, save_rep_profile, write_office_hours
from tests.conftest import NOW
from tests.factories import SourceFactory, TeamFactory, UserFactory, item

pytestmark = pytest.mark.django_db

READY: dict[str, Any] = {
    "first_name": "Ada", "last_name": "Lovelace", "title": "VP Sales", "company": "Acme Works", "country": "DE",
    "employees": "300", "industry": "Software", "act": "demo_request", "need": "We need routing this quarter",
    "timeline_on": "2026-04-15", "signals": [{"kind": "pricing_page_visit"}, {"kind": "pricing_page_visit"}],
}  # fmt: skip
"""Facts that the starter rulebook finds sales-ready."""


@pytest.fixture
def house() -> dict[str, Any]:
    """A portal in operation: two reps, both heads, a live rulebook and agreement, one source."""
    team = TeamFactory.create()
    sales_head = UserFactory.create(role="sales_manager", team=team)
    marketing_head = UserFactory.create(role="marketing_manager", team=TeamFactory.create(side="marketing"))
    admin = UserFactory.create(role="admin")
    long_ago = NOW - timedelta(days=60)
    publish_starter(admin, marketing_head, sales_head, long_ago)
    publish_starter_agreement(marketing_head, sales_head, long_ago)
    hours = write_office_hours(long_ago, zone="UTC")
    reps = [UserFactory.create(team=team) for _ in range(2)]
    for rep in reps:
        save_rep_profile(rep, hours, now=long_ago)
    return {"reps": reps, "source": SourceFactory.create(key="website"), "sales_head": sales_head}


def ready(source: Source, email: str = "ada@acme-works.com", **facts: Any) -> Item:
    return item(source, email, **{**READY, **facts})


def handed_off(house: dict[str, Any], email: str = "ada@acme-works.com") -> tuple[Lead, HandOff, User]:
    (receipt,) = journey.admit([ready(house["source"], email)], now=NOW)
    handoff = HandOff.objects.select_related("lead", "owner").get(lead_id=receipt.lead_id)
    assert handoff.owner is not None
    return handoff.lead, handoff, handoff.owner


def answer(lead_id: UUID, user: User, kind: str = "accepted", **more: Any) -> Answer:
    return Answer(lead_id, user.pk, kind, more.pop("at", NOW + timedelta(minutes=5)), **more)


def test_a_hand_raise_that_meets_the_criteria_reaches_a_rep_at_once(house: dict[str, Any]) -> None:
    lead, handoff, owner = handed_off(house)
    lead.refresh_from_db()
    assert (lead.stage, lead.owner) == ("handed_off", owner)
    assert LeadScore.objects.get(lead=lead).tier == 1
    assert handoff.due_at == NOW + timedelta(hours=4)
    assert Assignment.objects.get().user == owner
    clauses = dict(Clock.objects.values_list("clause__code", "met_at"))
    assert clauses["first_contact"] is clauses["decision"] is None
    assert clauses["details_within"] == NOW


def test_interest_alone_stays_with_marketing(house: dict[str, Any]) -> None:
    acts = [{"kind": "pricing_page_visit"}] * 5
    (receipt,) = journey.admit([ready(house["source"], act="", signals=acts)], now=NOW)
    assert Lead.objects.get(pk=receipt.lead_id).stage == "nurture"
    assert LeadScore.objects.get(lead_id=receipt.lead_id).tier > 1
    assert not HandOff.objects.exists()


def test_a_later_hand_raise_brings_a_nurtured_lead_to_sales(house: dict[str, Any]) -> None:
    (receipt,) = journey.admit([ready(house["source"], act="")], now=NOW)
    assert receipt.lead_id is not None
    lead, later = Lead.objects.get(pk=receipt.lead_id), NOW + timedelta(days=1)
    raised = ActOnLead(Act("demo_request", occurred_at=later), lead.pk, lead.person_id, house["source"].pk, later)
    assert journey.record_signals([raised], now=later) == [True]
    lead.refresh_from_db()
    assert lead.stage == "handed_off"
    assert HandOff.objects.get().cause_kind == "signal"


def test_leads_are_dealt_out_in_turn(house: dict[str, Any]) -> None:
    journey.admit([ready(house["source"], f"p{number}@co{number}.com") for number in range(10)], now=NOW)
    owners = list(HandOff.objects.values_list("owner", flat=True))
    assert sorted(owners.count(rep.pk) for rep in house["reps"]) == [5, 5]


def test_nobody_to_take_it_means_visible_not_lost(house: dict[str, Any]) -> None:
    User.objects.filter(role="rep").update(is_active=False)
    journey.admit([ready(house["source"])], now=NOW)
    handoff = HandOff.objects.unrouted().get()
    assert handoff.unrouted_reason
    assert Lead.objects.get().stage == "handed_off"


def test_accepting_moves_the_lead_and_stops_the_decision_clock(house: dict[str, Any]) -> None:
    lead, handoff, owner = handed_off(house)
    (answered,) = journey.decide([answer(lead.pk, owner)], now=NOW + timedelta(minutes=5))
    assert answered.disposition is not None
    lead.refresh_from_db()
    handoff.refresh_from_db()
    assert (lead.stage, handoff.state, handoff.answered_by) == ("accepted", "accepted", owner)
    assert Clock.objects.get(clause__code="decision").met_at == NOW + timedelta(minutes=5)


def test_the_second_of_two_answers_is_told_who_was_first(house: dict[str, Any]) -> None:
    lead, _, owner = handed_off(house)
    first, second = house["reps"]
    journey.decide([answer(lead.pk, owner)], now=NOW + timedelta(minutes=5))
    (late,) = journey.decide([answer(lead.pk, second if owner == first else first)], now=NOW + timedelta(minutes=6))
    assert (late.disposition, late.code) == (None, "lead_taken")
    assert late.refusal == f"{owner.name} accepted this lead 1 min ago."


def test_a_rejection_needs_its_reason_and_evidence(house: dict[str, Any]) -> None:
    lead, _, owner = handed_off(house)
    refusals = [
        journey.decide([answer(lead.pk, owner, "rejected", **more)], now=NOW)[0].code
        for more in (
            {},
            {"reason": "bad_data"},
            {"reason": "not_decision_maker"},
            {"reason": "timeline_over_12_months", "evidence": "later"},
            {"reason": "no_response"},
        )
    ]
    assert refusals == ["unknown_reason", "unknown_reason", "missing_evidence", "bad_evidence", "no_response_locked"]
    assert not Disposition.objects.exists()
    (done,) = journey.decide(
        [answer(lead.pk, owner, "rejected", reason="timeline_over_12_months", evidence="2027-09-01")], now=NOW
    )
    assert done.disposition is not None
    lead.refresh_from_db()
    assert (lead.stage, lead.rejections, str(lead.wakes_on)) == ("rejected", 1, "2027-06-03")


def test_an_answer_can_be_taken_back(house: dict[str, Any]) -> None:
    lead, handoff, owner = handed_off(house)
    (answered,) = journey.decide(
        [answer(lead.pk, owner, "rejected", reason="not_decision_maker", evidence="Her boss")], now=NOW
    )
    assert answered.disposition is not None
    (undone,) = journey.undo([answered.disposition.pk], owner.pk, now=NOW + timedelta(seconds=9))
    assert undone.disposition is not None
    lead.refresh_from_db()
    handoff.refresh_from_db()
    assert (lead.stage, lead.rejections, handoff.state, handoff.due_at) == (
        "handed_off",
        0,
        "open",
        NOW + timedelta(hours=4),
    )
    (again,) = journey.undo([answered.disposition.pk], owner.pk, now=NOW + timedelta(seconds=10))
    assert again.refusal == "This answer was taken back already."


@pytest.mark.parametrize(
    "given_back", [{"kind": "rejected", "reason": "not_decision_maker", "evidence": "Boss"}, {"kind": "returned"}]
)
def test_what_sales_gave_back_returns_only_with_a_new_strong_act(
    house: dict[str, Any], given_back: dict[str, str]
) -> None:
    lead, _, owner = handed_off(house)
    journey.decide([answer(lead.pk, owner, **given_back)], now=NOW + timedelta(minutes=5))
    for days, act, count in ((1, "blog_visit", 1), (2, "demo_request", 2)):
        at = NOW + timedelta(days=days)
        journey.admit([ready(house["source"], act=act, signals=[], _received_at=at)], now=at)
        assert HandOff.objects.filter(lead=lead).count() == count
    assert HandOff.objects.get(lead=lead, number=2).cause_kind == "submission"


def test_the_first_attempt_meets_the_first_contact_clock(house: dict[str, Any]) -> None:
    lead, _, owner = handed_off(house)
    at = NOW + timedelta(minutes=20)
    journey.log_tries([Try(lead.pk, owner.pk, "call", "no_answer", at)], now=at)
    assert Clock.objects.get(clause__code="first_contact").met_at == at


def test_no_response_opens_after_six_attempts_on_two_channels(house: dict[str, Any]) -> None:
    lead, _, owner = handed_off(house)
    tries = [Try(lead.pk, owner.pk, channel, "no_answer", NOW) for channel in ("call",) * 5 + ("email",)]
    journey.log_tries(tries, now=NOW)
    (done,) = journey.decide([answer(lead.pk, owner, "rejected", reason="no_response")], now=NOW)
    assert done.disposition is not None
    assert done.disposition.evidence == "6 attempts on 2 channels"


def test_outcomes_follow_acceptance(house: dict[str, Any]) -> None:
    lead, _, owner = handed_off(house)
    early, *_ = journey.conclude([Result(lead.pk, "won", NOW)], now=NOW)
    assert "accept it before" in early.refusal
    journey.decide([answer(lead.pk, owner)], now=NOW + timedelta(minutes=5))
    results = [Result(lead.pk, kind, NOW + timedelta(days=day)) for day, kind in ((1, "meeting"), (9, "won"))]
    assert [row.refusal for row in journey.conclude(results, now=NOW + timedelta(days=9))] == ["", ""]
    lead.refresh_from_db()
    assert lead.stage == "won"


def test_history_never_starts_a_clock(house: dict[str, Any]) -> None:
    past = {"history": {"outcome": "won"}}
    lost = {"history": {"reason_code": "is_student", "reason_evidence": "Already a student"}}
    journey.admit(
        [
            ready(house["source"], _is_history=True, **past),
            ready(house["source"], "bob@acme-works.com", _is_history=True, **lost),
        ],
        now=NOW,
    )
    assert sorted(Lead.objects.values_list("stage", flat=True)) == ["rejected", "won"]
    assert not HandOff.objects.exists()
    assert not Clock.objects.exists()
    assert Disposition.objects.get().evidence == "Already a student"


def test_a_submission_that_fails_is_kept_and_finished_later(
    house: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = journey.admit_people

    def breaks_on_bob(entries: Any, **more: Any) -> Any:
        if any("bob@" in entry.item.payload["email"] for entry in entries):
            raise RuntimeError("boom")
        return real(entries, **more)

    monkeypatch.setattr(journey, "admit_people", breaks_on_bob)
    items = [ready(house["source"], email) for email in ("a@one.com", "bob@two.com", "c@three.com", "d@four.com")]
    outcomes = [receipt.outcome for receipt in journey.admit(items, now=NOW)]
    assert outcomes == ["new", "pending", "new", "new"]
    assert PendingSubmission.objects.get().error == "RuntimeError: boom"
    assert journey.finish_pending(now=NOW + timedelta(minutes=1)) == 0
    monkeypatch.undo()
    assert journey.finish_pending(now=NOW + timedelta(hours=1)) == 1
    assert Submission.objects.count() == SubmissionOutcome.objects.count() == Lead.objects.count() == 4


def test_a_released_submission_takes_the_rest_of_the_way(house: dict[str, Any]) -> None:
    (receipt,) = journey.admit([ready(house["source"], "ada@mailinator.com")], now=NOW)
    assert receipt.outcome == "quarantined"
    (released,) = journey.release([receipt.submission_id], now=NOW + timedelta(hours=1))
    assert (released.outcome, released.submission_id) == ("new", receipt.submission_id)
    assert journey.release([receipt.submission_id], now=NOW + timedelta(hours=2)) == []


def test_every_decision_replays(house: dict[str, Any]) -> None:
    journey.admit([ready(house["source"], f"p{number}@co{number}.com") for number in range(20)], now=NOW)
    replay = replay_decisions(20, seed=1)
    assert (replay.checked > 0, replay.differences) == (True, [])
    assert ScoreDecision.objects.count() == 20


@pytest.mark.parametrize(("size", "queries"), [(1, 37), (6, 38), (12, 47), (60, 47)])
def test_queries_of_the_journey_do_not_grow_with_the_batch(house: dict[str, Any], size: int, queries: int) -> None:
    journey.admit([ready(house["source"], "first@zero.com")], now=NOW)
    with CaptureQueriesContext(connection) as captured:
        journey.admit([ready(house["source"], f"a{number}@one{number}.com") for number in range(size)], now=NOW)
    assert len(captured) == queries


def test_signals_count_for_the_person_not_the_form(house: dict[str, Any]) -> None:
    journey.admit([ready(house["source"])], now=NOW)
    before = Signal.objects.count()
    journey.admit([ready(house["source"], signals=[])], now=NOW)
    assert Signal.objects.count() == before + 2


def test_details_that_come_later_meet_marketings_clock(house: dict[str, Any]) -> None:
    journey.admit([ready(house["source"], first_name="", last_name="")], now=NOW)
    details = Clock.objects.get(clause__code="details_within")
    assert (details.met_at, details.due_at) == (None, NOW + timedelta(hours=1))
    at = NOW + timedelta(hours=2)
    journey.admit([ready(house["source"], _received_at=at)], now=at)
    details.refresh_from_db()
    assert details.met_at == at


def test_a_waiting_handoff_is_dealt_out_when_somebody_is_back(house: dict[str, Any]) -> None:
    User.objects.filter(role="rep").update(is_active=False)
    journey.admit([ready(house["source"])], now=NOW)
    assert journey.deal_waiting(now=NOW) == 0
    User.objects.filter(role="rep").update(is_active=True)
    assert journey.deal_waiting(now=NOW + timedelta(minutes=1)) == 1
    assert Lead.objects.get().owner in house["reps"]


def test_time_alone_can_change_a_score_and_never_makes_tier_one(house: dict[str, Any]) -> None:
    (receipt,) = journey.admit([ready(house["source"])], now=NOW)
    later = NOW + timedelta(days=45)
    assert journey.reevaluate(now=later) == 1
    score = LeadScore.objects.get(lead_id=receipt.lead_id)
    assert (score.tier > 1, score.decision.cause_kind) == (True, "time")


def test_a_new_rulebook_scores_what_is_there(house: dict[str, Any]) -> None:
    (receipt,) = journey.admit([ready(house["source"])], now=NOW)
    assert receipt.lead_id is not None
    assert journey.rescore([receipt.lead_id], now=NOW, rulebook="2") == 1


def test_without_a_rulebook_leads_wait_unscored_and_are_found_later() -> None:
    source = SourceFactory.create(key="website")
    (receipt,) = journey.admit([ready(source)], now=NOW)
    assert (receipt.outcome, Lead.objects.get().stage) == ("new", "new")
    assert journey.catch_up(now=NOW) == 0
    admin, sales, marketing = (UserFactory.create(role=r) for r in ("admin", "sales_manager", "marketing_manager"))
    publish_starter(admin, marketing, sales, NOW)
    assert journey.catch_up(now=NOW) == 1
    assert (Lead.objects.get().stage, journey.catch_up(now=NOW)) == ("handed_off", 0)


def test_when_everything_fails_the_batch_waits_as_a_whole(
    house: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def broken(entries: Any, **more: Any) -> Any:
        tried.append(len(entries))
        raise RuntimeError("boom")

    monkeypatch.setattr(journey, "admit_people", broken)
    receipts = journey.admit([ready(house["source"], f"p{n}@co{n}.com") for n in range(200)], now=NOW)
    assert {receipt.outcome for receipt in receipts} == {"pending"}
    assert (PendingSubmission.objects.count(), Submission.objects.count()) == (200, 200)
    assert len(tried) < 30


def test_an_undone_import_is_taken_back_from_the_reps_too(house: dict[str, Any]) -> None:
    job = new_id()
    journey.admit([ready(house["source"], _job_id=job)], now=NOW)
    assert journey.withdraw(job, house["sales_head"].pk, now=NOW + timedelta(minutes=1)) == (1, 1)
    assert HandOff.objects.get().state == "withdrawn"
    assert not Clock.objects.open().exists()
    assert Lead.objects.get().withdrawn_at is not None
