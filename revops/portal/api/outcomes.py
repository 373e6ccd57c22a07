"""Outcomes: what became of leads."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import IntegrityError
from django.http import Http404
from django.utils import timezone
from django_filters import CharFilter, ChoiceFilter, FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from feedback.corrections import Corrected, Correction
from feedback.models import Outcome
from feedback.models.outcomes import OutcomeStage
from feedback.outcomes import Recorded, Result
from revops.foundation.api.problems import ProblemError
from revops.foundation.api.schema import paged
from revops.foundation.api.serializers import InstantField, Money, MoneyField, PublicIdField, Serializer
from revops.foundation.api.views import ApiView
from revops.portal import journey
from revops.portal.api.fields import PublicIdFilter, check_past
from revops.portal.api.finding import Named, find_leads
from revops.portal.api.shapes import problem_at
from revops.portal.api.submissions import invalid
from revops.portal.api.who import decode_or_404, refused, visible_leads


class NewOutcomeSerializer(Serializer):
    lead_id = serializers.CharField(required=False, max_length=60)
    email = serializers.CharField(required=False, max_length=320)
    source = serializers.CharField(required=False, max_length=64, help_text="Whose external_id it is.")  # type: ignore[assignment]
    external_id = serializers.CharField(required=False, max_length=200, help_text="The sender's id of the person.")
    kind = serializers.ChoiceField(choices=OutcomeStage.choices)
    occurred_at = InstantField(help_text="In the past.")
    amount = MoneyField(required=False)
    reason = serializers.CharField(required=False, max_length=300, help_text="Needed for a lost deal.")
    deal_id = serializers.CharField(required=False, max_length=200, help_text="Your id of it; a repeat is ignored.")
    deal_stage = serializers.CharField(required=False, max_length=80, help_text="Where the opportunity stands.")


class RestatementSerializer(Serializer):
    occurred_at = InstantField(required=False, help_text="Missing: as before.")
    amount = MoneyField(required=False, allow_null=True, help_text="Missing: as before; null: none.")
    reason = serializers.CharField(required=False, allow_blank=True, max_length=300, help_text="Missing: as before.")
    deal_stage = serializers.CharField(required=False, allow_blank=True, max_length=80)


class WithdrawalSerializer(Serializer):
    reason = serializers.CharField(required=False, allow_blank=True, max_length=300)


class OutcomeSerializer(Serializer):
    id = PublicIdField("outcome", source="pk")
    lead_id = PublicIdField("lead")
    kind = serializers.ChoiceField(choices=OutcomeStage.choices)
    occurred_at = InstantField(allow_null=True)
    recorded_at = InstantField()
    amount = MoneyField(source="money", allow_null=True)
    reason = serializers.CharField()
    deal_id = serializers.CharField(source="external_id")
    deal_stage = serializers.CharField(allow_null=True)
    is_history = serializers.BooleanField()
    corrects_id = PublicIdField("outcome", allow_null=True, help_text="The version that this one replaces.")


class OutcomeFilter(FilterSet):
    lead = PublicIdFilter(prefix="lead")
    kind = ChoiceFilter(choices=OutcomeStage.choices)
    deal_id = CharFilter(field_name="external_id")


class OutcomeListView(ApiView):
    """Record what became of a lead; list outcomes that count (`versions=all`: also corrected and withdrawn ones)."""

    permissions = {"GET": "leads.view", "POST": "outcomes.record"}
    filterset_class = OutcomeFilter
    query_parameters = frozenset({"versions"})
    sorts = {"recorded_at": "recorded_at", "id": "pk"}
    usual_sort = "-recorded_at"

    @extend_schema(responses=paged(OutcomeSerializer))
    def get(self, request: Request) -> Response:
        rows = Outcome.objects.filter(lead__in=visible_leads(request))
        if request.query_params.get("versions") != "all":
            rows = rows.filter(corrected_by__isnull=True).exclude(kind=OutcomeStage.WITHDRAWN)
        return self.page(rows, lambda found: [_shown(row) for row in found])

    @extend_schema(request=NewOutcomeSerializer, responses={200: OutcomeSerializer, 201: OutcomeSerializer})
    def post(self, request: Request) -> Response:
        form = NewOutcomeSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        values, now = form.validated_data, timezone.now()
        result = _result(values, _lead_of(request, values), request, now)
        try:
            (recorded,) = journey.conclude([result], now=now)
        except IntegrityError:  # the same deal in the same moment: a second look finds it
            (recorded,) = journey.conclude([result], now=now)
        return _answer(recorded)


class RestateView(ApiView):
    """State an outcome anew, with the facts that changed. The earlier version stays readable and counts no longer."""

    permissions = {"POST": "outcomes.record"}

    @extend_schema(request=RestatementSerializer, responses={201: OutcomeSerializer})
    def post(self, request: Request, outcome: str) -> Response:
        form = RestatementSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        values, now, row = form.validated_data, timezone.now(), _outcome(request, outcome)
        money = values["amount"] if "amount" in values else _money(row)
        if money is not None and money.amount < 0:
            raise refused("/amount", "negative_amount", "An amount is not negative.")
        stage = {"stage": values["deal_stage"]} if "deal_stage" in values else {}
        correction = Correction(
            outcome_id=row.pk,
            user_id=request.user.pk,
            occurred_at=check_past(values.get("occurred_at", row.occurred_at), "/occurred_at", now),
            amount=money.amount if money else None,
            currency=money.currency if money else "",
            reason=values.get("reason", row.reason),
            attributes={**row.attributes, **stage},
        )
        return _corrected(journey.correct([correction], now=now)[0])


class WithdrawView(ApiView):
    """Take an outcome back that never happened; a lead that it moved goes back to where it stood."""

    permissions = {"POST": "outcomes.record"}

    @extend_schema(request=WithdrawalSerializer, responses={201: OutcomeSerializer})
    def post(self, request: Request, outcome: str) -> Response:
        form = WithdrawalSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        row, reason = _outcome(request, outcome), form.validated_data.get("reason", "")
        correction = Correction(row.pk, request.user.pk, reason=reason, withdraws=True)
        return _corrected(journey.correct([correction], now=timezone.now())[0])


def _outcome(request: Request, public_id: str) -> Outcome:
    row = Outcome.objects.filter(lead__in=visible_leads(request), pk=decode_or_404("outcome", public_id)).first()
    if row is None:
        raise Http404
    return row


def _corrected(corrected: Corrected) -> Response:
    if corrected.outcome is None:
        raise ProblemError("invalid_transition", corrected.refusal)
    return Response(_shown(corrected.outcome), status=201)


def _money(row: Outcome) -> Money | None:
    return None if row.amount is None else Money(row.amount, row.currency)


def _lead_of(request: Request, values: dict[str, Any]) -> UUID:
    names = [values.get(name, "") for name in ("lead_id", "email", "source", "external_id")]
    (found,) = find_leads(request, [Named(*names)])
    if found.error is not None or found.lead_id is None:
        raise invalid([found.error or problem_at("/lead_id", "unknown_lead", "")])
    return found.lead_id


def _result(values: dict[str, Any], lead_id: UUID, request: Request, now: Any) -> Result:
    money: Money | None = values.get("amount")
    if money is not None and money.amount < 0:
        raise refused("/amount", "negative_amount", "An amount is not negative.")
    return Result(
        lead_id=lead_id,
        kind=values["kind"],
        occurred_at=check_past(values["occurred_at"], "/occurred_at", now),
        amount=money.amount if money else None,
        currency=money.currency if money else "",
        reason=values.get("reason", ""),
        external_id=values.get("deal_id", ""),
        attributes={"stage": values["deal_stage"]} if values.get("deal_stage") else {},
        user_id=request.user.pk,
    )


def _answer(recorded: Recorded) -> Response:
    if recorded.outcome is not None:
        return Response(_shown(recorded.outcome), status=201)
    result = recorded.result
    if recorded.is_repeat:
        same = Outcome.objects.filter(lead_id=result.lead_id, kind=result.kind, external_id=result.external_id)
        known = same.order_by("-recorded_at", "-pk")[0]
        return Response(_shown(known))
    if result.kind == "lost" and not result.reason:
        raise refused("/reason", "required", recorded.refusal)
    raise ProblemError("invalid_transition", recorded.refusal)


def _shown(row: Outcome) -> dict[str, Any]:
    row.money = _money(row)  # type: ignore[attr-defined]
    row.deal_stage = row.attributes.get("stage")  # type: ignore[attr-defined]
    return dict(OutcomeSerializer(row).data)
