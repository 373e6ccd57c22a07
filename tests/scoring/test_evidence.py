"""What was found for a rule, in words: facts, counts and dates."""

from __future__ import annotations

import pytest

from scoring.engine import Act, LeadFacts, frame_of
from scoring.engine.workspace import Workspace
from scoring.rules.words import text_of

from .factories import TODAY, days_ago, small_rulebook

PRICING, DEMO = "pricing_page_visit", "demo_request"
END, TITLE = "lead.contract_end_on", "person.title"
FOUND = [
    ({"fact": "person.seniority", "equals": "vp"}, {"person.seniority": "vp"}, "seniority is VP"),
    ({"fact": "account.employees", "at_least": 5}, {"account.employees": 12}, "number of employees is 12"),
    ({"fact": TITLE, "mentions": ["vp", "it"]}, {TITLE: "VP of IT"}, "job title mentions “vp” “it”"),
    ({"fact": TITLE, "known": True}, {TITLE: text_of(["vp", "it"])}, "job title is vp, it"),
    ({"fact": TITLE, "known": True}, {TITLE: text_of([])}, "job title is known"),
    ({"fact": TITLE, "known": False}, {}, "job title is unknown"),
    ({"fact": "lead.need", "known": True}, {"lead.need": True}, "stated need is known"),
    ({"fact": "person.is_free_mail", "is": True}, {"person.is_free_mail": True}, "uses a free e-mail provider"),
    ({"fact": END, "within_days_ahead": 9}, {END: days_ago(-1)}, "end of the current contract is 5 Mar 2026"),
    ({"fact": END, "passed": True}, {END: days_ago(1)}, "end of the current contract is 3 Mar 2026"),
    ({"fact": END, "known": True}, {END: TODAY}, "end of the current contract is 4 Mar 2026"),
    ({"any_of": [{"signals": [PRICING]}, {"signals": [DEMO]}]}, {}, "requested a demo 2 times, last on 4 Mar 2026"),
    (
        {"all_of": [{"signals": [DEMO]}, {"not": {"signals": ["email_open"]}}]},
        {},
        "requested a demo 2 times, last on 4 Mar 2026 and not: opened an e-mail",
    ),
    ({"signals": [PRICING, DEMO], "within_days": 0}, {}, "requested a demo on 4 Mar 2026"),
    (
        {"signals": [DEMO], "distinct": "days", "at_least": 2},
        {},
        "requested a demo, 2 different days, last on 4 Mar 2026",
    ),
    ({"signals": ["roi_calculator"]}, {}, "used the ROI calculator (no date)"),
    ({"signals": [DEMO], "last_within_days": 9}, {}, "requested a demo 2 times, last on 4 Mar 2026"),
    ({"signals": ["blog_visit"], "quiet_for_days": 9}, {}, "read the blog on 12 Feb 2026"),
    (
        {"signals": ["webinar_attended"], "total_at_least": 9},
        {},
        "attended a webinar (80 % in total), last on 4 Mar 2026",
    ),
    (
        {"signals": ["blog_visit", "page_visit"], "then": ["webinar_attended", DEMO], "gap_days": 20},
        {},
        "read the blog, then attended a webinar or requested a demo, last on 4 Mar 2026",
    ),
    ({"fact": "lead.country", "none_of": ["us"]}, {"lead.country": "DE"}, "country is Germany"),
]


@pytest.mark.parametrize(("when", "facts", "words"), FOUND)
def test_what_was_found_is_said_in_words(when, facts, words):
    acts = [Act(DEMO, TODAY), Act(DEMO, days_ago(2)), Act("roi_calculator", None)]
    acts += [Act("blog_visit", days_ago(20)), Act("webinar_attended", TODAY, value=80)]
    definition = small_rulebook({"when": when})
    condition = definition.rules[0].condition
    workspace = Workspace(frame_of([LeadFacts(TODAY, facts, acts)]))
    assert workspace.mask(condition)[0]
    assert condition.found(workspace, 0, definition.kinds) == words


def test_a_fact_that_nobody_collected_is_unknown():
    workspace = Workspace(frame_of([LeadFacts(TODAY)]))
    assert workspace.value(TITLE, 0) is None
    assert workspace.value(END, 0) is None
