"""Agreements: template, two signatures by two people, versions, and what the database refuses."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from revops.foundation.models import Role
from sla.agreement_words import BY_CODE, TEMPLATE, change_words, differences
from sla.agreements import (
    AgreementError,
    change_draft,
    claim_review_reminder,
    discard_draft,
    draft_from_template,
    drafts_of,
    live_agreement,
    missing_sides,
    publish_agreement,
    publish_signed,
    remark_on,
    sign_agreement,
)
from sla.calendar_spec import CalendarError
from sla.calendars import write_calendar
from sla.models import Agreement, AgreementSignature, Calendar, CalendarVersion, Clause, TurnBalances
from sla.routing import turns_owed
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
    assert len(clauses) == len(TEMPLATE) == 14
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
    TurnBalances.objects.update(balances=[5])
    profile = save_rep_profile(user, calendar, now=now, weight=3, countries=["de", "at"], tiers=[2, 1, 1])
    assert (profile.weight, profile.countries, profile.tiers) == (3, ["AT", "DE"], [1, 2])
    assert turns_owed() == {user.pk: 5}


def rewrite(draft, clauses, **changes):
    asked = {"calendar": draft.calendar, "review_on": draft.review_on, "revision": draft.revision} | changes
    return change_draft(draft, clauses, **asked)


def with_number(code, number):
    return [BY_CODE[code].draft(number) if clause.code == code else clause for clause in TEMPLATE]


def test_a_number_stands_in_the_sentence_and_in_what_is_measured():
    assert BY_CODE["first_contact"].draft(1).text == "Try to reach every tier-1 lead within 1 business hour"
    clause = BY_CODE["first_contact"].draft(6)
    assert (clause.text, clause.promise) == (
        "Try to reach every tier-1 lead within 6 business hours",
        timedelta(hours=6),
    )
    assert BY_CODE["volume"].draft(25).target == 25


def test_a_draft_that_somebody_else_changed_is_not_overwritten(draft):
    seen = draft.revision
    changed = rewrite(draft, with_number("volume", 25))
    assert changed.revision == seen + 2  # the old clauses went, the new ones came
    with pytest.raises(AgreementError, match="changed this draft in the meantime"):
        rewrite(draft, with_number("volume", 30), revision=seen)
    assert rewrite(changed, with_number("volume", 25)).revision == changed.revision


def test_other_clauses_ask_both_heads_again(draft, heads, now):
    for side, head in zip(("marketing", "sales"), heads, strict=True):
        sign_agreement(draft, side, head, now=now)
    assert missing_sides(draft) == []
    changed = rewrite(draft, with_number("attempts", 8))
    assert missing_sides(changed) == ["marketing", "sales"]
    later = rewrite(changed, drafts_of(changed), review_on=changed.review_on + timedelta(days=1))
    assert later.revision > changed.revision


def test_each_head_signs_for_their_own_side_also_by_sql(draft, heads, now):
    with pytest.raises(AgreementError, match="own side"):
        sign_agreement(draft, "sales", heads[0], now=now)
    with pytest.raises(IntegrityError, match="Only a head of sales signs for sales"), transaction.atomic():
        AgreementSignature.objects.create(
            agreement=draft, side="sales", user=heads[0], signed_at=now, content_hash="x", revision=draft.revision
        )


def test_the_database_lets_nothing_take_effect_that_was_not_signed_as_it_is(draft, heads, now):
    for side, head in zip(("marketing", "sales"), heads, strict=True):
        sign_agreement(draft, side, head, now=now)
    Clause.objects.filter(agreement=draft, code="volume").update(target=1)
    with pytest.raises(IntegrityError, match="not signed by both sides as they are now"), transaction.atomic():
        Agreement.objects.filter(pk=draft.pk).update(state="live", effective_at=now)


def test_a_head_declines_with_a_reason_and_may_sign_later(draft, heads, now):
    with pytest.raises(AgreementError, match="Say what should change"):
        remark_on(draft, heads[1], " ", now=now, declines=True)
    with pytest.raises(AgreementError, match="Only the head of a side"):
        remark_on(draft, make_user("Rita"), "Too much", now=now, declines=True)
    remark = remark_on(draft, heads[1], "6 attempts are too many", now=now, declines=True)
    assert (remark.kind, remark.side, remark.revision) == ("decline", "sales", draft.revision)
    with pytest.raises(AgreementError, match="it is kept"):
        discard_draft(draft)
    assert sign_agreement(draft, "sales", heads[1], now=now)


def test_an_untouched_draft_can_be_thrown_away(draft):
    discard_draft(draft)
    assert not Agreement.objects.exists()


def test_it_takes_effect_on_its_day(draft, heads, now):
    day = now.date() + timedelta(days=3)
    draft = rewrite(draft, drafts_of(draft), takes_effect_on=day)
    for side, head in zip(("marketing", "sales"), heads, strict=True):
        sign_agreement(draft, side, head, now=now)
    assert publish_signed(now=now, today=day - timedelta(days=1)) == []
    assert publish_signed(now=now + timedelta(days=3), today=day) == [draft]
    assert live_agreement() == draft


def test_the_review_is_announced_once(draft, heads, now):
    for side, head in zip(("marketing", "sales"), heads, strict=True):
        sign_agreement(draft, side, head, now=now)
    publish_agreement(draft, now=now)
    assert claim_review_reminder(now=now, today=draft.review_on - timedelta(days=15)) is None
    assert claim_review_reminder(now=now, today=draft.review_on - timedelta(days=14)) == draft
    assert claim_review_reminder(now=now, today=draft.review_on) is None


def test_differences_are_said_in_words():
    before = [clause for clause in TEMPLATE if clause.code != "huddle"]
    after = [clause for clause in with_number("attempts", 8) if clause.code != "performance"]
    assert [change_words(difference) for difference in differences(before, after)] == [
        "New: Attend the huddle once a week.",
        (
            "Changed: Try 8 times on at least 2 channels before “no response”."
            " Before: Try 6 times on at least 2 channels before “no response”."
        ),
        "No longer promised: Share campaign performance and cost per accepted lead once a month.",
    ]
