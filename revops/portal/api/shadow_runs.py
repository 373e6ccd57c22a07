"""Shadow runs over the API: started and ended by who proposes rules, read by everybody who reads rules."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from revops.foundation.api.problems import ProblemError
from revops.foundation.api.schema import paged
from revops.foundation.api.serializers import InstantField, PublicIdField, Serializer
from revops.foundation.api.views import ApiView
from revops.portal.api.rule_shapes import book_of
from revops.portal.api.who import asker, decode_or_404
from scoring.models import ShadowEnd, ShadowRun
from scoring.shadow import LONGEST, USUAL, ShadowRefused, end_shadow, shadow_report, start_shadow


class ShadowRunSerializer(Serializer):
    id = PublicIdField("shadow", source="pk")
    rulebook_id = PublicIdField("rulebook")
    started_at = InstantField()
    ends_at = InstantField()
    ended_at = InstantField(allow_null=True)
    end = serializers.CharField(help_text="promoted, dropped, or empty while it runs.")
    note = serializers.CharField()


class ShadowPartSerializer(Serializer):
    id = serializers.CharField(allow_null=True)
    name = serializers.CharField()
    leads = serializers.IntegerField()
    more = serializers.IntegerField(help_text="Tier 1 only by the draft.")
    fewer = serializers.IntegerField(help_text="Tier 1 only by the live rules.")


class ShadowReportSerializer(ShadowRunSerializer):
    decisions = serializers.IntegerField()
    leads = serializers.IntegerField()
    more = serializers.IntegerField()
    fewer = serializers.IntegerField()
    higher = serializers.IntegerField()
    lower = serializers.IntegerField()
    by_rep = ShadowPartSerializer(many=True)
    by_source = ShadowPartSerializer(many=True)


class ShadowStartSerializer(Serializer):
    rulebook_id = serializers.CharField(help_text="A draft.")
    days = serializers.IntegerField(min_value=1, max_value=LONGEST.days, default=USUAL.days)


class ShadowEndSerializer(Serializer):
    end = serializers.ChoiceField(choices=ShadowEnd.choices)
    note = serializers.CharField(max_length=500, required=False, default="")


class ShadowRunListView(ApiView):
    """Every shadow run, the newest first; a new one lets a draft judge live decisions for some days."""

    permissions = {"GET": "rules.view", "POST": "rules.propose"}
    sorts = {"started_at": "started_at", "id": "pk"}
    usual_sort = "-started_at"

    @extend_schema(responses=paged(ShadowRunSerializer))
    def get(self, request: Request) -> Response:
        runs = ShadowRun.objects.defer("definition")
        return self.page(runs, lambda rows: ShadowRunSerializer(rows, many=True).data)

    @extend_schema(request=ShadowStartSerializer, responses={201: ShadowRunSerializer})
    def post(self, request: Request) -> Response:
        form = ShadowStartSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        said = form.validated_data
        try:
            run = start_shadow(
                book_of(said["rulebook_id"]), asker(request), timezone.now(), lasts=timedelta(days=said["days"])
            )
        except ShadowRefused as refusal:
            raise ProblemError("conflict", str(refusal)) from refusal
        return Response(ShadowRunSerializer(run).data, status=201)


class ShadowRunView(ApiView):
    """What a draft would have changed so far."""

    permissions = {"GET": "rules.view"}

    @extend_schema(responses=ShadowReportSerializer)
    def get(self, request: Request, shadow: str) -> Response:
        return Response(_told(_run(shadow)))


class ShadowRunEndView(ApiView):
    """End a run: its draft goes on to be reviewed, or is dropped."""

    permissions = {"POST": "rules.propose"}

    @extend_schema(request=ShadowEndSerializer, responses=ShadowReportSerializer)
    def post(self, request: Request, shadow: str) -> Response:
        form = ShadowEndSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        said = form.validated_data
        try:
            run = end_shadow(_run(shadow), said["end"], asker(request), timezone.now(), note=said["note"])
        except ShadowRefused as refusal:
            raise ProblemError("conflict", str(refusal)) from refusal
        return Response(_told(run))


def _run(named: str) -> ShadowRun:
    return ShadowRun.objects.get(pk=decode_or_404("shadow", named))


def _told(run: ShadowRun) -> dict[str, Any]:
    report = shadow_report(run, limit=0)
    numbers = ("decisions", "leads", "more", "fewer", "higher", "lower")
    parts = {
        name: [{"id": str(part.id) if part.id else None, "name": part.name, "leads": part.leads,
                "more": part.more, "fewer": part.fewer} for part in getattr(report, name)]
        for name in ("by_rep", "by_source")
    }  # fmt: skip
    return {**ShadowRunSerializer(run).data, **{name: getattr(report, name) for name in numbers}, **parts}
