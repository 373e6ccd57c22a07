"""Fills an empty portal with the demo company, and cleans up after a seeding that was stopped."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import F

from leads.asset_reach import count_reach
from leads.models import Account, Attempt, Lead, Person, Signal, Submission
from revops.foundation import doorbell, ledger
from revops.foundation.models import LedgerEntry, MessageState, OutboxMessage, User
from revops.portal import journey
from revops.portal.demo.asking import ask_about_data
from revops.portal.demo.away import plan_absences
from revops.portal.demo.companies import know_companies
from revops.portal.demo.company import SECOND_RULEBOOK_AFTER, Company, found_company, publish_second_rulebook
from revops.portal.demo.desk_words import equip_desk
from revops.portal.demo.disputes import contest_lately, escalate_lately, settle_settings
from revops.portal.demo.files import handle_files
from revops.portal.demo.nurture import nurture_lately
from revops.portal.demo.people import COMPANY, HIGHLIGHTED, PASSWORD, STAFF
from revops.portal.demo.reviews import Huddles
from revops.portal.demo.rule_changes import change_rules
from revops.portal.demo.seasons import YEAR
from revops.portal.demo.simulation import Simulation
from revops.portal.demo.two_sides import SECOND_AGREEMENT_AFTER, draft_third_agreement, sign_second_agreement
from revops.portal.demo.ways_in import open_ways_in
from revops.portal.demo.world import plan_world
from scoring.models import LeadScore, ScoreDecision
from sla.models import Clock, HandOff

_GROWING = (Person, Account, Signal, LeadScore, ScoreDecision, HandOff, Clock, Attempt)
_LOCK = 7_202_611
_ANALYZE_AT = (2, 6, 20, 60)
STARTED, FINISHED = "demo.started", "demo.finished"
STILL_NEWS = timedelta(days=1)

Tell = Callable[[int, str], None]
"""Told the percentage that is done, and words."""


class PortalNotEmptyError(Exception):
    """Somebody's data is here; the demo company never touches it."""


def is_empty() -> bool:
    """Whether nobody and nothing is in the portal."""
    return not (User.objects.exists() or Lead.objects.exists() or Submission.objects.exists())


def is_unfinished() -> bool:
    """Whether the demo company was begun here and its making was stopped half-way: nothing else is in the portal."""
    done = set(LedgerEntry.objects.filter(action__in=[STARTED, FINISHED]).values_list("action", flat=True))
    return done == {STARTED}


def clear_unfinished() -> None:
    """Empties the portal's own database after a stopped seeding. Raises PortalNotEmptyError for a server of yours."""
    if not is_unfinished() or not settings.EMBEDDED_POSTGRES:
        raise PortalNotEmptyError(
            "Making the demo company was stopped half-way. Empty the database that DATABASE_URL names, then try again."
        )
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE")
        cursor.execute("CREATE SCHEMA public")
    call_command("migrate", interactive=False, verbosity=0, skip_checks=True)


