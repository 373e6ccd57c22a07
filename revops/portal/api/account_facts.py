"""How the API shows an account and a surge: their fields, and rows of a list without an instance or serializer each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from rest_framework import serializers

from leads.models import TaskState
from revops.foundation.api.serializers import InstantField, PublicIdField, Serializer
from revops.foundation.ids import encode
from revops.portal.accounts.listing import numbers_of


class InsideSerializer(Serializer):
    must_agree = serializers.CharField(max_length=300, allow_blank=True, required=False)
    blocker = serializers.CharField(max_length=300, allow_blank=True, required=False)
    next_on = serializers.DateField(allow_null=True, required=False)
    next_what = serializers.CharField(max_length=200, allow_blank=True, required=False)


class AccountDetailSerializer(Serializer):
    id = PublicIdField("account", source="pk")
    name = serializers.CharField()
    domain = serializers.CharField(allow_null=True)
    industry = serializers.CharField()
    employees = serializers.IntegerField(allow_null=True)
    country = serializers.CharField()
    territory = serializers.CharField()
    owner_id = PublicIdField("user", allow_null=True)
    parent_id = PublicIdField("account", allow_null=True)
    people = serializers.IntegerField()
    open_leads = serializers.IntegerField()
    won = serializers.IntegerField()
    is_surging = serializers.BooleanField()
    last_activity_at = InstantField(allow_null=True)
    updated_at = InstantField()
    inside = InsideSerializer(required=False, allow_null=True, help_text="Only for one account, with people:pii.")


class AccountTaskSerializer(Serializer):
    id = PublicIdField("task", source="pk")
    account_id = PublicIdField("account")
    owner_id = PublicIdField("user", allow_null=True)
    state = serializers.ChoiceField(choices=TaskState.choices)
    people_ids = serializers.ListField(child=PublicIdField("person"), source="people")
    topics = serializers.ListField(child=serializers.CharField())
    signals = serializers.IntegerField()
    window_from = InstantField()
    opened_at = InstantField()
    closed_at = InstantField(allow_null=True)
    note = serializers.CharField()


ACCOUNT_COLUMNS = (
    "pk", "name", "domain", "industry", "employees", "country", "territory", "owner_id", "parent_id", "updated_at",
)  # fmt: skip
"""What `shown_accounts` needs of an account."""
TASK_COLUMNS = (
    "pk", "account_id", "owner_id", "state", "people", "topics", "signals", "window_from", "opened_at", "closed_at",
    "note",
)  # fmt: skip
"""What `shown_task` needs of a surge."""


def shown_accounts(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows of `values(*ACCOUNT_COLUMNS)` with the numbers beside them. Three queries, however many."""
    numbers = numbers_of([row["pk"] for row in rows])
    return [
        {
            "id": encode("account", row["pk"]),
            **{name: row[name] for name in ("name", "domain", "industry", "employees", "country", "territory")},
            "owner_id": _id("user", row["owner_id"]),
            "parent_id": _id("account", row["parent_id"]),
            "people": (beside := numbers[row["pk"]]).people,
            "open_leads": beside.open_leads,
            "won": beside.won,
            "is_surging": beside.is_surging,
            "last_activity_at": beside.last_at,
            "updated_at": row["updated_at"],
        }
        for row in rows
    ]


def shown_task(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of `values(*TASK_COLUMNS)`."""
    return {
        "id": encode("task", row["pk"]),
        "account_id": encode("account", row["account_id"]),
        "owner_id": _id("user", row["owner_id"]),
        "people_ids": [encode("person", pk) for pk in row["people"]],
        **{name: row[name] for name in _AS_THEY_ARE},
    }


_AS_THEY_ARE = ("state", "topics", "signals", "window_from", "opened_at", "closed_at", "note")


def _id(prefix: str, pk: UUID | None) -> str | None:
    return encode(prefix, pk) if pk else None
