"""Exceptions from derived tiers over the API: read by many, granted and ended by people in a session, never a key."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django_filters import ChoiceFilter, FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from revops.foundation.api.problems import ProblemError
from revops.foundation.api.schema import paged
from revops.foundation.api.serializers import InstantField, PublicIdField, Serializer
from revops.foundation.api.views import ApiView
from revops.portal.api.fields import PublicIdFilter
from revops.portal.api.who import asker, decode_or_404, refused, visible_leads
from revops.portal.back_office import note
from revops.portal.overrides.acting import end, grant
from scoring.models import Tier, TierOverride
from scoring.overrides import LONGEST, OverrideRefused, active_overrides

STATES = (("active", "In force"), ("over", "Over"))


class OverrideSerializer(Serializer):
    id = PublicIdField("override", source="pk")
    lead_id = PublicIdField("lead")
    tier = serializers.IntegerField(help_text="As which tier the lead is treated while this lasts.")
    derived_tier = serializers.SerializerMethodField(help_text="What the rules say, which never changes by this.")
    reason = serializers.CharField()
    author_id = PublicIdField("user")
    created_at = InstantField()
    expires_at = InstantField()
    ended_at = InstantField(allow_null=True, help_text="Ended before it expired.")

    def get_derived_tier(self, row: TierOverride) -> int | None:
        score = getattr(row.lead, "score", None)
        return None if score is None else int(score.tier)


class NewOverrideSerializer(Serializer):
    lead_id = PublicIdField("lead")
    tier = serializers.ChoiceField(choices=Tier.choices)
    reason = serializers.CharField(max_length=500, help_text="Everybody who sees the lead reads it.")
    days = serializers.IntegerField(min_value=1, max_value=LONGEST.days, default=14)


class OverrideFilter(FilterSet):
    state = ChoiceFilter(choices=STATES, method="in_state")
    lead_id = PublicIdFilter(prefix="lead", field_name="lead_id")

    def in_state(self, rows: QuerySet[TierOverride], name: str, state: str) -> QuerySet[TierOverride]:
        now = timezone.now()
        if state == "active":
            return rows.filter(pk__in=active_overrides(now).values("pk"))
        return rows.filter(Q(expires_at__lte=now) | Q(ended_at__isnull=False))


class OverrideListView(ApiView):
    """Every exception, the newest first. A new one says why, and ends by itself; the derived tier stays what it is."""

    permissions = {"GET": "overrides.view", "POST": "overrides.grant"}
    filterset_class = OverrideFilter
    sorts = {"created_at": "created_at", "id": "pk"}
    usual_sort = "-created_at"

    @extend_schema(responses=paged(OverrideSerializer))
    def get(self, request: Request) -> Response:
        rows = TierOverride.objects.filter(lead__in=visible_leads(request)).select_related("lead__score")
        return self.page(rows, lambda found: OverrideSerializer(found, many=True).data)

    @extend_schema(request=NewOverrideSerializer, responses={201: OverrideSerializer})
    def post(self, request: Request) -> Response:
        form = NewOverrideSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        said, now, user = form.validated_data, timezone.now(), asker(request)
        lead = visible_leads(request).filter(pk=said["lead_id"]).first()
        if lead is None:
            raise refused("/lead_id", "unknown_lead", _("There is no such lead."))
        try:
            with transaction.atomic():
                (granted,) = grant(
                    [lead.pk], said["tier"], said["reason"], user, now + timedelta(days=said["days"]), now
                )
                after: dict[str, Any] = {"tier": granted.tier, "expires_at": str(granted.expires_at)}
                note(user, "lead.tier_overridden", lead, now, after=after, cause=granted.reason)
        except OverrideRefused as refusal:
            raise refused("/reason", "refused", str(refusal)) from refusal
        return Response(OverrideSerializer(_override(request, granted.pk)).data, status=201)


class OverrideView(ApiView):
    """One exception."""

    permissions = {"GET": "overrides.view"}

    @extend_schema(responses=OverrideSerializer)
    def get(self, request: Request, override: str) -> Response:
        return Response(OverrideSerializer(_override(request, decode_or_404("override", override))).data)


class OverrideEndView(ApiView):
    """End an exception before its time; the lead goes to the team that its own tier says."""

    permissions = {"POST": "overrides.grant"}

    @extend_schema(request=None, responses=OverrideSerializer)
    def post(self, request: Request, override: str) -> Response:
        granted, now = _override(request, decode_or_404("override", override)), timezone.now()
        with transaction.atomic():
            if not end(granted, now):
                raise ProblemError("conflict", _("It was over already."))
            note(asker(request), "lead.override_ended", granted.lead, now, after={"tier": granted.tier})
        return Response(OverrideSerializer(_override(request, granted.pk)).data)


def _override(request: Request, pk: Any) -> TierOverride:
    return TierOverride.objects.filter(lead__in=visible_leads(request)).select_related("lead__score").get(pk=pk)
