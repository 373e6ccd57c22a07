"""Reason codes: what a rejection has to say."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from feedback.models import EvidenceKind, ReasonCode, RootCause
from revops.foundation.api.pagination import Page
from revops.foundation.api.schema import paged
from revops.foundation.api.serializers import Serializer
from revops.foundation.api.views import ApiView


class ReasonCodeSerializer(Serializer):
    code = serializers.CharField(help_text="Send it as reason_code.")
    label = serializers.CharField()  # type: ignore[assignment]
    family = serializers.CharField(source="family_id")
    evidence_kind = serializers.ChoiceField(choices=EvidenceKind.choices)
    evidence_question = serializers.CharField(help_text="What evidence has to answer.")
    root_cause = serializers.ChoiceField(choices=RootCause.choices)
    mended_by = serializers.CharField()
    consequence = serializers.CharField(help_text="What happens to the lead.")
    criterion = serializers.CharField(help_text="The attribute it refers to; empty: a criteria gap.")
    gives_turn_back = serializers.BooleanField(source="is_creditable")


class ReasonCodeListView(ApiView):
    """The reasons in use, in the order of the reject sheet."""

    permissions = {"GET": "leads.view"}

    @extend_schema(responses=paged(ReasonCodeSerializer))
    def get(self, request: Request) -> Response:
        rows = list(ReasonCode.objects.filter(is_active=True))
        page = Page(rows, has_more=False, next_cursor=None, next_url=None)
        return Response(page.document(lambda found: ReasonCodeSerializer(found, many=True).data))
