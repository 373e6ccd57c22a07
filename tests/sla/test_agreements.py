"""Agreements: template, two signatures by two people, versions, and what the database refuses."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from revops.foundation.models import Role
from sla.agreements import (
    TEMPLATE,
    AgreementError,
    draft_from_template,
    live_agreement,
    publish_agreement,
    sign_agreement,
)
from sla.calendar_spec import CalendarError
from sla.calendars import write_calendar
from sla.models import Agreement, Calendar, CalendarVersion, Clause, RoutingBalance
from sla.starter import NINE_TO_FIVE, publish_starter_agreement, save_rep_profile, standard_calendar, write_office_hours

from .conftest import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def heads(db):
    return make_user("Mia", Role.MARKETING_MANAGER), make_user("Sol", Role.SALES_MANAGER)


@pytest.fixture
def draft(now) -> Agreement:
    return draft_from_template(standard_calendar(now), now=now, review_on=now.date() + timedelta(days=180))


def test_the_template_has_the_clauses_of_both_sides(draft):
    clauses = {clause.code: clause for clause in draft.clauses.all()}
    assert len(clauses) == len(TEMPLATE) == 11
    assert clauses["first_contact"].promise == timedelta(hours=4)
    assert clauses["first_contact"].business_time
    assert clauses["details_within"].promise == timedelta(hours=1)
    assert clauses["attempts"].target == 6
    assert {clause.side for clause in clauses.values()} == {"marketing", "sales"}


def test_it_takes_effect_with_two_signatures_of_two_people(draft, heads, now):
    marketing, sales = heads
    with pytest.raises(AgreementError, match="Marketing and Sales"):
        publish_agreement(draft, now=now)
    sign_agreement(draft, "marketing", marketing, now=now)
    with pytest.raises(AgreementError, match="Not signed yet for Sales"):
        publish_agreement(draft, now=now)
    with pytest.raises(AgreementError, match="has signed"):
        sign_agreement(draft, "marketing", sales, now=now)
    with pytest.raises(AgreementError, match="Two different people"):
        sign_agreement(draft, "sales", marketing, now=now)
    sign_agreement(draft, "sales", sales, now=now)
    publish_agreement(draft, now=now)
    assert live_agreement() == draft
    with pytest.raises(AgreementError, match="Only a draft"):
        sign_agreement(draft, "sales", sales, now=now)
    with pytest.raises(AgreementError, match="already"):
        publish_agreement(draft, now=now)


def test_a_changed_clause_needs_new_signatures(draft, heads, now):
    sign_agreement(draft, "marketing", heads[0], now=now)
    draft.clauses.filter(code="volume").update(target=80)
    sign_agreement(draft, "sales", heads[1], now=now)
    with pytest.raises(AgreementError, match="Marketing, as the clauses are now"):
        publish_agreement(draft, now=now)


def test_what_took_effect_cannot_change(heads, now):
    agreement = publish_starter_agreement(*heads, now)
    for change in (
        lambda: Clause.objects.filter(agreement=agreement).update(target=1),
        lambda: Clause.objects.create(agreement=agreement, code="new", side="sales", text="x", measure="count"),
        lambda: Clause.objects.filter(agreement=agreement)._raw_delete("default"),
        lambda: Agreement.objects.filter(pk=agreement.pk).update(review_on=now.date()),
        lambda: Agreement.objects.filter(pk=agreement.pk).update(state="draft", effective_at=None),
        lambda: Agreement.objects.filter(pk=agreement.pk)._raw_delete("default"),
        lambda: CalendarVersion.objects.update(zone="UTC"),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()


def test_the_database_refuses_an_agreement_nobody_signed(draft, now):
    with pytest.raises(IntegrityError, match="not signed"):
        Agreement.objects.filter(pk=draft.pk).update(state="live", effective_at=now)


def test_a_new_version_supersedes_the_old_one(heads, now):
    first = publish_starter_agreement(*heads, now)
    second = publish_starter_agreement(*heads, now + timedelta(days=30))
    first.refresh_from_db()
    assert (first.state, first.superseded_at, second.version) == ("superseded", now + timedelta(days=30), 2)
    assert Calendar.objects.count() == 1


def test_a_calendar_knows_the_public_holidays_of_its_country(now):
    version = write_office_hours(now, zone="Europe/Berlin", country="DE", region="BE").versions.get()
    assert version.spec["holidays"]["2026-12-25"]
    assert version.calendar.name == "Berlin DE BE office hours"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"zone": "Nowhere"}, "time zone"),
        ({"week": {}}, "never opens"),
        ({"country": "QQ"}, "not known"),
        ({"days_off": {"soon": "x"}}, "not a date"),
    ],
)
def test_a_calendar_that_makes_no_sense_is_refused_in_words(now, changes, words):
    with pytest.raises(CalendarError, match=words):
        write_calendar("X", **({"zone": "UTC", "week": NINE_TO_FIVE, "now": now} | changes))


def test_a_rep_profile_can_be_changed_and_keeps_its_balance(now):
    user, calendar = make_user("Ida"), standard_calendar(now)
    save_rep_profile(user, calendar, now=now)
    RoutingBalance.objects.update(balance=5)
    profile = save_rep_profile(user, calendar, now=now, weight=3, countries=["de", "at"], tiers=[2, 1, 1])
    assert (profile.weight, profile.countries, profile.tiers) == (3, ["AT", "DE"], [1, 2])
    assert RoutingBalance.objects.get().balance == 5
