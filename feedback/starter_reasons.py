"""The reasons that ship with the product: ten families with fixed keys, each code with its one question."""

from typing import NamedTuple

FAMILIES = [
    ("fit", "Not our fit", 1),
    ("person", "Wrong person", 2),
    ("need", "No need now", 3),
    ("timing", "Timing", 4),
    ("customer", "Already a customer or in a deal", 5),
    ("not_a_buyer", "Competitor, vendor or student", 6),
    ("unreachable", "Cannot be reached", 7),
    ("data", "Wrong or missing data", 8),
    ("duplicate", "Duplicate", 9),
    ("criteria_gap", "Outside our criteria", 10),
]
"""(code, label, digit); digit 10 is the key 0."""


class StarterReason(NamedTuple):
    code: str
    family: str
    digit: int
    label: str
    evidence_kind: str
    question: str
    root_cause: str
    mended_by: str
    consequence: str
    criterion: str = ""
    wakes_days_before: int | None = None
    is_creditable: bool = True
    wakes_after_days: int | None = None


REASONS = [
    StarterReason("too_small", "fit", 1, "Company is too small", "number", "How many employees do they have?",
                  "targeting", "marketing", "Marketing reviews the size rule", "account.employees"),
    StarterReason("outside_region", "fit", 2, "Outside the regions we serve", "text", "Which country or region?",
                  "targeting", "marketing", "Marketing reviews the region rule", "account.country"),
    StarterReason("wrong_product", "fit", 3, "Looks for something we do not sell", "text", "What do they look for?",
                  "messaging", "marketing", "Marketing reviews the message", "lead.use_case"),
    StarterReason("not_eligible", "fit", 4, "Does not meet a formal requirement", "text", "Which requirement?",
                  "targeting", "marketing", "Marketing reviews the criteria", "lead.eligibility"),
    StarterReason("not_decision_maker", "person", 1, "Not the decision-maker", "person", "Who decides?",
                  "rules", "marketing", "Marketing reviews the role rule", "person.seniority"),
    StarterReason("wrong_function", "person", 2, "Works in another function", "text", "Which function?",
                  "targeting", "marketing", "Marketing reviews the role rule", "person.function"),
    StarterReason("no_need", "need", 1, "The problem is already solved", "text", "How have they solved it?",
                  "rules", "marketing", "Marketing reviews the intent rules", "intent"),
    StarterReason("no_budget", "need", 2, "Does not meet the budget criteria", "number", "What budget did they name?",
                  "rules", "marketing", "Marketing reviews the budget rule", "lead.budget_on"),
    StarterReason("timeline_over_12_months", "timing", 1, "Project timeline is over 12 months", "date",
                  "When does the project start?", "rules", "marketing",
                  "Marketing keeps in touch until then", "lead.timeline_on", 90),
    StarterReason("later_this_year", "timing", 2, "Asked to be called later", "date", "When do they want the call?",
                  "rules", "marketing", "Marketing keeps in touch until then", "lead.timeline_on", 14),
    StarterReason("already_customer", "customer", 1, "Is already a customer", "account", "Which customer account?",
                  "targeting", "marketing", "Goes to the account's owner", "account.customer"),
    StarterReason("in_other_deal", "customer", 2, "Is part of an open deal", "text", "Which deal, or whose?",
                  "rules", "sales", "Goes to the deal's owner", "account.open_deal"),
    StarterReason("is_competitor", "not_a_buyer", 1, "Is a competitor", "account", "Which competitor?",
                  "targeting", "marketing", "The domain is proposed for the gate", "account.competitor"),
    StarterReason("is_student", "not_a_buyer", 2, "Is a student or researcher", "text", "What shows it?",
                  "targeting", "marketing", "Marketing reviews the audience", "person.seniority"),
    StarterReason("chose_competitor", "not_a_buyer", 3, "Has chosen another vendor", "account", "Which vendor?",
                  "messaging", "marketing", "Marketing keeps in touch", "timing", wakes_after_days=365),
    StarterReason("no_response", "unreachable", 1, "No response after six attempts", "attempts",
                  "Counted from the attempts you logged", "messaging", "sales",
                  "Marketing looks after it", "follow_up", None, False, 30),
    StarterReason("wrong_number", "data", 1, "The phone number is wrong", "field", "Which number did you try?",
                  "targeting", "marketing", "Marketing completes the details", "person.phone"),
    StarterReason("wrong_email", "data", 2, "The e-mail address is wrong", "field", "Which address did you try?",
                  "targeting", "marketing", "Marketing completes the details", "person.email"),
    StarterReason("wrong_company", "data", 3, "Works somewhere else", "account", "Where do they work?",
                  "targeting", "marketing", "Marketing completes the details", "account.name"),
    StarterReason("duplicate_of", "duplicate", 1, "The same person as another lead", "lead", "Which lead?",
                  "targeting", "marketing", "Proposed as a merge", "person.duplicate"),
    StarterReason("other_outside_criteria", "criteria_gap", 1, "A reason our criteria do not know", "text",
                  "Say it in one sentence", "rules", "marketing", "Goes to the council as a criteria gap", ""),
]  # fmt: skip


class StarterTrack(NamedTuple):
    code: str
    digit: int
    name: str
    description: str
    is_default: bool = False


TRACKS = [
    StarterTrack("not_now", 1, "Not now", "They have the need, not the time: look again on a day", True),
    StarterTrack("learn", 2, "Still learning", "They know the problem and look for ways to solve it"),
    StarterTrack("compare", 3, "Comparing", "They compare vendors and are not ready to talk"),
    StarterTrack("colleagues", 4, "Wrong person, right company", "Warm up the colleagues who decide"),
]
