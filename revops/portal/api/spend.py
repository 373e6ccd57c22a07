"""Spend over the API: state up to 1,000 months in one call, idempotently, and take a call back as a whole."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from django_filters import CharFilter, FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from leads.models import Spend, SpendFile
from leads.money import NotMoney, minor_units
from leads.spend_rows import BadSpend, SpendRow, read_month
from leads.spending import CannotUndo, Register, apply_spend, plan_spend, undo_spend
from revops.foundation.api.problems import ProblemError
from revops.foundation.api.schema import paged
from revops.foundation.api.serializers import InstantField, Money, MoneyField, PublicIdField, Serializer
from revops.foundation.api.views import BATCH_COST, ApiView
from revops.portal.api.intake_rows import SPEND_COLUMNS, shown_spend
from revops.portal.api.shapes import problem_at
from revops.portal.api.who import asker, decode_or_404

MOST_ITEMS = 1_000


class SpendSerializer(Serializer):
    id = PublicIdField("spend", source="pk")
    source = serializers.CharField()  # type: ignore[assignment]
    campaign = serializers.CharField(allow_null=True, help_text="Key of the campaign; null: the source as a whole.")
    month = serializers.CharField()
    amount = MoneyField()


class SpendItemSerializer(Serializer):
    source = serializers.CharField(  # type: ignore[assignment]
        max_length=120, required=False, allow_blank=True, default="", help_text="Key or name of a source."
    )
    campaign = serializers.CharField(
        max_length=200, required=False, allow_blank=True, default="", help_text="Key or name; absent: the whole source."
    )
    month = serializers.CharField(max_length=10, help_text="Like 2026-03. Items of one month add up.")
    amount = MoneyField()


class SpendBatchSerializer(Serializer):
    items = serializers.ListField(child=SpendItemSerializer(), min_length=1, max_length=MOST_ITEMS)


class SpendBatchDoneSerializer(serializers.Serializer[Any]):
    id = PublicIdField("spend", help_text="Undo the call by it.")
    changed = serializers.IntegerField()
    unchanged = serializers.IntegerField(help_text="Places that said the same before.")
    applied_at = InstantField(allow_null=True)
    undone_at = InstantField(allow_null=True)


class SpendFilter(FilterSet):
    source = CharFilter(field_name="source__key")
    campaign = CharFilter(field_name="campaign__key")


class SpendListView(ApiView):
    """What is stated, newest month first."""

    permissions = {"GET": "sources.view"}
    filterset_class = SpendFilter
    sorts = {"month": "month_on", "id": "pk"}
    usual_sort = "-month"

    @extend_schema(responses=paged(SpendSerializer))
    def get(self, request: Request) -> Response:
        return self.page(Spend.objects.values(*SPEND_COLUMNS), shown_spend)


class SpendBatchView(ApiView):
    """State what was spent. All items or none: a wrong one names itself."""

    permissions = {"POST": "campaigns.manage"}
    costs = {"POST": BATCH_COST}

    @extend_schema(request=SpendBatchSerializer, responses={201: SpendBatchDoneSerializer})
    def post(self, request: Request) -> Response:
        form = SpendBatchSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        rows = [(place, _row(item)) for place, item in enumerate(form.validated_data["items"])]
        plan = plan_spend(rows, Register())
        if plan.problems:
            errors = [problem_at(f"/items/{one.line}", "refused", one.words) for one in plan.problems[:20]]
            raise ProblemError("validation_error", errors[0]["detail"], errors=errors)
        now, person = timezone.now(), asker(request)
        batch = SpendFile.objects.create(
            currency="", created_by=person, created_at=now, counts={"rows": plan.rows, "unchanged": plan.unchanged}
        )
        apply_spend(batch, plan.changes, by=person, now=now)
        return Response(_shown(batch), status=201)


class SpendUndoView(ApiView):
    """Put back what stood before a call or file. Refused where a month was stated anew since."""

    permissions = {"POST": "campaigns.manage"}

    @extend_schema(request=None, responses=SpendBatchDoneSerializer)
    def post(self, request: Request, batch: str) -> Response:
        found = SpendFile.objects.filter(pk=decode_or_404("spend", batch)).first()
        if found is None:
            raise Http404
        try:
            undo_spend(found, by=asker(request), now=timezone.now())
        except CannotUndo as problem:
            raise ProblemError("invalid_transition", str(problem)) from problem
        return Response(_shown(found))


def _row(item: dict[str, Any]) -> SpendRow | BadSpend:
    money: Money = item["amount"]
    try:
        month, minor = read_month(item["month"]), minor_units(money.amount, money.currency)
    except (BadSpend, NotMoney) as problem:
        return BadSpend(str(problem))
    if not 1990 <= month.year <= 2200:
        return BadSpend(_("Write the month like 2026-03."))
    return SpendRow(month, item["source"], item["campaign"], minor, money.currency)


def _shown(batch: SpendFile) -> Any:
    counts = batch.counts
    document = {
        "id": batch.pk,
        "changed": counts.get("changed", 0),
        "unchanged": counts.get("unchanged", 0),
        "applied_at": batch.applied_at,
        "undone_at": batch.undone_at,
    }
    return SpendBatchDoneSerializer(document).data
