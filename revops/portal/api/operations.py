"""Long work: how far it is, and how the portal itself is doing."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django_filters import CharFilter, ChoiceFilter, FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from revops.foundation import health, jobs
from revops.foundation.api.problems import ProblemError
from revops.foundation.api.schema import paged
from revops.foundation.api.serializers import InstantField, PublicIdField, Serializer
from revops.foundation.api.views import ApiView
from revops.foundation.models import Job, JobState
from revops.portal.api.fields import check_nothing_sent
from revops.portal.api.who import asker, decode_or_404, may


class JobProgressSerializer(Serializer):
    state = serializers.ChoiceField(choices=JobState.choices)
    processed = serializers.IntegerField()
    total = serializers.IntegerField(allow_null=True)
    fraction = serializers.FloatField(allow_null=True)
    rate = serializers.FloatField(allow_null=True, help_text="Items a second.")
    eta_seconds = serializers.IntegerField(allow_null=True)


class OperationSerializer(Serializer):
    id = PublicIdField("job")
    kind = serializers.CharField()
    progress = JobProgressSerializer()
    created_at = InstantField()
    started_at = InstantField(allow_null=True)
    finished_at = InstantField(allow_null=True)
    result = serializers.DictField()
    error = serializers.CharField()


class CheckSerializer(Serializer):
    name = serializers.CharField()
    ok = serializers.BooleanField()
    finding = serializers.CharField()
    action = serializers.CharField(help_text="What to do; empty when all is well.")


class HealthSerializer(Serializer):
    status = serializers.ChoiceField(choices=["ok", "attention"])
    version = serializers.CharField()
    checks = CheckSerializer(many=True)


class OperationFilter(FilterSet):
    state = ChoiceFilter(choices=JobState.choices)
    kind = CharFilter()


class OperationListView(ApiView):
    """Long work that was asked for with this account; all of it for who manages the portal."""

    filterset_class = OperationFilter
    sorts = {"created_at": "created_at", "id": "pk"}
    usual_sort = "-created_at"

    @extend_schema(responses=paged(OperationSerializer))
    def get(self, request: Request) -> Response:
        now = timezone.now()
        return self.page(_jobs_for(request), lambda rows: [_shown(row, now) for row in rows])


class OperationView(ApiView):
    @extend_schema(responses=OperationSerializer)
    def get(self, request: Request, operation: str) -> Response:
        row = _jobs_for(request).get(pk=decode_or_404("job", operation))
        return Response(_shown(row, timezone.now()), headers={} if row.is_over else {"Retry-After": "2"})


class CancelView(ApiView):
    """Stop long work at its next step. What was done until then is kept."""

    @extend_schema(request=None, responses=OperationSerializer)
    def post(self, request: Request, operation: str) -> Response:
        check_nothing_sent(request)
        row = _jobs_for(request).get(pk=decode_or_404("job", operation))
        if not jobs.cancel(row.pk, timezone.now()):
            raise ProblemError("invalid_transition", _("It is over already."), state=row.state, allowed=[])
        row.refresh_from_db()
        return Response(_shown(row, timezone.now()))


class HealthView(ApiView):
    """How the portal is doing. Findings are for those who may see them."""

    @extend_schema(responses=HealthSerializer)
    def get(self, request: Request) -> Response:
        has_findings = may(request, "health.view")
        checks = [
            {
                "name": check.name,
                "ok": check.ok,
                "finding": check.finding if has_findings else "",
                "action": check.action if has_findings else "",
            }
            for check in health.examine()
        ]
        status = "ok" if all(check["ok"] for check in checks) else "attention"
        return Response({"status": status, "version": settings.VERSION, "checks": checks})


def _jobs_for(request: Request) -> QuerySet[Job]:
    return Job.objects.all() if may(request, "people.manage") else Job.objects.filter(created_by=asker(request))


def _shown(job: Job, now: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": job.pk,
        "kind": job.kind,
        "progress": jobs.progress(job, now),
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
        "result": job.result,
        "error": job.error,
    }
    return dict(OperationSerializer(row).data)
