"""Vetting over the API: send a list, ask how far it is, fetch the same rows judged. Nothing is imported."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
from django.http import Http404, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from leads.files import BYTE_ORDER_MARK, UnreadableFile, csv_lines
from revops.foundation import jobs
from revops.foundation.api.schema import paged
from revops.foundation.api.serializers import InstantField
from revops.foundation.api.views import BATCH_COST, EXPORT_COST, ApiView
from revops.foundation.models import Job
from revops.portal.api.imports import ProgressSerializer, pieces_of
from revops.portal.api.shapes import problem_at
from revops.portal.api.submissions import invalid
from revops.portal.api.who import asker, decode_or_404
from revops.portal.imports.uploads import store_upload
from revops.portal.vetting import working


class VettingSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    state = serializers.CharField(help_text="waiting, running, done, failed or cancelled")
    created_at = InstantField()
    progress = ProgressSerializer()
    counts = serializers.DictField(child=serializers.IntegerField())
    results_url = serializers.CharField(help_text="The rows as NDJSON, once it is done; results.csv beside it.")
    error = serializers.CharField()


class VettingListView(ApiView):
    """Send a list (CSV, NDJSON or XLSX as it is) to be judged; list those judged before."""

    permissions = {"GET": "lists.vet", "POST": "lists.vet"}
    costs = {"POST": BATCH_COST}
    sorts = {"created_at": "created_at", "id": "pk"}
    usual_sort = "-created_at"
    is_transactional = False  # the file is on the disk before the row says so

    @extend_schema(responses=paged(VettingSerializer))
    def get(self, request: Request) -> Response:
        return self.page(Job.objects.filter(kind=working.KIND), lambda rows: [shown(job) for job in rows])

    @extend_schema(request={"application/octet-stream": OpenApiTypes.BINARY}, responses={202: VettingSerializer})
    def post(self, request: Request) -> Response:
        now = timezone.now()
        try:
            file = store_upload(pieces_of(request), "upload", asker(request), now)
        except UnreadableFile as problem:
            raise invalid([problem_at("", problem.code, problem.words)]) from problem
        job = working.start_vetting(file, asker(request), now)
        headers = {"Location": f"/api/v1/vettings/{working.public_id(job)}/", "Retry-After": "2"}
        return Response(shown(job), status=202, headers=headers)


class VettingView(ApiView):
    """How far a vetting is; deleting it removes the list."""

    permissions = {"GET": "lists.vet", "DELETE": "lists.vet"}

    @extend_schema(responses=VettingSerializer)
    def get(self, request: Request, vetting: str) -> Response:
        return Response(shown(_job(vetting)))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, vetting: str) -> Response:
        working.forget(_job(vetting), timezone.now())
        return Response(status=204)


class VettingResultsView(ApiView):
    """The rows of the list, judged, one JSON object a line."""

    permissions = {"GET": "lists.vet"}
    costs = {"GET": EXPORT_COST}

    @extend_schema(responses={(200, "application/x-ndjson"): OpenApiTypes.BINARY})
    def get(self, request: Request, vetting: str) -> HttpResponseBase:
        file = working.file_of(_job(vetting))
        lines = (orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in working.results(file))
        return StreamingHttpResponse(lines, content_type="application/x-ndjson")


class VettingCsvView(ApiView):
    """The list as it came, with what was found beside each row."""

    permissions = {"GET": "lists.vet"}
    costs = {"GET": EXPORT_COST}

    @extend_schema(responses={(200, "text/csv"): OpenApiTypes.BINARY})
    def get(self, request: Request, vetting: str) -> HttpResponseBase:
        file = working.file_of(_job(vetting))

        def lines() -> Iterator[str]:
            yield BYTE_ORDER_MARK
            yield from csv_lines(working.table(file))

        answer = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="{vetting}.csv"'
        return answer


def shown(job: Job) -> dict[str, Any]:
    """A vetting as the API shows it."""
    public_id = working.public_id(job)
    document = {
        "id": public_id,
        "state": str(job.state),
        "created_at": job.created_at,
        "progress": jobs.progress(job, timezone.now()),
        "counts": job.result.get("counts", {}),
        "results_url": f"/api/v1/vettings/{public_id}/results/",
        "error": job.error,
    }
    return dict(VettingSerializer(document).data)


def _job(public_id: str) -> Job:
    job = Job.objects.filter(kind=working.KIND, pk=decode_or_404("vet", public_id)).first()
    if job is None:
        raise Http404
    return job
