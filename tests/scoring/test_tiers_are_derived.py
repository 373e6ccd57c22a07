"""Nobody sets a tier: not by service, not by ORM, not by SQL; and nobody changes a score by reading it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from scoring.explanation import explain, explain_lead, explain_many, explain_now, side_by_side
from scoring.models import LeadScore, ScoreDecision
from scoring.overrides import grant_overrides
from scoring.qualification import qualify_leads

from .factories import NOW, good_lead, make_lead, make_signal, make_source, make_starter, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def judged():
    """A good lead without a hand-raise: tier 3, whatever its fit."""
    make_starter()
    lead = good_lead(make_source())
    qualify_leads([lead.pk], as_of={}, now=NOW, cause_kind="submission")
    assert LeadScore.objects.get(pk=lead.pk).tier == 3
    return lead


def refused(act):
    with pytest.raises(DatabaseError), transaction.atomic():
        act()


def test_no_statement_gives_a_score_another_tier_than_its_decision(judged):
    refused(lambda: LeadScore.objects.update(tier=1))
    refused(lambda: LeadScore.objects.update(tier=2))
    stranger = good_lead(judged.source)
    make_signal(stranger, "demo_request")
    (ready,) = qualify_leads([stranger.pk], as_of={}, now=NOW, cause_kind="submission")
    assert ready.tier == 1
    refused(lambda: LeadScore.objects.filter(pk=judged.pk).update(tier=1, decision_id=ready.decision_id))
    score = LeadScore.objects.get(pk=judged.pk)
    unscored = make_lead(judged.source)
    values = {field.attname: getattr(score, field.attname) for field in LeadScore._meta.fields}
    refused(lambda: LeadScore.objects.create(**{**values, "lead_id": unscored.pk, "tier": 1}))
    assert LeadScore.objects.get(pk=judged.pk).tier == 3


def test_no_statement_changes_a_decision(judged):
    refused(lambda: ScoreDecision.objects.update(tier=1))
    refused(lambda: ScoreDecision.objects.all().delete())


def test_an_override_stands_beside_the_tier_and_never_in_it(judged):
    grant_overrides([judged.pk], 1, "They called us.", make_user("sales"), NOW + timedelta(days=5), NOW)
    assert LeadScore.objects.get(pk=judged.pk).tier == 3
    (again,) = qualify_leads([judged.pk], as_of={}, now=NOW, cause_kind="signal")
    assert (again.tier, again.override_tier, LeadScore.objects.get(pk=judged.pk).tier) == (3, 1, 3)


def test_reading_an_explanation_writes_nothing(judged):
    make_signal(judged, "pricing_page_visit", quantity=3)  # news that nobody has judged yet
    before = (ScoreDecision.objects.count(), list(LeadScore.objects.values()))
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
        with CaptureQueriesContext(connection) as queries:
            then = explain_lead(judged.pk)
            explain(LeadScore.objects.get(pk=judged.pk).decision)
            explain_many([judged.pk])
            explain_now(judged.pk, NOW)
    assert all(query["sql"].lstrip().upper().startswith(("SELECT", "WITH")) for query in queries)
    assert (ScoreDecision.objects.count(), list(LeadScore.objects.values())) == before
    assert explain_lead(judged.pk) == then


def test_then_and_now_stand_side_by_side_with_the_rules_that_moved(judged):
    then = explain_lead(judged.pk)
    make_signal(judged, "pricing_page_visit", quantity=2)
    now = explain_now(judged.pk, NOW)
    assert (then.decision_id, now.decision_id) == (LeadScore.objects.get().decision_id, None)
    fit, intent, _timing = side_by_side(then, now)
    assert (fit.is_changed, fit.moved) == (False, ())
    assert (intent.then.total, intent.now.total, intent.is_changed) == (0, 12_000, True)
    ((sentence, before, after),) = intent.moved
    assert sentence.startswith("Visited the pricing page at least 2 times")
    assert (before, after) == (0, 12_000)
    assert then.stage is None
    assert now.stage.label == "Comparing"
    assert now.stage.evidence == "Visited the pricing page 2 times, last on 4 Mar 2026"
    assert now.as_dict()["evaluation_stage"]["evidence_refs"] == [
        {
            "type": "signals", "kinds": ["pricing_page_visit"], "first_on": "2026-03-04", "last_on": "2026-03-04",
            "by": "person",
        }
    ]  # fmt: skip
    assert side_by_side(None, now)[0].then is None


def test_a_new_stage_alone_makes_a_new_decision(judged):
    make_signal(judged, "page_visit")  # one visit gives no points, and says that they look around
    (again,) = qualify_leads([judged.pk], as_of={}, now=NOW, cause_kind="signal")
    assert (again.changed, again.tier) == (True, 3)
    assert list(ScoreDecision.objects.order_by("id").values_list("evaluation_stage", flat=True)) == [0, 1]
    (third,) = qualify_leads([judged.pk], as_of={}, now=NOW, cause_kind="signal")
    assert third.changed is False


def test_without_a_live_rulebook_there_is_nothing_to_say_now():
    assert explain_now(make_lead(make_source()).pk, NOW) is None
