"""The smallest valid rows and rulebooks that scoring's tests need."""

from __future__ import annotations

import copy
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from leads.models import Account, Lead, Person, Signal, SignalKind, Source
from leads.signal_kinds import STARTER_KINDS
from revops.foundation.models import Side, Team, User
from scoring.models import Rulebook
from scoring.rules import RulebookDefinition, parse_rulebook
from scoring.starter import STARTER_DEFINITION, publish_starter

NOW = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
TODAY = NOW.date()
POINT = 1000

KINDS: dict[str, Any] = {
    kind.code: {"name": kind.name, "strength": kind.strength, "is_proven": kind.is_proven} for kind in STARTER_KINDS
}
_numbers = count(1)


def days_ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def starter_json() -> dict[str, Any]:
    return {**copy.deepcopy(STARTER_DEFINITION), "kinds": copy.deepcopy(KINDS)}


def small_json(*rules: dict[str, Any], **parts: Any) -> dict[str, Any]:
    """A rulebook of these rules; each is given axis, key and points if it has none."""
    filled = [{"axis": "intent", "key": f"rule_{index}", "points": 10 * POINT, **r} for index, r in enumerate(rules)]
    return {
        "rules": filled
        or [{"axis": "fit", "key": "known", "points": 1, "when": {"fact": "person.title", "known": True}}],
        "caps": {"fit": 100 * POINT, "intent": 100 * POINT, "timing": 100 * POINT},
        "tiers": {
            "1": {"hand_raise": {"signals": ["demo_request"], "within_days": 30}, "minimum": {}},
            "2": {"minimum": {"intent": 20 * POINT}},
        },
        "stages": [],
        "kinds": copy.deepcopy(KINDS),
        **parts,
    }


def small_rulebook(*rules: dict[str, Any], **parts: Any) -> RulebookDefinition:
    return parse_rulebook(small_json(*rules, **parts))


def make_user(side: str | None = None, **fields: Any) -> User:
    number = next(_numbers)
    if side is not None:
        fields.setdefault("team", Team.objects.create(name=f"Team {number}", side=side))
    fields.setdefault("role", "admin" if side in (None, "revops") else "marketer")
    return User.objects.create_user(f"user{number}@example.com", None, name=f"User {number}", **fields)


def make_starter(now: datetime = NOW) -> Rulebook:
    return publish_starter(make_user(Side.REVOPS), make_user(Side.MARKETING), make_user(Side.SALES), now)


def make_source(**fields: Any) -> Source:
    number = next(_numbers)
    return Source.objects.create(**{"key": f"source-{number}", "name": f"Source {number}", "created_at": NOW, **fields})


def make_lead(source: Source, *, person: dict[str, Any] | None = None, account: Any = None, **fields: Any) -> Lead:
    number = next(_numbers)
    someone = Person.objects.create(
        **{"email": f"person{number}@example.com", "created_at": NOW, "updated_at": NOW, **(person or {})}
    )
    company = None
    if account is not None:
        company = Account.objects.create(
            **{"name": f"Company {number}", "created_at": NOW, "updated_at": NOW, **account}
        )
    facts = {"stage_at": NOW, "received_at": NOW, "occurred_at": NOW, **fields}
    return Lead.objects.create(person=someone, account=company, source=source, **facts)


def make_signal(lead: Lead, kind: str, occurred_at: datetime | None = NOW, **fields: Any) -> Signal:
    return Signal.objects.create(
        person_id=lead.person_id,
        lead=lead,
        kind=SignalKind.objects.get(code=kind),
        occurred_at=occurred_at,
        received_at=occurred_at or NOW,
        source_id=lead.source_id,
        **fields,
    )


def good_lead(source: Source, **fields: Any) -> Lead:
    """A decision-maker of a right-sized company; with a hand-raise it is tier 1 under the starter rulebook."""
    return make_lead(
        source,
        person={"title": "VP Sales", "seniority": "vp", "function": "sales", "country": "DE"},
        account={"employees": 200, "industry": "Software"},
        **fields,
    )
