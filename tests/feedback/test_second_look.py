"""A rejection needs a second look while colleagues are active, the buyer moves, or the words say “later”."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from psycopg.errors import CheckViolation

from feedback.dispositions import Answer, record_answers, second_looks
from feedback.models import Disposition, NurtureTrack, ReasonCode
from feedback.second_look import Colleague, SecondLook, Surroundings, proposed_day, says_later, second_look
from leads.models import Lead, Signal
from leads.models.signals import SignalKind
from revops.foundation.bulk import insert_rows
from revops.foundation.ids import new_id
from revops.portal import journey
from sla.handoffs import latest_handoffs
from tests.conftest import NOW
from tests.factories import item
from tests.feedback.company import Company

TODAY = date(2026, 3, 4)
FOUND = "Called the colleague: she only compares for a thesis"


# --- the rule --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "words",
    [
        "Not now", "call back in 6 months", "They want it next quarter", "on hold until the summer", "In two years",
        "too early for them", "after Q3", "budget again in Q1 2027", "put off", "maybe later this year",
        "in a few weeks",
    ],
)  # fmt: skip
def test_words_that_put_it_off(words: str) -> None:
    assert says_later(words)


@pytest.mark.parametrize(
    "words", ["3000 EUR", "Grace Hopper, CTO", "Uses another tool", "Latvia", "400 people", "12", "Was founded in 2019"]
)
def test_words_that_do_not(words: str) -> None:
    assert not says_later(words)


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("in 6 months", "2026-08-31"),
        ("in two weeks", "2026-03-18"),
        ("next year, from 2027-01-10 on", "2027-01-10"),
        ("since 2020-01-01", "2026-03-05"),
        ("not now", "2026-06-02"),
        ("2026-99-99", "2026-06-02"),
        ("in 900 years", "2029-03-03"),
    ],
)
def test_the_day_they_name_is_proposed(words: str, day: str) -> None:
    assert str(proposed_day(words, TODAY)) == day


@pytest.mark.parametrize(
    ("colleagues", "moves", "said", "is_dated", "causes"),
    [
        (0, (), "3000 EUR", False, ()),
        (1, (), "3000 EUR", False, ()),
        (2, (), "3000 EUR", False, ("colleagues",)),
        (0, ("visited the pricing page",), "", False, ("moving",)),
        (0, (), "call back later", False, ("later",)),
        (5, ("asked for pricing",), "not now", False, ("colleagues", "moving", "later")),
        (5, ("asked for pricing",), "not now", True, ()),
    ],
)
def test_what_speaks_against_closing(
    colleagues: int, moves: tuple[str, ...], said: str, is_dated: bool, causes: tuple[str, ...]
) -> None:
    around = Surroundings(tuple(Colleague(f"Person {n}", 1, TODAY) for n in range(colleagues)), moves)
    look = second_look(around, said, is_dated=is_dated, today=TODAY)
    assert (look.causes if look else ()) == causes
    if look and colleagues > 3:
        assert "Person 0, Person 1, Person 2 and 2 more" in look.words


# --- what is around a lead -------------------------------------------------------------------------------------------
def colleague_acts(
    company: Company, lead: Lead, count: int, *, days_ago: int = 3, kind: str = "webinar_attended"
) -> None:
    """So many people of the same company who did something."""
    domain = Lead.objects.select_related("account").get(pk=lead.pk).account.domain  # type: ignore[union-attr]
    at = company.at - timedelta(days=days_ago)
    source = company.sources[1]
    journey.admit(
        [
            item(source, f"colleague{n}.{days_ago}@{domain}", first_name=f"Colleague{n}", act=kind, _received_at=at)
            for n in range(count)
        ],
        now=at,
    )


def at_company(company: Company) -> Lead:
    (lead,) = company.hand_off(1, company="Acme Works")
    return lead


def rejection(company: Company, lead: Lead, **more: str) -> Answer:
    by = company.owner_of(lead).pk
    facts = {"reason": "no_budget", "evidence": "3000 EUR", **more}
    return Answer(lead.pk, by, "rejected", company.at + timedelta(minutes=30), **facts)  # type: ignore[arg-type]


def test_reject_with_two_active_colleagues_in_14_days_cannot_close_without_the_second_look(company: Company) -> None:
    lead = at_company(company)
    colleague_acts(company, lead, 2)
    (refused,) = record_answers([rejection(company, lead)], now=company.at + timedelta(minutes=30))
    assert (refused.disposition, refused.code) == (None, "second_look_needed")
    assert "2 colleagues were active in the last 14 days" in refused.refusal
    assert isinstance(refused.look, SecondLook)
    (short,) = record_answers([rejection(company, lead, second_look="ok")], now=company.at)
    assert short.code == "second_look_needed"
    lead.refresh_from_db()
    assert lead.stage == "handed_off"
    (done,) = record_answers([rejection(company, lead, second_look=FOUND)], now=company.at + timedelta(minutes=30))
    assert done.disposition is not None
    assert done.disposition.second_look == FOUND
    lead.refresh_from_db()
    assert lead.stage == "rejected"


@pytest.mark.parametrize(
    ("count", "days_ago", "kind"), [(1, 3, "webinar_attended"), (2, 15, "webinar_attended"), (2, 3, "email_open")]
)
def test_one_colleague_long_ago_or_an_opened_mail_is_no_activity(
    company: Company, count: int, days_ago: int, kind: str
) -> None:
    lead = at_company(company)
    colleague_acts(company, lead, count, days_ago=days_ago, kind="content_download" if kind == "email_open" else kind)
    assert record_answers([rejection(company, lead)], now=company.at)[0].disposition is not None


def test_a_strong_act_after_the_hand_off_is_a_move(company: Company) -> None:
    lead = at_company(company)
    later = company.at + timedelta(days=1)
    kind = SignalKind.objects.get(code="roi_calculator")
    Signal.objects.create(
        lead=lead, person=lead.person, kind=kind, occurred_at=later, received_at=later, source=company.sources[0]
    )
    (refused,) = record_answers([rejection(company, lead)], now=later + timedelta(hours=1))
    assert refused.look is not None
    assert refused.look.causes == ("moving",)
    assert "used the ROI calculator" in refused.refusal


def test_a_second_look_nobody_asked_for_is_not_kept(company: Company) -> None:
    lead = at_company(company)
    (done,) = record_answers([rejection(company, lead, second_look=FOUND)], now=company.at)
    assert done.disposition is not None
    assert done.disposition.second_look == ""


def test_a_reason_with_a_day_is_not_now_already(company: Company) -> None:
    lead = at_company(company)
    colleague_acts(company, lead, 3)
    answer = rejection(company, lead, reason="later_this_year", evidence="2026-09-15", note="call back later")
    (done,) = record_answers([answer], now=company.at)
    assert done.disposition is not None
    assert str(done.disposition.wakes_on) == "2026-09-01"
    lead.refresh_from_db()
    assert str(lead.wakes_on) == "2026-09-01"


def test_a_reason_can_wake_after_so_many_days(company: Company) -> None:
    lead = at_company(company)
    (done,) = record_answers([rejection(company, lead, reason="chose_competitor", evidence="Hubspot")], now=company.at)
    assert done.disposition is not None
    assert done.disposition.wakes_on == (company.at + timedelta(days=365)).date()


def test_the_card_knows_before_anybody_types(company: Company) -> None:
    lead, other = company.hand_off(2, company="Acme Works")
    colleague_acts(company, lead, 2)
    assert set(second_looks([lead, other], latest_handoffs([lead.pk, other.pk]), now=company.at)) == {lead.pk}


def test_looking_around_costs_the_same_for_one_rejection_and_for_three(company: Company) -> None:
    leads = company.hand_off(4)
    answers = [rejection(company, lead) for lead in leads]

    def spend(some: list[Answer]) -> int:
        with CaptureQueriesContext(connection) as queries:
            record_answers(some, now=company.at + timedelta(minutes=30))
        return len(queries)

    one = spend(answers[:1])
    assert abs(spend(answers[1:]) - one) <= 1  # many rows are locked by a query of their own


# --- “not now” -------------------------------------------------------------------------------------------------------
def returned(company: Company, lead: Lead, **more: object) -> Answer:
    return Answer(lead.pk, company.owner_of(lead).pk, "returned", company.at, **more)  # type: ignore[arg-type]


def test_a_return_names_a_track_and_a_day_and_undo_forgets_both(company: Company) -> None:
    lead = at_company(company)
    (done,) = record_answers([returned(company, lead, track="learn", wakes_on=date(2026, 9, 1))], now=company.at)
    assert done.disposition is not None
    assert (done.disposition.track.code, str(done.disposition.wakes_on)) == ("learn", "2026-09-01")  # type: ignore[union-attr]
    lead.refresh_from_db()
    assert (lead.stage, str(lead.wakes_on)) == ("nurture", "2026-09-01")
    assert company.undo(done.disposition.pk, at=company.at + timedelta(minutes=1)).disposition is not None
    lead.refresh_from_db()
    assert (lead.stage, lead.wakes_on) == ("handed_off", None)


def test_without_a_word_the_usual_track_is_taken(company: Company) -> None:
    lead = at_company(company)
    (done,) = record_answers([returned(company, lead)], now=company.at)
    assert done.disposition is not None
    assert done.disposition.track == NurtureTrack.objects.get(is_default=True)


@pytest.mark.parametrize(
    ("facts", "code"), [({"track": "nowhere"}, "unknown_track"), ({"wakes_on": date(2026, 3, 4)}, "bad_wake_date")]
)
def test_a_return_to_nowhere_or_to_the_past_is_refused(company: Company, facts: dict[str, object], code: str) -> None:
    lead = at_company(company)
    assert record_answers([returned(company, lead, **facts)], now=company.at)[0].code == code


# --- no bare reason --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("bare", [{"reason_id": None}, {"evidence": ""}, {"evidence": " \t\n"}])
def test_no_path_into_the_table_stores_a_bare_reason(company: Company, bare: dict[str, object]) -> None:
    """By ORM, by COPY as bulk writers do, and by SQL."""
    lead = at_company(company)
    facts = {"lead_id": lead.pk, "kind": "rejected", "reason_id": "no_budget", "evidence": "3000", "user_id":
             company.reps[0].pk, "decided_at": NOW, "recorded_at": NOW, **bare}  # fmt: skip
    with pytest.raises(IntegrityError, match="a_rejection_has_a_reason"), transaction.atomic():
        Disposition.objects.create(**facts)
    with pytest.raises(CheckViolation, match="a_rejection_has_a_reason"), transaction.atomic():
        insert_rows(Disposition, [Disposition(**facts) for _ in range(20)])
    refused = pytest.raises(IntegrityError, match="a_rejection_has_a_reason")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO feedback_disposition (id, lead_id, kind, reason_id, evidence, note, second_look, user_id,"
            " decided_at, recorded_at, is_history) VALUES (%s, %s, 'rejected', %s, %s, '', '', %s, %s, %s, false)",
            [new_id(), lead.pk, facts["reason_id"], facts["evidence"], facts["user_id"], NOW, NOW],
        )
    assert not Disposition.objects.exists()


def test_a_retired_reason_is_refused_and_stays_readable(company: Company) -> None:
    first, second = company.hand_off(2)
    row = company.reject(first)
    ReasonCode.objects.filter(code="no_budget").update(is_active=False)
    assert company.answer(second, "rejected", reason="no_budget", evidence="3000").code == "unknown_reason"
    assert Disposition.objects.select_related("reason").get(pk=row.pk).reason.label  # type: ignore[union-attr]


def test_only_a_return_names_a_track(company: Company) -> None:
    lead = at_company(company)
    track = NurtureTrack.objects.first()
    with pytest.raises(IntegrityError, match="only_a_return_names_a_track"), transaction.atomic():
        Disposition.objects.create(
            lead=lead, kind="accepted", track=track, user=company.reps[0], decided_at=NOW, recorded_at=NOW
        )
