"""The kinds of signal that ship with the product. Opens and clicks are recorded but unproven, so they count nothing."""

from typing import NamedTuple


class StarterKind(NamedTuple):
    code: str
    name: str
    family: str
    strength: str
    is_proven: bool


STARTER_KINDS = [
    StarterKind("demo_request", "Requested a demo", "hand_raise", "hand_raise", True),
    StarterKind("pricing_request", "Asked for pricing", "hand_raise", "hand_raise", True),
    StarterKind(
        "consultation_request",
        "Asked for a consultation",
        "hand_raise",
        "hand_raise",
        True,
    ),
    StarterKind("contact_request", "Asked to be contacted", "hand_raise", "hand_raise", True),
    StarterKind("inbound_reply", "Replied to us", "conversation", "high", True),
    StarterKind("chat_conversation", "Chatted with us", "conversation", "medium", True),
    StarterKind("event_conversation", "Met us at an event", "conversation", "medium", True),
    StarterKind("pricing_page_visit", "Visited the pricing page", "buying", "high", True),
    StarterKind("roi_calculator", "Used the ROI calculator", "buying", "high", True),
    StarterKind("case_study_view", "Read a case study", "buying", "medium", True),
    StarterKind("product_page_visit", "Visited a product page", "product", "medium", True),
    StarterKind("trial_started", "Started a trial", "product", "high", True),
    StarterKind("webinar_attended", "Attended a webinar", "event", "medium", True),
    StarterKind("repeat_enquiry", "Enquired again", "repeat", "medium", True),
    StarterKind("form_submission", "Filled in a form", "content", "low", True),
    StarterKind("content_download", "Downloaded content", "content", "low", True),
    StarterKind("blog_visit", "Read the blog", "content", "low", True),
    StarterKind("page_visit", "Visited the website", "content", "low", True),
    StarterKind("time_on_site", "Spent time on the website", "content", "low", False),
    StarterKind("email_click", "Clicked in an e-mail", "email", "low", False),
    StarterKind("email_open", "Opened an e-mail", "email", "low", False),
    StarterKind("message_sent", "Was sent a message", "email", "low", False),
    StarterKind("unsubscribe", "Unsubscribed", "email", "low", False),
    StarterKind("other_activity", "Did something else", "content", "low", False),
]
"""`value` means: webinar_attended percent watched, time_on_site seconds."""
