"""The rules of the gate as data: changes are checked and remembered, exceptions hold, bounces close it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from leads.cleaning import clean
from leads.gate import (
    Bounce,
    ChangedMeanwhile,
    change_rule,
    forget_bounce,
    history_of,
    hits_by_rule,
    remember_bounces,
    rules_for,
    undo_last_change,
)
from leads.hygiene import exception_for, judge
from leads.models import BouncedAddress, HygieneRule
from revops.foundation.models import LedgerEntry
from revops.portal import journey
from tests.conftest import NOW
from tests.factories import UserFactory, item

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(db: None) -> Any:
    return UserFactory.create(role="admin")


def verdict(**payload: Any) -> tuple[str, str, tuple[str, ...]]:
    facts = clean({"email": "ada@acme-works.com", **payload})
    found = judge(facts, rules_for([facts.email]), has_external_id=False)
    return found.action, found.rule, found.flags


def test_a_change_counts_at_once_and_the_ledger_keeps_both_states(admin: Any) -> None:
    assert verdict(email="ada@rival.com")[0] == ""
    rule = change_rule("competitor", {"terms": ["Rival.com", " rival.com "]}, admin, "a new one", NOW)
    assert (rule.terms, rule.version) == (["rival.com"], 2)
    assert verdict(email="ada@rival.com")[:2] == ("quarantine", "competitor")
    entry = LedgerEntry.objects.get(action="hygiene_rule.changed")
    assert (entry.actor, entry.cause) == (admin, "a new one")
    assert (entry.before, entry.after) == (
        {"rule": "competitor", "terms": []}, {"rule": "competitor", "terms": ["rival.com"]},
    )  # fmt: skip


def test_undo_puts_the_rule_back_and_is_itself_remembered(admin: Any) -> None:
    change_rule("competitor", {"terms": ["rival.com"]}, admin, "a new one", NOW)
    undo_last_change("competitor", admin, "wrong", NOW)
    assert HygieneRule.objects.get(pk="competitor").terms == []
    assert [entry.action for entry in history_of("competitor")] == ["hygiene_rule.undone", "hygiene_rule.changed"]


def test_what_was_never_changed_cannot_be_undone(admin: Any) -> None:
    with pytest.raises(ValidationError, match="never changed"):
        undo_last_change("spam", admin, "wrong", NOW)


def test_a_change_without_a_difference_leaves_no_trace(admin: Any) -> None:
    assert change_rule("student", {"action": "quarantine"}, admin, "nothing", NOW).version == 1
    assert not LedgerEntry.objects.exists()


@pytest.mark.parametrize(
    ("code", "changes", "reason", "words"),
    [
        ("student", {"action": "flag"}, " ", "Say why"),
        ("student", {"action": "shout"}, "x", "Choose quarantine"),
        ("student", {"position": 1}, "x", "cannot be changed: position"),
        ("spam", {"terms": ["someone@firm.com"]}, "x", "never a person"),
        ("spam", {"terms": ["x" * 101]}, "x", "too long"),
        ("spam", {"terms": [str(n) for n in range(5_001)]}, "x", "At most 5000"),
        ("unidentified", {"is_active": False}, "x", "stays as it is"),
        ("unidentified", {"action": "flag"}, "x", "stays as it is"),
        ("bounced", {"terms": ["x.com"]}, "x", "list of their own"),
    ],
)
def test_what_cannot_be_is_refused_in_words(
    admin: Any, code: str, changes: dict[str, Any], reason: str, words: str
) -> None:
    with pytest.raises(ValidationError) as refusal:
        change_rule(code, changes, admin, reason, NOW)
    assert words in " ".join(refusal.value.messages)
    assert HygieneRule.objects.get(pk=code).version == 1


def test_of_two_changes_of_one_version_the_second_is_told(admin: Any) -> None:
    change_rule("spam", {"action": "flag"}, admin, "first", NOW, version=1)
    with pytest.raises(ChangedMeanwhile):
        change_rule("spam", {"action": "refuse"}, admin, "second", NOW, version=1)


def test_a_rule_that_is_off_hits_nothing(admin: Any) -> None:
    change_rule("disposable", {"is_active": False}, admin, "we sell to everybody", NOW)
    assert verdict(email="x@mailinator.com")[0] == ""


@pytest.mark.parametrize(
    ("code", "payload", "exception"),
    [
        ("competitor", {"email": "ada@eu.rival.com"}, "eu.rival.com"),
        ("competitor", {"company": "Rival Works"}, "rival works"),
        ("spam", {"need": "We run a casino"}, "casino"),
        ("test_data", {"first_name": "Foo"}, "foo"),
        ("student", {"title": "Student Success Lead"}, "student success lead"),
        ("student", {"email": "ada@cs.stanford.edu"}, "cs.stanford.edu"),
        ("disposable", {"email": "x@mailinator.com"}, "mailinator.com"),
    ],
)
def test_an_exception_lets_the_same_thing_pass_for_ever(
    admin: Any, code: str, payload: dict[str, str], exception: str
) -> None:
    change_rule("competitor", {"terms": ["rival.com", "rival"]}, admin, "set up", NOW)
    facts = clean({"email": "ada@acme-works.com", **payload})
    terms = {rule.code: rule.terms for rule in rules_for([facts.email])}[code]
    action, rule, _flags = verdict(**payload)
    assert (action, rule) == ("quarantine", code)
    assert exception_for(code, facts, terms) == exception
    change_rule(code, {"allowed": [exception]}, admin, "it is fine", NOW)
    assert verdict(**payload)[0] == ""


def test_a_free_providers_domain_is_never_an_exception() -> None:
    facts = clean({"email": "ada@gmail.com", "company": ""})
    assert exception_for("own_employee", facts, frozenset({"gmail.com"})) == ""


def test_an_address_that_bounced_waits_and_only_its_fingerprint_is_kept(company: Any, admin: Any) -> None:
    assert remember_bounces([Bounce(" Ada@Acme-Works.com ", NOW), Bounce("nonsense", NOW)], "page", admin) == 1
    assert remember_bounces([Bounce("ada@acme-works.com", NOW)], "api", admin) == 0
    row = BouncedAddress.objects.get()
    assert "ada" not in row.digest
    assert row.domain == "acme-works.com"
    receipts = journey.admit([item(company["source"]), item(company["source"], "bob@acme-works.com")], now=NOW)
    assert [receipt.outcome for receipt in receipts] == ["quarantined", "new"]
    assert receipts[0].detail == "Mail to this address came back."
    assert forget_bounce("ada@acme-works.com")
    assert not forget_bounce("ada@acme-works.com")
    assert verdict()[0] == ""


def test_hits_are_counted_by_receipt_flags_too_and_what_was_let_in_after_all(company: Any) -> None:
    source, week, month = company["source"], NOW - timedelta(days=8), NOW - timedelta(days=31)
    first = journey.admit([item(source, "x@mailinator.com"), item(source, "y@mailinator.com")], now=NOW)
    journey.admit([item(source, "z@mailinator.com", _received_at=week)], now=NOW)
    journey.admit([item(source, "old@mailinator.com", _received_at=month)], now=NOW)
    journey.admit([item(source, "ada@gmail.com"), item(source, "info@firm.com")], now=NOW)
    journey.release([first[0].submission_id], now=NOW)
    hits = hits_by_rule(NOW)
    assert hits["disposable"] == (hits["disposable"].__class__)(week=2, month=3, stopped=3, released=1)
    assert (hits["free_mail"].week, hits["free_mail"].stopped) == (1, 0)
    assert hits["role_account"].month == 1
