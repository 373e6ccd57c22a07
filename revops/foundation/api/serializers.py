"""Field types and the base serializer that the API's conventions need."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from django.utils.dateparse import parse_duration
from django.utils.duration import duration_iso_string
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from revops.foundation import ids
from revops.foundation.currencies import is_currency

MOST_SHOWN_UNKNOWN = 20


class Money(NamedTuple):
    """An amount and its ISO 4217 currency."""

    amount: Decimal
    currency: str


class Serializer(serializers.Serializer[Any]):
    """Refuses names it does not know: a typo is an error, never silence."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            known = {name for name, field in self.fields.items() if not field.read_only}
            unknown = [name for name in data if name not in known][:MOST_SHOWN_UNKNOWN]
            if unknown:
                words = _("There is no field of this name. Fields are: %(names)s.") % {
                    "names": ", ".join(sorted(known))
                }
                raise serializers.ValidationError(
                    {name: serializers.ErrorDetail(words, code="unknown_field") for name in unknown}
                )
        return super().to_internal_value(data)


@extend_schema_field({"type": "string", "pattern": "^[a-z_]+_[0-7][0-9a-hjkmnp-tv-z]{25}$"})
class PublicIdField(serializers.Field[UUID, str, str, Any]):
    """An id with its type prefix: `lead_…` outside, UUID inside."""

    default_error_messages = {"invalid_id": "{reason}"}

    def __init__(self, prefix: str, **kwargs: Any) -> None:
        self.prefix = prefix
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> UUID:
        try:
            return ids.decode(self.prefix, data if isinstance(data, str) else "")
        except ValueError as error:
            self.fail("invalid_id", reason=str(error))

    def to_representation(self, value: Any) -> str:
        return ids.encode(self.prefix, getattr(value, "pk", value))


@extend_schema_field(
    {
        "type": "object",
        "properties": {
            "amount": {"type": "string", "pattern": r"^-?\d{1,12}(\.\d{1,2})?$"},
            "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
        },
        "required": ["amount", "currency"],
        "additionalProperties": False,
    }
)
class MoneyField(serializers.Field[Money, Any, dict[str, str], Any]):
    """`{"amount": "12.30", "currency": "EUR"}` outside, Money inside. The amount is a string: floats lose cents."""

    default_error_messages = {
        "unknown_currency": _("“{code}” is no currency. Send its three letters, like EUR."),
        "invalid_money": _('Send money like {{"amount": "12.30", "currency": "EUR"}}, the amount as a string.'),
    }

    def to_internal_value(self, data: Any) -> Money:
        if not isinstance(data, dict) or set(data) != {"amount", "currency"}:
            self.fail("invalid_money")
        amount, currency = data["amount"], data["currency"]
        if not isinstance(amount, str) or not isinstance(currency, str):
            self.fail("invalid_money")
        whole, _point, cents = amount.removeprefix("-").partition(".")
        is_number = amount.isascii() and whole.isdigit() and len(whole) <= 12 and (not _point or cents.isdigit())
        if not is_number or len(cents) > 2 or not (currency.isascii() and currency.isalpha() and len(currency) == 3):
            self.fail("invalid_money")
        if not currency.isupper():
            self.fail("invalid_money")
        if not is_currency(currency):
            self.fail("unknown_currency", code=currency)
        return Money(Decimal(amount), currency)

    def to_representation(self, value: Any) -> dict[str, str]:
        amount, currency = value
        return {"amount": f"{amount:.2f}", "currency": currency}


class InstantField(serializers.DateTimeField):
    """An instant of RFC 3339 with its offset; aware UTC inside, Z outside."""

    default_error_messages = {
        "no_offset": _("Say which time zone: end it with Z or an offset, like 2026-03-04T10:00:00Z."),
        "invalid": _("Write the time like 2026-03-04T10:00:00Z."),
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(default_timezone=UTC, **kwargs)

    def enforce_timezone(self, value: datetime) -> datetime:
        if value.tzinfo is None:
            self.fail("no_offset")
        try:
            return value.astimezone(UTC)
        except OverflowError:
            self.fail("invalid")

    def to_representation(self, value: Any) -> Any:
        return value  # the renderer writes it, in UTC with a Z


@extend_schema_field({"type": "string", "format": "duration"})
class SpanField(serializers.Field[timedelta, str, str, Any]):
    """A span of ISO 8601 like P7D or PT4H."""

    default_error_messages = {"invalid_span": _("Write the span like P7D or PT4H.")}

    def to_internal_value(self, data: Any) -> timedelta:
        try:
            span = parse_duration(data) if isinstance(data, str) and data.lstrip("-").startswith("P") else None
        except (ValueError, OverflowError):
            span = None
        if span is None:
            self.fail("invalid_span")
        return span

    def to_representation(self, value: timedelta) -> str:
        return duration_iso_string(value)
