"""The two sides of the demo company: who gets which leads, and how their agreement went on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from revops.foundation.models import User
from revops.portal.demo.places import AMERICAS, EMEA
from sla.agreement_words import BY_CODE
from sla.agreements import (
    draft_from_template,
    drafts_of,
    live_agreement,
    publish_agreement,
    remark_on,
    sign_agreement,
)
from sla.territory_rules import write_rules

SECOND_AGREEMENT_AFTER = timedelta(days=240)
REVIEW_AFTER = timedelta(days=170)


def draw_territories(users: Mapping[str, User], begins: datetime) -> None:
    """Enterprises of two regions go to those who know them; everybody else is in turn within their countries."""
    rules = [
        {
            "key": key,
            "name": name,
            "is_on": True,
            "when": {"country": [country.code for country in region.countries], "employees": {"from": 1000}},
            "teams": [],
            "people": [str(users[login].pk) for login in logins],
            "otherwise": "next",
        }
        for key, name, region, logins in (
            ("emea-enterprise", "Enterprise EMEA", EMEA, ("rep1", "rep5", "rep3")),
            ("americas-enterprise", "Enterprise Americas", AMERICAS, ("rep7", "rep9")),
        )
    ]
    write_rules(rules, by=users["manager1"], now=begins, note="Enterprises want somebody who knows them", seen=0)


def sign_second_agreement(users: Mapping[str, User], now: datetime) -> None:
    """What half a year taught: answers to clusters of rejections come a day sooner."""
    live = live_agreement()
    if live is None:
        return
    clauses = [BY_CODE[clause.code].draft(4) if clause.code == "rejection_answered" else clause
               for clause in drafts_of(live)]  # fmt: skip
    draft = draft_from_template(
        live.calendar,
        now=now,
        review_on=(now + REVIEW_AFTER).date(),
        clauses=clauses,
        author=users["marketing-manager"],
        summary="Reps stop writing reasons when nobody answers: four days instead of five.",
    )
    remark_on(draft, users["manager1"], "Good. Could first contact be three hours next time?", now=now)
    sign_agreement(draft, "marketing", users["marketing-manager"], now=now)
    sign_agreement(draft, "sales", users["manager1"], now=now)
    publish_agreement(draft, now=now, by=users["manager1"])


def draft_third_agreement(users: Mapping[str, User], now: datetime) -> None:
    """A draft that one side has signed: the other one reads it today."""
    live = live_agreement()
    if live is None:
        return
    clauses = [BY_CODE[clause.code].draft(3) if clause.code == "first_contact" else clause
               for clause in drafts_of(live)]  # fmt: skip
    at = now - timedelta(hours=20)
    draft = draft_from_template(
        live.calendar,
        now=at,
        review_on=(now + REVIEW_AFTER).date(),
        clauses=clauses,
        author=users["manager1"],
        summary="Most first calls happen within three hours already; let us promise it.",
    )
    sign_agreement(draft, "sales", users["manager1"], now=at)
