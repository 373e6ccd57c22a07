"""Imports: open one, upload its file, start it (first as a dry run, if wanted), ask how far it is."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, cast

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpResponseBase, StreamingHttpResponse
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django_filters import ChoiceFilter, FilterSet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from leads.files import UnreadableFile
from leads.mapping import MappingError
from leads.models import ImportFile, ImportKind, ImportRun, LegalBasis, Source, Submission
from leads.models.submissions import OutcomeKind
from revops.foundation import jobs
from revops.foundation.api.problems import ProblemError
from revops.foundation.api.schema import paged
from revops.foundation.api.serializers import InstantField, PublicIdField, Serializer
from revops.foundation.api.views import BATCH_COST, EXPORT_COST, ApiView
from revops.foundation.ids import encode
from revops.foundation.models import Job, User
from revops.portal.api.shapes import problem_at
from revops.portal.api.submissions import invalid
from revops.portal.api.who import decode_or_404
from revops.portal.imports import reports, wizard
from revops.portal.imports.holding import CannotRelease, forget_findings, release, words_of_hold
from revops.portal.imports.tally import OUTCOMES
from revops.portal.imports.uploads import shape_of, store_upload

OPEN_FOR = timedelta(hours=24)
PIECE = 1024 * 1024
RUNNING = {"waiting", "running", "paused"}


class NewImportSerializer(Serializer):
    kind = serializers.ChoiceField(choices=ImportKind.choices, default=ImportKind.LEADS)
    name = serializers.CharField(required=False, max_length=255, default="upload", help_text="Of the file, for people.")
    source = serializers.CharField(  # type: ignore[assignment]
        max_length=64, help_text="Key of a source, see /api/v1/sources/."
    )
    campaign = serializers.CharField(required=False, max_length=120, default="")
    key_column = serializers.CharField(
        required=False, max_length=200, default="", help_text="For outcomes: the column with the id of the lead."
    )
    mapping = serializers.JSONField(required=False, help_text="Absent: a remembered or suggested mapping is used.")
    is_history = serializers.BooleanField(default=False)
    legal_basis = serializers.ChoiceField(choices=LegalBasis.choices)


class StartSerializer(Serializer):
    dry_run = serializers.BooleanField(default=False, help_text="Count what would happen and write nothing.")


class ProgressSerializer(serializers.Serializer[Any]):
    processed = serializers.IntegerField()
    total = serializers.IntegerField(allow_null=True)
    rate = serializers.FloatField(allow_null=True, help_text="Rows a second.")
    eta_seconds = serializers.IntegerField(allow_null=True)


class HoldSerializer(serializers.Serializer[Any]):
    judged = serializers.IntegerField()
    bad = serializers.IntegerField()
    rules = serializers.DictField(child=serializers.IntegerField(), help_text="Bad rows by the rule that stopped them.")


class ReleaseSerializer(Serializer):
    reason = serializers.CharField(max_length=300, help_text="Stands in the ledger.")


class ImportSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    kind = serializers.ChoiceField(choices=ImportKind.choices)
    state = serializers.CharField(
        help_text="open, uploaded, validating, ready, held, running, completed, completed_with_errors, failed, "
        "cancelled, expired or undone"
    )
    name = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    is_history = serializers.BooleanField()
    legal_basis = serializers.CharField()
    created_at = InstantField()
    expires_at = InstantField(allow_null=True, help_text="Start it before then; null for an import of a person.")
    upload_url = serializers.CharField()
    results_url = serializers.CharField()
    columns = serializers.ListField(child=serializers.CharField())
    mapping = serializers.DictField()
    hold = HoldSerializer(allow_null=True, help_text="Why the list is held: too many bad rows.")
    counts = serializers.DictField(child=serializers.IntegerField())
    dry_run_counts = serializers.DictField(child=serializers.IntegerField())
    progress = ProgressSerializer(allow_null=True)
    error = serializers.CharField()


class RowSerializer(serializers.Serializer[Any]):
    line = serializers.IntegerField()
    outcome = serializers.ChoiceField(choices=[*OutcomeKind.values, "pending"])
    detail = serializers.CharField()
    lead_id = PublicIdField("lead", allow_null=True)
    receipt = serializers.CharField()


class ImportListView(ApiView):
    """Open an import; list imports."""

    permissions = {"GET": "imports.run", "POST": "imports.run"}
    sorts = {"created_at": "created_at", "id": "pk"}
    usual_sort = "-created_at"

    @extend_schema(responses=paged(ImportSerializer))
    def get(self, request: Request) -> Response:
        rows = ImportRun.objects.select_related("file", "source")
        return self.page(rows, lambda found: shown_many(found, timezone.now()))

    @extend_schema(request=NewImportSerializer, responses={201: ImportSerializer})
    def post(self, request: Request) -> Response:
        form = NewImportSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        values, now = form.validated_data, timezone.now()
        source = Source.objects.filter(key=values["source"]).first()
        if source is None:
            words = _("No source with the key “%(key)s” is registered.") % {"key": values["source"]}
            raise invalid([problem_at("/source", "unknown_source", words)])
        mapping = values.get("mapping") or {}
        if not isinstance(mapping, dict):
            raise invalid([problem_at("/mapping", "not_an_object", _("Send an object with columns."))])
        file = ImportFile.objects.create(name=values["name"], size=0, uploaded_by=_user(request), uploaded_at=now)
        run = ImportRun(file=file, kind=values["kind"], created_by=_user(request), created_at=now, mapping=mapping)
        run.expires_at = now + OPEN_FOR
        run.key_column = values["key_column"]
        run.save()
        try:
            wizard.set_rules(
                run,
                source=source,
                legal_basis=values["legal_basis"],
                is_history=values["is_history"],
                campaign=values["campaign"],
            )
        except ValidationError as problem:
            raise invalid([problem_at("/source", "refused", " ".join(problem.messages))]) from problem
        return Response(shown(run, now), status=201, headers={"Location": f"/api/v1/imports/{run.public_id}/"})


class ImportView(ApiView):
    """How far an import is, and what it came to."""

    permissions = {"GET": "imports.run"}

    @extend_schema(responses=ImportSerializer)
    def get(self, request: Request, run: str) -> Response:
        document = shown(_run(run), timezone.now())
        is_working = document["state"] in {"validating", "running"}
        return Response(document, headers={"Retry-After": "2"} if is_working else {})


class FileView(ApiView):
    """The file of an import, as it is: CSV, NDJSON or XLSX. Sent again, it replaces the one before."""

    permissions = {"PUT": "imports.run"}
    costs = {"PUT": BATCH_COST}
    is_transactional = False  # the file is on the disk before the row says so

    @extend_schema(request={"application/octet-stream": OpenApiTypes.BINARY}, responses=ImportSerializer)
    def put(self, request: Request, run: str) -> Response:
        found, now = _open_run(run, timezone.now()), timezone.now()
        try:
            file = store_upload(pieces_of(request), found.file.name, _user(request), now)
        except UnreadableFile as problem:
            raise invalid([problem_at("", problem.code, problem.words)]) from problem
        _check_digest(request, file)
        with transaction.atomic():
            empty = found.file
            found.file, found.shape_confirmed_at = file, now
            found.save(update_fields=["file", "shape_confirmed_at", *forget_findings(found)])
            if not empty.path:
                empty.delete()
        return Response(shown(found, now))


class StartView(ApiView):
    """Start an import, or its dry run."""

    permissions = {"POST": "imports.run"}
    costs = {"POST": BATCH_COST}

    @extend_schema(request=StartSerializer, responses={202: ImportSerializer})
    def post(self, request: Request, run: str) -> Response:
        form = StartSerializer(data=request.data or {})
        form.is_valid(raise_exception=True)
        now = timezone.now()
        found = _open_run(run, now)
        if not found.file.path:
            raise ProblemError("conflict", _("Upload the file first: PUT %(url)s") % {"url": _upload_url(found)})
        if found.held_at is not None and not form.validated_data["dry_run"]:
            raise ProblemError("conflict", words_of_hold(found))
        try:
            mapping = found.mapping or wizard.offered_mapping(found)
            if not found.mapping and found.kind == ImportKind.LEADS:
                wizard.check_mapping(mapping, list(shape_of(found).headers), kind=found.kind)
                wizard.check_speaks_of_people(mapping)
            wizard.choose_mapping(found, mapping, _user(request), now)
            start = wizard.start_dry_run if form.validated_data["dry_run"] else wizard.start_run
            start(found, _user(request), now)
        except MappingError as problem:
            raise invalid([problem_at("/mapping", "mapping", words) for words in problem.problems]) from problem
        except wizard.NotReady as problem:
            raise ProblemError("conflict", str(problem)) from problem
        headers = {"Location": f"/api/v1/imports/{found.public_id}/", "Retry-After": "2"}
        return Response(shown(found, now), status=202, headers=headers)


class ReleaseView(ApiView):
    """Let a held list in, with a reason. People only."""

    permissions = {"POST": "imports.release"}

    @extend_schema(request=ReleaseSerializer, responses={202: ImportSerializer})
    def post(self, request: Request, run: str) -> Response:
        form = ReleaseSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        found, now = _run(run), timezone.now()
        try:
            release(found, _user(request), form.validated_data["reason"], now)
            wizard.start_run(found, _user(request), now)
        except (CannotRelease, wizard.NotReady) as problem:
            raise ProblemError("invalid_transition", str(problem)) from problem
        return Response(shown(found, now), status=202, headers={"Retry-After": "2"})


class UndoView(ApiView):
    """Take an import back as a whole."""

    permissions = {"POST": "imports.run"}

    @extend_schema(request=None, responses={202: ImportSerializer})
    def post(self, request: Request, run: str) -> Response:
        found, now = _run(run), timezone.now()
        try:
            wizard.start_undo(found, _user(request), now)
        except wizard.NotReady as problem:
            raise ProblemError("invalid_transition", str(problem)) from problem
        return Response(shown(found, now), status=202, headers={"Retry-After": "2"})


class ResultFilter(FilterSet):
    outcome = ChoiceFilter(choices=[(name, name) for name in OutcomeKind.values], field_name="outcome")


class ResultListView(ApiView):
    """What each row came to. Rows that were known before changed nothing and are only counted."""

    permissions = {"GET": "imports.run"}
    filterset_class = ResultFilter
    sorts = {"line": "line", "id": "pk"}
    usual_sort = "line"

    @extend_schema(responses=paged(RowSerializer))
    def get(self, request: Request, run: str) -> Response:
        found = _run(run)
        rows = Submission.objects.with_outcome().filter(job_id=found.job_id, job_id__isnull=False)
        return self.page(rows, lambda page: [_shown_row(row) for row in page])


class ErrorsView(ApiView):
    """Rows with problems as CSV, to mend and send again: the original columns and what is wrong."""

    permissions = {"GET": "imports.run"}
    costs = {"GET": EXPORT_COST}

    @extend_schema(responses={(200, "text/csv"): OpenApiTypes.BINARY})
    def get(self, request: Request, run: str) -> HttpResponseBase:
        found = _run(run)
        if not found.file.path:
            raise Http404
        lines = reports.errors_csv(found, is_dry_run=found.job_id is None)
        answer = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="errors-{found.public_id}.csv"'
        return answer


def shown(run: ImportRun, now: datetime) -> dict[str, Any]:
    """An import as the API shows it."""
    return shown_many([run], now)[0]


def shown_many(runs: list[ImportRun], now: datetime) -> list[dict[str, Any]]:
    """Imports as the API shows them; one query for the jobs of all."""
    wanted = {pk for run in runs for pk in (run.job_id, run.dry_run_id, run.undo_job_id) if pk}
    found = Job.objects.in_bulk(wanted) if wanted else {}
    documents = []
    for run in runs:
        job = found.get(run.job_id) or found.get(run.dry_run_id)
        document = {
            "id": run.public_id,
            "kind": run.kind,
            "state": _state(run, found, now),
            "name": run.file.name,
            "source": run.source.key if run.source else "",
            "is_history": run.is_history,
            "legal_basis": run.legal_basis,
            "created_at": run.created_at,
            "expires_at": run.expires_at,
            "upload_url": _upload_url(run),
            "results_url": f"/api/v1/imports/{run.public_id}/results/",
            "columns": list(shape_of(run).headers) if run.file.path else [],
            "mapping": run.mapping,
            "hold": run.hold or None,
            "counts": _numbers(run.counts),
            "dry_run_counts": _numbers(run.dry_counts),
            "progress": jobs.progress(job, now) if job else None,
            "error": job.error if job else "",
        }
        documents.append(dict(ImportSerializer(document).data))
    return documents


def _state(run: ImportRun, found: dict[Any, Job], now: datetime) -> str:
    job, tried = found.get(run.job_id), found.get(run.dry_run_id)
    if run.undone_at or run.cancelled_at:
        return "undone" if run.undone_at else "cancelled"
    if job is None and _is_expired(run, now):
        return "expired"
    if run.held_at and not run.released_at:
        return "held"
    if job is not None:
        done = "completed_with_errors" if run.counts.get("refused") else "completed"
        return "running" if job.state in RUNNING else {"done": done}.get(job.state, str(job.state))
    if tried is not None:
        return "validating" if tried.state in RUNNING else {"done": "ready"}.get(tried.state, str(tried.state))
    return "uploaded" if run.file.path else "open"


def _numbers(counts: dict[str, Any]) -> dict[str, int]:
    return {name: counts[name] for name in ("rows", *OUTCOMES) if name in counts}


def _shown_row(row: Any) -> dict[str, Any]:
    return {
        "line": row.line,
        "outcome": row.outcome or "pending",
        "detail": row.outcome_detail or "",
        "lead_id": encode("lead", row.outcome_lead_id) if row.outcome_lead_id else None,
        "receipt": row.receipt,
    }


def _upload_url(run: ImportRun) -> str:
    return f"/api/v1/imports/{run.public_id}/file/"


def _run(public_id: str) -> ImportRun:
    rows = ImportRun.objects.select_related("file", "source", "created_by")
    run = rows.filter(pk=decode_or_404("imp", public_id)).first()
    if run is None:
        raise Http404
    return run


def _open_run(public_id: str, now: datetime) -> ImportRun:
    """The import if it was not started yet. Raises ProblemError."""
    run = _run(public_id)
    if run.job_id is not None:
        raise ProblemError("invalid_transition", _("This import was started before; look at its results."))
    if _is_expired(run, now):
        raise ProblemError("gone", _("This import was open for 24 hours and has ended. Open a new one."))
    return run


def _is_expired(run: ImportRun, now: datetime) -> bool:
    return run.expires_at is not None and now > run.expires_at


def _user(request: Request) -> User:
    return cast("User", request.user)


def pieces_of(request: Request) -> Iterator[bytes]:
    while piece := request._request.read(PIECE):
        yield piece


def _check_digest(request: Request, file: ImportFile) -> None:
    """Compares with Content-Digest (RFC 9530) if the client sent one."""
    sent = request.headers.get("Content-Digest", "")
    if not sent:
        return
    digest = base64.b64encode(bytes.fromhex(file.sha256)).decode()
    if f"sha-256=:{digest}:" not in sent.replace(" ", ""):
        words = _("What arrived is not what Content-Digest says. Send the file again.")
        raise invalid([problem_at("/header/Content-Digest", "digest_mismatch", words)])


urlpatterns = [
    path("imports/", ImportListView.as_view()),
    path("imports/<str:run>/", ImportView.as_view()),
    path("imports/<str:run>/file/", FileView.as_view()),
    path("imports/<str:run>/start/", StartView.as_view()),
    path("imports/<str:run>/release/", ReleaseView.as_view()),
    path("imports/<str:run>/undo/", UndoView.as_view()),
    path("imports/<str:run>/results/", ResultListView.as_view()),
    path("imports/<str:run>/errors.csv", ErrorsView.as_view()),
]
