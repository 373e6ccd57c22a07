"""Attempts to reach a lead."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _
from django_filters import CharFilter, ChoiceFilter, FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from leads.attempts import Try
from leads.models import Attempt
from leads.models.signals import AttemptChannel, AttemptResult, EvidenceGrade
from revops.foundation.api.schema import paged
from revops.foundation.api.serializers import InstantField, PublicIdField, Serializer
from revops.foundation.api.views import ApiView
from revops.foundation.models import Role
from revops.portal import journey
from revops.portal.api.fields import PublicIdFilter, check_past
from revops.portal.api.who import acting_user, asker, refused, shows_persons, visible_leads


class AttemptSerializer(Serializer):
    id = PublicIdField("attempt", source="pk", read_only=True)
    lead_id = PublicIdField("lead")
    user_id = PublicIdField("user", required=False, help_text="Integrations say who tried; else the lead's owner.")
    channel = serializers.ChoiceField(choices=AttemptChannel.choices)
    result = serializers.ChoiceField(choices=AttemptResult.choices)
    occurred_at = InstantField(required=False, help_text="In the past; missing: now.")
    note = serializers.CharField(required=False, allow_blank=True, max_length=2000, trim_whitespace=False)
    event_id = serializers.CharField(
        required=False, allow_blank=True, max_length=120, help_text="Your id of it; a repeat is ignored."
    )
    is_automatic = serializers.BooleanField(
        default=False, help_text="A bot, a sequence or an auto-reply: kept, and never counted as an attempt."
    )
    grade = serializers.ChoiceField(choices=EvidenceGrade.choices, read_only=True)
    recorded_at = InstantField(read_only=True)


class AttemptFilter(FilterSet):
    lead = PublicIdFilter(prefix="lead")
    user = PublicIdFilter(prefix="user")
    channel = ChoiceFilter(choices=AttemptChannel.choices)
    event_id = CharFilter()


class AttemptListView(ApiView):
    """Log an attempt; list them."""

    permissions = {"GET": "leads.view", "POST": "leads.work"}
    filterset_class = AttemptFilter
    sorts = {"occurred_at": "occurred_at", "id": "pk"}
    usual_sort = "-occurred_at"

    @extend_schema(responses=paged(AttemptSerializer))
    def get(self, request: Request) -> Response:
        rows = Attempt.objects.filter(lead__in=visible_leads(request))
        return self.page(rows, lambda found: [_shown(row, request) for row in found])

    @extend_schema(request=AttemptSerializer, responses={200: AttemptSerializer, 201: AttemptSerializer})
    def post(self, request: Request) -> Response:
        form = AttemptSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        values, now = form.validated_data, timezone.now()
        known_leads = visible_leads(request).filter(person__erased_at__isnull=True)
        lead = known_leads.filter(pk=values["lead_id"]).only("pk", "owner_id").first()
        if lead is None:
            raise refused("/lead_id", "unknown_lead", _("There is no such lead."))
        user = acting_user(request, values.get("user_id"), "leads.work", lead.owner_id)
        attempt = Try(
            lead_id=lead.pk,
            user_id=user.pk,
            channel=values["channel"],
            result=values["result"],
            occurred_at=check_past(values.get("occurred_at"), "/occurred_at", now) or now,
            grade="A" if asker(request).role == Role.INTEGRATION and values.get("event_id") else "C",
            note=values.get("note", ""),
            event_id=values.get("event_id", ""),
            is_automatic=values["is_automatic"],
        )
        logged = journey.log_tries([attempt], now=now)
        if logged:
            return Response(_shown(logged[0], request), status=201)
        known = Attempt.objects.get(lead=lead, event_id=attempt.event_id)
        return Response(_shown(known, request))


def _shown(attempt: Attempt, request: Request) -> dict[str, object]:
    shown = dict(AttemptSerializer(attempt).data)
    return shown if shows_persons(request) else shown | {"note": ""}
