"""Merges one account into another, and arranges subsidiaries; both can be undone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from leads.matching.proposing import ask_again, drop_questions_about, settle_merged
from leads.merging.choices import ACCOUNT_CHOICES, swap
from leads.merging.people import MergeRefused
from leads.models import Account, AccountMerge, AccountProposal, Lead, Person
from leads.names import normalise_company
from revops.foundation.models import User


def merge_accounts(
    survivor_id: UUID, merged_id: UUID, taken: Sequence[str], by: User, *, now: datetime,
    proposal: AccountProposal | None = None,
) -> AccountMerge:  # fmt: skip
    """Links `merged_id` to `survivor_id`: its people, leads and subsidiaries move there. Raises MergeRefused.

    The merged row stays as an alias, so that its name and domain are still found.
    """
    survivor, merged = _locked(survivor_id, merged_id)
    if survivor.merged_into_id or merged.merged_into_id:
        raise MergeRefused(_("One of the two was merged already. Look at the account it was merged into."))
    if _is_above(merged.pk, survivor.pk):
        raise MergeRefused(_("The one that goes on belongs to the other. Choose the parent as the one that goes on."))
    chosen = [one.key for one in ACCOUNT_CHOICES if one.key in taken]
    if "parent" in chosen and merged.parent_id == survivor.pk:
        chosen.remove("parent")
    swap(ACCOUNT_CHOICES, chosen, survivor, merged)
    merged.merged_into = survivor
    people = _ids(Person.objects.filter(account=merged))
    leads = _ids(Lead.objects.filter(account=merged))
    children = _ids(Account.objects.filter(parent=merged, merged_into__isnull=True).exclude(pk=survivor.pk))
    _save(survivor, merged, now)
    Person.objects.filter(pk__in=people).update(account=survivor)
    Lead.objects.filter(pk__in=leads).update(account=survivor)
    Account.objects.filter(pk__in=children).update(parent=survivor)
    if proposal is not None:
        settle_merged(proposal, by, now=now)
    before = {"dropped": [str(pk) for pk in drop_questions_about("accounts", merged.pk, now=now)]}
    return AccountMerge.objects.create(
        survivor=survivor, merged=merged, proposal=proposal, taken=chosen, before=before, merged_at=now, merged_by=by,
        moved_people=people, moved_leads=leads, moved_children=children,
    )  # fmt: skip


def undo_account_merge(merge_id: UUID, by: User, *, now: datetime) -> AccountMerge:
    """Takes a merge of accounts back; people who came since stay where they are. Raises MergeRefused."""
    merge = AccountMerge.objects.select_for_update(of=("self",)).get(pk=merge_id)
    survivor, merged = _locked(merge.survivor_id, merge.merged_id)
    later = AccountMerge.objects.filter(survivor=survivor, undone_at__isnull=True, pk__gt=merge.pk)
    if merge.undone_at is not None:
        raise MergeRefused(_("This merge was undone before."))
    if survivor.merged_into_id or later.exists():
        raise MergeRefused(_("Another merge came after this one. Undo that one first."))
    swap(ACCOUNT_CHOICES, merge.taken, survivor, merged)
    merged.merged_into = None
    _save(survivor, merged, now)
    Person.objects.filter(pk__in=merge.moved_people, account=survivor).update(account=merged)
    Lead.objects.filter(pk__in=merge.moved_leads, account=survivor).update(account=merged)
    Account.objects.filter(pk__in=merge.moved_children, parent=survivor).update(parent=merged)
    dropped = [UUID(pk) for pk in merge.before["dropped"]]
    ask_again("accounts", [*dropped, *filter(None, [merge.proposal_id])])
    merge.undone_at, merge.undone_by = now, by
    merge.save(update_fields=["undone_at", "undone_by"])
    return merge


def standing_merges(account: Account) -> list[AccountMerge]:
    """The merges into an account that were not undone, the latest first. One query."""
    rows = AccountMerge.objects.filter(survivor=account, undone_at__isnull=True)
    return list(rows.select_related("merged", "merged_by").order_by("-merged_at", "-pk"))


def add_domain(account: Account, domain: str, by: User, *, now: datetime) -> AccountMerge:
    """A further domain of a company: an alias of its own, or the account that has that domain now, merged into this.

    Raises MergeRefused if the domain is this account's already.
    """
    known = Account.objects.filter(domain=domain).first()
    if known is None:
        name = normalise_company(domain.partition(".")[0].replace("-", " "))
        known = Account.objects.create(
            name=account.name, normalised_name=name, domain=domain, created_at=now, updated_at=now
        )
    elif account.pk in (known.pk, known.merged_into_id):
        raise MergeRefused(_("%(domain)s belongs to this account already.") % {"domain": domain})
    return merge_accounts(account.pk, known.pk, [], by, now=now)


def set_parent(account: Account, parent: Account | None, *, now: datetime) -> None:
    """Says who owns a company. Raises MergeRefused if that would go round in a circle."""
    ids = sorted({account.pk, *([parent.pk] if parent else [])})
    list(Account.objects.filter(pk__in=ids).order_by("pk").select_for_update().values_list("pk", flat=True))
    if parent is not None and (parent.pk == account.pk or _is_above(account.pk, parent.pk)):
        raise MergeRefused(_("%(name)s belongs to this account, so it cannot own it.") % {"name": parent.name})
    if parent is not None and parent.merged_into_id is not None:
        raise MergeRefused(_("%(name)s was merged into another account. Name that one.") % {"name": parent.name})
    account.parent, account.updated_at = parent, now
    account.save(update_fields=["parent", "updated_at"])


def _is_above(upper: UUID, lower: UUID) -> bool:
    """Whether `upper` owns `lower`, at any remove. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH RECURSIVE above (id) AS (
                SELECT parent_id FROM leads_account WHERE id = %s
                UNION SELECT account.parent_id FROM above JOIN leads_account account ON account.id = above.id
            )
            SELECT EXISTS (SELECT 1 FROM above WHERE id = %s)
            """,
            [lower, upper],
        )
        return bool(cursor.fetchone()[0])


def _locked(survivor_id: UUID, merged_id: UUID) -> tuple[Account, Account]:
    ids = [survivor_id, merged_id]
    found = {row.pk: row for row in Account.objects.filter(pk__in=ids).order_by("pk").select_for_update()}
    if len(found) != 2:
        raise MergeRefused(_("One of the two is no longer there."))
    return found[survivor_id], found[merged_id]


def _save(survivor: Account, merged: Account, now: datetime) -> None:
    columns = [column for one in ACCOUNT_CHOICES for column in one.columns]
    fields = [*(column.removesuffix("_id") for column in columns), "merged_into", "updated_at"]
    survivor.updated_at = merged.updated_at = now
    domain, survivor.domain = survivor.domain, None
    survivor.save(update_fields=fields)
    merged.save(update_fields=fields)
    survivor.domain = domain
    survivor.save(update_fields=["domain"])


def _ids(rows: QuerySet[Any]) -> list[UUID]:
    return list(rows.order_by("pk").values_list("pk", flat=True))
