"""Facts, kinds and questions that the tests of the rule language share."""

TITLE, SIZE, END = "person.title", "account.employees", "lead.contract_end_on"
PRICING, WEBINAR = "pricing_page_visit", "webinar_attended"
DEMO = {"signals": ["demo_request"]}
TWICE = {"signals": [PRICING], "at_least": 2, "within_days": 14}
TOPICS = {"signals": [PRICING, WEBINAR], "distinct": "topics", "at_least": 2, "within_days": 14}
TOTAL = {"signals": [WEBINAR], "total_at_least": 100, "within_days": 9}
THEN = {"signals": [WEBINAR], "then": [PRICING], "gap_days": 7}
PEOPLE = {"signals": [PRICING], "distinct": "people", "at_least": 2, "within_days": 7}
