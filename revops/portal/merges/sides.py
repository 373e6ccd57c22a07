"""Two people or two accounts side by side: every fact of both, and what a merge would end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Q
from django.utils.translation import gettext as _

from leads.matching.reasons import sentence_of
from leads.merging.choices import ACCOUNT_CHOICES, PERSON_CHOICES, Choice, differing, usually_taken
from leads.merging.people import goes_on, open_leads
from leads.models import Account, AccountProposal, Lead, Person, PersonProposal, Signal
from leads.names import country_name
from sla.handoffs import latest_handoffs
from sla.models import HandOff


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact of both; `takes` if the survivor takes over the other's unless somebody says otherwise."""

    key: str
    label: str
    mine: str
    theirs: str
    differs: bool
    takes: bool


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two: what it is called, its open lead and how much happened to it."""

    row: Any
    name: str
    lead: Lead | None
    handoff: HandOff | None
    acts: int
    last_act: Any
    leads: int
    people: int = 0


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the page of a proposal shows; `keep` is the left one, `other` the one that becomes part of it."""

    proposal: PersonProposal | AccountProposal
    kind: str
    keep: Side
    other: Side
    facts: list[Fact]
    sentence: str
    follows: list[str]
    swaps: str


def compare_people(proposal: PersonProposal, keep: str = "") -> Comparison:
    """Two people; `keep` is “first” or “second”, else whoever should go on. Seven queries."""
    people = [proposal.first, proposal.second]
    leads = open_leads(people)
    usual = goes_on(people[0], people[1], leads)
    left = {"first": people[0], "second": people[1]}.get(keep, usual)
    right = people[1] if left == people[0] else people[0]
    handoffs = latest_handoffs([lead.pk for lead in leads.values()])
    acts = _acts(people)
    counts = dict(Lead.objects.filter(person__in=people).values_list("person").annotate(n=Count("pk")))
    sides = [
        Side(
            one, one.name, leads.get(one.pk), handoffs.get(leads[one.pk].pk) if one.pk in leads else None,
            *acts.get(one.pk, (0, None)), counts.get(one.pk, 0),
        )
        for one in (left, right)
    ]  # fmt: skip
    return Comparison(
        proposal=proposal, kind="people", keep=sides[0], other=sides[1], facts=_facts(PERSON_CHOICES, left, right),
        sentence=sentence_of(proposal.reasons), follows=_follows(*sides),
        swaps="second" if left == people[0] else "first",
    )  # fmt: skip


def compare_accounts(proposal: AccountProposal, keep: str = "") -> Comparison:
    """Two accounts; the one with more leads goes on unless `keep` says otherwise. Three queries."""
    accounts = [proposal.first, proposal.second]
    numbers: Mapping[UUID, Mapping[str, Any]] = {
        row["pk"]: row
        for row in Account.objects.filter(pk__in=[one.pk for one in accounts])
        .values("pk")
        .annotate(
            n_leads=Count("leads", distinct=True, filter=Q(leads__withdrawn_at__isnull=True)),
            n_people=Count("people", distinct=True),
        )
    }
    usual = max(accounts, key=lambda one: (numbers[one.pk]["n_leads"], bool(one.domain), -one.created_at.timestamp()))
    left = {"first": accounts[0], "second": accounts[1]}.get(keep, usual)
    right = accounts[1] if left == accounts[0] else accounts[0]
    sides = [
        Side(one, one.name, None, None, 0, None, numbers[one.pk]["n_leads"], numbers[one.pk]["n_people"])
        for one in (left, right)
    ]
    follows = [
        _("%(people)s people and %(leads)s leads move to %(name)s.")
        % {"people": sides[1].people, "leads": sides[1].leads, "name": left.name},
        _("Its name and its domain are still found, as aliases."),
    ]
    return Comparison(
        proposal=proposal, kind="accounts", keep=sides[0], other=sides[1],
        facts=_facts(ACCOUNT_CHOICES, left, right), sentence=sentence_of(proposal.reasons), follows=follows,
        swaps="second" if left == accounts[0] else "first",
    )  # fmt: skip


def _acts(people: Sequence[Person]) -> dict[UUID, tuple[int, Any]]:
    rows = Signal.objects.filter(person__in=people).order_by().values_list("person")
    return {pk: (n, at) for pk, n, at in rows.annotate(n=Count("pk"), at=Max("occurred_at"))}


def _follows(keep: Side, other: Side) -> list[str]:
    """What a merge would end, in words."""
    follows = []
    if other.lead is not None and keep.lead is not None:
        follows.append(_("The lead that becomes part of it is hidden; whoever opens it is sent on."))
        if other.handoff is not None and other.handoff.state == "open":
            who = other.handoff.owner.name if other.handoff.owner else _("nobody")
            follows.append(_("Its hand-off to %(name)s ends; no promise is broken by that.") % {"name": who})
    elif other.lead is not None:
        follows.append(_("The open lead stays as it is; only its person changes."))
    follows.append(_("Enquiries from either address attach to the one that goes on, and all acts count there."))
    return follows


def _facts(choices: Sequence[Choice], left: Any, right: Any) -> list[Fact]:
    differ = {one.key for one in differing(choices, left, right)}
    taken = usually_taken(choices, left, right)
    return [
        Fact(one.key, str(one.label), _words(one, left), _words(one, right), one.key in differ, one.key in taken)
        for one in choices
    ]


def _words(choice: Choice, row: Any) -> str:
    """One fact as people read it."""
    match choice.key:
        case "account" | "owner" | "parent":
            return str(getattr(row, choice.key) or "")
        case "title" | "name":
            columns = ("title",) if choice.key == "title" else choice.columns
            if isinstance(row, Account):
                columns = ("name",)
            return " ".join(str(getattr(row, column)) for column in columns).strip()
        case "country":
            places = [country_name(row.country), *(getattr(row, column) for column in choice.columns[1:])]
            return " · ".join(place for place in places if place)
        case "employees":
            return f"{row.employees:,}" if row.employees else ""
        case _:
            return " · ".join(str(getattr(row, column)) for column in choice.columns if getattr(row, column))
