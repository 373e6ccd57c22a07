"""The gate for whole lists, by numbers: what is suspicious, what is bad, and how samples are spread."""

from __future__ import annotations

import pytest

from leads.hygiene import ActiveRule
from leads.list_gate import Candidate, ListVerdict, judge_list, rule_against, spread
from leads.starter_rules import STARTER_HYGIENE

RULES = [ActiveRule(code, action, frozenset(terms)) for code, _, action, terms in STARTER_HYGIENE]
GOOD, FREE, BAD = ({"email": f"ada@{domain}"} for domain in ("acme-works.com", "gmail.com", "mailinator.com"))


@pytest.mark.parametrize(
    ("judged", "bad", "is_suspicious", "is_bad"),
    [(100, 10, False, False), (100, 11, True, False), (100, 20, True, False), (100, 21, True, True),
     (19, 19, False, False), (20, 5, True, True), (0, 0, False, False)],
)  # fmt: skip
def test_over_a_fifth_is_bad_and_over_a_tenth_asks_for_a_look(
    judged: int, bad: int, is_suspicious: bool, is_bad: bool
) -> None:
    verdict = ListVerdict(judged, bad, {})
    assert (verdict.is_suspicious, verdict.is_bad) == (is_suspicious, is_bad)


def test_each_bad_row_names_its_rule() -> None:
    rows = [Candidate(GOOD), Candidate(BAD), Candidate({}), Candidate(None), Candidate({}, has_external_id=True)]
    verdict = judge_list(rows, RULES)
    assert (verdict.judged, verdict.bad) == (5, 3)
    assert verdict.rules == {"disposable": 1, "unidentified": 1, "unreadable": 1}


def test_free_mail_is_no_bad_row_however_much_of_it_there_is() -> None:
    assert judge_list([Candidate(FREE)] * 97 + [Candidate(GOOD)] * 3, RULES).bad == 0


def test_history_is_only_bad_where_nobody_can_be_told_apart() -> None:
    assert rule_against(Candidate(BAD), RULES, only_flags=True) == ""
    assert rule_against(Candidate({}), RULES, only_flags=True) == "unidentified"


def test_a_sample_is_spread_over_the_whole_list() -> None:
    assert spread(range(5), 10) == range(5)
    picked = spread(range(1000), 100)
    assert len(picked) == len(set(picked)) == 100
    assert (picked[0], picked[-1]) == (0, 990)
