"""Facts and acts of a whole account, on the real database, and whom a new act concerns."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads.models import Lead, LifecycleEvent
from scoring.accounts import settle_accounts
from scoring.engine import compile_rulebook
from scoring.explanation import explain_lead
from scoring.facts import load_facts
from scoring.models import AccountMark, LeadScore, ScoreDecision
from scoring.publishing import create_draft, publish_rulebook, sign_rulebook
from scoring.qualification import due_for_reevaluation, qualify_leads
from scoring.replay import replay_decisions

from .factories import NOW, POINT, make_lead, make_signal, make_source, make_user, small_json, small_rulebook

pytestmark = pytest.mark.django_db

PEOPLE = {"signals": ["pricing_page_visit"], "distinct": "people", "at_least": 2, "within_days": 7}
FACTS = ("account.people", "account.has_opportunity", "account.is_customer")


def colleague_of(lead, **fields):
    other = make_lead(lead.source, **fields)
    Lead.objects.filter(pk=other.pk).update(account_id=lead.account_id)
    other.refresh_from_db()
    return other


def moved(lead, stage, at):
    LifecycleEvent.objects.create(
        lead=lead, from_stage="", to_stage=stage, occurred_at=at, recorded_at=NOW, cause_kind="test"
    )


def publish(*rules):
    draft = create_draft(small_json(*rules), make_user("revops"), name="R", summary="S", now=NOW)
    for side in ("sales", "marketing"):
        sign_rulebook(draft, make_user(side), side, NOW)
    return publish_rulebook(draft, NOW)


def test_an_account_is_seen_as_it_stood_then():
    compiled = compile_rulebook(
        small_rulebook(
            {"axis": "fit", "when": {"fact": "account.people", "at_least": 2}},
            {"axis": "fit", "when": {"fact": "account.has_opportunity", "is": True}},
            {"axis": "fit", "when": {"fact": "account.is_customer", "is": True}},
        )
    )
    lead = make_lead(make_source(), account={})
    won, open_deal, gone = (colleague_of(lead) for _each in range(3))
    moved(won, "opportunity", None)
    moved(won, "won", NOW - timedelta(days=9))
    moved(open_deal, "opportunity", NOW - timedelta(days=5))
    moved(gone, "won", NOW - timedelta(days=99))
    Lead.objects.filter(pk=gone.pk).update(withdrawn_at=NOW)
    alone = make_lead(make_source())

    def seen(days_ago, one=lead):
        at = NOW - timedelta(days=days_ago)
        Lead.objects.filter(pk__in=[won.pk, open_deal.pk]).update(occurred_at=NOW - timedelta(days=60))
        numbers = load_facts([one.pk], compiled, as_of={one.pk: at}, now=NOW).frame.numbers
        return tuple(int(numbers[name][0]) for name in FACTS)

    assert seen(0) == (3, 1, 1)
    assert seen(6) == (3, 0, 1)
    assert seen(10) == (3, 1, 0)  # the deal that was won later was still open
    assert seen(90) == (1, 0, 0)
    assert seen(0, alone) == (1, 0, 0)


def test_the_acts_of_colleagues_are_loaded_in_one_more_query_and_told_apart():
    compiled = compile_rulebook(small_rulebook({"when": PEOPLE}))
    lead = make_lead(make_source(), account={})
    others = [colleague_of(lead) for _each in range(2)]
    stranger = make_lead(make_source(), account={})
    make_signal(lead, "pricing_page_visit", NOW)
    for other in others:
        make_signal(other, "pricing_page_visit", NOW - timedelta(days=1), topic="crm", value=4)
        make_signal(other, "pricing_page_visit", NOW - timedelta(days=1, hours=1), topic="crm", value=3)
        make_signal(other, "blog_visit", NOW)
        make_signal(other, "pricing_page_visit", NOW + timedelta(days=1))
    make_signal(stranger, "pricing_page_visit", NOW)
    with CaptureQueriesContext(connection) as queries:
        loaded = load_facts([lead.pk, stranger.pk], compiled, as_of={}, now=NOW)
    assert len(queries) == 3
    table = loaded.frame.colleagues
    assert table.lead.tolist() == [loaded.lead_ids.index(lead.pk)] * 2
    assert (table.who.tolist(), table.quantity.tolist()) == ([1, 2], [2, 2])
    assert (table.value.tolist(), table.total.tolist()) == ([4, 4], [7, 7])


def test_two_people_of_a_company_count_and_the_decision_replays_without_them():
    publish({"when": PEOPLE, "points": 25 * POINT})
    lead = make_lead(make_source(), account={})
    other = colleague_of(lead)
    make_signal(lead, "pricing_page_visit", NOW - timedelta(days=2))
    (result,) = qualify_leads([lead.pk], as_of={}, now=NOW, cause_kind="signal")
    assert result.intent == 0
    make_signal(other, "pricing_page_visit", NOW - timedelta(days=1))
    qualify_leads([other.pk], as_of={}, now=NOW, cause_kind="signal")
    assert due_for_reevaluation(NOW, 10) == sorted([lead.pk, other.pk], key=str)
    (again,) = qualify_leads([lead.pk], as_of={}, now=NOW, cause_kind="time")
    assert (again.intent, again.tier) == (25_000, 2)
    explanation = explain_lead(lead.pk)
    (reason,) = explanation.axes[1].reasons
    assert reason.evidence == "2 people of the company: visited the pricing page, last on 3 Mar 2026"
    assert reason.refs[0].by == "account"
    decision = ScoreDecision.objects.get(pk=again.decision_id)
    assert [act[-1] for act in decision.inputs["colleagues"]] == [1]
    assert replay_decisions(100, 1).differences == []


def test_an_act_marks_its_account_once_and_the_sweep_takes_the_mark_away():
    publish({"when": PEOPLE})
    lead = make_lead(make_source(), account={})
    alone = make_lead(make_source(), account={})
    nobody = make_lead(make_source())
    other = colleague_of(lead)
    everybody = [lead.pk, alone.pk, nobody.pk, other.pk]
    qualify_leads(everybody, as_of={}, now=NOW, cause_kind="submission")
    assert list(AccountMark.objects.values_list("account_id", flat=True)) == [lead.account_id]
    later = NOW + timedelta(minutes=5)
    assert settle_accounts(later) == 2
    assert not AccountMark.objects.exists()
    assert set(LeadScore.objects.filter(reevaluate_at=later).values_list("pk", flat=True)) == {lead.pk, other.pk}
    qualify_leads(everybody, as_of={}, now=later, cause_kind="time")
    assert not AccountMark.objects.exists()  # else two leads would wake each other for ever


def test_rules_that_ask_nothing_about_accounts_cost_nothing_for_them():
    publish({"when": {"signals": ["demo_request"]}})
    lead = make_lead(make_source(), account={})
    colleague_of(lead)
    compiled = compile_rulebook(small_rulebook({"when": {"signals": ["demo_request"]}}))
    with CaptureQueriesContext(connection) as queries:
        load_facts([lead.pk], compiled, as_of={}, now=NOW)
    assert len(queries) == 2
    qualify_leads([lead.pk], as_of={}, now=NOW, cause_kind="submission")
    assert not AccountMark.objects.exists()
