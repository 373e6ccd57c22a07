"""Merging two people: what goes on, what ends, what is still found, and that undoing restores everything."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feedback.dispositions import Answer
from leads.acts import ActOnLead, read_act
from leads.lifecycle import Stage
from leads.merging.choices import PERSON_CHOICES
from leads.merging.people import MergeRefused, goes_on, open_leads
from leads.models import Lead, LifecycleEvent, Person, PersonMerge, PersonProposal, Signal
from revops.foundation.models import LedgerEntry, OutboxMessage
from revops.portal import journey
from revops.portal.merges.acting import merge, undo
from scoring.models import LeadScore
from sla.models import Clock, HandOff
from sla.routing import turns_owed
from tests.conftest import NOW
from tests.factories import item
from tests.portal.desk import READY

pytestmark = pytest.mark.django_db


def lead_of(house: dict[str, Any], email: str, /, **facts: Any) -> Lead:
    """A lead of its own that came in an hour ago."""
    sent = item(house["source"], email, **facts, _received_at=NOW - timedelta(hours=1))
    (receipt,) = journey.admit([sent], now=NOW - timedelta(hours=1))
    assert receipt.lead_id is not None
    return Lead.objects.select_related("person", "account").get(pk=receipt.lead_id)


def two(house: dict[str, Any], **more: Any) -> tuple[Lead, Lead]:
    """Ada twice: ready for sales under her work address, and with little known under another one."""
    ready = lead_of(house, "ada@acme-works.com", **READY)
    other = lead_of(
        house, "a.lovelace@acme-works.io", first_name="Ada", last_name="Lovelace", company="Acme Works", **more
    )
    return ready, other


def state_of(*leads: Lead, led_to_sales: bool = False) -> dict[str, Any]:
    """Everything that counts about these leads and their people, but for versions and the time of the last change.

    With `led_to_sales` a merge handed a lead off: that hand-off stays in the history, and the lead came back today.
    """
    pks, people = [lead.pk for lead in leads], [lead.person_id for lead in leads]
    return {
        "people": list(Person.objects.filter(pk__in=people).order_by("pk").values(*_but(Person, "updated_at"))),
        "leads": list(Lead.objects.filter(pk__in=pks).order_by("pk").values(*_but(Lead, "version", "stage_at"))),
        "since": set() if led_to_sales else set(Lead.objects.filter(pk__in=pks).values_list("pk", "stage_at")),
        "handoffs": list(
            HandOff.objects.filter(lead__in=pks).exclude(cause_kind="merge", state="withdrawn").order_by("pk")
            .values(*_but(HandOff, "version"))
        ),
        "running": sorted(
            Clock.objects.open().filter(lead__in=pks).values_list(
                "clause__code", "lead", "handoff", "user", "started_at", "due_at", "warn_at", "paused_at"
            ), key=str,
        ),
        "counted": sorted(
            Clock.objects.counted().filter(lead__in=pks)
            .exclude(handoff__cause_kind="merge", handoff__state="withdrawn")
            .values_list("clause__code", "lead", "due_at"), key=str,
        ),
        "scores": list(LeadScore.objects.filter(lead__in=pks).order_by("pk").values("fit", "intent", "timing", "tier")),
        "turns": turns_owed(),
        "questions": list(PersonProposal.objects.order_by("pk").values("state", "decided_at", "decided_by")),
    }  # fmt: skip


def _but(model: Any, *left_out: str) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields if field.name not in left_out]


def test_both_leads_become_one_and_the_other_points_at_it(company: dict[str, Any]) -> None:
    ready, other = two(company)
    done = merge(ready.person_id, other.person_id, [], company["admin"], now=NOW)
    other.refresh_from_db()
    assert other.merged_into_id == ready.pk
    assert done.kept_lead_id == ready.pk
    assert list(Lead.objects.shown()) == [ready]
    assert Signal.objects.filter(lead=other).exists(), "nothing is deleted"
    assert LedgerEntry.objects.filter(action="person.merged", subject_id=ready.person_id).exists()
    assert OutboxMessage.objects.filter(kind="lead.merged", channel="webhook").count() == 1


def test_a_further_enquiry_of_the_merged_address_attaches_to_the_lead_that_goes_on(company: dict[str, Any]) -> None:
    ready, other = two(company)
    merge(ready.person_id, other.person_id, [], company["admin"], now=NOW)
    sent = item(company["source"], "A.Lovelace@acme-works.io", act="pricing_page_visit", _received_at=NOW)
    (receipt,) = journey.admit([sent], now=NOW)
    assert (receipt.outcome, receipt.lead_id) == ("attached", ready.pk)
    assert Person.objects.count() == 2


def test_acts_of_the_merged_person_count_for_the_lead_that_goes_on(company: dict[str, Any]) -> None:
    ready, other = two(company)
    before = LeadScore.objects.get(lead=ready).intent
    act = read_act({"kind": "roi_calculator"}, default_at=NOW)
    journey.record_signals([ActOnLead(act, other.pk, other.person_id, company["source"].pk, NOW)], now=NOW)
    merge(ready.person_id, other.person_id, [], company["admin"], now=NOW)
    assert LeadScore.objects.get(lead=ready).intent > before


def test_the_survivor_keeps_its_assignment_and_the_other_ends_by_name_without_a_breach(company: dict[str, Any]) -> None:
    ready = lead_of(company, "ada@acme-works.com", **READY)
    other = lead_of(company, "ada@acme-works.io", **READY)
    kept, ended = HandOff.objects.get(lead=ready), HandOff.objects.get(lead=other)
    merge(ready.person_id, other.person_id, [], company["admin"], now=NOW)
    kept.refresh_from_db()
    ended.refresh_from_db()
    assert (kept.state, ended.state) == ("open", "withdrawn")
    assert not Clock.objects.open().filter(lead=other).exists()
    reasons = set(Clock.objects.filter(lead=other, cancelled_at=NOW).values_list("cancel_reason", flat=True))
    assert reasons == {f"Merged into {ready.public_id}"}
    assert not Clock.objects.counted().late(NOW + timedelta(days=30)).filter(lead=other).exists()
    if ended.owner_id != kept.owner_id:
        assert OutboxMessage.objects.filter(kind="lead.merged_away", recipient=str(ended.owner_id)).exists()


def test_a_person_who_must_not_be_contacted_stays_so(company: dict[str, Any]) -> None:
    ready, other = two(company, do_not_contact="yes")
    done = merge(ready.person_id, other.person_id, [], company["admin"], now=NOW)
    assert Person.objects.get(pk=ready.person_id).do_not_contact
    undo(done.pk, company["admin"], now=NOW)
    assert not Person.objects.get(pk=ready.person_id).do_not_contact


def test_closed_leads_of_the_merged_person_only_change_their_person(company: dict[str, Any]) -> None:
    ready, other = two(company)
    Lead.objects.filter(pk=other.pk).update(stage=Stage.WON)
    merge(ready.person_id, other.person_id, [], company["admin"], now=NOW)
    won = Lead.objects.get(pk=other.pk)
    assert (won.person_id, won.withdrawn_at, won.merged_into_id) == (ready.person_id, None, None)


def test_an_open_deal_is_never_hidden(company: dict[str, Any]) -> None:
    ready, other = two(company)
    Lead.objects.filter(pk=other.pk).update(stage=Stage.OPPORTUNITY)
    with pytest.raises(MergeRefused, match="must be the one that goes on"):
        merge(ready.person_id, other.person_id, [], company["admin"], now=NOW)
    Lead.objects.filter(pk=ready.pk).update(stage=Stage.OPPORTUNITY)
    with pytest.raises(MergeRefused, match="Close one of the deals"):
        merge(ready.person_id, other.person_id, [], company["admin"], now=NOW)


def test_whose_lead_is_furthest_goes_on(company: dict[str, Any]) -> None:
    ready, other = two(company)
    leads = open_leads([ready.person, other.person])
    assert goes_on(other.person, ready.person, leads) == ready.person
    assert goes_on(other.person, ready.person, {}) == ready.person, "else whoever is known for longer"


def test_nobody_is_merged_twice_or_into_somebody_merged(company: dict[str, Any]) -> None:
    ready, other = two(company)
    third = lead_of(company, "ada@else.com")
    merge(ready.person_id, other.person_id, [], company["admin"], now=NOW)
    for survivor, merged in ((third, other), (other, third)):
        with pytest.raises(MergeRefused, match="merged already"):
            merge(survivor.person_id, merged.person_id, [], company["admin"], now=NOW)


def test_merges_are_undone_the_latest_first(company: dict[str, Any]) -> None:
    ready, other = two(company)
    third = lead_of(company, "ada@else.com")
    before = state_of(ready, other, third)
    first = merge(ready.person_id, other.person_id, ["email"], company["admin"], now=NOW)
    second = merge(ready.person_id, third.person_id, ["email"], company["admin"], now=NOW)
    assert Person.objects.get(pk=ready.person_id).email == "ada@else.com"
    with pytest.raises(MergeRefused, match="Undo that merge first"):
        undo(first.pk, company["admin"], now=NOW)
    undo(second.pk, company["admin"], now=NOW)
    undo(first.pk, company["admin"], now=NOW)
    assert state_of(ready, other, third) == before
    with pytest.raises(MergeRefused, match="undone before"):
        undo(first.pk, company["admin"], now=NOW)


def test_a_chain_of_merges_leads_to_its_end(company: dict[str, Any]) -> None:
    ready, other = two(company)
    third = lead_of(company, "ada@else.com")
    inner = merge(other.person_id, third.person_id, [], company["admin"], now=NOW)
    merge(ready.person_id, other.person_id, [], company["admin"], now=NOW)
    (receipt,) = journey.admit([item(company["source"], "ada@else.com", _received_at=NOW)], now=NOW)
    assert receipt.lead_id == ready.pk
    with pytest.raises(MergeRefused, match="merged further"):
        undo(inner.pk, company["admin"], now=NOW)


def test_work_after_the_merge_stays_with_the_lead_that_went_on(company: dict[str, Any]) -> None:
    ready, other = two(company)
    done = merge(ready.person_id, other.person_id, [], company["admin"], now=NOW)
    owner = HandOff.objects.get(lead=ready).owner_id
    assert owner is not None
    journey.decide([Answer(ready.pk, owner, "accepted", NOW)], now=NOW)
    undo(done.pk, company["admin"], now=NOW + timedelta(minutes=5))
    assert Lead.objects.get(pk=ready.pk).stage == Stage.ACCEPTED
    assert Lead.objects.get(pk=other.pk).withdrawn_at is None
    assert LifecycleEvent.objects.filter(lead=other).count() == 2, "the hidden lead never moved"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    taken=st.sets(st.sampled_from([choice.key for choice in PERSON_CHOICES])),
    turned=st.booleans(),
    both_ready=st.booleans(),
    answer=st.sampled_from(["", "accepted", "returned"]),
    closed=st.booleans(),
    facts=st.fixed_dictionaries(
        {},
        optional={
            "phone": st.just("+4930111222"), "title": st.sampled_from(["CFO", "Buyer"]), "need": st.just("A tool"),
            "country": st.sampled_from(["DE", "FR"]), "do_not_contact": st.just("yes"),
            "attributes": st.dictionaries(st.sampled_from(["size", "tool"]), st.sampled_from(["a", "b", ""])),
            "purchasing_role": st.just("user"), "timeline_on": st.just("2026-05-01"),
        },
    ),
)  # fmt: skip
def test_undo_restores_both_exactly(
    company: dict[str, Any], taken: set[str], turned: bool, both_ready: bool, answer: str, closed: bool, facts: Any
) -> None:
    with transaction.atomic():
        ready = lead_of(company, "ada@acme-works.com", **READY)
        other = lead_of(company, "ada@acme-works.io", **{**(READY if both_ready else {"first_name": "Ad"}), **facts})
        handoff = HandOff.objects.filter(lead=other).first()
        if answer and handoff is not None and handoff.owner_id is not None:
            journey.decide([Answer(other.pk, handoff.owner_id, answer, NOW)], now=NOW)
        if closed:
            Lead.objects.filter(pk=other.pk).update(stage=Stage.LOST)
        question = PersonProposal.objects.create(
            first_id=min(ready.person_id, other.person_id), second_id=max(ready.person_id, other.person_id), score=80,
            found_at=NOW,
        )  # fmt: skip
        survivor, merged = (other, ready) if turned else (ready, other)
        before = {led: state_of(ready, other, led_to_sales=led) for led in (False, True)}
        done = merge(survivor.person_id, merged.person_id, sorted(taken), company["admin"], now=NOW, proposal=question)
        assert PersonMerge.objects.get().undone_at is None
        led_to_sales = HandOff.objects.filter(cause_kind="merge").exists()
        undo(done.pk, company["admin"], now=NOW)
        assert state_of(ready, other, led_to_sales=led_to_sales) == before[led_to_sales]
        transaction.set_rollback(True)


def test_what_only_both_were_ready_for_leaves_sales_when_the_merge_is_undone(company: dict[str, Any]) -> None:
    ready, other = two(company)
    done = merge(other.person_id, ready.person_id, ["email", "name", "phone", "title"], company["admin"], now=NOW)
    caused = HandOff.objects.get(lead=other)
    assert (caused.cause_kind, caused.cause_id, caused.state) == ("merge", done.public_id, "open")
    undo(done.pk, company["admin"], now=NOW)
    caused.refresh_from_db()
    other.refresh_from_db()
    assert (caused.state, other.stage, other.owner_id) == ("withdrawn", "nurture", None)
    assert not Clock.objects.open().filter(lead=other).exists()
    assert sum(turns_owed().values()) == 0
    assert HandOff.objects.get(lead=ready).state == "open"
