"""Clocks: running, kept and broken promises of both sides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django_filters import CharFilter, ChoiceFilter, FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from revops.foundation.api.pagination import Sort
from revops.foundation.api.schema import paged
from revops.foundation.api.serializers import InstantField, PublicIdField, Serializer, SpanField
from revops.foundation.api.views import ApiView
from revops.portal.api.fields import PublicIdFilter
from revops.portal.api.who import decode_or_404, visible_leads
from sla.clock_state import LABELS, ClockState
from sla.models import ClauseSide, Clock
from sla.queries import closed_hours_of, reading_of


class ClockSerializer(Serializer):
    id = PublicIdField("clock", source="pk")
    clause = serializers.CharField(source="clause.code")
    promise = serializers.CharField(source="clause.text")
    side = serializers.ChoiceField(choices=ClauseSide.choices)
    state = serializers.ChoiceField(choices=[(state.value, LABELS[state]) for state in ClockState])
    is_late = serializers.BooleanField()
    left = SpanField(help_text="Until the deadline; below zero: over. Business time where the promise counts so.")
    lead_id = PublicIdField("lead")
    handoff_id = PublicIdField("handoff", allow_null=True)
    user_id = PublicIdField("user", allow_null=True)
    started_at = InstantField()
    warn_at = InstantField()
    due_at = InstantField()
    met_at = InstantField(allow_null=True)
    met_by_kind = serializers.CharField()
    cancelled_at = InstantField(allow_null=True)
    paused_at = InstantField(allow_null=True)


class ClockEventSerializer(Serializer):
    kind = serializers.CharField(help_text="paused or resumed")
    at = InstantField()
    reason = serializers.CharField()


class ClosedSerializer(Serializer):
    since = InstantField()
    until = InstantField()


class ClockDetailSerializer(ClockSerializer):
    agreement_version = serializers.IntegerField(source="clause.agreement.version")
    calendar = serializers.CharField(allow_null=True, source="calendar_version", help_text="Name and version.")
    replaces_id = PublicIdField("clock", allow_null=True, help_text="The clock it runs on for.")
    events = ClockEventSerializer(many=True, help_text="When it was stopped and ran on, the oldest first.")
    closed_hours = ClosedSerializer(many=True, help_text="When its calendar was closed; the first sixty times.")


def _open(clocks: QuerySet[Clock], now: Any) -> QuerySet[Clock]:
    return clocks.filter(met_at__isnull=True, cancelled_at__isnull=True, paused_at__isnull=True, due_at__gte=now)


_IN_STATE: dict[str, Callable[[QuerySet[Any], Any], QuerySet[Any]]] = {
    "running": lambda clocks, now: _open(clocks, now).filter(warn_at__gt=now),
    "due_soon": lambda clocks, now: _open(clocks, now).filter(warn_at__lte=now),
    "breached": lambda clocks, now: cast(Any, clocks).late(now),
    "met": lambda clocks, now: clocks.filter(met_at__isnull=False).filter(_in_time("met_at")),
    "cancelled": lambda clocks, now: clocks.filter(cancelled_at__isnull=False).filter(_in_time("cancelled_at")),
    "paused": lambda clocks, now: clocks.filter(
        met_at__isnull=True, cancelled_at__isnull=True, paused_at__lte=F("due_at")
    ),
}
"""The comparisons of `sla.clock_state.state`, in SQL."""


def _in_time(ended: str) -> Q:
    return Q(paused_at__isnull=True, **{f"{ended}__lte": F("due_at")}) | Q(paused_at__lte=F("due_at"))


class ClockFilter(FilterSet):
    state = ChoiceFilter(choices=[(state.value, LABELS[state]) for state in ClockState], method="in_state")
    side = ChoiceFilter(choices=ClauseSide.choices)
    clause = CharFilter(field_name="clause__code")
    lead = PublicIdFilter(prefix="lead")
    user = PublicIdFilter(prefix="user")

    def in_state(self, queryset: QuerySet[Clock], name: str, value: str) -> QuerySet[Clock]:
        return _IN_STATE[value](queryset, timezone.now())


class ClockListView(ApiView):
    """Promises about leads. Those that an undo replaced are left out."""

    permissions = {"GET": "sla.view"}
    filterset_class = ClockFilter
    sorts = {"due_at": "due_at", "started_at": "started_at", "met_at": Sort("met_at", nullable=True), "id": "pk"}
    usual_sort = "due_at"

    @extend_schema(responses=paged(ClockSerializer))
    def get(self, request: Request) -> Response:
        now = timezone.now()
        return self.page(clocks_for(request), lambda rows: [shown_clock(row, now) for row in rows])


class ClockView(ApiView):
    permissions = {"GET": "sla.view"}

    @extend_schema(responses=ClockDetailSerializer)
    def get(self, request: Request, clock: str) -> Response:
        clocks = clocks_for(request).select_related("clause__agreement", "calendar_version__calendar")
        found: Any = clocks.prefetch_related("events").get(pk=decode_or_404("clock", clock))
        now = timezone.now()
        reading = reading_of(found, now)
        found.state, found.is_late, found.left = reading.state.value, reading.is_late, reading.left
        found.closed_hours = [{"since": since, "until": until} for since, until in closed_hours_of(found, now)]
        facts = ClockDetailSerializer(found).data
        return Response({**facts, "events": ClockEventSerializer(found.events.all(), many=True).data})


def clocks_for(request: Request) -> QuerySet[Clock]:
    clocks = Clock.objects.filter(lead__in=visible_leads(request), replaced_by__isnull=True)
    return clocks.select_related("clause", "calendar_version")


def shown_clock(clock: Any, now: Any) -> dict[str, Any]:
    reading = reading_of(clock, now)
    clock.state, clock.is_late, clock.left = reading.state.value, reading.is_late, reading.left
    return dict(ClockSerializer(clock).data)
