"""Sources: where submissions may come from."""

from __future__ import annotations

from django_filters import ChoiceFilter, FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from leads.models import Source
from leads.models.sources import SourceKind, SourceState
from revops.foundation.api.schema import paged
from revops.foundation.api.serializers import InstantField, PublicIdField, Serializer
from revops.foundation.api.views import ApiView


class SourceSerializer(Serializer):
    id = PublicIdField("source", source="pk")
    key = serializers.CharField(help_text="What submissions and signals name.")
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=SourceKind.choices)
    state = serializers.ChoiceField(choices=SourceState.choices)
    readiness = serializers.CharField()
    allowed_tiers = serializers.ListField(child=serializers.IntegerField())
    owner_id = PublicIdField("user", allow_null=True)
    note = serializers.CharField()
    created_at = InstantField()


class SourceFilter(FilterSet):
    kind = ChoiceFilter(choices=SourceKind.choices)
    state = ChoiceFilter(choices=SourceState.choices)


class SourceListView(ApiView):
    """The source register."""

    permissions = {"GET": "sources.view"}
    filterset_class = SourceFilter
    sorts = {"name": "name", "key": "key", "id": "pk"}
    usual_sort = "name"

    @extend_schema(responses=paged(SourceSerializer))
    def get(self, request: Request) -> Response:
        return self.page(Source.objects.all(), lambda rows: SourceSerializer(rows, many=True).data)


class SourceView(ApiView):
    permissions = {"GET": "sources.view"}

    @extend_schema(responses=SourceSerializer)
    def get(self, request: Request, key: str) -> Response:
        return Response(SourceSerializer(Source.objects.get(key=key)).data)
