"""Which facts of two people or accounts can be chosen, one by one. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Choice(NamedTuple):
    """One fact as people see it, and the columns that belong together."""

    key: str
    label: str | Promise
    columns: tuple[str, ...]


PERSON_CHOICES: tuple[Choice, ...] = (
    Choice("name", _("Name"), ("first_name", "last_name")),
    Choice("email", _("E-mail"), ("email",)),
    Choice("phone", _("Phone"), ("phone",)),
    Choice("title", _("Title"), ("title", "seniority", "function")),
    Choice("purchasing_role", _("Part in the decision"), ("purchasing_role",)),
    Choice("country", _("Country and city"), ("country", "city")),
    Choice("account", _("Company"), ("account_id",)),
)
ACCOUNT_CHOICES: tuple[Choice, ...] = (
    Choice("name", _("Name"), ("name", "normalised_name")),
    Choice("domain", _("Domain"), ("domain",)),
    Choice("industry", _("Industry"), ("industry",)),
    Choice("employees", _("Employees"), ("employees",)),
    Choice("country", _("Country"), ("country",)),
    Choice("owner", _("Owner"), ("owner_id",)),
    Choice("territory", _("Territory"), ("territory",)),
    Choice("parent", _("Belongs to"), ("parent_id",)),
)


def differing(choices: Sequence[Choice], survivor: Any, merged: Any) -> list[Choice]:
    """The facts in which two rows differ."""
    return [one for one in choices if _values(one, survivor) != _values(one, merged)]


def usually_taken(choices: Sequence[Choice], survivor: Any, merged: Any) -> list[str]:
    """What the survivor takes over unless somebody says otherwise: what it does not know itself."""
    return [one.key for one in choices if not any(_values(one, survivor)) and any(_values(one, merged))]


def swap(choices: Sequence[Choice], keys: Sequence[str], survivor: Any, merged: Any) -> list[str]:
    """Exchanges the chosen facts of two rows in memory; the columns that changed. Doing it again undoes it."""
    columns = [column for one in choices if one.key in keys for column in one.columns]
    for column in columns:
        mine, theirs = getattr(survivor, column), getattr(merged, column)
        setattr(survivor, column, theirs)
        setattr(merged, column, mine)
    return columns


def _values(choice: Choice, row: Any) -> list[Any]:
    return [getattr(row, column) or "" for column in choice.columns]
