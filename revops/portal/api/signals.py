"""Signals: acts of people who are known already. An event id makes a repeat harmless."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError
from django.utils import timezone
from django.utils.translation import gettext as _
from django_filters import CharFilter, FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from leads.acts import ActOnLead, read_act
from leads.models import Signal
from revops.foundation.api.schema import paged
from revops.foundation.api.serializers import InstantField, PublicIdField, Serializer
from revops.foundation.api.views import BATCH_COST, ApiView
from revops.foundation.ids import encode
from revops.portal import journey
from revops.portal.api.fields import PublicIdFilter
from revops.portal.api.finding import Found, Named, find_leads
from revops.portal.api.intake_rows import SIGNAL_COLUMNS, shown_signals
from revops.portal.api.shapes import ACT_FIELDS, check_object, problem_at, schema_of, text
from revops.portal.api.submissions import BATCH_BYTES, MOST_ITEMS, invalid
from revops.portal.api.who import visible_leads
from revops.portal.intake_sources import UNIDENTIFIED, source_ids

SIGNAL_FIELDS = {
    "source": text(64, required=True),
    "lead_id": text(60),
    "email": text(320),
    "external_id": text(200),
    **ACT_FIELDS,
}
ITEM_FIELDS = {**SIGNAL_FIELDS, "source": text(64), "client_ref": text(120)}


class SignalSerializer(Serializer):
    id = PublicIdField("signal", source="pk")
    lead_id = PublicIdField("lead")
    kind = serializers.CharField(source="kind.code")
    name = serializers.CharField(source="kind.name")
    topic = serializers.CharField()
    quantity = serializers.IntegerField()
    value = serializers.IntegerField(allow_null=True)
    url = serializers.CharField()
    occurred_at = InstantField(allow_null=True)
    received_at = InstantField()
    source = serializers.CharField(source="source.key")  # type: ignore[assignment]
    event_id = serializers.CharField()


class SignalResultSerializer(Serializer):
    outcome = serializers.ChoiceField(choices=["recorded", "repeat", "refused"])
    lead_id = PublicIdField("lead", allow_null=True)


class SignalItemResultSerializer(SignalResultSerializer):
    client_ref = serializers.CharField(allow_null=True)
    errors = serializers.ListField(child=serializers.DictField(), required=False)  # type: ignore[assignment]


class SignalBatchSerializer(Serializer):
    results = SignalItemResultSerializer(many=True)
    counts = serializers.DictField(child=serializers.IntegerField())


class SignalFilter(FilterSet):
    lead = PublicIdFilter(prefix="lead")
    kind = CharFilter(field_name="kind__code")
    source = CharFilter(field_name="source__key")


class SignalListView(ApiView):
    """Send one signal; list them."""

    permissions = {"GET": "leads.view", "POST": "signals.send"}
    filterset_class = SignalFilter
    sorts = {"received_at": "received_at", "id": "pk"}
    usual_sort = "-id"

    @extend_schema(responses=paged(SignalSerializer))
    def get(self, request: Request) -> Response:
        rows = Signal.objects.filter(lead__in=visible_leads(request))
        return self.page(rows.values(*SIGNAL_COLUMNS), shown_signals)

    @extend_schema(
        request={"application/json": {"$ref": "#/components/schemas/SignalIn"}},
        responses={200: SignalResultSerializer, 201: SignalResultSerializer},
    )
    def post(self, request: Request) -> Response:
        now, data = timezone.now(), request.data
        if errors := check_object(data, SIGNAL_FIELDS, "", now, required=("source", "kind")):
            raise invalid(errors)
        (result,) = _record(request, [data], [""], "", now)
        if "errors" in result:
            raise invalid(result["errors"])
        return Response(result, status=201 if result["outcome"] == "recorded" else 200)


class SignalBatchView(ApiView):
    """Send up to a thousand signals; each has its own outcome."""

    permissions = {"POST": "signals.send"}
    max_body_bytes = BATCH_BYTES
    costs = {"POST": BATCH_COST}

    @extend_schema(
        request={"application/json": {"$ref": "#/components/schemas/SignalBatchIn"}}, responses=SignalBatchSerializer
    )
    def post(self, request: Request) -> Response:
        data = request.data
        items = data.get("items") if isinstance(data, dict) else None
        default = data.get("source", "") if isinstance(data, dict) else ""
        if not isinstance(items, list) or not 1 <= len(items) <= MOST_ITEMS or set(data) - {"items", "source"}:
            words = _("Send an object with 1 to %(n)s items, and perhaps source.") % {"n": MOST_ITEMS}
            raise invalid([problem_at("/items", "not_a_batch", words)])
        if not isinstance(default, str):
            raise invalid([problem_at("/source", "not_a_text", _("Send the key of a source."))])
        pointers = [f"/items/{number}" for number in range(len(items))]
        results = _record(request, items, pointers, default, timezone.now())
        for item, result in zip(items, results, strict=True):
            ref = item.get("client_ref") if isinstance(item, dict) else None
            result["client_ref"] = ref if isinstance(ref, str) else None
        counts = Counter(result["outcome"] for result in results)
        return Response(
            {"results": results, "counts": {name: counts.get(name, 0) for name in ("recorded", "repeat", "refused")}}
        )


def _record(
    request: Request, items: list[Any], pointers: list[str], default: str, now: datetime
) -> list[dict[str, Any]]:
    """Records what can be recorded; the result of each item, in order."""
    errors = [
        check_object(item, ITEM_FIELDS, pointer, now, required=("kind",))
        for item, pointer in zip(items, pointers, strict=True)
    ]
    good = [number for number, wrong in enumerate(errors) if not wrong]
    keys = {number: items[number].get("source") or default for number in good}
    sources = source_ids(set(keys.values()), now=now)
    names = [_named(items[number], keys[number], pointers[number]) for number in good]
    leads = dict(zip(good, find_leads(request, names), strict=True))
    for number in good:
        if keys[number] not in sources or keys[number] == UNIDENTIFIED:
            words = _("No source with this key is registered. Look at /api/v1/sources/.")
            errors[number] = [problem_at(f"{pointers[number]}/source", "unknown_source", words)]
        elif (unknown := leads[number].error) is not None:
            errors[number] = [unknown]
    ready = [number for number in good if not errors[number]]
    acts = [_act(items[number], leads[number], sources[keys[number]], now) for number in ready]
    is_new = dict(zip(ready, _record_once(acts, now), strict=True))
    results: list[dict[str, Any]] = []
    for number, wrong in enumerate(errors):
        if wrong:
            results.append({"outcome": "refused", "lead_id": None, "errors": wrong})
            continue
        lead_id = leads[number].lead_id
        outcome = "recorded" if is_new[number] else "repeat"
        results.append({"outcome": outcome, "lead_id": encode("lead", lead_id) if lead_id else None})
    return results


def _record_once(acts: list[ActOnLead], now: datetime) -> list[bool]:
    """A second try sees what somebody else sent under the same event id in the same moment."""
    try:
        return journey.record_signals(acts, now=now)
    except IntegrityError:
        return journey.record_signals(acts, now=now)


def _named(item: Mapping[str, Any], source: str, pointer: str) -> Named:
    return Named(item.get("lead_id") or "", item.get("email") or "", source, item.get("external_id") or "", pointer)


def _act(item: Mapping[str, Any], found: Found, source_id: UUID, now: datetime) -> ActOnLead:
    if found.lead_id is None or found.person_id is None:
        raise LookupError("An act needs its lead.")
    return ActOnLead(read_act(item, default_at=now), found.lead_id, found.person_id, source_id, now)


SCHEMAS: dict[str, Any] = {
    "Act": schema_of(ACT_FIELDS, ("kind",)),
    "SignalIn": schema_of(SIGNAL_FIELDS, ("source", "kind")),
    "SignalBatchIn": {
        "type": "object",
        "required": ["items"],
        "additionalProperties": False,
        "properties": {
            "source": {"type": "string", "maxLength": 64},
            "items": {"type": "array", "minItems": 1, "maxItems": MOST_ITEMS, "items": {"type": "object"}},
        },
    },
}
"""Schemas of bodies that no serializer describes; `schema_hooks` adds them."""
