"""The whole year planned from one seed: who comes when, what they do, and the rubbish in between. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from revops.portal.demo.behaviour import (
    Arrival,
    Prospect,
    asks_for_sales,
    first_submission,
    later_submission,
    name_prospect,
    plan_acts,
    plan_return,
    stray_acts,
)
from revops.portal.demo.catalogue import COMPETITOR_DOMAINS, PROFILES, PURCHASED, PURCHASED_SHARE, Profile
from revops.portal.demo.firms import Firm, found_firm
from revops.portal.demo.places import AMERICAS, APAC, ELSEWHERE, EMEA, choose_country, choose_name, choose_region
from revops.portal.demo.seasons import Seasons
from revops.portal.demo.truth import draw_buyer

RUBBISH_SHARE = 0.042
_FRESH = 96
_RUBBISH = (
    ("spam", 30), ("disposable", 20), ("test", 14), ("competitor", 8), ("student", 16), ("own", 5), ("nobody", 5),
    ("broken", 2),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class World:
    """Everything that will knock, in order of time, and everybody behind it."""

    arrivals: list[Arrival]
    prospects: list[Prospect]


def plan_world(leads: int, seed: int, now: datetime) -> World:
    """About `leads` people with their year before `now`. The same three arguments always give the same world."""
    rng = Random(f"world/{seed}")  # noqa: S311 - a story, not a secret
    seasons = Seasons(now)
    prospects: list[Prospect] = []
    arrivals: list[Arrival] = []
    firms: list[Firm] = []
    taken: set[str] = set()
    fresh = min(max(_FRESH, leads // 160), leads // 3)
    for number in range(leads):
        is_fresh = number >= leads - fresh
        profile = _choose_profile(rng, is_fresh=is_fresh)
        firm = _fresh_firm(rng, number, taken) if is_fresh else _employer(rng, firms, taken)
        prospect = _meet(rng, seed, number, profile, firm)
        prospects.append(prospect)
        zone = prospect.country.zone
        at = seasons.recent(prospect.rng, zone) if is_fresh else seasons.arrival(prospect.rng, profile, zone)
        asks = is_fresh or asks_for_sales(prospect)
        arrivals.append(first_submission(prospect, at, asks=asks))
        plan_acts(prospect, at)
        again = plan_return(prospect, at)
        if again is not None and again[0] < now:
            arrivals.append(later_submission(prospect, again[0], kind=again[1]))
        if number % 60 == 0:
            stray_acts(prospect, now - timedelta(minutes=prospect.rng.uniform(5, 2000)))
    arrivals += [_rubbish(rng, seasons, number) for number in range(round(leads * RUBBISH_SHARE))]
    arrivals += _purchased(rng, now - timedelta(days=160), round(leads * PURCHASED_SHARE))
    return World(sorted(arrivals, key=lambda arrival: arrival.at), prospects)


def _choose_profile(rng: Random, *, is_fresh: bool) -> Profile:
    if is_fresh:
        return rng.choices(PROFILES, [profile.share * profile.asks**2 for profile in PROFILES])[0]
    return rng.choices(PROFILES, [profile.share for profile in PROFILES])[0]


def _employer(rng: Random, firms: list[Firm], taken: set[str]) -> Firm:
    """Two of five work at a company that somebody came from before."""
    if firms and rng.random() < 0.4:
        return firms[-1 - int(len(firms) * rng.random() ** 2)] if rng.random() < 0.5 else rng.choice(firms)
    region = choose_region(rng)
    firm = found_firm(rng, region, choose_country(rng, region), taken)
    firms.append(firm)
    return firm


def _fresh_firm(rng: Random, number: int, taken: set[str]) -> Firm:
    """Spread over the teams like their reps, so that every queue is alive; a few where nobody covers."""
    region = ELSEWHERE if number % 24 == 0 else rng.choices((EMEA, AMERICAS, APAC), (5, 4, 3))[0]
    return found_firm(rng, region, choose_country(rng, region), taken)


def _meet(rng: Random, seed: int, number: int, profile: Profile, firm: Firm) -> Prospect:
    own = Random(f"{seed}/{number}")  # noqa: S311
    country = firm.country if rng.random() < 0.93 else choose_country(rng, firm.region)
    prospect = Prospect(number, profile, firm, country, draw_buyer(own, profile, firm), own)
    name_prospect(prospect)
    return prospect


def _rubbish(rng: Random, seasons: Seasons, number: int) -> Arrival:
    """A submission that the gate should stop, or that says nothing about anybody."""
    kind = rng.choices([kind for kind, _ in _RUBBISH], [weight for _, weight in _RUBBISH])[0]
    weights = [profile.share if profile.channel in ("form", "webhook") else 0.0 for profile in PROFILES]
    profile = rng.choices(PROFILES, weights)[0]
    region = choose_region(rng)
    country = choose_country(rng, region)
    first, last = choose_name(rng, country)
    at = seasons.arrival(rng, profile, country.zone)
    payload = {
        "email": f"{first[0]}.visitor{number}@veltra{number}-firma.com".lower(),
        "name": f"{first} {last}",
        "company": f"Firma {number}",
        "country": country.name,
        "act": profile.hand_raise,
        "utm": {"utm_source": profile.key, "utm_medium": profile.medium},
    }
    payload |= _spoiled(kind, rng, number)
    if kind == "broken":
        sent = "This is not JSON: a comma is missing at position 41."
        return Arrival(at, profile.key, profile.channel, None, raw='{"email": "someone"', refusal=sent)
    is_mistake = kind in ("student", "spam") and rng.random() < 0.12
    return Arrival(at, profile.key, profile.channel, payload, is_rightly_released=is_mistake)


def _spoiled(kind: str, rng: Random, number: int) -> dict[str, str]:
    return {
        "spam": {"need": rng.choice(("We offer SEO services and backlinks", "Casino partner wanted",
                                     "Increase your traffic: rank your website in a week"))},
        "disposable": {"email": f"x{number}@{rng.choice(('mailinator.com', 'yopmail.com', 'guerrillamail.com'))}"},
        "test": {"name": "Test Test", "email": f"test@probe{number}.com"},
        "competitor": {"email": f"sales{number}@{rng.choice(COMPETITOR_DOMAINS)}"},
        "student": {"title": rng.choice(("Student", "Working student", "Intern")), "need": "For my thesis"},
        "own": {"email": f"colleague{number}@tarnwell-software.com"},
        "nobody": {"email": "", "phone": ""},
    }.get(kind, {})  # fmt: skip


def _purchased(rng: Random, at: datetime, count: int) -> list[Arrival]:
    """A bought list, imported once; it stays outside."""
    rows = []
    for number in range(count):
        country = choose_country(rng, choose_region(rng))
        first, last = choose_name(rng, country)
        payload = {
            "email": f"{first[0]}.{number}@listed-{number // 3}.com".lower(),
            "name": f"{first} {last}",
            "company": f"Listed Company {number // 3}",
            "country": country.name,
        }
        rows.append(
            Arrival(at, PURCHASED.key, "import", payload, PURCHASED.campaigns[0], external_id=f"row-{number + 2}")
        )
    return rows
