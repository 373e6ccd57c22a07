"""Files that the demo company handles: past deals, a bad list that is held, a list that was vetted, what ads cost."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random

from django.utils import timezone

from leads.files import FileShape
from leads.models import ImportRun, Source, SpendFile
from leads.spending import apply_spend
from revops.foundation import jobs
from revops.foundation.models import Job, User
from revops.portal.imports import wizard
from revops.portal.imports.uploads import begin_import, store_upload
from revops.portal.spend.reading import columns_of, plan_of
from revops.portal.vetting import working as vetting

_FIRMS = ("Harbour Lifts", "Nordhaus Technik", "Brightwater Utilities", "Alpenwerk", "Castell Services", "Delta Meters",
          "Fjord Energy", "Granite Roads", "Isar Klima", "Juniper Rail")  # fmt: skip
_NAMES = ("anna", "ben", "carla", "david", "elif", "frank", "greta", "hugo", "ines", "jonas", "kim", "lena")


def handle_files(users: Mapping[str, User], now: datetime, rng: Random) -> None:
    """What a visitor finds under Imports, Vet a list and Spend on the first day. None of it starts a clock."""
    marketer = users["marketer1"]
    if abs(timezone.now() - now) < timedelta(days=1):  # what an import writes bears the time of the machine
        _import_history(marketer, now, rng)
    _hold_a_list(marketer, now, rng)
    _vet_a_list(users["marketer2"], now, rng)
    _book_spend(users["marketer2"], now)


def _import_history(user: User, now: datetime, rng: Random) -> None:
    rows = []
    for number in range(36):
        began = now - timedelta(days=rng.randrange(420, 700))
        ended = began + timedelta(days=rng.randrange(20, 90))
        won = rng.random() < 0.4
        rows.append(
            f"OLD-{number:03},{_address(rng, number)},{rng.choice(_FIRMS)},{began:%Y-%m-%d},"
            f"{'Closed Won' if won else 'Closed Lost'},{ended:%Y-%m-%d},{rng.randrange(8, 90) * 1000 if won else ''},"
            f"{'' if won else rng.choice(('No budget', 'Chose a competitor', 'No decision'))}"
        )
    text = "Id,Email,Company,Created,Stage,Close date,Amount,Loss reason\n" + "\n".join(rows) + "\n"
    run = _opened(text, "crm-before-the-portal.csv", user, now)
    mapping = {
        "columns": {
            "Id": {"to": "external_id"}, "Email": {"to": "email"}, "Company": {"to": "company"},
            "Created": {"to": "occurred_at", "format": "iso"},
            "Stage": {"to": "outcome", "values": {"Closed Won": "won", "Closed Lost": "lost"}},
            "Close date": {"to": "outcome_at", "format": "iso"}, "Amount": {"to": "amount"},
            "Loss reason": {"to": "attribute:after_contact_reason"},
        },
        "defaults": {"currency": "EUR"},
    }  # fmt: skip
    wizard.choose_mapping(run, mapping, user, now)
    wizard.set_rules(run, source=_source("outbound"), legal_basis="legitimate_interest", is_history=True)
    _do(wizard.start_run(run, user, now), now)


def _hold_a_list(user: User, now: datetime, rng: Random) -> None:
    rows = []
    for number in range(80):
        bad = number % 3 == 0
        wrong = rng.choice((f"test{number}@test.com", f"asdf{number}@mailinator.com", f"no.reply{number}"))
        rows.append(f"{wrong if bad else _address(rng, 500 + number)},{rng.choice(_FIRMS)},DE")
    run = _opened("Email,Company,Country\n" + "\n".join(rows) + "\n", "fair-badge-scans.csv", user, now)
    wizard.choose_mapping(run, wizard.offered_mapping(run), user, now)
    wizard.set_rules(run, source=_source("events"), legal_basis="consent", is_history=False, campaign="logistics-fair")
    _do(wizard.start_dry_run(run, user, now), now)


def _vet_a_list(user: User, now: datetime, rng: Random) -> None:
    titles = ("COO", "Head of Operations", "Planner", "Student", "IT Manager", "")
    rows = [
        f"{'info@' + _address(rng, number).partition('@')[2] if number % 9 == 0 else _address(rng, 900 + number)},"
        f"{rng.choice(_FIRMS)},{rng.choice(titles)},{rng.randrange(5, 900)}"
        for number in range(60)
    ]
    text = "Email,Company,Title,Employees\n" + "\n".join(rows) + "\n"
    file = store_upload([text.encode()], "offer-of-a-list-broker.csv", user, now)
    _do(vetting.start_vetting(file, user, now), now)


def _book_spend(user: User, now: datetime) -> None:
    """What the ad platform billed for one campaign in the last two months, day by day."""
    month = now.date().replace(day=1)
    last = (month - timedelta(days=1)).replace(day=1)
    rows = [
        f"{first + timedelta(days=day):%Y-%m-%d},paid-social,retargeting,{41 + day % 7}.50,EUR"
        for first in (last, month)
        for day in range(0, 28, 3)
        if first + timedelta(days=day) <= now.date()
    ]
    text = "Date,Channel,Campaign name,Amount spent,Currency\n" + "\n".join(rows) + "\n"
    file = store_upload([text.encode()], "retargeting-billing.csv", user, now)
    shape = FileShape.from_json(file.shape)
    found = SpendFile.objects.create(
        file=file, columns=columns_of(shape), currency="EUR", created_by=user, created_at=now
    )
    plan = plan_of(found)
    found.counts = {"rows": plan.rows, "unchanged": plan.unchanged, "problems": len(plan.problems)}
    apply_spend(found, plan.changes, by=user, now=now)


def _opened(text: str, name: str, user: User, now: datetime) -> ImportRun:
    run = begin_import(store_upload([text.encode()], name, user, now), user, now)
    wizard.confirm_shape(run, now)
    return run


def _do(job: Job, now: datetime) -> None:
    jobs.run(job.pk, lambda: now)


def _source(key: str) -> Source:
    return Source.objects.get(key=key)


def _address(rng: Random, number: int) -> str:
    firm = rng.choice(_FIRMS).lower().replace(" ", "-")
    return f"{rng.choice(_NAMES)}.{number}@{firm}.com"
