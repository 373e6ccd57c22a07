"""Qualifying on the real database: decisions, current scores, locks and query counts."""

import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from leads.models import Lead
from revops.foundation.ids import new_id
from scoring.explanation import explain, explain_lead, explain_many
from scoring.explanation.remembering import Told
from scoring.models import LeadScore, ScoreDecision
from scoring.overrides import OverrideRefused, active_overrides, end_overrides, grant_overrides
from scoring.publishing import create_draft, publish_rulebook, sign_rulebook
from scoring.qualification import due_for_reevaluation, left_behind, qualify_leads
from scoring.replay import replay_decisions

from .factories import NOW, good_lead, make_lead, make_signal, make_source, make_starter, make_user, small_json

pytestmark = pytest.mark.django_db


def qualify(*leads, now=NOW, as_of=None):
    return qualify_leads([lead.pk for lead in leads], as_of=as_of or {}, now=now, cause_kind="submission")


def test_nothing_is_judged_without_a_live_rulebook():
    lead = make_lead(make_source())
    assert qualify(lead) == []
    assert left_behind(10) == []
    make_starter()
    assert left_behind(10) == [lead.pk]


def test_a_hand_raise_of_a_good_company_is_tier_1():
    make_starter()
    lead = good_lead(make_source())
    make_signal(lead, "demo_request", NOW - timedelta(days=1))
    (result,) = qualify(lead)
    assert (result.tier, result.previous_tier, result.changed, result.override_tier) == (1, None, True, None)
    assert result.fit == 40_000  # 12 + 8 + 10 + 6 + 4
    assert result.intent == 30_000
    assert result.priority == 2 * result.intent + result.fit + result.timing
    score = LeadScore.objects.get(pk=lead.pk)
    assert (score.tier, score.decision_id, score.priority) == (1, result.decision_id, result.priority)
    decision = ScoreDecision.objects.get(pk=result.decision_id)
    assert decision.cause_kind == "submission"
    assert sum(decision.contributions) == decision.fit + decision.intent + decision.timing


def test_without_a_hand_raise_nothing_makes_tier_1():
    make_starter()
    lead = good_lead(make_source(), attributes={"timeline_on": "2026-04-01", "trigger_event": "New CRO"})
    for kind in ("pricing_page_visit", "roi_calculator", "inbound_reply", "trial_started", "product_page_visit"):
        make_signal(lead, kind, NOW - timedelta(hours=1), quantity=9, value=100)
    (result,) = qualify(lead)
    assert result.tier == 2
    assert result.intent > 40_000


def test_judging_again_without_news_keeps_the_decision():
    make_starter()
    lead = good_lead(make_source())
    make_signal(lead, "demo_request")
    (first,) = qualify(lead)
    (second,) = qualify(lead, now=NOW + timedelta(hours=1))
    assert (second.changed, second.decision_id, second.previous_tier) == (False, first.decision_id, 1)
    assert ScoreDecision.objects.count() == 1
    assert LeadScore.objects.get().decided_at == NOW


def test_a_new_act_makes_a_new_decision():
    make_starter()
    lead = good_lead(make_source())
    (first,) = qualify(lead)
    make_signal(lead, "demo_request")
    (second,) = qualify(lead)
    assert (second.changed, second.previous_tier, second.tier) == (True, first.tier, 1)
    assert list(ScoreDecision.objects.order_by("id").values_list("tier", flat=True)) == [3, 1]


def test_acts_after_the_instant_and_acts_of_withdrawn_leads_do_not_count():
    make_starter()
    source = make_source()
    lead = good_lead(source)
    make_signal(lead, "demo_request", NOW + timedelta(minutes=1))
    withdrawn = Lead.objects.create(
        person=lead.person, source=source, stage_at=NOW, received_at=NOW, withdrawn_at=NOW, stage="nurture"
    )
    make_signal(withdrawn, "demo_request", NOW - timedelta(days=1))
    (result,) = qualify(lead)
    assert (result.tier, result.intent) == (3, 0)
    (later,) = qualify(lead, now=NOW + timedelta(hours=1))
    assert later.tier == 1


def test_an_undated_hand_raise_is_not_a_hand_raise_in_the_window():
    make_starter()
    lead = good_lead(make_source(), is_history=True, occurred_at=None)
    make_signal(lead, "demo_request", None)
    (result,) = qualify(lead)
    assert result.tier == 3
    assert result.reevaluate_at is None


def test_the_acts_of_the_person_count_whichever_lead_they_came_with():
    make_starter()
    source = make_source()
    old = make_lead(source, stage="won")
    make_signal(old, "pricing_page_visit", NOW - timedelta(days=2), quantity=2)
    new = Lead.objects.create(person=old.person, source=source, stage_at=NOW, received_at=NOW)
    (result,) = qualify(new)
    assert result.intent == 12_000


