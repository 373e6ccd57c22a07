"""Which accounts a person may know of; what they may not see is answered like what does not exist."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404

from leads.models import Account
from revops.foundation.ids import decode
from revops.foundation.policy import visibility
from revops.portal.lead_pages.visibility import leads_for


def accounts_for(user: Any) -> QuerySet[Account]:
    """The accounts `user` may see: all, or those they own and those with a lead they may see."""
    accounts = Account.objects.standing()
    match visibility(user, "account"):
        case "all":
            return accounts
        case "own" | "team":
            return accounts.filter(Q(owner=user) | Exists(leads_for(user).filter(account=OuterRef("pk"))))
        case _:
            return accounts.none()


def searched_among(user: Any, accounts: QuerySet[Account]) -> QuerySet[Account] | None:
    """What a search for words is held to: `accounts`, which `user` may see, or None for whoever may see all."""
    return None if visibility(user, "account") == "all" else accounts


def account_or_404(user: Any, public_id: str) -> Account:
    """One visible account with owner and parent; the old id of a merged one finds the account it goes on in."""
    try:
        pk = decode("account", public_id)
    except ValueError:
        raise Http404 from None
    while (into := Account.objects.filter(pk=pk).values_list("merged_into_id", flat=True).first()) is not None:
        pk = into
    found = accounts_for(user).select_related("owner", "parent", "dynamics__updated_by").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found
