"""What people know of companies by now: owners, who decides inside, subsidiaries, a surge, and who came twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from random import Random

from django.db.models import Count, Q

from leads.account_changes import describe_inside
from leads.acts import ActOnLead, read_act
from leads.intake import Item
from leads.matching.proposing import refuse_proposal
from leads.matching.sweeping import sweep_all
from leads.merging.accounts import set_parent
from leads.merging.people import goes_on, open_leads
from leads.models import Account, Lead, PersonProposal, Source
from revops.foundation.models import User
from revops.portal import journey
from revops.portal.accounts.surging import raise_surges
from revops.portal.merges.acting import merge

TWICE = 9
SURGES = 3
_MUST_AGREE = (
    "Works council and the head of IT", "The plant manager and finance", "Group purchasing in Lyon",
    "The managing director; she signs everything above 20,000", "Operations and the union",
)  # fmt: skip
_BLOCKERS = (
    "A framework contract with the old vendor until March", "Security review takes six weeks", "No budget before July",
    "The COO prefers to build it", "",
)  # fmt: skip
_NEXT = ("Steering committee", "Budget round", "Pilot review", "Board meeting", "Demo for the shift leads")
_TOPICS = ("pricing", "integration", "scheduling", "security")


def know_companies(users: Mapping[str, User], now: datetime, rng: Random) -> None:
    """Fills the pages of accounts and duplicates with what a year would have left there."""
    _name_owners()
    _describe(users, now, rng)
    _found_groups(now)
    _come_twice(now, rng)
    while sweep_all(now=now):
        pass
    _answer_some(users["marketer1"], now)
    _surge(now, rng)
    raise_surges(now=now)


def _name_owners() -> None:
    """Whoever works a company's lead owns the company."""
    worked = Lead.objects.shown().filter(stage__in=["accepted", "opportunity", "won"], account__isnull=False)
    rows = worked.filter(owner__is_active=True).order_by("stage_at", "received_at")
    owners = {lead.account_id: lead.owner for lead in rows.select_related("owner__team") if lead.account_id}
    for account in Account.objects.filter(pk__in=owners):
        owner = owners[account.pk]
        if owner is not None:
            account.owner, account.territory = owner, owner.team.name.removeprefix("Sales ") if owner.team else ""
            account.save(update_fields=["owner", "territory"])


def _describe(users: Mapping[str, User], now: datetime, rng: Random) -> None:
    deals = Account.objects.filter(leads__stage="opportunity", owner__isnull=False).distinct().order_by("name")[:12]
    for number, account in enumerate(deals):
        describe_inside(
            account, must_agree=_MUST_AGREE[number % len(_MUST_AGREE)], blocker=_BLOCKERS[number % len(_BLOCKERS)],
            next_on=(now + timedelta(days=rng.randrange(3, 40))).date(), next_what=_NEXT[number % len(_NEXT)],
            by=account.owner or users["rep1"], now=now - timedelta(days=rng.randrange(1, 9)),
        )  # fmt: skip


def _found_groups(now: datetime) -> None:
    """A few companies belong to others."""
    rows = list(Account.objects.standing().filter(owner__isnull=False, employees__gte=1).order_by("-employees")[:6])
    for parent, child in zip(rows[:3], rows[3:], strict=False):
        set_parent(child, parent, now=now)


def _come_twice(now: datetime, rng: Random) -> None:
    """People who wrote from another address, or whose name was misspelled by the vendor of a list."""
    source = Source.objects.filter(kind="inbound", state="active").order_by("key").first()
    known = (
        Lead.objects.open().live().filter(person__email__isnull=False, account__domain__isnull=False)
        .exclude(person__first_name="").exclude(person__last_name="")
        .select_related("person", "account").order_by("-received_at", "person__email")[: TWICE * 4 : 4]
    )  # fmt: skip
    if source is None:
        return
    items = []
    for number, lead in enumerate(known):
        person, account = lead.person, lead.account
        if account is None or not person.email:
            continue
        local, _, domain = person.email.partition("@")
        again = (f"{local}+webinar@{domain}", f"{local[:-1]}@{domain}", f"{local}@{domain.partition('.')[0]}.io")[
            number % 3
        ]
        payload = {
            "email": again, "first_name": person.first_name, "last_name": person.last_name, "company": account.name,
            "title": person.title, "country": person.country, "act": "content_download", "topic": rng.choice(_TOPICS),
        }  # fmt: skip
        at = now - timedelta(hours=rng.randrange(2, 60))
        items.append(Item(source_id=source.pk, channel="form", payload=payload, received_at=at, occurred_at=at))
    journey.admit(sorted(items, key=lambda item: item.received_at or now), now=now)


def _answer_some(by: User, now: datetime) -> None:
    """One pair was merged, one was not the same; the others wait."""
    asked: Sequence[PersonProposal] = list(
        PersonProposal.objects.filter(state="open").select_related("first", "second").order_by("-score", "first__email")
    )
    if len(asked) < 4:
        return
    pair = (asked[0].first, asked[0].second)
    survivor = goes_on(*pair, open_leads(pair))
    other = pair[1] if survivor == pair[0] else pair[0]
    merge(survivor.pk, other.pk, [], by, now=now, proposal=asked[0])
    refuse_proposal(asked[-1], by, now=now)


def _surge(now: datetime, rng: Random) -> None:
    """Some companies were busy lately: three of their people looked at prices within days."""
    live = Q(leads__withdrawn_at__isnull=True, leads__is_history=False)
    busy = (
        Account.objects.standing()
        .annotate(n=Count("leads__person", filter=live, distinct=True))
        .filter(n__gte=3)
        .order_by("-n", "name")[: SURGES * 2 : 2]
    )  # fmt: skip
    for account in busy:
        leads = Lead.objects.open().live().filter(account=account).order_by("received_at", "pk")[:4]
        acts = []
        for lead in leads:
            for _visit in range(2):
                at = now - timedelta(hours=rng.randrange(3, 90))
                act = read_act({"kind": "pricing_page_visit", "topic": rng.choice(_TOPICS)}, default_at=at)
                acts.append(ActOnLead(act, lead.pk, lead.person_id, lead.source_id, at))
        journey.record_signals(sorted(acts, key=lambda one: one.received_at), now=now)
