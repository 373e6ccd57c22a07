"""The gate: each check with a hit and a near miss, and the order of verdicts."""

from dataclasses import replace
from typing import Any

import pytest

from leads.cleaning import clean
from leads.hygiene import CHECKS, FLAG, QUARANTINE, ActiveRule, domain_meant, exception_for, judge
from leads.starter_rules import STARTER_HYGIENE

RULES = [ActiveRule(code, action, frozenset(terms)) for code, _, action, terms in STARTER_HYGIENE]
WITH_OWN = [
    ActiveRule(
        rule.code, rule.action, frozenset({"our-own.com"} if rule.code == "own_employee" else {"rival.com", "rival"})
    )
    if rule.code in {"own_employee", "competitor"}
    else rule
    for rule in RULES
]


def verdict(**payload: Any) -> tuple[str, str]:
    result = judge(clean({"email": "ada@acme-works.com", **payload}), WITH_OWN, has_external_id=False)
    return result.action, result.rule


def test_every_shipped_rule_has_its_check() -> None:
    assert {code for code, *_ in STARTER_HYGIENE} == set(CHECKS)


@pytest.mark.parametrize(
    ("payload", "rule"),
    [
        ({"email": "x@mailinator.com"}, "disposable"),
        ({"email": "x@sub.mailinator.com"}, "disposable"),
        ({"email": "ann@eu.our-own.com"}, "own_employee"),
        ({"email": "bob@rival.com"}, "competitor"),
        ({"company": "Rival Ltd"}, "competitor"),
        ({"title": "Student"}, "student"),
        ({"email": "ada@cs.stanford.edu"}, "student"),
        ({"email": "ada@ox.ac.uk"}, "student"),
        ({"email": "ada@student.tu-berlin.de"}, "student"),
        ({"email": "ada@stud.uni-heidelberg.de"}, "student"),
        ({"email": "ada@uni-heidelberg.de"}, "student"),
        ({"email": "ada@etu.sorbonne.fr"}, "student"),
        ({"email": "ada@gmail.con"}, "unknown_domain"),
        ({"email": "ada@a.b"}, "unknown_domain"),
        ({"email": "ada@acme.lan"}, "unknown_domain"),
        ({"email": "ada@co.uk"}, "unknown_domain"),
        ({"need": "We offer SEO services"}, "spam"),
        ({"need": "http://a.b http://c.d www.e.f"}, "spam"),
        ({"email": "x@example.com"}, "test_data"),
        ({"first_name": "asdf"}, "test_data"),
    ],
)
def test_rubbish_is_quarantined_with_the_rule_named(payload: dict[str, str], rule: str) -> None:
    assert verdict(**payload) == (QUARANTINE, rule)


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"email": "ada@notmailinator.org.uk"},
        {"company": "Arrival Ltd"},
        {"need": "Casinos are not our business; see https://acme-works.com"},
        {"first_name": "Testa"},
        {"email": "ada@students-first.com"},
        {"email": "ada@student.com"},
        {"email": "ada@uni-works.co.uk"},
        {"email": "ada@unilever.com"},
        {"email": "ada@acme.example"},
        {"email": "ada@bücher.de"},
        {"email": "ada@acme.digital"},
        {"email": "ada@mail.acme.gov.br"},
    ],
)
def test_near_misses_pass(payload: dict[str, str]) -> None:
    assert verdict(**payload) == ("", "")


@pytest.mark.parametrize(
    ("email", "said"),
    [
        ("ada@gmail.con", "Perhaps gmail.com was meant."),
        ("ada@mail.acme.ocm", "Perhaps mail.acme.com was meant."),
        ("ada@acme.lan", "No domain ends in “.lan”, so mail to acme.lan cannot arrive."),
        ("ada@co.uk", "“co.uk” is only the end of a domain"),
    ],
)
def test_a_domain_that_cannot_exist_is_told_with_what_may_have_been_meant(email: str, said: str) -> None:
    assert said in judge(clean({"email": email}), RULES, has_external_id=False).detail


@pytest.mark.parametrize(
    ("domain", "meant"),
    [("gmail.con", "gmail.com"), ("acme.ner", "acme.net"), ("acme.ogr", "acme.org"), ("gmail.com", ""), ("acme.co", ""),
     ("acme.cm", ""), ("acme.lan", ""), ("acme.example", ""), ("co.uk", ""), ("", "")],
)  # fmt: skip
def test_only_an_ending_that_does_not_exist_is_put_right(domain: str, meant: str) -> None:
    assert domain_meant(domain) == meant


def test_a_domain_of_our_own_network_can_be_let_pass() -> None:
    rules = [replace(rule, allowed=frozenset({"acme.lan"})) for rule in RULES]
    assert judge(clean({"email": "ada@acme.lan"}), rules, has_external_id=False).action == ""
    assert exception_for("unknown_domain", clean({"email": "ada@acme.lan"}), frozenset()) == "acme.lan"


@pytest.mark.parametrize(("email", "flag"), [("info@acme-works.com", "role_account"), ("ada@gmail.com", "free_mail")])
def test_shared_and_free_addresses_are_only_flagged(email: str, flag: str) -> None:
    result = judge(clean({"email": email}), RULES, has_external_id=False)
    assert (result.action, result.flags) == ("", (flag,))


def test_nobody_is_refused_with_what_to_send() -> None:
    result = judge(clean({"company": "Acme"}), RULES, has_external_id=False)
    assert (result.action, result.rule) == ("refuse", "unidentified")
    assert "Send an e-mail address" in result.detail


def test_the_senders_own_id_is_an_identity() -> None:
    assert judge(clean({}), RULES, has_external_id=True).action == ""


def test_history_is_marked_but_not_kept_out() -> None:
    result = judge(clean({"email": "x@mailinator.com"}), RULES, has_external_id=False, only_flags=True)
    assert (result.action, "disposable" in result.flags) == ("", True)


def test_an_action_changed_to_flag_no_longer_stops() -> None:
    rules = [ActiveRule("disposable", FLAG, frozenset())]
    result = judge(clean({"email": "x@mailinator.com"}), rules, has_external_id=False)
    assert (result.action, result.flags) == ("", ("disposable",))
