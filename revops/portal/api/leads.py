"""Leads: the list, one lead, why it has its tier, and what happened to it."""

from __future__ import annotations

import zlib
from typing import Any, ClassVar
from uuid import UUID

import orjson
from django.core import signing
from django.db.models import F, Q, QuerySet
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from leads.models import Lead
from leads.source_limits import limit_words
from revops.foundation.api.pagination import Sort, parameter_error
from revops.foundation.api.permissions import check_scopes
from revops.foundation.api.problems import ProblemError
from revops.foundation.api.schema import paged
from revops.foundation.api.serializers import InstantField, PublicIdField, Serializer
from revops.foundation.api.views import ApiView
from revops.portal.api.lead_facts import LEAD_COLUMNS, LeadSerializer, shown_lead, version_of
from revops.portal.api.who import decode_or_404, shows_persons, visible_leads
from revops.portal.lead_pages.filters import LeadFilter
from revops.portal.lead_pages.timeline import KINDS, timeline_of
from revops.portal.lead_pages.visibility import merged_lead_for
from scoring.explanation import Explanation, explain_lead, explain_many, explain_now, usual_stage
from scoring.rules.stages import STAGES

_TIMELINE_SALT = "api.timeline"


class EvidenceSerializer(Serializer):
    type = serializers.ChoiceField(["fact", "signals"])
    fact = serializers.CharField(required=False, help_text="For a fact: its name.")
    kinds = serializers.ListField(child=serializers.CharField(), required=False, help_text="For signals: their kinds.")
    first_on = serializers.DateField(required=False, allow_null=True, help_text="Null for acts that nobody dated.")
    last_on = serializers.DateField(required=False, allow_null=True)
    by = serializers.ChoiceField(["person", "account"], required=False, help_text="Whose acts they are.")


class ReasonSerializer(Serializer):
    rule = serializers.CharField()
    sentence = serializers.CharField()
    points = serializers.FloatField()
    evidence = serializers.CharField()
    evidence_refs = EvidenceSerializer(many=True, help_text="The facts and acts behind it.")
    note = serializers.CharField()
    is_proven = serializers.BooleanField()


class AxisSerializer(Serializer):
    total = serializers.FloatField(help_text="Exactly the sum of its reasons.")
    cap = serializers.FloatField()
    reasons = ReasonSerializer(many=True)


class EvaluationStageSerializer(Serializer):
    key = serializers.ChoiceField([stage.value for stage in STAGES])
    label = serializers.CharField()  # type: ignore[assignment]
    sentence = serializers.CharField()
    evidence = serializers.CharField()
    evidence_refs = EvidenceSerializer(many=True)
    is_usual = serializers.BooleanField(help_text="True if no act says it: leads of the source usually begin there.")


class AxesSerializer(Serializer):
    fit = AxisSerializer()
    intent = AxisSerializer()
    timing = AxisSerializer()


class RulebookRefSerializer(Serializer):
    id = PublicIdField("rulebook")
    version = serializers.IntegerField()


class WhySerializer(Serializer):
    lead = PublicIdField("lead")
    decision = serializers.IntegerField(allow_null=True, help_text="Null for a judgement of this moment.")
    decided_at = InstantField()
    as_of = InstantField()
    rulebook = RulebookRefSerializer()
    tier = serializers.IntegerField()
    source_limit = serializers.CharField(
        allow_null=True, help_text="Why its source keeps it from what the rules say; null if it does not."
    )
    summary = serializers.CharField()
    disqualified = serializers.CharField(allow_null=True)
    missing_for_tier_1 = serializers.ListField(child=serializers.CharField())
    evaluation_stage = EvaluationStageSerializer(allow_null=True, help_text="How far the buyer has come; no tier.")
    axes = AxesSerializer()


class EventSerializer(Serializer):
    at = InstantField(allow_null=True)
    title = serializers.CharField()
    text = serializers.CharField(help_text="Empty without people:pii.")
    by = serializers.CharField()


class LeadListView(ApiView):
    """Leads, the newest first; the same filter as the page."""

    permissions = {"GET": "leads.view"}
    filterset_class = LeadFilter
    sorts: ClassVar[dict[str, Sort | str]] = {
        "received_at": "received_at",
        "id": "pk",
        "tier": Sort("score__tier", nullable=True),
        "priority": Sort("score__priority", nullable=True),
        "stage_at": "stage_at",
    }
    usual_sort = "-received_at"
    query_parameters = frozenset({"expand"})

    @extend_schema(responses=paged(LeadSerializer))
    def get(self, request: Request) -> Response:
        if request.query_params.get("q"):
            check_scopes(request, "people:pii")  # else a search would tell what is masked
        expands = _expansion(request)
        leads = visible_leads(request).values(*LEAD_COLUMNS)
        return self.page(leads, lambda rows: _shown_many(rows, request, with_why=expands))


class LeadView(ApiView):
    """One lead, with an ETag that changes whenever something shown changes."""

    permissions = {"GET": "leads.view"}
    query_parameters = frozenset({"expand"})

    @extend_schema(responses=LeadSerializer)
    def get(self, request: Request, lead: str) -> Response:
        with_why = _expansion(request)
        row = visible_leads(request).values(*LEAD_COLUMNS).filter(pk=decode_or_404("lead", lead)).first()
        if row is None:
            merged = merged_or_404(request, lead)
            row = Lead.objects.values(*LEAD_COLUMNS).get(pk=merged.pk)
        if row["person__erased_at"]:
            raise erased()
        (shown,) = _shown_many([row], request, with_why=with_why)
        return self.versioned(shown, version_of(shown))


