"""Signal kinds over the API: which are proven, by what lift, and sales' word on one."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from feedback.kind_lift import NO_LIFT, lift_of_kinds
from feedback.proving_kinds import VerdictRefused, judge_kind
from leads.models import SignalKind
from revops.foundation.api.problems import ProblemError
from revops.foundation.api.schema import paged
from revops.foundation.api.serializers import InstantField, PublicIdField, Serializer
from revops.foundation.api.views import ApiView
from revops.portal.api.who import asker
from revops.portal.back_office import note
from scoring.models import KindVerdict


class SignalKindSerializer(Serializer):
    code = serializers.CharField()
    name = serializers.CharField()
    family = serializers.CharField()
    strength = serializers.CharField()
    is_proven = serializers.BooleanField(help_text="An unproven kind moves no tier by itself.")
    lift = serializers.DictField(help_text="Acceptance and meetings of leads with and without it, last year.")


class KindVerdictSerializer(Serializer):
    id = PublicIdField("verdict", source="pk")
    kind = serializers.CharField(source="kind.code")
    is_proven = serializers.BooleanField()
    reason = serializers.CharField()
    user_id = PublicIdField("user")
    given_at = InstantField()
    lift = serializers.DictField(help_text="As it was measured then.")


class NewKindVerdictSerializer(Serializer):
    is_proven = serializers.BooleanField()
    reason = serializers.CharField(max_length=500, help_text="What convinced you; everybody reads it.")


class SignalKindListView(ApiView):
    """Every kind of signal with its lift."""

    permissions = {"GET": "rules.view"}
    sorts = {"code": "code", "id": "pk"}
    usual_sort = "code"

    @extend_schema(responses=paged(SignalKindSerializer))
    def get(self, request: Request) -> Response:
        lifts = lift_of_kinds(timezone.now())

        def told(rows: list[SignalKind]) -> list[dict[str, Any]]:
            names = ("code", "name", "family", "strength", "is_proven")
            return [
                {**{name: getattr(kind, name) for name in names}, "lift": lifts.get(kind.pk, NO_LIFT).as_dict()}
                for kind in rows
            ]

        return self.page(SignalKind.objects.all(), told)


class KindVerdictListView(ApiView):
    """Sales' words on one kind, the newest first. A new one proves the kind, or says that it no longer is.

    Only a sales manager gives it, and no key does: it is a word that others rely on.
    """

    permissions = {"GET": "rules.view", "POST": "signals.confirm"}
    sorts = {"given_at": "given_at", "id": "pk"}
    usual_sort = "-given_at"

    @extend_schema(responses=paged(KindVerdictSerializer))
    def get(self, request: Request, kind: str) -> Response:
        rows = KindVerdict.objects.filter(kind=get_object_or_404(SignalKind, code=kind)).select_related("kind")
        return self.page(rows, lambda found: KindVerdictSerializer(found, many=True).data)

    @extend_schema(request=NewKindVerdictSerializer, responses={201: KindVerdictSerializer})
    def post(self, request: Request, kind: str) -> Response:
        judged = get_object_or_404(SignalKind, code=kind)
        form = NewKindVerdictSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        said, user, now = form.validated_data, asker(request), timezone.now()
        try:
            with transaction.atomic():
                verdict = judge_kind(judged, is_proven=said["is_proven"], reason=said["reason"], by=user, now=now)
                note(user, "signal_kind.judged", verdict, now, after={"kind": kind, "is_proven": verdict.is_proven})
        except VerdictRefused as refusal:
            raise ProblemError("conflict", str(refusal)) from refusal
        return Response(KindVerdictSerializer(verdict).data, status=201)
