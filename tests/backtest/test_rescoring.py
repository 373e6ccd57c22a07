"""Every running lead by a new rulebook at once: all or none, as one by one, right for who changes meanwhile."""

from __future__ import annotations

from datetime import datetime, timedelta
from threading import Thread
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from leads.models import Lead
from revops.foundation import jobs
from revops.foundation.models import Job, User
from revops.portal import journey
from revops.portal.rules import rescoring as job_module
from scoring.engine.reasons import read_reasons
from scoring.explanation import explain_lead, explain_many
from scoring.models import LeadScore, Rulebook, ScoreDecision
from scoring.publishing import create_draft, live_rulebook, publish_rulebook, sign_rulebook
from scoring.qualification import left_behind
from scoring.replay import replay_decisions
from scoring.rescoring import generation, rescore_leads
from sla.models import HandOff
from tests.backtest.company import accept, admit, changed, conclude, sent, stricter
from tests.portal.desk import Office

pytestmark = pytest.mark.django_db


def publish(office: Office, definition: dict[str, Any]) -> Rulebook:
    """By the same way as any other, signed by both sides."""
    now = timezone.now()
    draft = create_draft(definition, office.admin, "Next", "Other points.", now)
    sign_rulebook(draft, office.sales_head, "sales", now)
    sign_rulebook(draft, User.objects.get(role="marketing_manager"), "marketing", now)
    return publish_rulebook(draft, now, emergency_reason="A test cannot wait thirty days.")


def scores() -> dict[Any, tuple[Any, ...]]:
    rows = LeadScore.objects.values_list(
        "lead_id", "rulebook_id", "fit", "intent", "timing", "tier", "priority", "reevaluate_at"
    )
    return {row[0]: row[1:] for row in rows}


def varied(office: Office, at: datetime, n: int = 12) -> list[Lead]:
    items = [
        sent(
            office, k, employees=str(10 + 40 * k), act=("demo_request", "content_download")[k % 2],
            signals=[{"kind": "webinar_attended", "value": 90}] * (k % 3), timeline_on="2030-04-15" if k % 4 else "",
        )
        for k in range(n)
    ]  # fmt: skip
    return admit(office, items, at)


def test_all_at_once_is_the_same_as_one_by_one(office: Office, at: datetime) -> None:
    leads = varied(office, at)
    publish(office, changed(webinar=20, right_size=2))
    now = timezone.now()
    assert rescore_leads(live_rulebook(), now=now).leads == len(leads)
    swapped = scores()
    assert LeadScore.objects.filter(is_provisional=True).count() == len(leads)
    told = {lead.pk: explain_lead(lead.pk) for lead in leads}
    sentences = explain_many([lead.pk for lead in leads])
    reasons = {score.pk: read_reasons(score.reasons) for score in LeadScore.objects.all() if score.reasons}
    assert journey.catch_up(now=now) == len(leads)
    assert scores() == swapped
    assert not LeadScore.objects.filter(is_provisional=True).exists()
    assert not LeadScore.objects.filter(reasons__isnull=False).exists(), "the decisions keep them now"
    decided = LeadScore.objects.values_list("lead_id", "decision__contributions")
    assert reasons == dict(decided)
    for lead in leads:
        before, after = told[lead.pk], explain_lead(lead.pk)
        assert before is not None
        assert after is not None
        assert before.axes == after.axes
        assert before.summary == after.summary == sentences[lead.pk]
        assert {a.axis: a.total for a in before.axes} == dict(
            zip(("fit", "intent", "timing"), swapped[lead.pk][1:4], strict=True)
        )
    assert left_behind(10) == []
    assert replay_decisions(1000, seed=3).differences == []


def test_a_new_score_explains_itself_by_the_points_it_keeps(office: Office, at: datetime) -> None:
    """Also if the facts are changed by hand before its decision is written: what is listed always is the score."""
    (lead,) = admit(office, [sent(office, 1)], at)
    publish(office, changed(right_size=2))
    rescore_leads(live_rulebook(), now=timezone.now())
    told = explain_lead(lead.pk)
    assert told is not None
    lead.account.employees = 5
    lead.account.save()
    again = explain_lead(lead.pk)
    assert again is not None
    assert [(part.total, sum(reason.points for reason in part.reasons)) for part in again.axes] == [
        (part.total, part.total) for part in told.axes
    ]
    assert again.tier == told.tier


def test_closed_leads_and_history_keep_the_score_they_had(office: Office, at: datetime) -> None:
    first, second = admit(office, [sent(office, 1), sent(office, 2)], at)
    accept(first, office.rep.pk, at)
    conclude(first, "won", at + timedelta(days=1), 10)
    before = scores()
    publish(office, changed(right_size=2))
    rescore_leads(live_rulebook(), now=timezone.now())
    after = scores()
    assert after[first.pk] == before[first.pk]
    assert after[second.pk] != before[second.pk]
    assert after.keys() == before.keys()


