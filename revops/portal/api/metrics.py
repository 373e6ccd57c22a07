"""Metrics and the weekly review: numbers as the one dictionary defines them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from feedback.metrics import METRICS, Filters, Measure, Metric, Unit, Week, drill_ids, organisation_zone, weekly
from feedback.metrics.measuring import is_mature
from feedback.reviews import review_of
from leads.models import Source
from revops.foundation.api.pagination import Page, parameter_error
from revops.foundation.api.schema import paged
from revops.foundation.api.serializers import InstantField, PublicIdField, Serializer
from revops.foundation.api.views import ApiView
from revops.foundation.ids import encode
from revops.portal.api.who import visible_leads

MOST_WEEKS = 104
MOST_LEADS = 1000
_EARLIEST_YEAR, _LATEST_YEAR = 1990, 2200


class MetricSerializer(Serializer):
    key = serializers.CharField()
    name = serializers.CharField()
    definition = serializers.CharField()
    unit = serializers.ChoiceField(choices=[unit.value for unit in Unit])
    owner = serializers.CharField()
    decision = serializers.CharField(help_text="What it helps to decide.")
    higher_is_better = serializers.BooleanField()
    can_be_goal = serializers.BooleanField()


class IntervalSerializer(Serializer):
    low = serializers.FloatField()
    high = serializers.FloatField()


class WeekSerializer(Serializer):
    week = serializers.CharField()
    value = serializers.FloatField(allow_null=True)
    n = serializers.IntegerField(help_text="On how many leads it rests.")
    hits = serializers.IntegerField()
    interval = IntervalSerializer(allow_null=True, help_text="95 %, for shares.")
    too_few = serializers.BooleanField(help_text="Too few to say.")


class MeasureSerializer(MetricSerializer, WeekSerializer):
    source = serializers.CharField(allow_null=True)  # type: ignore[assignment]
    is_mature = serializers.BooleanField(help_text="Whether the week had the time it needs to become what is counted.")
    series = WeekSerializer(many=True, help_text="The weeks up to this one, the oldest first.")


class LeadRefSerializer(Serializer):
    id = PublicIdField("lead")


class ReviewSerializer(Serializer):
    week = serializers.CharField()
    is_frozen = serializers.BooleanField()
    frozen_at = InstantField(allow_null=True)
    snapshot_hash = serializers.CharField(allow_null=True)
    review = serializers.DictField()


class MetricListView(ApiView):
    """The metric dictionary."""

    permissions = {"GET": "review.view"}

    @extend_schema(responses=paged(MetricSerializer))
    def get(self, request: Request) -> Response:
        page = Page(list(METRICS.values()), has_more=False, next_cursor=None, next_url=None)
        return Response(page.document(lambda rows: [_told(metric) for metric in rows]))


class MetricView(ApiView):
    """One metric in one week, with the weeks before it."""

    permissions = {"GET": "review.view"}
    query_parameters = frozenset({"week", "weeks", "source"})

    @extend_schema(responses=MeasureSerializer)
    def get(self, request: Request, key: str) -> Response:
        metric, now = metric_or_404(key), timezone.now()
        week, filters = _week(request, now), _filters(request)
        series = weekly(metric, week, _weeks(request), filters)
        weeks = [_measured(one, measure) for one, measure in series.items()]
        source = request.query_params.get("source")
        return Response(
            {
                **_told(metric),
                **weeks[-1],
                "source": source,
                "is_mature": is_mature(metric, week.period, now),
                "series": weeks,
            }
        )


class MetricLeadsView(ApiView):
    """The leads behind a number, as far as you may see them; at most a thousand, the newest first."""

    permissions = {"GET": "review.view"}
    query_parameters = frozenset({"week", "source", "part"})

    @extend_schema(responses=paged(LeadRefSerializer))
    def get(self, request: Request, key: str) -> Response:
        metric, part = metric_or_404(key), request.query_params.get("part", "all")
        if part not in ("all", "hits"):
            raise parameter_error("part", "unknown_choice", _("part is all or hits."))
        week = _week(request, timezone.now())
        ids: list[UUID] = drill_ids(metric, week.period, _filters(request), part)
        shown = ids[:MOST_LEADS]
        visible = set(visible_leads(request).filter(pk__in=shown).values_list("pk", flat=True))
        rows = [pk for pk in dict.fromkeys(shown) if pk in visible]
        page = Page(rows, has_more=len(ids) > MOST_LEADS, next_cursor=None, next_url=None)
        return Response(page.document(lambda found: [{"id": encode("lead", pk)} for pk in found]))


class ReviewView(ApiView):
    """The revenue review of one week, like 2026-W47; frozen when the week is over."""

    permissions = {"GET": "review.view"}

    @extend_schema(responses=ReviewSerializer)
    def get(self, request: Request, week: str) -> Response:
        now = timezone.now()
        try:
            wanted = _in_reach(Week.parse(week, organisation_zone()))
        except ValueError:
            raise Http404 from None
        if wanted.start > now:
            raise Http404
        data, frozen = review_of(wanted, now=now)
        return Response(
            {
                "week": wanted.name,
                "is_frozen": frozen is not None,
                "frozen_at": frozen.frozen_at if frozen else None,
                "snapshot_hash": frozen.snapshot_hash if frozen else None,
                "review": data,
            }
        )


def metric_or_404(key: str) -> Metric:
    if key not in METRICS:
        raise Http404
    return METRICS[key]


def _told(metric: Metric) -> dict[str, Any]:
    return {
        "key": metric.key,
        "name": str(metric.name),
        "definition": str(metric.definition),
        "unit": metric.unit.value,
        "owner": metric.owner,
        "decision": str(metric.decision),
        "higher_is_better": metric.higher_is_better,
        "can_be_goal": metric.can_be_goal,
    }


def _measured(week: Week, measure: Measure) -> dict[str, Any]:
    interval = measure.interval
    return {
        "week": week.name,
        "value": measure.value,
        "n": measure.n,
        "hits": measure.hits,
        "interval": {"low": interval.low, "high": interval.high} if interval else None,
        "too_few": measure.too_few,
    }


def _week(request: Request, now: datetime) -> Week:
    """The week asked for; else the last one that is over."""
    zone = organisation_zone()
    text = request.query_params.get("week")
    if text is None:
        return Week.of(now, zone).plus(-1)
    try:
        return _in_reach(Week.parse(text, zone))
    except ValueError as error:
        raise parameter_error("week", "unknown_week", str(error)) from None


def _in_reach(week: Week) -> Week:
    if not _EARLIEST_YEAR <= week.monday.year <= _LATEST_YEAR:
        raise ValueError(_("There are no numbers of that time."))
    return week


def _weeks(request: Request) -> int:
    text = request.query_params.get("weeks", "13")
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= MOST_WEEKS):
        raise parameter_error("weeks", "out_of_range", _("weeks is a number from 1 to %(n)s.") % {"n": MOST_WEEKS})
    return int(text)


def _filters(request: Request) -> Filters:
    key = request.query_params.get("source")
    if key is None:
        return Filters()
    source_id = Source.objects.filter(key=key).values_list("pk", flat=True).first()
    if source_id is None:
        raise parameter_error("source", "unknown_source", _("No source with this key is registered."))
    return Filters(source_id=source_id)