class WhyView(ApiView):
    """Why the lead has its tier: every point with what was found, and what is missing to tier 1."""

    permissions = {"GET": "leads.view"}
    query_parameters = frozenset({"at"})

    @extend_schema(
        responses=WhySerializer,
        parameters=[
            OpenApiParameter(
                "at", enum=["decision", "now"],
                description="The stored decision that counts (the usual), or what the live rulebook would say now.",
            )
        ],
    )  # fmt: skip
    def get(self, request: Request, lead: str) -> Response:
        row, at = find_lead_or_merged(request, lead), request.query_params.get("at", "decision")
        if at not in ("decision", "now"):
            raise parameter_error("at", "unknown_choice", _("at is decision or now."))
        explanation = explain_lead(row.pk) if at == "decision" else explain_now(row.pk, timezone.now())
        if explanation is None:
            raise Http404
        shown = explained(explanation, row)
        return self.versioned(shown, zlib.crc32(orjson.dumps(shown))) if at == "decision" else Response(shown)


def explained(explanation: Explanation, lead: Lead) -> dict[str, Any]:
    """An explanation with what the source of the lead adds to it. One query unless the source was read."""
    source, shown = lead.source, explanation.as_dict()
    stage = explanation.stage or usual_stage(source.readiness, source.name)
    limit = limit_words(source.name, explanation.tier, lead.stage, source.allowed_tiers)
    return {**shown, "evaluation_stage": stage.as_dict() if stage else None, "source_limit": limit or None}


class TimelineView(ApiView):
    """What happened to the lead, the newest first."""

    permissions = {"GET": "leads.view"}
    query_parameters = frozenset({"kind", "limit", "cursor"})

    @extend_schema(responses=paged(EventSerializer))
    def get(self, request: Request, lead: str) -> Response:
        row = find_lead_or_merged(request, lead)
        kind, size = request.query_params.get("kind", ""), request.query_params.get("limit", "50")
        if kind and kind not in {one.code for one in KINDS}:
            names = ", ".join(one.code for one in KINDS)
            raise parameter_error("kind", "unknown_kind", _("kind is one of %(names)s.") % {"names": names})
        if not (size.isascii() and size.isdigit() and len(size) <= 3 and 1 <= int(size) <= 200):
            raise parameter_error("limit", "out_of_range", _("limit is a number from 1 to %(n)s.") % {"n": 200})
        signer = signing.Signer(salt=f"{_TIMELINE_SALT}.{row.pk}.{kind}")
        found = timeline_of(row, kind, _cursor(request, signer), int(size))
        has_text = shows_persons(request)
        following = signer.sign(found.older) if found.older else None
        query = f"?kind={kind}&limit={size}&cursor={following}"
        return Response(
            {
                "data": [
                    {"at": event.at, "title": str(event.title), "text": event.text if has_text else "", "by": event.by}
                    for event in found.events
                ],
                "has_more": following is not None,
                "next_cursor": following,
                "next_url": request.path + query if following else None,
            }
        )


def find_lead(leads: QuerySet[Lead], public_id: str) -> Lead:
    """One of `leads`, to act on it; 404 for every other id, 410 if its person was erased."""
    row = leads.alias(erased_at=F("person__erased_at")).annotate(is_erased=Q(erased_at__isnull=False))
    found = row.filter(pk=decode_or_404("lead", public_id)).first()
    if found is None:
        raise Http404
    if found.is_erased:
        raise erased()
    return found


def erased() -> ProblemError:
    """The answer about a lead whose person was erased; why it was decided as it was can still be read."""
    words = _("The person of this lead was erased. Its why/ and timeline/ still say what was decided, without them.")
    return ProblemError("erased", words)


def find_lead_or_merged(request: Request, public_id: str) -> Lead:
    """A lead to read: one that is visible, or one that was merged into another, under its old id."""
    row = visible_leads(request).filter(pk=decode_or_404("lead", public_id)).first()
    return row or merged_or_404(request, public_id)


def merged_or_404(request: Request, public_id: str) -> Lead:
    """A lead that was merged and may still be read."""
    found = merged_lead_for(request.user, public_id)
    if found is None:
        raise Http404
    return found[0]


def _shown_many(rows: list[dict[str, Any]], request: Request, *, with_why: bool) -> list[dict[str, Any]]:
    has_persons = shows_persons(request)
    shown = [shown_lead(row, has_persons=has_persons) for row in rows]
    if with_why:
        summaries: dict[UUID, str] = explain_many([row["pk"] for row in rows])
        for row, lead in zip(rows, shown, strict=True):
            lead["why"] = summaries.get(row["pk"])
    return shown


def _expansion(request: Request) -> bool:
    wanted = request.query_params.get("expand", "")
    if wanted not in ("", "why"):
        raise parameter_error("expand", "unknown_choice", _("Only why can be expanded."))
    return wanted == "why"


def _cursor(request: Request, signer: signing.Signer) -> str:
    given = request.query_params.get("cursor")
    if given is None:
        return ""
    try:
        return signer.unsign(given)
    except signing.BadSignature:
        words = _("Use next_cursor exactly as it came, with the same kind. Or start without cursor.")
        raise ProblemError("invalid_cursor", words) from None