def test_whoever_is_ready_now_is_handed_off_afterwards(
    office: Office, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    admit(office, [sent(office, n, employees="", title="", industry="") for n in range(3)], at)
    assert not HandOff.objects.exists()
    monkeypatch.setattr(job_module, "AT_ONCE_FROM", 2)
    definition = stricter("fit", 0)
    definition["tiers"]["1"]["minimum"]["fit"] = 0
    book = publish(office, definition)
    job = job_module.start_rescore(book, office.admin, timezone.now())
    assert jobs.run(job.pk, timezone.now) == "done"
    job.refresh_from_db()
    assert job.result == {"leads": 3, "at_once": 3}
    assert HandOff.objects.count() == 3
    assert ScoreDecision.objects.filter(rulebook=book).count() == 3


def test_a_job_that_was_killed_after_the_swap_goes_on_with_the_rest(
    office: Office, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    varied(office, at)
    monkeypatch.setattr(job_module, "AT_ONCE_FROM", 2)
    monkeypatch.setattr(job_module, "CHUNK", 5)
    book = publish(office, changed(right_size=2))
    job = job_module.start_rescore(book, office.admin, timezone.now())
    real, calls = journey.rescore, []

    def dies_at_the_second(*arguments: Any, **options: Any) -> int:
        calls.append(1)
        if len(calls) == 2:
            raise SystemExit
        return real(*arguments, **options)

    monkeypatch.setattr(journey, "rescore", dies_at_the_second)
    with pytest.raises(SystemExit):
        jobs.run(job.pk, timezone.now)
    assert LeadScore.objects.filter(is_provisional=True).count() == 7
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(minutes=1))
    monkeypatch.setattr(journey, "rescore", real)
    monkeypatch.setattr(job_module, "rescore_leads", None)  # it must not be called again
    assert jobs.run(job.pk, timezone.now) == "done"
    job.refresh_from_db()
    assert job.result == {"leads": 12, "at_once": 12}
    assert left_behind(1) == []


def test_the_new_table_has_every_index_and_rule_of_the_old_one(office: Office, at: datetime) -> None:
    varied(office, at, 3)

    def shape() -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'scoring_leadscore' UNION ALL"
                " SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
                " WHERE conrelid = 'scoring_leadscore'::regclass AND contype <> 'n' UNION ALL"
                " SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger"
                " WHERE tgrelid = 'scoring_leadscore'::regclass AND NOT tgisinternal UNION ALL"
                " SELECT column_name, data_type || is_nullable || coalesce(column_default, '')"
                " FROM information_schema.columns WHERE table_name = 'scoring_leadscore' ORDER BY 1, 2"
            )
            return cursor.fetchall()

    before = shape()
    rescore_leads(live_rulebook(), now=timezone.now())
    rescore_leads(live_rulebook(), now=timezone.now())
    assert shape() == before
    with connection.cursor() as cursor:
        cursor.execute("SELECT relpersistence FROM pg_class WHERE relname = 'scoring_leadscore'")
        assert cursor.fetchone() == ("p",), "a table that is not logged would be empty after a crash"


@pytest.mark.django_db(transaction=True)
def test_a_lead_that_changes_while_all_are_rescored_is_right_afterwards(
    office: Office, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    leads = varied(office, at, 6)
    publish(office, changed(right_size=2))
    build = generation.build_indexes

    def meanwhile() -> Any:
        """Between the evaluation and the swap somebody sends a demo request, and a new lead comes in."""

        def write() -> None:
            try:
                moment = timezone.now()
                admit(office, [sent(office, 1, act="demo_request"), sent(office, 77)], moment)
            finally:
                connection.close()

        thread = Thread(target=write)
        thread.start()
        thread.join()
        return build()

    monkeypatch.setattr(generation, "build_indexes", meanwhile)
    rescore_leads(live_rulebook(), now=timezone.now())
    assert LeadScore.objects.count() == 7, "the new lead is there, too"
    row = LeadScore.objects.get(lead=leads[1])
    decision = ScoreDecision.objects.filter(lead=leads[1]).latest("pk")
    assert not row.is_provisional
    assert (row.decision_id, row.intent, row.tier) == (decision.pk, decision.intent, decision.tier)
    assert decision.contributions
    journey.catch_up(now=timezone.now())
    once = scores()
    journey.rescore(list(once), now=timezone.now(), rulebook="live")
    assert scores() == once, "scoring them one by one changes nothing"
