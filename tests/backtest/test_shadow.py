"""A draft beside the live rulebook judges live decisions, changes nothing, and says what would have been different."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from leads.models import Lead
from revops.portal.tasks import judge_shadows
from scoring.models import LeadScore, Rulebook, ScoreDecision, ShadowDecision
from scoring.publishing import create_draft
from scoring.shadow import ShadowRefused, catch_up_shadows, end_shadow, running_shadows, shadow_report, start_shadow
from tests.backtest.company import admit, sent, stricter
from tests.portal.desk import Office

pytestmark = pytest.mark.django_db


@pytest.fixture
def at() -> datetime:
    return timezone.now() - timedelta(days=3)


def drafted(office: Office, definition: dict[str, Any], at: datetime) -> Rulebook:
    return create_draft(definition, office.marketer, "Stricter", "Small companies stay with us.", at)


def test_it_judges_what_is_decided_from_now_on_and_changes_nothing(office: Office, at: datetime) -> None:
    admit(office, [sent(office, 0, employees="20")], at - timedelta(days=1))
    run = start_shadow(drafted(office, stricter("fit", 35), at), office.marketer, at)
    leads = admit(office, [sent(office, n, employees="20" if n % 2 else "300") for n in range(1, 5)], at)
    before = list(LeadScore.objects.order_by("lead_id").values())
    assert judge_shadows() == 4
    assert list(LeadScore.objects.order_by("lead_id").values()) == before
    found = shadow_report(run)
    assert (found.decisions, found.leads, found.more, found.fewer, found.lower, found.higher) == (4, 4, 0, 2, 2, 0)
    assert {lead.lead_id for lead in found.changed} == {leads[0].pk, leads[2].pk}
    assert {(lead.tier, lead.shadow_tier) for lead in found.changed} == {(1, 2)}
    assert [(part.name, part.leads, part.fewer) for part in found.by_source] == [("Website", 4, 2)]


def test_each_rep_sees_what_would_have_changed_for_them(office: Office, at: datetime) -> None:
    run = start_shadow(drafted(office, stricter("fit", 100), at), office.marketer, at)
    admit(office, [sent(office, n) for n in range(5)], at)
    catch_up_shadows(now=timezone.now())
    found = shadow_report(run)
    mine, theirs = found.for_rep(office.rep.pk), found.for_rep(office.colleague.pk)
    assert mine is not None
    assert theirs is not None
    assert mine.fewer + theirs.fewer == 5
    assert found.for_rep(office.marketer.pk) is None


def test_a_decision_is_judged_once_however_often_the_sweep_runs(office: Office, at: datetime) -> None:
    run = start_shadow(drafted(office, stricter("fit", 35), at), office.marketer, at)
    admit(office, [sent(office, n) for n in range(3)], at)
    assert catch_up_shadows(now=timezone.now(), limit=2) == 3
    assert catch_up_shadows(now=timezone.now()) == 0
    assert ShadowDecision.objects.filter(run=run).count() == ScoreDecision.objects.count() == 3
    with pytest.raises(IntegrityError), transaction.atomic():
        ShadowDecision.objects.update(shadow_tier=1)


def test_the_latest_decision_of_a_lead_counts(office: Office, at: datetime) -> None:
    run = start_shadow(drafted(office, stricter("intent", 31), at), office.marketer, at)
    person = {"act": "demo_request", "signals": []}
    admit(office, [sent(office, 1, **person)], at)
    catch_up_shadows(now=timezone.now())
    assert shadow_report(run).fewer == 1
    admit(office, [sent(office, 1, act="pricing_page_visit", signals=[{"kind": "pricing_page_visit"}] * 2)], at)
    catch_up_shadows(now=timezone.now())
    found = shadow_report(run)
    assert (found.decisions, found.leads, found.fewer) == (2, 1, 0)


def test_an_edit_of_the_draft_does_not_touch_the_run(office: Office, at: datetime) -> None:
    draft = drafted(office, stricter("fit", 35), at)
    run = start_shadow(draft, office.marketer, at)
    Rulebook.objects.filter(pk=draft.pk).update(definition=stricter("fit", 0), content_hash="other")
    admit(office, [sent(office, 1, employees="20")], at)
    catch_up_shadows(now=timezone.now())
    assert shadow_report(run).fewer == 1


def test_it_ends_by_a_person_and_judges_no_more(office: Office, at: datetime) -> None:
    run = start_shadow(drafted(office, stricter("fit", 35), at), office.marketer, at)
    admit(office, [sent(office, 1)], at)
    ended = end_shadow(run, "promoted", office.marketer, timezone.now(), note=" It held. ")
    assert (ended.end, ended.note, ended.ended_by) == ("promoted", "It held.", office.marketer)
    assert shadow_report(run).decisions == 1, "what was decided until then is judged"
    admit(office, [sent(office, 2)], at)
    assert catch_up_shadows(now=timezone.now()) == 0
    with pytest.raises(ShadowRefused, match="over already"):
        end_shadow(run, "dropped", office.marketer, timezone.now())


def test_it_judges_only_until_its_time_is_over(office: Office, at: datetime) -> None:
    run = start_shadow(drafted(office, stricter("fit", 35), at), office.marketer, at, lasts=timedelta(days=1))
    admit(office, [sent(office, 1)], at + timedelta(hours=2))
    admit(office, [sent(office, 2)], at + timedelta(days=2))
    catch_up_shadows(now=timezone.now())
    assert shadow_report(run).decisions == 1
    assert running_shadows(at + timedelta(hours=3)) == [run]
    assert running_shadows(timezone.now()) == []


def test_only_drafts_run_once_at_a_time_and_not_for_ever(office: Office, at: datetime) -> None:
    live = Rulebook.objects.get(state="live")
    with pytest.raises(ShadowRefused, match="Only a draft"):
        start_shadow(live, office.marketer, at)
    draft = drafted(office, stricter("fit", 35), at)
    with pytest.raises(ShadowRefused, match="1 to 60 days"):
        start_shadow(draft, office.marketer, at, lasts=timedelta(days=90))
    start_shadow(draft, office.marketer, at)
    with pytest.raises(ShadowRefused, match="already"):
        start_shadow(draft, office.marketer, at)


@pytest.mark.parametrize("amount", [1, 3])
def test_a_report_takes_three_queries(
    amount: int, office: Office, at: datetime, django_assert_num_queries: Any
) -> None:
    run = start_shadow(drafted(office, stricter("fit", 100), at), office.marketer, at)
    admit(office, [sent(office, n) for n in range(amount)], at)
    catch_up_shadows(now=timezone.now())
    with django_assert_num_queries(3):
        assert len(shadow_report(run).changed) == amount
    assert Lead.objects.count() == amount
