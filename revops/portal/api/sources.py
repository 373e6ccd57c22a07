"""Sources: where submissions may come from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
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
from revops.portal.api.campaigns import check_owner
from revops.portal.api.who import asker, refused
from revops.portal.back_office import facts_of, note
from revops.portal.sources.forms import READINESS
from revops.portal.sources.limits import kept_from_sales, look_again
from revops.portal.sources.views import IN_LEDGER


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
    kept_from_sales = serializers.SerializerMethodField(
        help_text="Leads that read tier 1 and stay with marketing because the source does not allow it."
    )

    def get_kept_from_sales(self, source: Source) -> int:
        kept: dict[Any, int] = self.context["kept"]
        return kept.get(source.pk, 0)


def shown_sources(sources: Sequence[Source]) -> list[dict[str, Any]]:
    """Sources as the API shows them. At most one query."""
    kept = kept_from_sales(sources)
    return [dict(row) for row in SourceSerializer(sources, many=True, context={"kept": kept}).data]


class SourceFilter(FilterSet):
    kind = ChoiceFilter(choices=SourceKind.choices)
    state = ChoiceFilter(choices=SourceState.choices)


class SourceChangeSerializer(Serializer):
    name = serializers.CharField(max_length=120, required=False)
    kind = serializers.ChoiceField(choices=SourceKind.choices, required=False)
    state = serializers.ChoiceField(choices=SourceState.choices, required=False)
    readiness = serializers.ChoiceField(choices=READINESS, required=False)
    allowed_tiers = serializers.ListField(
        child=serializers.ChoiceField(choices=[1, 2, 3]), required=False, min_length=1, max_length=3
    )
    owner_id = PublicIdField("user", required=False, allow_null=True)
    note = serializers.CharField(max_length=2_000, required=False, allow_blank=True)


class NewSourceSerializer(SourceChangeSerializer):
    key = serializers.SlugField(max_length=64, help_text="It stays; submissions and imports name it.")
    name = serializers.CharField(max_length=120)
    kind = serializers.ChoiceField(choices=SourceKind.choices)


class SourceListView(ApiView):
    """The source register; register a source."""

    permissions = {"GET": "sources.view", "POST": "sources.manage"}
    filterset_class = SourceFilter
    sorts = {"name": "name", "key": "key", "id": "pk"}
    usual_sort = "name"

    @extend_schema(responses=paged(SourceSerializer))
    def get(self, request: Request) -> Response:
        return self.page(Source.objects.all(), shown_sources)

    @extend_schema(request=NewSourceSerializer, responses={201: SourceSerializer})
    def post(self, request: Request) -> Response:
        form = NewSourceSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        values, now = dict(form.validated_data), timezone.now()
        if Source.objects.filter(key=values["key"]).exists():
            raise refused("/key", "taken", _("There is a source of this key; change that one."))
        source = _changed(Source(created_at=now), values)
        note(asker(request), "source.registered", source, now, after=facts_of(source, IN_LEDGER))
        return Response(shown_sources([source])[0], status=201)


class SourceView(ApiView):
    """One source; change it, or stop it (`state: stopped`): what it sends then waits in quarantine."""

    permissions = {"GET": "sources.view", "PATCH": "sources.manage"}

    @extend_schema(responses=SourceSerializer)
    def get(self, request: Request, key: str) -> Response:
        return Response(shown_sources([Source.objects.get(key=key)])[0])

    @extend_schema(request=SourceChangeSerializer, responses=SourceSerializer)
    def patch(self, request: Request, key: str) -> Response:
        form = SourceChangeSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        source = Source.objects.select_for_update().get(key=key)
        before = facts_of(source, IN_LEDGER)
        _changed(source, dict(form.validated_data))
        after = facts_of(source, IN_LEDGER)
        now = timezone.now()
        note(asker(request), "source.changed", source, now, before=before, after=after)
        look_again(source, before["allowed_tiers"], now)
        return Response(shown_sources([source])[0])


def _changed(source: Source, values: dict[str, Any]) -> Source:
    check_owner(values)
    for name, value in values.items():
        setattr(source, name, value)
    source.save()
    return source
