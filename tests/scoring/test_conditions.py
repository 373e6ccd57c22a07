"""What each condition of the rule language asks: it holds exactly when it says."""

from __future__ import annotations

import pytest

from scoring.engine import LeadFacts, evaluate, frame_of
from scoring.engine.compiled import compile_rulebook
from scoring.engine.frame import Act

from .asked import END, PEOPLE, PRICING, SIZE, THEN, TITLE, TOPICS, TOTAL, TWICE, WEBINAR
from .factories import TODAY, days_ago, small_rulebook


def holds(
    when: dict, facts: dict | None = None, acts: list[Act] | None = None, colleagues: list[Act] | None = None
) -> bool:
    definition = small_rulebook({"when": when})
    frame = frame_of([LeadFacts(TODAY, facts or {}, acts or [], colleagues or [])])
    return bool(evaluate(compile_rulebook(definition), frame).contributions[0, 0])


def act(kind: str, age: int | None = 0, **more) -> Act:
    return Act(kind, None if age is None else days_ago(age), **more)


CONDITIONS = [
    # facts: condition, facts, holds
    ({"fact": "person.seniority", "equals": "VP"}, {"person.seniority": "vp"}, True),
    ({"fact": "person.seniority", "equals": "vp"}, {"person.seniority": "c_level"}, False),
    ({"fact": "person.seniority", "equals": "vp"}, {}, False),
    ({"fact": "lead.country", "one_of": ["DE", "at"]}, {"lead.country": "AT"}, True),
    ({"fact": "lead.country", "one_of": ["DE", "at"]}, {"lead.country": "US"}, False),
    ({"fact": SIZE, "equals": 50}, {SIZE: 50}, True),
    ({"fact": SIZE, "at_least": 50, "at_most": 1000}, {SIZE: 50}, True),
    ({"fact": SIZE, "at_least": 50, "at_most": 1000}, {SIZE: 1000}, True),
    ({"fact": SIZE, "at_least": 50, "at_most": 1000}, {SIZE: 49}, False),
    ({"fact": SIZE, "at_least": 50, "at_most": 1000}, {SIZE: 1001}, False),
    ({"fact": SIZE, "at_most": 9}, {SIZE: 0}, True),
    ({"fact": SIZE, "at_most": 9}, {}, False),
    ({"fact": SIZE, "at_least": 0}, {}, False),
    ({"fact": TITLE, "mentions": ["vp", "head of"]}, {TITLE: "VP, Sales"}, True),
    ({"fact": TITLE, "mentions": ["head of"]}, {TITLE: "Head-of Growth"}, True),
    ({"fact": TITLE, "mentions": ["vp"]}, {TITLE: "SVP Sales"}, False),
    ({"fact": TITLE, "known": True}, {TITLE: "x"}, True),
    ({"fact": TITLE, "known": True}, {TITLE: ""}, False),
    ({"fact": TITLE, "known": False}, {}, True),
    ({"fact": "lead.need", "known": True}, {"lead.need": True}, True),
    ({"fact": "lead.need", "known": True}, {"lead.need": False}, False),
    ({"fact": "person.is_free_mail", "is": True}, {"person.is_free_mail": True}, True),
    ({"fact": "person.is_free_mail", "is": False}, {"person.is_free_mail": True}, False),
    ({"fact": "person.is_free_mail", "is": False}, {}, True),
    ({"fact": "person.seniority", "not_equals": "VP"}, {"person.seniority": "c_level"}, True),
    ({"fact": "person.seniority", "not_equals": "VP"}, {"person.seniority": "vp"}, False),
    ({"fact": "person.seniority", "not_equals": "vp"}, {}, False),
    ({"fact": SIZE, "not_equals": 9}, {SIZE: 8}, True),
    ({"fact": SIZE, "not_equals": 9}, {SIZE: 9}, False),
    ({"fact": SIZE, "not_equals": 9}, {}, False),
    ({"fact": "lead.country", "none_of": ["de", "AT"]}, {"lead.country": "us"}, True),
    ({"fact": "lead.country", "none_of": ["de", "AT"]}, {"lead.country": "At"}, False),
    ({"fact": "lead.country", "none_of": ["de", "at"]}, {}, False),
    # dates
    ({"fact": END, "within_days_ahead": 90}, {END: days_ago(-90)}, True),
    ({"fact": END, "within_days_ahead": 90}, {END: days_ago(-91)}, False),
    ({"fact": END, "within_days_ahead": 0}, {END: TODAY}, True),
    ({"fact": END, "within_days_ahead": 90}, {END: days_ago(1)}, False),
    ({"fact": END, "within_days_ahead": 90}, {}, False),
    ({"fact": END, "passed": True}, {END: days_ago(1)}, True),
    ({"fact": END, "passed": True}, {END: TODAY}, False),
    ({"fact": END, "passed": True, "within_days": 30}, {END: days_ago(30)}, True),
    ({"fact": END, "passed": True, "within_days": 30}, {END: days_ago(31)}, False),
    ({"fact": END, "passed": False}, {END: days_ago(1)}, False),
    ({"fact": END, "passed": True}, {}, False),
    # combinations
    ({"all_of": [{"fact": SIZE, "at_least": 5}, {"fact": TITLE, "known": True}]}, {SIZE: 5, TITLE: "x"}, True),
    ({"all_of": [{"fact": SIZE, "at_least": 5}, {"fact": TITLE, "known": True}]}, {SIZE: 5}, False),
    ({"any_of": [{"fact": SIZE, "at_least": 5}, {"fact": TITLE, "known": True}]}, {SIZE: 5}, True),
    ({"any_of": [{"fact": SIZE, "at_least": 5}, {"fact": TITLE, "known": True}]}, {}, False),
    ({"not": {"fact": "lead.country", "equals": "de"}}, {}, True),
]


