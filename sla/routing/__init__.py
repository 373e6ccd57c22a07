"""Routes leads to people: loads who can take them, chooses, and writes down whom, why and why not the others."""

from .asking import requests_of_leads
from .choosing import (
    FIRST_OWNER_MONTHS,
    Routed,
    first_owners,
    first_owners_statement,
    months_before,
    read_trace,
    route_leads,
)
from .dry_run import DryRun, Share, try_routes
from .roster import (
    LONG_ABSENCE,
    QUIET_WORKING_DAYS,
    Hours,
    Roster,
    load_roster,
    person_hours,
    roster_of,
    roster_statements,
    rules_of,
)
from .turns import charge_turns_again, give_turns_back, open_balance, turns_owed

__all__ = [
    "FIRST_OWNER_MONTHS",
    "LONG_ABSENCE",
    "QUIET_WORKING_DAYS",
    "DryRun",
    "Hours",
    "Roster",
    "Routed",
    "Share",
    "charge_turns_again",
    "first_owners",
    "first_owners_statement",
    "give_turns_back",
    "load_roster",
    "months_before",
    "open_balance",
    "person_hours",
    "read_trace",
    "requests_of_leads",
    "roster_of",
    "roster_statements",
    "route_leads",
    "rules_of",
    "try_routes",
    "turns_owed",
]