def test_a_disqualified_lead_keeps_its_points_and_stays_with_marketing():
    make_starter()
    lead = good_lead(make_source(kind="purchased"))
    make_signal(lead, "demo_request")
    (result,) = qualify(lead)
    assert (result.tier, result.disqualified_by, result.fit) == (3, "purchased_list", 40_000)
    explanation = explain_lead(lead.pk)
    assert "kind of source is purchased" in explanation.summary
    assert explanation.missing[0] == "Not for sales: kind of source is purchased."


@pytest.mark.parametrize("n", [1, 30])
def test_qualifying_takes_six_queries_however_many_leads(n):
    make_starter()
    source = make_source()
    leads = [good_lead(source) for _number in range(n)]
    for lead in leads:
        make_signal(lead, "demo_request")
    qualify(leads[0])
    with CaptureQueriesContext(connection) as queries:
        assert len(qualify(*leads)) == n
    assert len(queries) == (6 if n > 1 else 5)  # one lead without news stores no decision


def test_lists_are_explained_in_two_queries_and_once_told_in_one():
    make_starter()
    source = make_source()
    leads = [good_lead(source) for _number in range(3)]
    qualify(*leads)
    with CaptureQueriesContext(connection) as queries:
        summaries = explain_many([lead.pk for lead in leads])
    assert len(queries) == 2
    assert set(summaries) == {lead.pk for lead in leads}
    with CaptureQueriesContext(connection) as queries:
        assert explain_many([lead.pk for lead in leads]) == summaries
    assert len(queries) == 1
    with translation.override("de"):
        assert explain_many([lead.pk for lead in leads]).keys() == summaries.keys()


def test_only_the_latest_told_are_remembered_each_in_its_language():
    told = Told[str](2)
    lead_id = new_id()
    for number in range(3):
        told.keep(lead_id, number, f"words {number}")
    assert [told.of(lead_id, number) for number in range(3)] == [None, "words 1", "words 2"]
    assert told.of(new_id(), 2) is None
    with translation.override("de"):
        assert told.of(lead_id, 2) is None


def test_unknown_and_repeated_leads_are_taken_once_or_left_out():
    make_starter()
    lead = good_lead(make_source())
    stranger = good_lead(make_source()).person_id
    results = qualify_leads([lead.pk, stranger, lead.pk], as_of={}, now=NOW, cause_kind="sweep")
    assert [result.lead_id for result in results] == [lead.pk]
    assert qualify_leads([], as_of={}, now=NOW, cause_kind="sweep") == []


def test_fading_points_come_due_and_the_sweep_settles_them():
    make_starter()
    lead = good_lead(make_source())
    make_signal(lead, "roi_calculator", NOW)
    (first,) = qualify(lead)
    assert first.intent == 10_000
    assert first.reevaluate_at is not None
    assert due_for_reevaluation(first.reevaluate_at - timedelta(seconds=1), 10) == []
    assert due_for_reevaluation(first.reevaluate_at, 10) == [lead.pk]
    later = NOW + timedelta(days=14)
    (second,) = qualify(lead, now=later)
    assert second.intent == 5_000
    assert second.reevaluate_at > later


def test_after_a_publication_the_leads_of_the_version_before_are_found():
    make_starter()
    source = make_source()
    leads = [good_lead(source) for _number in range(2)]
    qualify(*leads)
    assert left_behind(10) == []
    draft = create_draft(small_json(), make_user(), name="Next", summary="A change", now=NOW)
    sign_rulebook(draft, make_user("sales"), "sales", NOW)
    sign_rulebook(draft, make_user("marketing"), "marketing", NOW)
    publish_rulebook(draft, NOW + timedelta(days=30))
    assert set(left_behind(10)) == {lead.pk for lead in leads}
    (result,) = qualify(leads[0])
    assert result.changed
    assert left_behind(10) == [leads[1].pk]


def test_closed_leads_are_not_swept():
    make_starter()
    lead = good_lead(make_source())
    make_signal(lead, "roi_calculator", NOW)
    qualify(lead)
    Lead.objects.filter(pk=lead.pk).update(stage="lost")
    assert due_for_reevaluation(NOW + timedelta(days=99), 10) == []


def test_reevaluation_dates_are_never_late():
    """Between a decision and the date it names, no day gives other points."""
    make_starter()
    lead = good_lead(make_source(), attributes={"timeline_on": "2026-06-20", "contract_end_on": "2026-03-20"})
    for kind, age in (
        ("roi_calculator", 3),
        ("inbound_reply", 9),
        ("pricing_page_visit", 2),
        ("pricing_page_visit", 7),
    ):
        make_signal(lead, kind, NOW - timedelta(days=age))
    (held,) = qualify(lead)
    for day in range(1, 130):
        now = NOW + timedelta(days=day)
        (result,) = qualify(lead, now=now)
        if held.reevaluate_at is None or now.date() < held.reevaluate_at.date():
            assert not result.changed, now
        held = result


def test_stored_decisions_replay_without_difference_also_after_the_person_was_erased():
    make_starter()
    source = make_source()
    for number in range(12):
        lead = good_lead(source, attributes={"trigger_event": f"Funding {number}"})
        make_signal(lead, "demo_request", NOW - timedelta(days=number * 3))
        make_signal(lead, "webinar_attended", NOW - timedelta(days=number), value=60 + number * 5)
        qualify(lead)
        type(lead.person).objects.filter(pk=lead.person_id).update(title="", purchasing_role="")
    replay = replay_decisions(100, seed=1)
    assert (replay.checked, replay.differences) == (12, [])
    assert replay_decisions(5, seed=7).checked == 5
    assert replay_decisions(0, seed=7).checked == 0


