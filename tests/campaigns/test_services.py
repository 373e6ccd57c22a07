"""Campaigns resolve, touches stay, assets are counted, spend is stated and undone, exceptions end."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from feedback.attraction import reached_by, together
from feedback.costs import book_months, yields_by
from feedback.metrics import METRICS, Period, drill_ids, measure
from feedback.performance import Month, campaign_performance
from leads.asset_reach import count_reach, forget_reach
from leads.campaign_register import CannotTakeUp, save_campaign, take_up
from leads.models import Asset, AssetReach, Campaign, Lead, Source, Spend, SpendFile, SubmissionOutcome, Touch
from leads.source_exceptions import ExceptionRefused, end_exception, grant_exception
from leads.spend_rows import BadSpend, SpendRow
from leads.spending import CannotUndo, Register, apply_spend, plan_spend, undo_spend
from revops.foundation import jobs
from revops.foundation.models import Job, LedgerEntry
from revops.portal import journey
from revops.portal.campaigns import working
from sla.models import HandOff
from tests.conftest import NOW
from tests.factories import SourceFactory, UserFactory, item

pytestmark = pytest.mark.django_db
MARCH = date(2026, 3, 1)


@pytest.fixture
def source(db: None) -> Source:
    return SourceFactory.create(key="social")


def described(source: Source, key: str, **facts: Any) -> Campaign:
    return Campaign.objects.create(
        source=source, key=key, name=facts.pop("name", key), created_at=NOW, described_at=NOW, **facts
    )


def came(source: Source, email: str, **utm: str) -> Lead:
    (receipt,) = journey.admit([item(source, email, **utm)], now=NOW)
    return Lead.objects.select_related("campaign").get(pk=receipt.lead_id)


# --- campaigns -------------------------------------------------------------------------------------------------------
def test_a_rule_takes_in_values_that_nobody_registered(source: Source) -> None:
    spring = described(source, "spring", match=[{"utm_campaign": "spring-*"}, {"utm_source": "linkedin"}])
    assert came(source, "a@one-a.com", utm_campaign="Spring-2026").campaign == spring
    assert came(source, "b@one-b.com", utm_source="LinkedIn").campaign == spring
    other = came(source, "c@one-c.com", utm_campaign="winter")
    assert other.campaign is not None
    assert (other.campaign.key, other.campaign.described_at) == ("winter", None)


def test_the_very_key_of_a_described_campaign_comes_before_any_rule(source: Source) -> None:
    described(source, "all", match=[{"utm_campaign": "spring-*"}])
    exact = described(source, "spring-2026")
    assert came(source, "a@one-a.com", utm_campaign="spring-2026").campaign == exact


def test_every_touch_is_kept_and_the_first_campaign_stays_the_leads(source: Source) -> None:
    lead = came(source, "a@one-a.com", utm_campaign="first", utm_medium="mail")
    came(source, "a@one-a.com", utm_campaign="second")
    came(source, "a@one-a.com")
    lead.refresh_from_db()
    touches = list(Touch.objects.filter(lead=lead).order_by("pk").values_list("utm", "campaign__key"))
    assert touches == [
        ({"utm_campaign": "first", "utm_medium": "mail"}, "first"),
        ({"utm_campaign": "second"}, "second"),
    ]
    assert lead.campaign is not None
    assert (lead.campaign.key, lead.first_touch["utm_campaign"]) == ("first", "first")
    assert lead.last_touch["utm_campaign"] == "second"


def test_a_found_value_becomes_part_of_a_campaign_with_all_its_leads(source: Source) -> None:
    lead = came(source, "a@one-a.com", utm_campaign="sprng-typo")
    found, person = Campaign.objects.get(key="sprng-typo"), UserFactory.create(role="marketer")
    into = described(source, "spring")
    job = working.start_resolving(source.pk, take_up(found, into, by=person, now=NOW), person, NOW)
    assert job is not None
    jobs.run(job.pk, lambda: NOW)
    lead.refresh_from_db()
    assert (lead.campaign_id, Touch.objects.get().campaign_id) == (into.pk, into.pk)
    assert Job.objects.get(pk=job.pk).result == {"leads": 1}
    assert came(source, "b@one-b.com", utm_campaign="sprng-typo").campaign == into
    assert LedgerEntry.objects.filter(action="campaign.took_up", actor=person).exists()


def test_a_sender_who_names_a_campaign_is_believed_whatever_the_rules_say_later(source: Source) -> None:
    fair = described(source, "fair")
    (receipt,) = journey.admit([item(source, "a@one-a.com", _campaign_key="fair", utm_source="mail")], now=NOW)
    mail = described(source, "mail")
    mail.match = [{"utm_source": "mail"}]
    before = save_campaign(mail, by=UserFactory.create(role="marketer"), now=NOW)
    job = working.start_resolving(source.pk, before, UserFactory.create(), NOW)
    assert job is not None
    jobs.run(job.pk, lambda: NOW)
    assert Lead.objects.get(pk=receipt.lead_id).campaign == fair


def test_what_cannot_be_taken_up_is_refused_in_words(source: Source) -> None:
    known, other = described(source, "known"), described(SourceFactory.create(), "elsewhere")
    found = Campaign.objects.create(source=source, key="found", name="found", created_at=NOW)
    person = UserFactory.create(role="marketer")
    for one, into, words in ((found, other, "same source"), (known, known, "same source"), (found, found, "another")):
        with pytest.raises(CannotTakeUp, match=words):
            take_up(one, into, by=person, now=NOW)
    with pytest.raises(CannotTakeUp, match="archive"):
        take_up(known, described(source, "third"), by=person, now=NOW)


# --- assets ----------------------------------------------------------------------------------------------------------
def visit(source: Source, email: str, url: str, **facts: Any) -> Lead:
    act = {"kind": "content_download", "url": url, "occurred_at": (NOW - timedelta(days=100)).isoformat()}
    (receipt,) = journey.admit([item(source, email, signals=[act], **facts)], now=NOW)
    return Lead.objects.get(pk=receipt.lead_id)


def test_an_asset_counts_whom_it_reached_once_and_says_who_they_are(source: Source) -> None:
    asset = Asset.objects.create(
        key="guide", name="Guide", kind="ebook", url_patterns=["/guide*"], cold_after_days=91, created_at=NOW
    )
    visit(source, "a@one-a.com", "https://acme.com/guide.pdf", title="COO")
    visit(source, "b@one-b.com", "/Guide", title="Planner")
    visit(source, "c@one-c.com", "/other")
    for _ in range(2):
        count_reach(now=NOW)
    (rows,) = reached_by("seniority", [asset.pk], now=NOW).values()
    assert {row.value: row.leads for row in rows}.get("c_level") == 1
    whole = together(rows)
    assert (whole.leads, whole.cold, whole.answered, whole.too_few) == (2, 2, 0, True)
    visit(source, "d@one-d.com", "/guide/2")
    count_reach(now=NOW + timedelta(minutes=10))
    assert AssetReach.objects.filter(asset=asset).count() == 3


def test_other_addresses_mean_that_an_asset_is_counted_anew(source: Source) -> None:
    asset = Asset.objects.create(key="g", name="G", url_patterns=["/a"], cold_after_days=91, created_at=NOW)
    visit(source, "a@one-a.com", "/a")
    visit(source, "b@one-b.com", "/b")
    count_reach(now=NOW)
    Asset.objects.filter(pk=asset.pk).update(url_patterns=["/b"])
    forget_reach(asset)
    count_reach(now=NOW)
    assert [reach.lead.person.email for reach in AssetReach.objects.all()] == ["b@one-b.com"]


# --- spend -----------------------------------------------------------------------------------------------------------
def rows(*amounts: tuple[str, str, int]) -> list[tuple[int, SpendRow | BadSpend]]:
    return [
        (line, SpendRow(MARCH, source, campaign, amount, "EUR"))
        for line, (source, campaign, amount) in enumerate(amounts, start=2)
    ]


def book(entries: list[tuple[int, SpendRow | BadSpend]], person: Any) -> SpendFile:
    spend_file = SpendFile.objects.create(currency="EUR", created_by=person, created_at=NOW)
    apply_spend(spend_file, plan_spend(entries, Register()).changes, by=person, now=NOW)
    return spend_file


def test_the_same_spend_twice_changes_nothing_and_days_of_a_month_add_up(source: Source) -> None:
    described(source, "video", name="Video ads")
    entries = rows(("social", "video ads", 100), ("Social", "VIDEO", 250), ("social", "", 40))
    entries[2:2] = [(9, BadSpend("unreadable"))]
    source.name = "Social"
    source.save()
    person = UserFactory.create(role="marketer")
    book(entries, person)
    assert sorted(Spend.objects.values_list("campaign__key", "amount_minor"), key=str) == [("video", 350), (None, 40)]
    plan = plan_spend(entries, Register())
    assert (plan.changes, plan.unchanged, [problem.line for problem in plan.problems]) == ([], 2, [9])


def test_undo_puts_back_what_stood_before(source: Source) -> None:
    described(source, "video")
    Spend.objects.create(source=source, month_on=MARCH, amount_minor=900, currency="EUR")
    person = UserFactory.create(role="marketer")
    spend_file = book(rows(("social", "", 1_000), ("social", "video", 50)), person)
    assert undo_spend(spend_file, by=person, now=NOW) == 2
    assert list(Spend.objects.values_list("amount_minor", "campaign")) == [(900, None)]
    with pytest.raises(CannotUndo, match="undone before"):
        undo_spend(spend_file, by=person, now=NOW)
    actions = LedgerEntry.objects.filter(subject_id=spend_file.pk).order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["spend.imported", "spend.undone"]


def test_undo_is_refused_where_somebody_stated_a_month_anew(source: Source) -> None:
    person = UserFactory.create(role="marketer")
    spend_file = book(rows(("social", "", 1_000)), person)
    Spend.objects.update(amount_minor=1_100)
    with pytest.raises(CannotUndo, match="2026-03"):
        undo_spend(spend_file, by=person, now=NOW)
    assert Spend.objects.get().amount_minor == 1_100


@pytest.mark.parametrize(
    ("names", "words"),
    [(("nobody", ""), "no source"), (("", ""), "neither"), (("social", "none"), "no campaign"),
     (("", "twice"), "Several sources")],
)  # fmt: skip
def test_a_row_without_a_place_is_left_out_with_words(source: Source, names: tuple[str, str], words: str) -> None:
    described(source, "twice")
    described(SourceFactory.create(), "twice")
    plan = plan_spend(rows((*names, 100)), Register())
    assert plan.changes == []
    assert words in plan.problems[0].words


def test_cost_per_accepted_lead_is_the_same_number_everywhere(company: dict[str, Any]) -> None:
    source = company["source"]
    video, rest = described(source, "video"), described(source, "rest")
    leads = [came(source, f"p{n}@firm-{n}.com", utm_campaign="video" if n < 3 else "rest") for n in range(4)]

    rep = company["reps"][0]
    for lead in leads[:2]:
        HandOff.objects.filter(lead=lead).delete()
        HandOff.objects.create(
            lead=lead, number=1, tier=1, priority=1, state="accepted", qualified_at=NOW, handed_off_at=NOW,
            answered_at=NOW, answered_by=rep, owner=rep, cause_kind="submission",
        )  # fmt: skip
    Spend.objects.create(source=source, month_on=MARCH, amount_minor=400_00, currency="EUR")
    Spend.objects.create(source=source, campaign=video, month_on=MARCH, amount_minor=100_00, currency="EUR")
    Spend.objects.create(source=source, month_on=MARCH, amount_minor=9_00, currency="USD")
    zone = ZoneInfo("UTC")
    booked = book_months(MARCH, date(2026, 4, 1), zone)
    by_campaign = yields_by(booked, lambda row: row.campaign_id)
    assert (by_campaign[video.pk].spend, by_campaign[rest.pk].spend) == (400.0, 100.0)
    assert (by_campaign[video.pk].cost, by_campaign[rest.pk].cost) == (200.0, None)
    month = Month(MARCH, zone)
    found = {row["campaign"]: row["cost_per_accepted"] for row in campaign_performance(month)}
    assert found == {"video": 200.0, "rest": None}
    number = measure(METRICS["cost_per_accepted"], Period(month.start, month.end))
    assert (number.value, number.n) == (pytest.approx(250.0), 2)
    assert set(drill_ids(METRICS["cost_per_accepted"], Period(month.start, month.end))) == {x.pk for x in leads[:2]}
    (whole,) = yields_by(booked, lambda row: row.source_id).values()
    assert whole.cost == pytest.approx(number.value)


def test_spend_of_a_source_without_leads_is_not_lost(source: Source) -> None:
    Spend.objects.create(source=source, month_on=MARCH, amount_minor=700_00, currency="EUR")
    (row,) = book_months(MARCH, date(2026, 4, 1), ZoneInfo("UTC"))
    assert (row.yielded.spend, row.yielded.leads, row.yielded.cost) == (700.0, 0, None)


# --- exceptions ------------------------------------------------------------------------------------------------------
def test_a_purchased_list_is_let_in_only_while_an_exception_lasts() -> None:
    bought = SourceFactory.create(key="bought", kind="purchased")
    person = UserFactory.create(role="executive")
    assert not came_or_waits(bought, "a@one-a.com", 0)
    grant_exception(bought, until=NOW + timedelta(days=7), reason="Fair exhibitors", by=person, now=NOW)
    assert came_or_waits(bought, "b@one-b.com", 1)
    assert SubmissionOutcome.objects.latest("pk").flags == ["purchased"]
    assert not came_or_waits(bought, "c@one-c.com", 8)
    assert end_exception(bought, by=person, now=NOW + timedelta(days=2))
    assert not came_or_waits(bought, "d@one-d.com", 3)
    assert not end_exception(bought, by=person, now=NOW + timedelta(days=2))
    actions = list(LedgerEntry.objects.filter(subject_id=bought.pk).order_by("pk").values_list("action", "cause"))
    assert actions == [("source.exception_granted", "Fair exhibitors"), ("source.exception_ended", "")]


def came_or_waits(source: Source, email: str, days: int) -> bool:
    (receipt,) = journey.admit([item(source, email)], now=NOW + timedelta(days=days))
    return receipt.outcome == "new"


def test_an_exception_needs_a_reason_an_end_and_a_purchased_list(source: Source) -> None:
    bought, person = SourceFactory.create(kind="purchased"), UserFactory.create(role="executive")
    tomorrow = NOW + timedelta(days=1)
    for of, until, reason in ((source, tomorrow, "x"), (bought, tomorrow, " "), (bought, NOW, "x"),
                              (bought, NOW + timedelta(days=91), "x")):  # fmt: skip
        with pytest.raises(ExceptionRefused):
            grant_exception(of, until=until, reason=reason, by=person, now=NOW)
    assert not LedgerEntry.objects.exists()
