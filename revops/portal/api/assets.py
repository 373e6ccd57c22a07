"""Content assets over the API: register them, and read whom each attracts."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from django_filters import ChoiceFilter, FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from feedback.attraction import PARTS, Reached, reached_by
from leads.campaign_register import archive, save_asset
from leads.models import Asset
from leads.models.assets import COLD_AFTER_DAYS, USUALLY_COLD_AFTER_DAYS, AssetKind, AssetLevel, Audience
from leads.url_patterns import LONGEST_PATTERN, MOST_PATTERNS, BadPattern, read_patterns
from revops.foundation.api.schema import paged
from revops.foundation.api.serializers import InstantField, PublicIdField, Serializer
from revops.foundation.api.views import ApiView
from revops.portal.api.campaigns import check_owner
from revops.portal.api.who import asker, refused
from revops.portal.assets.forms import CHECKS

_CHECKS = [(code, code) for code, _words in CHECKS]


class AssetSerializer(Serializer):
    id = PublicIdField("asset", source="pk")
    key = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=AssetKind.choices)
    topic = serializers.CharField()
    audience = serializers.ChoiceField(choices=Audience.choices)
    level = serializers.ChoiceField(choices=AssetLevel.choices)
    url_patterns = serializers.ListField(child=serializers.CharField(), help_text="Where people see it; * is any text.")
    cold_after_days = serializers.IntegerField()
    checks = serializers.ListField(child=serializers.CharField(), help_text="What makes it content for deciders.")
    owner_id = PublicIdField("user", allow_null=True)
    note = serializers.CharField()
    created_at = InstantField()
    archived_at = InstantField(allow_null=True)
    counted_to = InstantField(allow_null=True, help_text="Acts received until then are counted.")


class AssetChangeSerializer(Serializer):
    name = serializers.CharField(max_length=200, required=False)
    kind = serializers.ChoiceField(choices=AssetKind.choices, required=False)
    topic = serializers.CharField(max_length=64, required=False, allow_blank=True)
    audience = serializers.ChoiceField(choices=Audience.choices, required=False)
    level = serializers.ChoiceField(choices=AssetLevel.choices, required=False)
    url_patterns = serializers.ListField(
        child=serializers.CharField(max_length=LONGEST_PATTERN), required=False, min_length=1, max_length=MOST_PATTERNS
    )
    cold_after_days = serializers.IntegerField(required=False, min_value=1, max_value=3650)
    checks = serializers.ListField(child=serializers.ChoiceField(choices=_CHECKS), required=False, max_length=5)
    owner_id = PublicIdField("user", required=False, allow_null=True)
    note = serializers.CharField(max_length=2_000, required=False, allow_blank=True)


class NewAssetSerializer(AssetChangeSerializer):
    key = serializers.SlugField(max_length=64)
    name = serializers.CharField(max_length=200)
    kind = serializers.ChoiceField(choices=AssetKind.choices)
    url_patterns = serializers.ListField(
        child=serializers.CharField(max_length=LONGEST_PATTERN), min_length=1, max_length=MOST_PATTERNS
    )


class ReachedSerializer(serializers.Serializer[Any]):
    value = serializers.CharField(help_text="Empty: not known.")
    leads = serializers.IntegerField()
    cold = serializers.IntegerField(help_text="Of them, those who saw it longer ago than it stays warm.")
    answered = serializers.IntegerField()
    accepted = serializers.IntegerField()
    acceptance = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True, help_text="95 % interval of the acceptance.")
    high = serializers.FloatField(allow_null=True)
    too_few = serializers.BooleanField()


class AttractionSerializer(serializers.Serializer[Any]):
    by = serializers.ChoiceField(choices=[(part, part) for part in PARTS])
    parts = ReachedSerializer(many=True)


class AssetFilter(FilterSet):
    kind = ChoiceFilter(choices=AssetKind.choices)
    audience = ChoiceFilter(choices=Audience.choices)


class AssetListView(ApiView):
    """All content assets; register a new one."""

    permissions = {"GET": "sources.view", "POST": "campaigns.manage"}
    filterset_class = AssetFilter
    sorts = {"name": "name", "key": "key", "id": "pk"}
    usual_sort = "name"

    @extend_schema(responses=paged(AssetSerializer))
    def get(self, request: Request) -> Response:
        return self.page(Asset.objects.all(), lambda rows: AssetSerializer(rows, many=True).data)

    @extend_schema(request=NewAssetSerializer, responses={201: AssetSerializer})
    def post(self, request: Request) -> Response:
        form = NewAssetSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        values = dict(form.validated_data)
        if Asset.objects.filter(key=values["key"]).exists():
            raise refused("/key", "taken", _("There is an asset of this key; change that one."))
        usual = COLD_AFTER_DAYS.get(values["kind"], USUALLY_COLD_AFTER_DAYS)
        asset = Asset(created_at=timezone.now(), cold_after_days=usual)
        return Response(_saved(request, asset, values), status=201)


class AssetView(ApiView):
    """One content asset. Its key stays; other addresses mean that it is counted anew."""

    permissions = {"GET": "sources.view", "PATCH": "campaigns.manage"}

    @extend_schema(responses=AssetSerializer)
    def get(self, request: Request, asset: str) -> Response:
        return Response(AssetSerializer(_asset(asset)).data)

    @extend_schema(request=AssetChangeSerializer, responses=AssetSerializer)
    def patch(self, request: Request, asset: str) -> Response:
        form = AssetChangeSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        return Response(_saved(request, _asset(asset), dict(form.validated_data)))


class AssetAttractionView(ApiView):
    """Whom an asset attracts, by role, role in the purchase, size or industry, and how sales answered them."""

    permissions = {"GET": "sources.view"}
    query_parameters = frozenset({"by"})

    @extend_schema(responses=AttractionSerializer)
    def get(self, request: Request, asset: str) -> Response:
        part = request.query_params.get("by", "seniority")
        if part not in PARTS:
            words = _("Split by one of %(names)s.") % {"names": ", ".join(PARTS)}
            raise refused("#/query/by", "invalid_value", words)
        found = _asset(asset)
        rows = reached_by(part, [found.pk], now=timezone.now())[found.pk]
        return Response({"by": part, "parts": [_part(row) for row in rows]})


class AssetArchiveView(ApiView):
    """Put an asset into the archive; it is no longer counted."""

    permissions = {"POST": "campaigns.manage"}

    @extend_schema(request=None, responses=AssetSerializer)
    def post(self, request: Request, asset: str) -> Response:
        return _archived(request, asset, is_archived=True)


class AssetRestoreView(ApiView):
    """Take an asset out of the archive."""

    permissions = {"POST": "campaigns.manage"}

    @extend_schema(request=None, responses=AssetSerializer)
    def post(self, request: Request, asset: str) -> Response:
        return _archived(request, asset, is_archived=False)


def _archived(request: Request, key: str, *, is_archived: bool) -> Response:
    asset = _asset(key)
    archive(asset, is_archived=is_archived, by=asker(request), now=timezone.now())
    return Response(AssetSerializer(asset).data)


def _asset(key: str) -> Asset:
    asset = Asset.objects.filter(key=key).first()
    if asset is None:
        raise Http404
    return asset


def _saved(request: Request, asset: Asset, values: dict[str, Any]) -> Any:
    if "url_patterns" in values:
        try:
            values["url_patterns"] = read_patterns("\n".join(values["url_patterns"]))
        except BadPattern as problem:
            raise refused("/url_patterns", "bad_pattern", str(problem)) from None
    check_owner(values)
    for name, value in values.items():
        setattr(asset, name, value)
    save_asset(asset, by=asker(request), now=timezone.now())
    return AssetSerializer(asset).data


def _part(row: Reached) -> dict[str, Any]:
    interval = row.interval
    return {
        "value": row.value, "leads": row.leads, "cold": row.cold, "answered": row.answered, "accepted": row.accepted,
        "acceptance": row.acceptance, "low": interval.low if interval else None,
        "high": interval.high if interval else None, "too_few": row.too_few,
    }  # fmt: skip
