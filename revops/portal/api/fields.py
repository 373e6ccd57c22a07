"""Small pieces that several nouns share: filters by public id, times that must lie in the past."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django_filters import Filter
from rest_framework.request import Request

from revops.foundation.api.serializers import Serializer
from revops.foundation.ids import decode
from revops.portal.api.shapes import CLOCKS_DIFFER_BY
from revops.portal.api.who import refused

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


class PublicIdFormField(forms.CharField):
    """A public id like lead_…; the UUID inside."""

    def __init__(self, *, prefix: str, **options: Any) -> None:
        self.prefix = prefix
        super().__init__(**options)

    def clean(self, value: Any) -> UUID | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            return decode(self.prefix, text)
        except ValueError as error:
            raise ValidationError(str(error), code="invalid_id") from None


class PublicIdFilter(Filter):
    """Keeps the rows whose column holds this public id."""

    field_class = PublicIdFormField

    def __init__(self, *, prefix: str, **options: Any) -> None:
        super().__init__(prefix=prefix, **options)


def check_past(at: datetime | None, pointer: str, now: datetime) -> datetime | None:
    """The instant itself. Raises validation_error if it is still to come or absurdly old."""
    if at is not None and not EARLIEST <= at <= now + CLOCKS_DIFFER_BY:
        raise refused(pointer, "out_of_range", _("This must have happened already, and after 1970."))
    return at


def check_nothing_sent(request: Request) -> None:
    """Refuses every field of a write that takes none; an empty body and an empty object are fine."""
    Serializer(data=request.data or {}).is_valid(raise_exception=True)
