"""How long personal data is kept, over the API: each rule, what it would take at the next run, and changing it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from revops.foundation.api.etags import check_if_match
from revops.foundation.api.pagination import parameter_error
from revops.foundation.api.problems import ProblemError
from revops.foundation.api.serializers import InstantField, PublicIdField, Serializer
from revops.foundation.api.views import ApiView
from revops.portal.api.who import asker, refused
from revops.portal.privacy import retention as rules
from revops.portal.privacy.retention import LEAST_DAYS, MOST_DAYS, ChangedMeanwhile, Kept

PREVIEW_COST = 20


class RetentionRuleSerializer(Serializer):
    code = serializers.CharField()
    title = serializers.CharField()
    sentence = serializers.CharField(help_text="What goes, and what of it stays.")
    days = serializers.IntegerField(help_text="What is older than this goes.")
    is_active = serializers.BooleanField()
    version = serializers.IntegerField(help_text="0: as it ships. Send the ETag as If-Match to change it.")
    would_take = serializers.IntegerField(help_text="At the next run, if it is on: rows, or people.")
    changed_at = InstantField(allow_null=True)
    changed_by_id = PublicIdField("user", allow_null=True)


class RetentionSerializer(Serializer):
    next_run_at = InstantField()
    data = RetentionRuleSerializer(many=True)  # type: ignore[assignment]


class RetentionChangeSerializer(Serializer):
    """What is left out stays."""

    days = serializers.IntegerField(min_value=LEAST_DAYS, max_value=MOST_DAYS, required=False)
    is_active = serializers.BooleanField(required=False)


class RetentionListView(ApiView):
    """Every rule with what it would take at the next run, also those that are off. Past runs are operations."""

    permissions = {"GET": "privacy.manage"}
    costs: ClassVar[dict[str, int]] = {"GET": PREVIEW_COST}

    @extend_schema(responses=RetentionSerializer)
    def get(self, request: Request) -> Response:
        now = timezone.now()
        data = [_facts(kept, n) for kept, n in rules.preview(now)]
        return Response(RetentionSerializer({"next_run_at": rules.next_run(now), "data": data}).data)


class RetentionView(ApiView):
    """One rule; `days` previews another span. PATCH changes it from the next run on, with If-Match."""

    permissions = {"GET": "privacy.manage", "PATCH": "privacy.manage"}
    query_parameters = frozenset({"days"})
    costs: ClassVar[dict[str, int]] = {"GET": PREVIEW_COST}

    @extend_schema(
        responses=RetentionRuleSerializer,
        parameters=[OpenApiParameter("days", int, description="Count what this span would take. Nothing is changed.")],
    )
    def get(self, request: Request, retention: str) -> Response:
        kept, days = _kept(retention), request.query_params.get("days")
        if days is None:
            return self.versioned(_shown(kept), kept.version)
        if not (days.isascii() and days.isdigit() and LEAST_DAYS <= int(days[:5]) <= MOST_DAYS):
            bounds = {"least": LEAST_DAYS, "most": MOST_DAYS}
            raise parameter_error("days", "out_of_range", _("days is a number from %(least)s to %(most)s.") % bounds)
        return Response(_shown(kept, int(days)))

    @extend_schema(request=RetentionChangeSerializer, responses=RetentionRuleSerializer)
    def patch(self, request: Request, retention: str) -> Response:
        kept = _kept(retention)
        form = RetentionChangeSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        said = form.validated_data
        if not said:
            raise refused("", "nothing_to_change", _("Send days, is_active or both."))
        check_if_match(request, kept.version, required=True)
        try:
            rules.set_rule(
                retention, said.get("days", kept.days), asker(request), timezone.now(),
                is_active=said.get("is_active", kept.is_active), version=kept.version,
            )  # fmt: skip
        except ChangedMeanwhile as problem:
            words = _("Somebody changed this rule at the same moment. Read it again.")
            raise ProblemError("version_mismatch", words, current_version=kept.version + 1) from problem
        changed = _kept(retention)
        return self.versioned(_shown(changed), changed.version)


def _kept(code: str) -> Kept:
    found = next((kept for kept in rules.rules_kept() if kept.rule.code == code), None)
    if found is None:
        raise Http404
    return found


def _shown(kept: Kept, days: int | None = None) -> dict[str, Any]:
    """A rule with what it would take at the next run, by its own span or another."""
    n = rules.would_take(kept, timezone.now(), days)
    return dict(RetentionRuleSerializer(_facts(kept, n)).data)


def _facts(kept: Kept, n: int) -> dict[str, Any]:
    row = kept.row
    return {
        **{name: str(getattr(kept.rule, name)) for name in ("code", "title", "sentence")},
        "days": kept.days,
        "is_active": kept.is_active,
        "version": kept.version,
        "would_take": n,
        "changed_at": row.changed_at if row else None,
        "changed_by_id": row.changed_by_id if row else None,
    }