def seed_company(leads: int, seed: int, now: datetime, tell: Tell = lambda _done, _words: None) -> dict[str, Any]:
    """Makes the demo company with about `leads` leads up to `now`; the ledger says when it began and when it was done.

    Returns its counts and, under `demo`, what `demo.json` holds. Raises PortalNotEmptyError. The same `leads`, `seed`
    and `now` give the same company, save ids and the key.
    """
    with _alone(), doorbell.muffled():
        if not is_empty():
            raise PortalNotEmptyError("This portal is not empty, so the demo company was not added.")
        tell(0, "planning the year")
        world = plan_world(leads, seed, now)
        with transaction.atomic():
            _write_down(STARTED, now)
            company = found_company(now, Random(f"company/{seed}"), leads)  # noqa: S311 - a story, not a secret
        simulation = Simulation(company, world, now, seed)
        _run(simulation, company, now, tell)
        with transaction.atomic():
            equip_desk(company.users, now, Random(f"desk/{seed}"))  # noqa: S311 - a story, not a secret
            draft_third_agreement(company.users, now)
            settle_settings(company.users, now)
            plan_absences(company.users, now)
            contest_lately(now, Random(f"disputes/{seed}"))  # noqa: S311 - a story, not a secret
            escalate_lately(now)
            nurture_lately(company.users, now, Random(f"nurture/{seed}"))  # noqa: S311 - a story, not a secret
            open_ways_in(company.users, now, Random(f"ways/{seed}"))  # noqa: S311 - a story, not a secret
            change_rules(company.users, now, Random(f"rules/{seed}"))  # noqa: S311 - a story, not a secret
            know_companies(company.users, now, Random(f"companies/{seed}"))  # noqa: S311 - a story, not a secret
            handle_files(company.users, now, Random(f"files/{seed}"))  # noqa: S311 - a story, not a secret
            ask_about_data(company.users, now)
            count_reach(now=now)
            _quieten(now)
            _write_down(FINISHED, now)
        _analyze()
    return {**simulation.counts, "demo": credentials(company)}


@contextmanager
def _alone() -> Iterator[None]:
    """Two seeders wait for each other. A crash of the machine may take back commits: the seeding is begun again."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        cursor.execute("SET synchronous_commit = off")
    try:
        yield
    finally:
        if connection.is_usable() and not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute("RESET synchronous_commit")
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def _write_down(action: str, now: datetime) -> None:
    ledger.record([LedgerEntry(occurred_at=now, actor_label="machine: demo", action=action, subject_kind="portal")])


def _run(simulation: Simulation, company: Company, now: datetime, tell: Tell) -> None:
    huddles = Huddles(company, now)
    second_rulebook_at = now - YEAR + SECOND_RULEBOOK_AFTER
    is_published = is_agreed = False

    def after_slice(done: int, of: int, end: datetime) -> None:
        nonlocal is_published, is_agreed
        if not is_published and end >= second_rulebook_at:
            publish_second_rulebook(company, end)
            is_published = True
            while journey.catch_up(now=end):
                pass
        if not is_agreed and end >= now - YEAR + SECOND_AGREEMENT_AFTER:
            with transaction.atomic():
                sign_second_agreement(company.users, end)
            is_agreed = True
        if done in _ANALYZE_AT:
            _analyze()
        huddles.hold(end)
        tell(100 * done // of, f"{end:%b %Y}")

    simulation.run(after_slice)


def _analyze() -> None:
    """The planner must know how tables grew: nobody else sees them before the end."""
    with connection.cursor() as cursor:
        for model in (Lead, Submission, *_GROWING):
            cursor.execute(f"ANALYZE {connection.ops.quote_name(model._meta.db_table)}")


def _quieten(now: datetime) -> None:
    """What the past would have told people and systems is not sent today; only the last day's news waits."""
    past = OutboxMessage.objects.filter(state=MessageState.WAITING, created_at__lt=now - STILL_NEWS)
    past.update(state=MessageState.CANCELLED, finished_at=F("available_at"), last_error="Simulated past: not sent.")


def credentials(company: Company) -> dict[str, Any]:
    """What `demo.json` says: where, with which key, as whom. The highlighted people come first."""
    people = sorted(STAFF, key=lambda member: member.login not in HIGHLIGHTED)
    return {
        "company": COMPANY,
        "base_url": settings.PUBLIC_URL,
        "api_key": company.api_key,
        "users": [
            {"role": member.role, "name": member.name, "email": member.email, "password": PASSWORD}
            for member in people
            if member.role != "integration"
        ],
    }


def write_credentials(demo: dict[str, Any]) -> Path:
    """Writes `demo.json` so that only its owner reads it."""
    settings.VAR_DIR.mkdir(parents=True, exist_ok=True)
    file: Path = settings.VAR_DIR / "demo.json"
    file.write_text(json.dumps(demo, indent=2, ensure_ascii=False) + "\n")
    file.chmod(0o600)
    return file
