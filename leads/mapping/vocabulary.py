"""Words other systems use for acts, outcomes and reasons, and what they mean here."""

from __future__ import annotations

import re

from .targets import KIND_CODES, OUTCOMES, REASON_CODES

_KINDS = [
    ("unsubscribe", r"unsubscri|opt(ed)?[ _-]?out|marked spam"),
    ("demo_request", r"\bdemo\b"),
    ("pricing_request", r"(request|ask)\w* .*(pric|quote)|quote request|price request"),
    ("consultation_request", r"consult"),
    ("trial_started", r"\btrial\b"),
    ("webinar_attended", r"webinar"),
    ("pricing_page_visit", r"pric"),
    ("event_conversation", r"\bevent\b|trade ?show|conference|met at"),
    ("chat_conversation", r"\bchat"),
    ("inbound_reply", r"repl(y|ied)|e-?mail received|inbound e-?mail|phone conversation|inbound call"),
    ("email_click", r"link clicked|clicked|click\b|view in browser"),
    ("email_open", r"open(ed)?\b"),
    ("message_sent", r"(e-?mail|sms|message) (sent|delivered)|e-?mail bounced"),
    ("contact_request", r"contact (us|request|me)|call ?back|inquiry|enquiry"),
    ("form_submission", r"form|landing page|submission|converted to lead|sign(ed)? ?up|registered"),
    ("content_download", r"download|white ?paper|e-?book|guide"),
    ("case_study_view", r"case stud"),
    ("blog_visit", r"\bblog"),
    ("product_page_visit", r"product page"),
    ("page_visit", r"page|visit|web ?site"),
]
_REASONS = [
    ("not_decision_maker", r"decision[ -]?maker|no authority|not the buyer"),
    ("is_student", r"\bstudent|researcher|academic|intern\b"),
    ("is_competitor", r"\b(is a |a )?competitor$|works? (for|at) a competitor"),
    ("chose_competitor", r"competit|lost to|other vendor|another vendor|went with"),
    ("already_customer", r"already (a )?(customer|client)|existing customer|current customer"),
    ("in_other_deal", r"open (deal|opportunity)|existing opportunity|other deal"),
    ("duplicate_of", r"duplicate|\bdupe\b"),
    ("no_budget", r"budget|too expensive|financ|afford|price"),
    ("too_small", r"too small|company size|not enough (seats|employees)"),
    ("outside_region", r"region|territory|out of area|country|geograph"),
    ("wrong_function", r"wrong (department|function|role)|wrong persona"),
    ("wrong_product", r"wrong product|other product|missing feature|product gap|we do not sell|other course"),
    ("not_eligible", r"not eligible|ineligible|does not qualify|requirements? not met"),
    ("timeline_over_12_months", r"timeline|12 months|next year|too early|long term"),
    ("later_this_year", r"next (month|quarter|batch)|later|not now|call back"),
    ("wrong_number", r"(wrong|invalid|bad|missing) (phone|number)|number not"),
    ("wrong_email", r"(wrong|invalid|bad|missing) e-?mail|bounced"),
    ("wrong_company", r"no longer (at|with)|left (the )?company|moved on"),
    (
        "no_response",
        r"no (response|reply|answer|contact)|unresponsive|unreachable|not reachable|ringing|switched off|voicemail",
    ),
    ("no_need", r"no (need|interest|project)|not interested|not doing|no longer looking|disqualified"),
]
_OUTCOMES = [
    ("won", r"closed?[ _-]?won|\bwon\b|customer|converted|purchased|^(yes|true|1|y)$"),
    ("lost", r"closed?[ _-]?lost|\blost\b|unqualified|disqualified|^(no|false|0|n)$"),
    ("opportunity", r"opportunit|proposal|negotiat|qualified|\bsql\b|quote"),
    ("meeting", r"meeting|appointment|demo (done|held|scheduled)"),
    (
        "open",
        r"open|new|working|nurtur|contacted|attempt|in progress|subscriber|\blead\b|\bmql\b|engaging|prospect|recycled",
    ),
]


def _compile(table: list[tuple[str, str]]) -> list[tuple[str, re.Pattern[str]]]:
    return [(code, re.compile(pattern)) for code, pattern in table]


_KIND_PATTERNS, _REASON_PATTERNS, _OUTCOME_PATTERNS = _compile(_KINDS), _compile(_REASONS), _compile(_OUTCOMES)


def guess_kind(word: str) -> str | None:
    """The kind of signal a folded word stands for, or None."""
    return word if word in KIND_CODES else _first(word, _KIND_PATTERNS)


def guess_reason(word: str) -> str | None:
    """The reason code a folded word stands for, or None."""
    return word if word in REASON_CODES else _first(word, _REASON_PATTERNS)


def guess_outcome(word: str) -> str | None:
    """The outcome a folded word stands for, or None."""
    return word if word in OUTCOMES else _first(word, _OUTCOME_PATTERNS)


def _first(word: str, patterns: list[tuple[str, re.Pattern[str]]]) -> str | None:
    return next((code for code, pattern in patterns if pattern.search(word)), None)