@pytest.mark.parametrize(("when", "facts", "expected"), CONDITIONS)
def test_a_condition_about_facts_holds_exactly_when_it_says(when, facts, expected):
    assert holds(when, facts) is expected


SIGNALS = [
    (TWICE, [act(PRICING, 0), act(PRICING, 14)], True),
    (TWICE, [act(PRICING, 0), act(PRICING, 15)], False),
    (TWICE, [act(PRICING, 0, quantity=2)], True),
    (TWICE, [act(PRICING, 0), act(WEBINAR, 0)], False),
    (TWICE, [act(PRICING, 0), act(PRICING, None)], False),
    (TWICE, [act(PRICING, 0), act(PRICING, -1)], False),
    ({"signals": [PRICING]}, [act(PRICING, None)], True),
    ({"signals": [PRICING]}, [act(PRICING, 3000)], True),
    ({"signals": [PRICING]}, [act(PRICING, -1)], False),
    ({"signals": [PRICING, WEBINAR], "at_least": 2}, [act(PRICING), act(WEBINAR)], True),
    ({"signals": [WEBINAR], "minimum_value": 75}, [act(WEBINAR, value=75)], True),
    ({"signals": [WEBINAR], "minimum_value": 75}, [act(WEBINAR, value=74)], False),
    ({"signals": [WEBINAR], "minimum_value": 0}, [act(WEBINAR)], False),
    ({"signals": [PRICING], "topics": ["crm"]}, [act(PRICING, topic="crm")], True),
    ({"signals": [PRICING], "topics": ["crm"]}, [act(PRICING, topic="erp"), act(PRICING)], False),
    (TOPICS, [act(PRICING, topic="crm"), act(WEBINAR, topic="erp")], True),
    (TOPICS, [act(PRICING, topic="crm"), act(WEBINAR, topic="crm")], False),
    (TOPICS, [act(PRICING, topic="crm"), act(WEBINAR)], False),
    (TOPICS, [act(PRICING, 0, topic="crm"), act(WEBINAR, 15, topic="erp")], False),
    ({**TOPICS, "distinct": "kinds"}, [act(PRICING), act(WEBINAR)], True),
    ({**TOPICS, "distinct": "kinds"}, [act(PRICING), act(PRICING, 1)], False),
    ({**TOPICS, "distinct": "days"}, [act(PRICING, 0), act(PRICING, 1)], True),
    ({**TOPICS, "distinct": "days"}, [act(PRICING, 0, topic="a"), act(PRICING, 0, topic="b")], False),
    ({"signals": [PRICING], "distinct": "days", "at_least": 2}, [act(PRICING, 0), act(PRICING, None)], False),
    # totals
    (TOTAL, [act(WEBINAR, 0, value=60), act(WEBINAR, 9, value=40)], True),
    (TOTAL, [act(WEBINAR, 0, value=60, total=100)], True),
    (TOTAL, [act(WEBINAR, 0, value=60), act(WEBINAR, 10, value=40)], False),
    (TOTAL, [act(WEBINAR, 0, value=99)], False),
    (TOTAL, [act(WEBINAR, 0, quantity=100)], False),
    # last and quiet
    ({"signals": [PRICING], "last_within_days": 7}, [act(PRICING, 7)], True),
    ({"signals": [PRICING], "last_within_days": 7}, [act(PRICING, 8), act(PRICING, None)], False),
    ({"signals": [PRICING], "quiet_for_days": 7}, [act(PRICING, 8), act(PRICING, 90)], True),
    ({"signals": [PRICING], "quiet_for_days": 7}, [act(PRICING, 7), act(PRICING, 90)], False),
    ({"signals": [PRICING], "quiet_for_days": 7}, [act(PRICING, None)], False),
    ({"signals": [PRICING], "quiet_for_days": 7}, [], False),
    # one after another
    (THEN, [act(WEBINAR, 9), act(PRICING, 2)], True),
    (THEN, [act(WEBINAR, 10), act(PRICING, 2)], False),
    (THEN, [act(WEBINAR, 20), act(WEBINAR, 5), act(PRICING, 5)], True),
    (THEN, [act(PRICING, 3), act(WEBINAR, 2)], False),
    (THEN, [act(WEBINAR, None), act(PRICING, 2)], False),
    (THEN, [act(WEBINAR, 2), act(PRICING, None)], False),
    ({**THEN, "within_days": 2}, [act(WEBINAR, 9), act(PRICING, 2)], True),
    ({**THEN, "within_days": 1}, [act(WEBINAR, 9), act(PRICING, 2)], False),
    ({**THEN, "gap_days": 0}, [act(WEBINAR, 2), act(PRICING, 2)], True),
]
COMPANY = [
    # condition, the person's acts, colleagues' acts, holds
    (PEOPLE, [act(PRICING)], [act(PRICING, who=1)], True),
    (PEOPLE, [act(PRICING)], [act(WEBINAR, who=1)], False),
    (PEOPLE, [act(PRICING)], [act(PRICING, 8, who=1)], False),
    (PEOPLE, [act(PRICING), act(PRICING, 1)], [], False),
    (PEOPLE, [], [act(PRICING, who=1), act(PRICING, 3, who=1)], False),
    (PEOPLE, [], [act(PRICING, who=1), act(PRICING, 7, who=2)], True),
    ({"signals": [PRICING], "at_least": 2, "by": "account"}, [act(PRICING)], [act(PRICING, 3, who=1)], True),
    ({"signals": [PRICING], "at_least": 2}, [act(PRICING)], [act(PRICING, 3, who=1)], False),
    ({"signals": [PRICING], "quiet_for_days": 5, "by": "account"}, [act(PRICING, 9)], [act(PRICING, 5, who=1)], False),
    ({**TOTAL, "by": "account"}, [act(WEBINAR, value=60)], [act(WEBINAR, value=40, who=1)], True),
    (TOTAL, [act(WEBINAR, value=60)], [act(WEBINAR, value=40, who=1)], False),
]


@pytest.mark.parametrize(("when", "acts", "expected"), SIGNALS)
def test_a_condition_about_acts_counts_exactly_what_it_says(when, acts, expected):
    assert holds(when, acts=acts) is expected


@pytest.mark.parametrize(("when", "own", "colleagues", "expected"), COMPANY)
def test_a_condition_about_a_company_counts_everybody_there(when, own, colleagues, expected):
    assert holds(when, acts=own, colleagues=colleagues) is expected
