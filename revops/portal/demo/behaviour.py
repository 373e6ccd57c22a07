"""What prospects send and do, drawn from the hidden truth: submissions with all their gaps, and the acts around them.

Pure: the plan is made before anything reaches the portal.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from leads.acts import Act
from revops.portal.demo.catalogue import NEEDS, TOPICS, TRIGGERS, WRONG_NEEDS, Profile
from revops.portal.demo.content import STRAY_CAMPAIGN, address_of
from revops.portal.demo.firms import Firm
from revops.portal.demo.people import COMPANY
from revops.portal.demo.places import Country, choose_name, choose_phone
from revops.portal.demo.truth import Buyer

FREE_MAIL = ("gmail.com", "outlook.com", "gmx.de", "yahoo.com", "hotmail.com")
_FREE_SHARE = {"paid-social": 0.3, "organic": 0.12, "webinar": 0.08, "content-syndication": 0.06}
_FUNCTION_WORDS = {
    "operations": "Operations", "it": "IT", "general": "Business", "finance": "Finance", "sales": "Sales",
    "marketing": "Marketing", "hr": "HR", "product": "Product",
}  # fmt: skip
_STAFF = {
    "operations": "Operations Planner", "it": "Systems Engineer", "general": "Office Assistant",
    "finance": "Accounting Clerk", "sales": "Sales Representative", "marketing": "Marketing Specialist",
    "hr": "HR Specialist", "product": "Product Analyst",
}  # fmt: skip
_CHIEFS = {
    "operations": "COO", "it": "CIO", "general": "CEO", "finance": "CFO", "sales": "Chief Sales Officer",
    "marketing": "CMO", "hr": "Chief People Officer", "product": "Chief Product Officer",
}  # fmt: skip
FORM_OF = {"website-demo": "demo", "pricing-page": "contact", "organic": "guide"}
CONSENT = f"{COMPANY} may contact me about my request. I can withdraw this at any time."
_ROLES = ("decision maker", "economic buyer", "recommends", "uses it daily", "collects information")


@dataclass(slots=True)
class Arrival:
    """One submission to come. `prospect` is None for what belongs to nobody (spam, tests, lists)."""

    at: datetime
    source: str
    channel: str
    payload: dict[str, Any] | None
    campaign: str = ""
    raw: str = ""
    refusal: str = ""
    external_id: str = ""
    occurred_at: datetime | None = None
    prospect: Prospect | None = None
    is_rightly_released: bool = False


@dataclass(slots=True, eq=False)
class Prospect:
    """One person with the truth about them, and what became known of them in the portal so far."""

    number: int
    profile: Profile
    firm: Firm
    country: Country
    buyer: Buyer
    rng: Random
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""
    has_role: bool = True
    is_quiet: bool = False
    lead_id: Any = None
    person_id: Any = None
    source_id: Any = None
    acts: list[tuple[datetime, Act]] = field(default_factory=list)


def name_prospect(prospect: Prospect) -> None:
    """Gives them a name, an address and a number."""
    rng, firm = prospect.rng, prospect.firm
    prospect.first_name, prospect.last_name = choose_name(rng, prospect.country)
    local = f"{_plain(prospect.first_name)}.{_plain(prospect.last_name)}"
    free = rng.random() < _FREE_SHARE.get(prospect.profile.key, 0.02)
    domain = rng.choice(FREE_MAIL) if free else firm.domain
    prospect.email = f"{local}{prospect.number if free or rng.random() < 0.5 else ''}@{domain}"
    prospect.phone = choose_phone(rng, prospect.country) if rng.random() < 0.8 else ""


def title_of(buyer: Buyer) -> str:
    """A job title that says seniority and function."""
    word = _FUNCTION_WORDS[buyer.function]
    return {
        "c_level": _CHIEFS[buyer.function],
        "vp": f"VP {word}",
        "director": f"{word} Director",
        "head": f"Head of {word}",
        "manager": f"{word} Manager",
        "staff": _STAFF[buyer.function],
    }[buyer.seniority]


def asks_for_sales(prospect: Prospect) -> bool:
    """Whether the first submission asks for sales."""
    profile, buyer = prospect.profile, prospect.buyer
    if profile.asks > 0.8 or not buyer.means_it:
        return prospect.rng.random() < profile.asks
    return prospect.rng.random() < profile.asks * (0.35 + 1.3 * buyer.need)


def first_submission(prospect: Prospect, at: datetime, *, asks: bool) -> Arrival:
    """What they send first: the facts their source asks for, and the visits that led there."""
    rng, profile, buyer, firm = prospect.rng, prospect.profile, prospect.buyer, prospect.firm
    prospect.has_role = rng.random() < profile.details
    payload: dict[str, Any] = {
        "email": prospect.email,
        "first_name": prospect.first_name,
        "last_name": prospect.last_name,
        "phone": prospect.phone,
        "company": firm.name if rng.random() < 0.985 else "",
        "country": prospect.country.name if rng.random() < 0.97 else "",
        "city": rng.choice(prospect.country.cities) if rng.random() < 0.3 else "",
        "industry": firm.industry if rng.random() < 0.85 else "",
        "employees": firm.employees if rng.random() < 0.88 else "",
        "utm": {"utm_source": profile.key, "utm_medium": profile.medium},
        "act": profile.hand_raise if asks else profile.act,
        "topic": rng.choice(profile.topics),
    }
    if prospect.email.partition("@")[2] != firm.domain and rng.random() < 0.6:
        payload["website"] = firm.domain
    if prospect.has_role:
        payload["title"] = title_of(buyer)
        if profile.channel == "form" and rng.random() < 0.45:
            payload["purchasing_role"] = _stated_role(buyer, rng)
    if asks:
        payload |= _stated_plans(buyer, rng, at.date())
    if (form := FORM_OF.get(profile.key)) is not None:
        payload |= {"form": form, "consent": {"text": CONSENT, "purpose": "contact"}}
    signals = [_as_sent(moment, act) for moment, act in _visits_before(prospect, at)]
    if profile.medium == "webinar":
        payload["act"] = profile.hand_raise if asks else ""
        signals.append(_as_sent(at, Act("webinar_attended", rng.choice(TOPICS), value=_percent_watched(buyer, rng))))
    payload["signals"] = signals
    payload = {name: value for name, value in payload.items() if value not in ("", [])}
    occurred_at = at - timedelta(days=rng.uniform(0.3, 2.5)) if profile.medium in ("event", "syndication") else None
    campaign = rng.choice(profile.campaigns)
    if profile.key == "paid-social" and prospect.number % 30 == 0:
        campaign = STRAY_CAMPAIGN
    payload["utm"]["utm_campaign"] = campaign
    return Arrival(at, profile.key, profile.channel, payload, campaign, occurred_at=occurred_at, prospect=prospect)


def later_submission(prospect: Prospect, at: datetime, *, kind: str) -> Arrival:
    """They come back: the same person with another enquiry."""
    rng = prospect.rng
    payload: dict[str, Any] = {
        "email": prospect.email,
        "name": f"{prospect.first_name} {prospect.last_name}",
        "company": prospect.firm.name,
        "act": kind,
        "topic": rng.choice(TOPICS),
    }
    if rng.random() < 0.5:
        payload["title"], prospect.has_role = title_of(prospect.buyer), True
    if kind.endswith("_request"):
        payload |= _stated_plans(prospect.buyer, rng, at.date())
    source = "pricing-page" if kind == "pricing_request" else "website-demo"
    source = source if kind.endswith("_request") else "organic"
    return Arrival(at, source, "form", payload, "always-on", prospect=prospect)


def plan_return(prospect: Prospect, first_at: datetime) -> tuple[datetime, str] | None:
    """When and with what somebody comes back by themselves; None for most."""
    rng, buyer = prospect.rng, prospect.buyer
    if rng.random() < 0.34 * buyer.interest:
        kind = rng.choice(("demo_request", "demo_request", "pricing_request", "contact_request"))
        return first_at + timedelta(days=2 + rng.expovariate(1 / 24)), kind
    if rng.random() < 0.07:
        return first_at + timedelta(days=3 + rng.expovariate(1 / 40)), "content_download"
    return None


def plan_acts(prospect: Prospect, at: datetime) -> None:
    """What they do after their first submission: visits, downloads, mails, webinars, a trial."""
    rng, buyer = prospect.rng, prospect.buyer
    wish, curious = buyer.interest, 0.3 + 0.5 * buyer.need + (0.25 if buyer.standing == "is_student" else 0.0)
    rates = (
        ("pricing_page_visit", 0.04 + 1.6 * wish),
        ("roi_calculator", 0.02 + 0.5 * wish),
        ("case_study_view", 0.06 + 0.8 * wish),
        ("product_page_visit", 0.30 + 2.6 * wish),
        ("webinar_attended", 0.05 + 0.18 * buyer.need),
        ("blog_visit", 1.0 * curious),
        ("content_download", 0.35 * curious),
        ("email_open", 2.2 * curious),
        ("email_click", 0.7 * curious),
        ("chat_conversation", 0.02 + 0.25 * wish),
        ("trial_started", 0.01 + 0.20 * wish),
        ("inbound_reply", 0.01 + 0.20 * wish),
        ("page_visit", 0.8 * curious),
        ("time_on_site", 0.3 * curious),
    )
    for kind, rate in rates:
        for _ in range(_poisson(rng, rate)):
            moment = at + timedelta(days=min(rng.expovariate(1 / 16), 150.0), minutes=rng.uniform(5, 600))
            value = None
            if kind == "webinar_attended":
                value = _percent_watched(buyer, rng)
            elif kind == "time_on_site":
                value = rng.randrange(20, 900)
            topic = rng.choice(TOPICS)
            prospect.acts.append((moment, Act(kind, topic, moment, value=value, url=address_of(kind, topic))))


def stray_acts(prospect: Prospect, at: datetime) -> None:
    """Fresh activity of an old acquaintance, so that today is alive."""
    rng = prospect.rng
    kind = rng.choice(("pricing_page_visit", "product_page_visit", "case_study_view", "blog_visit", "email_click"))
    topic = rng.choice(TOPICS)
    prospect.acts.append((at, Act(kind, topic, at, url=address_of(kind, topic))))


def _visits_before(prospect: Prospect, at: datetime) -> list[tuple[datetime, Act]]:
    rng, buyer = prospect.rng, prospect.buyer
    rates = (
        ("page_visit", 0.45),
        ("product_page_visit", 0.15 + 1.4 * buyer.interest),
        ("pricing_page_visit", 0.04 + 1.0 * buyer.interest),
        ("case_study_view", 0.05 + 0.4 * buyer.interest),
    )
    visits = []
    for kind, rate in rates:
        for _ in range(_poisson(rng, rate)):
            moment = at - timedelta(minutes=rng.uniform(1, 50) if rng.random() < 0.5 else rng.uniform(60, 12_000))
            visits.append((moment, Act(kind, rng.choice(TOPICS))))
    return visits


def _as_sent(moment: datetime, act: Act) -> dict[str, Any]:
    sent: dict[str, Any] = {"kind": act.kind, "topic": act.topic, "occurred_at": moment.isoformat()}
    if act.value is not None:
        sent["value"] = act.value
    if url := address_of(act.kind, act.topic):
        sent["url"] = url
    return sent


def _stated_role(buyer: Buyer, rng: Random) -> str:
    honest = min(4, int((1 - buyer.authority) * 5))
    return _ROLES[honest if rng.random() < 0.75 else rng.randrange(5)]


def _stated_plans(buyer: Buyer, rng: Random, today: date) -> dict[str, Any]:
    plans: dict[str, Any] = {}
    if rng.random() < 0.78:
        words = WRONG_NEEDS if buyer.standing == "wrong_product" else NEEDS
        plans["need"] = rng.choice(words).format(n=rng.randrange(8, 240))
    if rng.random() < 0.36:
        guess = round(buyer.starts_in * rng.lognormvariate(-0.1, 0.35))
        plans["timeline_on"] = (today + timedelta(days=guess)).isoformat()
    if rng.random() < 0.12:
        plans["contract_end_on"] = (today + timedelta(days=buyer.starts_in + rng.randrange(90))).isoformat()
    if rng.random() < 0.12:
        plans["budget_on"] = (today + timedelta(days=max(5, buyer.starts_in - rng.randrange(60)))).isoformat()
    if rng.random() < 0.10 + 0.15 * buyer.urgency:
        plans["trigger_event"] = rng.choice(TRIGGERS)
    return plans


def _percent_watched(buyer: Buyer, rng: Random) -> int:
    return min(100, max(3, round(100 * (0.25 + 0.6 * buyer.need + rng.gauss(0.0, 0.22)))))


def _poisson(rng: Random, rate: float) -> int:
    limit, product, count = math.exp(-rate), rng.random(), 0
    while product > limit:
        product *= rng.random()
        count += 1
    return count


_PLAIN = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "é": "e", "è": "e", "ë": "e", "É": "e", "å": "a", "Å": "a", "í": "i",
     "ñ": "n", "ã": "a", "ø": "o", "â": "a", "ç": "c"}
)  # fmt: skip


def _plain(name: str) -> str:
    return name.lower().translate(_PLAIN)
