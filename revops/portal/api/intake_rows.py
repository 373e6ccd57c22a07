"""Rows of the lists of signals, consents, spend and campaigns, without an instance or a serializer each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from leads.money import major_units
from revops.foundation.ids import encode
from revops.portal.consents.ledger import PROOF

SIGNAL_COLUMNS = (
    "pk", "lead_id", "kind__code", "kind__name", "topic", "quantity", "value", "url", "occurred_at", "received_at",
    "source__key", "event_id",
)  # fmt: skip
"""What `shown_signals` needs."""
CONSENT_COLUMNS = (
    "pk", "person_id", "kind", "purpose", "channel", "source__key", "wording__text", "wording__key", "wording__version",
    "submission_id", "occurred_at", "recorded_at", "expires_at", "proof__event_id",
    *(f"proof__{name}" for name in PROOF),
)  # fmt: skip
"""What `shown_consents` needs."""
SPEND_COLUMNS = ("pk", "source__key", "campaign__key", "month_on", "amount_minor", "currency")
"""What `shown_spend` needs."""
CAMPAIGN_COLUMNS = (
    "pk", "source__key", "key", "name", "kind", "owner_id", "starts_on", "ends_on", "budget_minor", "currency", "match",
    "note", "created_at", "described_at", "archived_at",
)  # fmt: skip
"""What `shown_campaigns` needs."""

Row = Mapping[str, Any]


def shown_signals(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Rows of `values(*SIGNAL_COLUMNS)`."""
    same = ("topic", "quantity", "value", "url", "occurred_at", "received_at", "event_id")
    return [
        {
            "id": encode("signal", row["pk"]),
            "lead_id": encode("lead", row["lead_id"]),
            "kind": row["kind__code"],
            "name": row["kind__name"],
            "source": row["source__key"],
            **{name: row[name] for name in same},
        }
        for row in rows
    ]


def shown_consents(rows: Sequence[Row], *, shows_people: bool) -> list[dict[str, Any]]:
    """Rows of `values(*CONSENT_COLUMNS)`; proof only for who may see people."""
    same = ("kind", "purpose", "channel", "occurred_at", "recorded_at", "expires_at")
    return [
        {
            "id": encode("consent", row["pk"]),
            "person_id": encode("person", row["person_id"]),
            "source": row["source__key"],
            "text": row["wording__text"],
            "wording": f"{row['wording__key']} v{row['wording__version']}" if row["wording__key"] else None,
            "receipt": _id("sub", row["submission_id"]) or "",
            "proof": {name: row[f"proof__{name}"] for name in PROOF}
            if shows_people and row["proof__event_id"]
            else None,
            **{name: row[name] for name in same},
        }
        for row in rows
    ]


def shown_spend(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Rows of `values(*SPEND_COLUMNS)`."""
    return [
        {
            "id": encode("spend", row["pk"]),
            "source": row["source__key"],
            "campaign": row["campaign__key"],
            "month": f"{row['month_on']:%Y-%m}",
            "amount": shown_money(row["amount_minor"], row["currency"]),
        }
        for row in rows
    ]


def shown_campaigns(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Rows of `values(*CAMPAIGN_COLUMNS)`."""
    same = ("key", "name", "kind", "starts_on", "ends_on", "note", "created_at", "described_at", "archived_at")
    return [
        {
            "id": encode("campaign", row["pk"]),
            "source": row["source__key"],
            "owner_id": _id("user", row["owner_id"]),
            "budget": shown_money(row["budget_minor"], row["currency"]),
            "utm_rules": row["match"],
            **{name: row[name] for name in same},
        }
        for row in rows
    ]


def shown_money(minor: int | None, currency: str) -> dict[str, str] | None:
    """A sum as the API says it, with the digits that its currency has: 12.50 EUR, 1250 JPY."""
    if minor is None:
        return None
    return {"amount": str(major_units(minor, currency)), "currency": currency}


def _id(prefix: str, pk: UUID | None) -> str | None:
    return encode(prefix, pk) if pk else None