def test_replay_finds_a_decision_that_does_not_follow_from_its_inputs():
    make_starter()
    (result,) = qualify(good_lead(make_source()))
    wrong = ScoreDecision.objects.get(pk=result.decision_id)
    wrong.pk, wrong.fit, wrong.tier = None, wrong.fit + 1, 2
    wrong.save(force_insert=True)
    replay = replay_decisions(10, seed=1)
    assert replay.checked == 2
    assert [(difference.decision_id, difference.field) for difference in replay.differences] == [
        (wrong.pk, "fit"),
        (wrong.pk, "tier"),
    ]
    assert replay.as_dict()["differences"][0]["stored"] == wrong.fit


def test_no_decision_holds_what_a_person_typed():
    make_starter()
    lead = make_lead(
        make_source(),
        person={"title": "Marker Xyzzy", "purchasing_role": "Budget holder Xyzzy", "first_name": "Xyzzy"},
        attributes={"trigger_event": "Xyzzy moved"},
        need="Xyzzy",
    )
    qualify(lead)
    decision = ScoreDecision.objects.get()
    assert "xyzzy" not in str(decision.inputs).lower()
    assert decision.inputs["facts"]["person.purchasing_role"] == ["budget"]


def test_decisions_are_only_ever_added():
    make_starter()
    qualify(good_lead(make_source()))
    with pytest.raises(IntegrityError, match="only ever added"), transaction.atomic():
        ScoreDecision.objects.update(tier=1)
    with pytest.raises(IntegrityError, match="only ever added"), transaction.atomic():
        ScoreDecision.objects.all()._raw_delete(using="default")


def test_an_override_stands_beside_the_tier_until_it_ends():
    make_starter()
    lead = good_lead(make_source())
    author = make_user("sales")
    (override,) = grant_overrides([lead.pk], 1, "Met at the fair", author, NOW + timedelta(days=7), NOW)
    (result,) = qualify(lead)
    assert (result.tier, result.override_tier) == (3, 1)
    (result,) = qualify(lead, now=NOW + timedelta(days=8))
    assert result.override_tier is None
    assert end_overrides([override], NOW + timedelta(days=1)) == 1
    assert not active_overrides(NOW + timedelta(days=1)).exists()
    with pytest.raises(OverrideRefused):
        grant_overrides([lead.pk], 1, " ", author, NOW + timedelta(days=7), NOW)
    with pytest.raises(OverrideRefused):
        grant_overrides([lead.pk], 1, "Because", author, NOW, NOW)


def test_an_explanation_sums_to_the_score_and_says_what_was_found():
    make_starter()
    lead = good_lead(make_source(), attributes={"timeline_on": "2026-04-01"})
    make_signal(lead, "roi_calculator", NOW - timedelta(days=10))
    make_signal(lead, "pricing_page_visit", NOW - timedelta(days=1), quantity=3)
    make_signal(lead, "email_open", NOW - timedelta(days=1), quantity=30)
    (result,) = qualify(lead)
    explanation = explain(ScoreDecision.objects.get(pk=result.decision_id))
    assert [part.total for part in explanation.axes] == [result.fit, result.intent, result.timing]
    for part in explanation.axes:
        assert sum(reason.points for reason in part.reasons) == part.total
    intent = {reason.rule_key: reason for reason in explanation.axes[1].reasons}
    assert intent["calculated_return"].evidence == "Used the ROI calculator on 22 Feb 2026"
    assert intent["calculated_return"].note.startswith("worth 60 % now")
    assert intent["pricing_twice"].evidence == "Visited the pricing page 3 times, last on 3 Mar 2026"
    assert explanation.missing[0].startswith("An explicit request:")
    assert len(explanation.summary.split()) <= 35
    answer = explanation.as_dict()
    assert answer["axes"]["timing"]["reasons"][0]["evidence"] == "Stated project date is 1 Apr 2026"
    assert answer["rulebook"]["version"] == 1


@pytest.mark.django_db(transaction=True)
def test_two_qualifications_of_one_lead_follow_one_another():
    """The second waits for the first and then sees what the first did."""
    make_starter()
    lead = good_lead(make_source())
    make_signal(lead, "demo_request")
    first_judged, second_result = threading.Event(), []

    def second():
        try:
            first_judged.wait(10)
            second_result.extend(qualify(lead))
        finally:
            connection.close()

    thread = threading.Thread(target=second)
    thread.start()
    with transaction.atomic():
        (first,) = qualify(lead)
        first_judged.set()
        thread.join(0.5)
        assert thread.is_alive()
    thread.join(10)
    assert [(result.changed, result.decision_id) for result in second_result] == [(False, first.decision_id)]
    assert ScoreDecision.objects.count() == 1
