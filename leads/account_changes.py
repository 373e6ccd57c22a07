"""Changes what is known of an account: facts, what goes on inside, and the roles of its people."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db.models import F
from django.utils.translation import gettext as _

from leads.cleaning import registered_domain
from leads.hygiene import DISPOSABLE_DOMAINS, FREE_DOMAINS
from leads.merging.accounts import set_parent
from leads.merging.people import MergeRefused
from leads.models import Account, AccountDynamics, Lead, Person
from leads.names import normalise_company
from revops.foundation.models import User

FACTS = ("name", "domain", "industry", "employees", "country", "owner_id", "territory")


def change_account(account: Account, facts: Mapping[str, Any], *, now: datetime) -> list[str]:
    """Writes the facts that differ and returns their names. Raises MergeRefused for a parent or domain that cannot be.

    `parent` is an account or None; everything else is one of FACTS.
    """
    changed = [name for name in FACTS if name in facts and getattr(account, name) != facts[name]]
    if "domain" in changed:
        _check_domain(account, facts["domain"])
    if "parent" in facts and (facts["parent"].pk if facts["parent"] else None) != account.parent_id:
        set_parent(account, facts["parent"], now=now)
        changed.append("parent")
    for name in changed:
        if name != "parent":
            setattr(account, name, facts[name])
    if "name" in changed:
        account.normalised_name = normalise_company(account.name)
    if changed:
        account.updated_at = now
        account.save(update_fields=[*(name.removesuffix("_id") for name in changed), "normalised_name", "updated_at"])
    return changed


def read_domain(text: str) -> str:
    """The registered domain somebody typed; empty if it is none, or one that belongs to nobody in particular."""
    found = registered_domain(text)
    return "" if found in FREE_DOMAINS or found in DISPOSABLE_DOMAINS else found


def _check_domain(account: Account, domain: str | None) -> None:
    taken = Account.objects.filter(domain=domain).exclude(pk=account.pk).first() if domain else None
    if taken is not None:
        words = _("%(domain)s belongs to %(name)s. Merge the two if they are one company.")
        raise MergeRefused(words % {"domain": domain, "name": taken.name})


def describe_inside(
    account: Account, *, must_agree: str, blocker: str, next_on: date | None, next_what: str, by: User, now: datetime
) -> AccountDynamics:
    """Writes down who must agree, what is in the way, and when they talk about it next."""
    dynamics, _is_new = AccountDynamics.objects.update_or_create(
        account=account,
        defaults={
            "must_agree": must_agree, "blocker": blocker, "next_on": next_on, "next_what": next_what,
            "updated_at": now, "updated_by": by,
        },
    )  # fmt: skip
    return dynamics


def name_role(person: Person, role: str, *, now: datetime) -> bool:
    """Writes somebody's part in the decision; empty takes it away. Says whether that changed anything."""
    if person.purchasing_role == role:
        return False
    person.purchasing_role, person.updated_at = role, now
    person.save(update_fields=["purchasing_role", "updated_at"])
    Lead.objects.open().shown().filter(person=person).update(version=F("version") + 1)
    return True
