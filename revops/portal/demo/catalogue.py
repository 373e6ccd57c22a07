"""The sources, campaigns and prices of the demo company, and the character of the people each source brings. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Profile:
    """One source as the company sees it (key to spend) and as it really is (the hidden numbers, 0 to 1).

    `asks` is how often its people press a button that asks for sales; `means_it` how often somebody who pressed it
    knew what they did. `details` is how complete its forms come in.
    """

    key: str
    name: str
    kind: str
    share: float
    channel: str
    medium: str
    monthly_spend: int
    campaigns: tuple[str, ...]
    hand_raise: str
    act: str
    asks: float
    means_it: float
    need: float
    authority: float
    haste: float
    details: float
    note: str = ""
    readiness: str = "problem_aware"
    misfits: float = 0.05
    tiers: tuple[int, ...] = (1, 2, 3)
    topics: tuple[str, ...] = field(default=("planning", "dispatch", "routing"))


PROFILES: tuple[Profile, ...] = (
    Profile("website-demo", "Website: demo request", "inbound", 0.115, "form", "web", 9_000,
            ("always-on", "brand-search", "review-sites"), "demo_request", "page_visit",
            0.97, 0.93, 0.77, 0.74, 0.62, 0.97, readiness="ready", misfits=0.04),
    Profile("pricing-page", "Website: pricing page", "inbound", 0.065, "form", "web", 4_000,
            ("always-on", "brand-search"), "pricing_request", "pricing_page_visit",
            0.90, 0.88, 0.70, 0.66, 0.66, 0.94, readiness="comparing", misfits=0.05),
    Profile("organic", "Organic search and blog", "inbound", 0.125, "form", "organic", 6_500,
            ("planning-guide", "route-cost-calculator", "newsletter"), "contact_request", "content_download",
            0.17, 0.80, 0.46, 0.45, 0.42, 0.90, misfits=0.07),
    Profile("webinar", "Webinars", "inbound", 0.135, "api", "webinar", 8_500,
            ("dispatch-without-spreadsheets", "winter-planning", "driver-shortage"), "consultation_request",
            "webinar_attended", 0.17, 0.75, 0.48, 0.42, 0.38, 0.95, misfits=0.06),
    Profile("content-syndication", "Content syndication", "inbound", 0.19, "import", "syndication", 21_000,
            ("whitepaper-network-a", "whitepaper-network-b"), "contact_request", "content_download",
            0.24, 0.12, 0.20, 0.30, 0.20, 0.88, misfits=0.16,
            note="Paid per lead. The network ticks “contact me” for its readers."),
    Profile("paid-social", "Paid social", "inbound", 0.16, "webhook", "paid-social", 17_500,
            ("ops-leaders-video", "lead-form-q", "retargeting"), "demo_request", "content_download",
            0.15, 0.35, 0.30, 0.34, 0.30, 0.74, misfits=0.13,
            note="Forms are filled in by the network; many people do not remember them."),
    Profile("partner", "Partner referrals", "partner", 0.05, "api", "partner", 5_000,
            ("erp-partners", "telematics-partners"), "consultation_request", "inbound_reply",
            0.86, 0.95, 0.84, 0.84, 0.60, 0.86, readiness="comparing", misfits=0.03),
    Profile("events", "Trade fairs and events", "inbound", 0.085, "import", "event", 14_000,
            ("logistics-fair", "field-service-days", "transport-forum"), "contact_request", "event_conversation",
            0.36, 0.55, 0.44, 0.46, 0.40, 0.62, misfits=0.08,
            note="Badge scans: names and companies are right, roles are often missing."),
    Profile("outbound", "Outbound prospecting", "outbound", 0.075, "api", "outbound", 11_000,
            ("construction-top-500", "utilities-2026"), "consultation_request", "email_click",
            0.20, 0.70, 0.42, 0.56, 0.36, 0.98, misfits=0.02),
)  # fmt: skip

PURCHASED = Profile(
    "purchased-list", "Purchased list", "purchased", 0.0, "import", "list", 0, ("list-june",), "contact_request",
    "other_activity", 0.0, 0.0, 0.1, 0.3, 0.1, 0.8, tiers=(2, 3), note="Bought once. Held by policy; nobody is mailed.",
)  # fmt: skip
PURCHASED_SHARE = 0.02

TOPICS = ("planning", "dispatch", "routing", "mobile-app", "integration", "pricing", "compliance")

NEEDS = (
    "We plan {n} technicians in spreadsheets and lose half a day every week. How would yours work with our ERP?",
    "Dispatch for {n} vehicles across two depots, with same-day changes. Please show us.",
    "Our current tool ends in autumn; we compare three vendors and need prices for {n} users.",
    "We missed {n} service windows last month and look for automatic routing.",
    "Need mobile work orders with signatures for {n} people in the field.",
    "Looking for capacity planning over several sites, about {n} planners.",
)
WRONG_NEEDS = (
    "We look for a payroll system for {n} employees.",
    "Do you also offer recruiting services? We want to hire {n} drivers.",
    "I need a free template to plan holidays for {n} colleagues.",
    "Looking for a point-of-sale system for {n} shops.",
)
TRIGGERS = ("New depot opens", "Merger with a competitor", "New head of operations", "Lost a large customer to delays")
COMPETITORS = ("Routewright", "Planforge", "Dispatchly")
COMPETITOR_DOMAINS = ("routewright-software.com", "planforge-systems.com", "dispatchly-app.com")
LOST_REASONS = (
    "Chose Routewright: lower price", "Chose Planforge: already in use elsewhere", "No decision: project stopped",
    "Budget was cut", "Missing feature: offline maps", "Champion left the company", "Stays with spreadsheets",
)  # fmt: skip
