"""The list of accounts: its filter, which the export and the API share, and the numbers beside each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import django_filters
from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from leads.lifecycle import CLOSED_STAGES, Stage
from leads.models import Account, AccountTask, Lead, Person, TaskState
from leads.searching import accounts_named
from revops.foundation.kept_queries import KeptQuery, any_of, fetch_kept
from revops.portal.accounts.visibility import searched_among

COLUMNS = (
    "id", "name", "domain", "industry", "employees", "country", "territory", "owner", "parent", "people", "open_leads",
    "won", "last_activity_at",
)  # fmt: skip
CHUNK = 500


class AccountFilter(django_filters.FilterSet):
    """Filters accounts by words, owner, country, territory, and what goes on."""

    q = django_filters.CharFilter(method="by_text", label=_("Name or domain"))
    owner = django_filters.CharFilter(method="by_owner", label=_("Owner"))
    country = django_filters.CharFilter(method="by_country", max_length=2, label=_("Country"))
    territory = django_filters.CharFilter(field_name="territory", lookup_expr="iexact", label=_("Territory"))
    state = django_filters.ChoiceFilter(
        method="by_state",
        choices=[("surging", _("Surging")), ("working", _("With an open lead")), ("customer", _("Customer"))],
        label=_("What goes on"), empty_label=_("Any"),
    )  # fmt: skip
    parent = django_filters.CharFilter(method="by_parent", label=_("Belongs to"))

    class Meta:
        model = Account
        fields: list[str] = []

    def by_text(self, accounts: QuerySet[Account], _name: str, text: str) -> QuerySet[Account]:
        if not text.strip():
            return accounts
        seen = searched_among(getattr(self.request, "user", None), accounts)
        return accounts.filter(accounts_named(text, seen))

    def by_owner(self, accounts: QuerySet[Account], _name: str, owner: str) -> QuerySet[Account]:
        """“me”, “nobody”, or the e-mail address of somebody."""
        if owner == "nobody":
            return accounts.filter(owner__isnull=True)
        user = getattr(self.request, "user", None)
        return accounts.filter(owner=user) if owner == "me" else accounts.filter(owner__email=owner)

    def by_country(self, accounts: QuerySet[Account], _name: str, country: str) -> QuerySet[Account]:
        return accounts.filter(country=country.strip().upper())

    def by_state(self, accounts: QuerySet[Account], _name: str, state: str) -> QuerySet[Account]:
        leads = Lead.objects.shown().filter(account=OuterRef("pk"))
        if state == "surging":
            return accounts.filter(Exists(AccountTask.objects.filter(account=OuterRef("pk"), state=TaskState.OPEN)))
        if state == "customer":
            return accounts.filter(Exists(leads.filter(stage=Stage.WON)))
        return accounts.filter(Exists(leads.exclude(stage__in=CLOSED_STAGES)))

    def by_parent(self, accounts: QuerySet[Account], _name: str, domain: str) -> QuerySet[Account]:
        return accounts.filter(parent__domain=domain)


@dataclass(frozen=True, slots=True)
class Numbers:
    """What stands beside an account in lists."""

    people: int = 0
    open_leads: int = 0
    won: int = 0
    last_at: Any = None
    is_surging: bool = False


def numbers_of(ids: Sequence[UUID]) -> dict[UUID, Numbers]:
    """The numbers of the accounts with these ids. Three queries, however many."""
    asked = {"accounts": list(ids)}
    people, leads, surging = fetch_kept((_PEOPLE, asked), (_LEADS, asked), (_SURGING, asked))
    n_people = dict(people)
    of_leads = {account: (n_open, won, at) for account, n_open, won, at in leads}
    found = {}
    for pk in ids:
        n_open, won, at = of_leads.get(pk, (0, 0, None))
        found[pk] = Numbers(n_people.get(pk, 0), n_open, won, at, pk in surging)
    return found


_PEOPLE = KeptQuery(
    Person.objects.filter(account=any_of("accounts"), merged_into__isnull=True)
    .order_by()
    .values("account")
    .annotate(n=Count("pk"))
    .values_list("account", "n")
)
_LEADS = KeptQuery(
    Lead.objects.shown()
    .filter(account=any_of("accounts"))
    .order_by()
    .values("account")
    .annotate(n=Count("pk", filter=~Q(stage__in=CLOSED_STAGES)), won=Count("pk", filter=Q(stage=Stage.WON)))
    .annotate(at=Max("last_signal_at"))
    .values_list("account", "n", "won", "at")
)
_SURGING = KeptQuery(
    AccountTask.objects.filter(account=any_of("accounts"), state=TaskState.OPEN).values_list("account_id", flat=True)
)


def account_lines(accounts: QuerySet[Account]) -> Iterator[list[Any]]:
    """One row per account for a file, read in chunks."""
    chunk: list[Account] = []
    for account in accounts.select_related("owner", "parent").iterator(chunk_size=CHUNK):
        chunk.append(account)
        if len(chunk) == CHUNK:
            yield from _lines(chunk)
            chunk = []
    yield from _lines(chunk)


def _lines(accounts: Sequence[Account]) -> Iterator[list[Any]]:
    numbers = numbers_of([one.pk for one in accounts])
    for one in accounts:
        row = numbers[one.pk]
        yield [
            one.public_id, one.name, one.domain or "", one.industry, one.employees or "", one.country, one.territory,
            one.owner.email if one.owner else "", one.parent.name if one.parent else "", row.people, row.open_leads,
            row.won, row.last_at.isoformat() if row.last_at else "",
        ]  # fmt: skip
