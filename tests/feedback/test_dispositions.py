"""Sales' answers: what is refused and in which words, what an answer moves, and how it is taken back."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, InternalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from feedback.dispositions import Answer, record_answers, undo_answers
from feedback.evidence import check_evidence, in_words
from feedback.models import Disposition, EvidenceKind, ReasonCode, ReasonFamily
from feedback.starter_reasons import FAMILIES, REASONS
from leads.attempts import Persistence, Try
from leads.models import Lead
from revops.portal import journey
from sla.models import HandOff, TurnEntry
from tests.conftest import NOW
from tests.feedback.company import Company

NEVER_TRIED = Persistence()


@pytest.mark.parametrize(
    ("kind", "evidence", "code"),
    [
        ("text", "", "missing_evidence"),
        ("text", "   ", "missing_evidence"),
        ("text", "no", "bad_evidence"),
        ("text", "Uses another tool", ""),
        ("date", "", "missing_evidence"),
        ("date", "next spring", "bad_evidence"),
        ("date", "2027-02-30", "bad_evidence"),
        ("date", "2027-03-01", ""),
        ("number", "many", "bad_evidence"),
        ("number", "about 12", ""),
        ("person", "", "missing_evidence"),
        ("person", "Her boss", ""),
        ("account", "Acme", ""),
        ("field", "+49 30 1", ""),
        ("lead", "lead_1", ""),
    ],
)
def test_evidence_is_what_the_reason_asks_for(kind: str, evidence: str, code: str) -> None:
    reason = ReasonCode(code="x", label="X", evidence_kind=kind, evidence_question="Which?")
    found, words = check_evidence(reason, evidence, NEVER_TRIED)
    assert (found, bool(words)) == (code, bool(code))


@pytest.mark.parametrize(
    ("attempts", "channels", "is_open"), [(0, 0, False), (5, 2, False), (6, 1, False), (6, 2, True), (9, 3, True)]
)
def test_no_response_opens_with_persistence(attempts: int, channels: int, is_open: bool) -> None:
    reason = ReasonCode(label="No response", evidence_kind=EvidenceKind.ATTEMPTS)
    code, words = check_evidence(reason, "", Persistence(attempts, channels))
    assert (code == "") is is_open
    if not is_open:
        assert words.endswith(f"so far {attempts} on {channels}.")


@pytest.mark.django_db
def test_the_starter_reasons_are_all_there_and_none_is_vague() -> None:
    assert list(ReasonFamily.objects.values_list("code", "label", "digit")) == FAMILIES
    assert set(ReasonCode.objects.values_list("code", flat=True)) == {reason.code for reason in REASONS}
    for reason in ReasonCode.objects.all():
        assert reason.evidence_question
        assert reason.consequence
        assert reason.label.lower() not in {"bad data", "not interested", "other", "bad lead"}


@pytest.mark.parametrize("reason", [one.code for one in REASONS if one.evidence_kind != "attempts"])
def test_no_reason_is_taken_without_its_evidence(company: Company, reason: str) -> None:
    (lead,) = company.hand_off(1)
    refused = company.answer(lead, "rejected", reason=reason)
    assert (refused.disposition, refused.code) == (None, "missing_evidence")
    assert ReasonCode.objects.get(pk=reason).evidence_question in refused.refusal
    lead.refresh_from_db()
    assert (lead.stage, lead.rejections, Disposition.objects.count()) == ("handed_off", 0, 0)


def test_a_reason_that_is_switched_off_is_not_on_the_list(company: Company) -> None:
    (lead,) = company.hand_off(1)
    ReasonCode.objects.filter(pk="no_need").update(is_active=False)
    assert company.answer(lead, "rejected", reason="no_need", evidence="Solved it").code == "unknown_reason"


def test_an_answer_to_nothing_is_refused(company: Company) -> None:
    (answered,) = record_answers([Answer(uuid4(), company.reps[0].pk, "accepted", NOW)], now=NOW)
    assert (answered.code, answered.refusal) == ("not_found", "There is no such lead.")


def test_a_lead_that_sales_never_had_cannot_be_answered(company: Company) -> None:
    (lead,) = company.hand_off(1, act="", signals=[])
    answered = company.answer(lead)
    assert answered.code == "invalid_transition"
    assert "that answer is not possible now" in answered.refusal


def test_the_second_answer_is_told_who_was_first_and_when(company: Company) -> None:
    (lead,) = company.hand_off(1)
    owner = company.owner_of(lead)
    company.accept(lead, at=NOW + timedelta(minutes=5))
    late = company.answer(lead, at=NOW + timedelta(minutes=7))
    assert (late.code, late.refusal) == ("lead_taken", f"{owner.name} accepted this lead 2 min ago.")


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 s"), (59, "59 s"), (60, "1 min"), (3600, "1 h"), (90_000, "1 days")]
)
def test_how_long_ago_is_said_in_words(seconds: int, words: str) -> None:
    assert in_words(timedelta(seconds=seconds)) == words


@pytest.mark.parametrize(
    ("kind", "more", "stage"),
    [
        ("accepted", {}, "accepted"),
        ("returned", {}, "nurture"),
        ("rejected", {"reason": "too_small", "evidence": "4 people"}, "rejected"),
    ],
)
def test_each_answer_moves_the_lead_and_closes_the_handoff(
    company: Company, kind: str, more: dict[str, str], stage: str
) -> None:
    (lead,) = company.hand_off(1)
    answered = company.answer(lead, kind, note="Called twice", decision_ms=4200, **more)
    assert answered.disposition is not None
    lead.refresh_from_db()
    assert (lead.stage, HandOff.objects.get().state) == (stage, kind)
    row = Disposition.objects.get()
    assert (row.kind, row.note, row.decision_ms, row.evidence) == (kind, "Called twice", 4200, more.get("evidence", ""))


def test_evidence_given_with_an_acceptance_is_not_kept_as_a_rejection(company: Company) -> None:
    (lead,) = company.hand_off(1)
    row = company.accept(lead, reason="no_need", evidence="whatever")
    assert (row.reason, row.evidence) == (None, "")


def test_an_accepted_lead_can_still_be_rejected(company: Company) -> None:
    (lead,) = company.hand_off(1)
    company.accept(lead)
    company.reject(lead, at=NOW + timedelta(hours=2))
    lead.refresh_from_db()
    assert (lead.stage, lead.rejections, HandOff.objects.get().state) == ("rejected", 1, "accepted")


@pytest.mark.parametrize(
    ("reason", "date", "wakes_on"),
    [
        ("timeline_over_12_months", "2027-09-01", "2027-06-03"),
        ("later_this_year", "2026-06-15", "2026-06-01"),
        ("later_this_year", "2026-03-06", "2026-03-04"),
    ],
)
def test_not_now_wakes_before_the_stated_date_and_never_in_the_past(
    company: Company, reason: str, date: str, wakes_on: str
) -> None:
    (lead,) = company.hand_off(1)
    company.reject(lead, reason, date)
    assert str(Lead.objects.get().wakes_on) == wakes_on


def test_a_valid_reason_gives_the_turn_back(company: Company) -> None:
    first, second = company.hand_off(2)
    company.reject(first, "is_student", "Thesis")
    credited = TurnEntry.objects.filter(reason="credit_back").count()
    tries = [Try(second.pk, company.owner_of(second).pk, c, "no_answer", NOW) for c in ("call",) * 5 + ("email",)]
    journey.log_tries(tries, now=NOW)
    company.reject(second, "no_response", "")
    assert (credited, TurnEntry.objects.filter(reason="credit_back").count()) == (1, 1)


@pytest.mark.parametrize(("kind", "back"), [("accepted", "handed_off"), ("returned", "handed_off")])
def test_any_answer_can_be_taken_back(company: Company, kind: str, back: str) -> None:
    (lead,) = company.hand_off(1)
    row = company.answer(lead, kind).disposition
    assert row is not None
    undone = company.undo(row.pk, at=NOW + timedelta(hours=1))
    assert undone.disposition is not None
    lead.refresh_from_db()
    assert (lead.stage, HandOff.objects.get().state) == (back, "open")
    assert undone.disposition.undoes_id == row.pk


def test_taking_back_a_later_rejection_leads_to_accepted(company: Company) -> None:
    (lead,) = company.hand_off(1)
    company.accept(lead)
    row = company.reject(lead, "timeline_over_12_months", "2027-09-01", at=NOW + timedelta(hours=2))
    company.undo(row.pk, at=NOW + timedelta(hours=3))
    lead.refresh_from_db()
    assert (lead.stage, lead.rejections, lead.wakes_on, HandOff.objects.get().state) == (
        "accepted",
        0,
        None,
        "accepted",
    )


def test_what_cannot_be_taken_back_is_refused_in_words(company: Company) -> None:
    lead, other, third = company.hand_off(3)
    row = company.accept(lead)
    back = company.undo(row.pk, at=NOW + timedelta(hours=1)).disposition
    assert back is not None
    rejected = company.reject(third)
    accepted = company.accept(other)
    company.reject(other, at=NOW + timedelta(hours=2))
    cases = {
        uuid4(): ("not_found", "There is no such answer."),
        back.pk: ("not_found", "There is no such answer."),
        row.pk: ("invalid_transition", "This answer was taken back already."),
        accepted.pk: ("invalid_transition", "This lead is rejected by now; the answer stands."),
        rejected.pk: ("invalid_transition", "Answers can be taken back for 30 days."),
    }
    results = undo_answers(list(cases), company.reps[0].pk, now=NOW + timedelta(days=31))
    assert [(result.code, result.refusal) for result in results] == list(cases.values())


@pytest.mark.parametrize(("size", "queries"), [(1, 10), (3, 11), (9, 11)])
def test_queries_do_not_grow_with_the_answers(company: Company, size: int, queries: int) -> None:
    leads = company.hand_off(size)
    answers = [Answer(lead.pk, company.owner_of(lead).pk, "accepted", NOW) for lead in leads]
    with CaptureQueriesContext(connection) as captured:
        assert all(row.disposition for row in record_answers(answers, now=NOW))
    assert len(captured) == queries, [query["sql"][:90] for query in captured]


def test_the_database_refuses_a_bare_reason(company: Company) -> None:
    (lead,) = company.hand_off(1)
    bare = Disposition(lead=lead, kind="rejected", user=company.reps[0], decided_at=NOW, recorded_at=NOW)
    with pytest.raises(IntegrityError, match="a_rejection_has_a_reason_and_its_evidence"), transaction.atomic():
        bare.save()
    bare.reason_id = "no_need"
    with pytest.raises(IntegrityError, match="a_rejection_has_a_reason_and_its_evidence"), transaction.atomic():
        bare.save()


def test_the_database_refuses_to_change_or_remove_an_answer(company: Company) -> None:
    (lead,) = company.hand_off(1)
    row = company.reject(lead)
    for change in (Disposition.objects.filter(pk=row.pk).delete, row.save):
        with pytest.raises((InternalError, IntegrityError)), transaction.atomic():
            change()


def test_an_undo_names_what_it_takes_back(company: Company) -> None:
    (lead,) = company.hand_off(1)
    nothing = Disposition(lead=lead, kind="undone", user=company.reps[0], decided_at=NOW, recorded_at=NOW)
    with pytest.raises(IntegrityError, match="an_undo_names_what_it_takes_back"), transaction.atomic():
        nothing.save()
