"""Lead forms over the API: which there are and how they do; publish and archive them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils import timezone
from django_filters import CharFilter, ChoiceFilter, FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from leads.models import LeadForm
from leads.models.consents import ConsentPurpose
from leads.models.forms import FormState
from revops.foundation.api.problems import ProblemError
from revops.foundation.api.schema import paged
from revops.foundation.api.serializers import InstantField, PublicIdField, Serializer
from revops.foundation.api.views import ApiView
from revops.portal.api.fields import check_nothing_sent
from revops.portal.api.who import asker
from revops.portal.lead_forms.changing import CannotPublish, set_state
from revops.portal.lead_forms.counting import Completion, completions


class LeadFormFieldSerializer(Serializer):
    name = serializers.CharField()
    required = serializers.BooleanField()  # type: ignore[assignment]


class LeadFormSerializer(Serializer):
    id = PublicIdField("form", source="pk")
    slug = serializers.CharField()
    title = serializers.CharField()
    state = serializers.ChoiceField(choices=FormState.choices)
    url = serializers.CharField(help_text="Where visitors find it, while it is open.")
    source = serializers.CharField(source="source.key")  # type: ignore[assignment]
    act = serializers.CharField(source="signal_kind.code", help_text="The signal that a post is.")
    topic = serializers.CharField()
    campaign = serializers.CharField(source="campaign_key")
    questions = LeadFormFieldSerializer(source="fields", many=True)
    version = serializers.IntegerField(help_text="Counts the changes of its questions.")
    consent_text = serializers.CharField()
    consent_purpose = serializers.ChoiceField(choices=ConsentPurpose.choices)
    needs_confirmation = serializers.BooleanField(help_text="Double opt-in.")
    asks_next = serializers.BooleanField(help_text="Progressive profiling.")
    allowed_sites = serializers.ListField(child=serializers.CharField(), help_text="Origins that may frame it.")
    opened = serializers.IntegerField(help_text="In the last 30 days.")
    sent = serializers.IntegerField()
    corrected = serializers.IntegerField(help_text="Posts that were sent back to be corrected.")
    completion = serializers.FloatField(allow_null=True, help_text="Sent of opened; null without any.")
    created_at = InstantField()


class LeadFormFilter(FilterSet):
    state = ChoiceFilter(choices=FormState.choices)
    source = CharFilter(field_name="source__key")


class LeadFormListView(ApiView):
    """All lead forms."""

    permissions = {"GET": "forms.manage"}
    filterset_class = LeadFormFilter
    sorts = {"title": "title", "created_at": "created_at", "id": "pk"}
    usual_sort = "title"

    @extend_schema(responses=paged(LeadFormSerializer))
    def get(self, request: Request) -> Response:
        return self.page(LeadForm.objects.select_related("source", "signal_kind"), _shown)


class LeadFormView(ApiView):
    """One lead form with its counts."""

    permissions = {"GET": "forms.manage"}

    @extend_schema(responses=LeadFormSerializer)
    def get(self, request: Request, slug: str) -> Response:
        return Response(_shown([_form(slug)])[0])


class LeadFormPublishView(ApiView):
    """Open a form to visitors."""

    permissions = {"POST": "forms.manage"}

    @extend_schema(request=None, responses=LeadFormSerializer)
    def post(self, request: Request, slug: str) -> Response:
        check_nothing_sent(request)
        form = _form(slug)
        try:
            set_state(form, FormState.OPEN, asker(request), timezone.now())
        except CannotPublish as problem:
            raise ProblemError("conflict", str(problem)) from None
        return Response(_shown([form])[0])


class LeadFormArchiveView(ApiView):
    """Close a form; its counts and what it received stay."""

    permissions = {"POST": "forms.manage"}

    @extend_schema(request=None, responses=LeadFormSerializer)
    def post(self, request: Request, slug: str) -> Response:
        check_nothing_sent(request)
        form = _form(slug)
        set_state(form, FormState.ARCHIVED, asker(request), timezone.now())
        return Response(_shown([form])[0])


def _form(slug: str) -> LeadForm:
    return LeadForm.objects.select_related("source", "signal_kind").get(slug=slug)


def _shown(rows: list[LeadForm]) -> list[dict[str, Any]]:
    counted = completions([row.pk for row in rows], timezone.now())
    for row in rows:
        done = counted.get(row.pk, Completion())
        row.url = f"{settings.PUBLIC_URL}/f/{row.slug}/"  # type: ignore[attr-defined]
        row.opened, row.sent, row.corrected = done.n, done.sent, done.corrected  # type: ignore[attr-defined]
        row.completion = done.share  # type: ignore[attr-defined]
    return [dict(LeadFormSerializer(row).data) for row in rows]
