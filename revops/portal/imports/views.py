"""The pages of the import wizard and of its report."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from leads.files import UnreadableFile
from leads.files.encodings import CHOICES as ENCODINGS
from leads.mapping import MappingError
from leads.models import ImportKind, ImportRun, Source
from revops.foundation import policy
from revops.foundation.ids import decode
from revops.foundation.models import User
from revops.portal.imports import holding, reports, values, wizard
from revops.portal.imports.forms import RulesForm, ShapeForm, UploadForm, column_choices, mapping_from
from revops.portal.imports.steps import first_open_step, steps_of
from revops.portal.imports.uploads import begin_import, kind_of, reshape, sample_rows, shape_of, store_upload
from revops.portal.submissions.journal import rule_words

PAGE_SIZE = 50

View = Callable[..., HttpResponseBase]


def for_importers(view: View) -> View:
    """Only people who may import; with the import itself where the address names one."""

    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, public_id: str = "", **kwargs: Any) -> HttpResponseBase:
        policy.check(request.user, "imports.run")
        return view(request, _run(public_id), **kwargs) if public_id else view(request, **kwargs)

    return guarded


def _run(public_id: str) -> ImportRun:
    try:
        pk = decode("imp", public_id)
    except ValueError as problem:
        raise Http404(str(problem)) from problem
    run = ImportRun.objects.select_related("file", "source", "created_by").filter(pk=pk).first()
    if run is None:
        raise Http404(_("There is no such import."))
    return run


@for_importers
@require_GET
def import_list(request: HttpRequest) -> HttpResponse:
    """All imports, newest first."""
    runs = ImportRun.objects.select_related("file", "source", "created_by")
    if "before" in request.GET:
        runs = runs.filter(pk__lt=_run(request.GET["before"]).pk)
    page = list(runs.order_by("-pk")[: PAGE_SIZE + 1])
    shown, more = page[:PAGE_SIZE], len(page) > PAGE_SIZE
    states = reports.states_of(shown)
    context = {
        "rows": [(run, *states[run.pk]) for run in shown],
        "next_url": f"?before={shown[-1].public_id}" if more else "",
        "shown": len(shown),
    }
    return render(request, "imports/list.html", context)


@for_importers
def new_import(request: HttpRequest) -> HttpResponse:
    """Step 1: the file."""
    form = UploadForm(_posted(request), request.FILES if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        upload, now = form.cleaned_data["file"], timezone.now()
        try:
            file = store_upload(upload.chunks(), upload.name, _person(request), now)
        except UnreadableFile as problem:
            form.add_error("file", problem.words)
        else:
            run = begin_import(file, _person(request), now, kind_of(file, form.cleaned_data["kind"]))
            return redirect("import-shape", run.public_id)
    return render(
        request, "imports/new.html", {"form": form, "steps": steps_of(None, "import-new")}, status=_status(form)
    )


@for_importers
def import_shape(request: HttpRequest, run: ImportRun) -> HttpResponse:
    """Step 2: what the file is; posting reads it anew as told."""
    if run.job_id:
        return redirect("import-detail", run.public_id)
    shape = shape_of(run)
    form = ShapeForm(_posted(request), shape=shape)
    if request.method == "POST" and form.is_valid():
        try:
            reshape(run, **{name: value for name, value in form.cleaned_data.items() if value not in ("", None)})
        except UnreadableFile as problem:
            form.add_error(None, problem.words)
        else:
            return redirect("import-shape", run.public_id)
    context = {
        "run": run,
        "shape": shape,
        "encoding": ENCODINGS.get(shape.encoding, shape.encoding),
        "form": form,
        "steps": steps_of(run, "import-shape"),
    }
    return render(request, "imports/shape.html", context, status=_status(form))


@for_importers
@require_POST
def confirm_shape(request: HttpRequest, run: ImportRun) -> HttpResponse:
    """A person says that the preview reads well."""
    wizard.confirm_shape(run, timezone.now())
    return redirect("import-columns", run.public_id)


@for_importers
def import_columns(request: HttpRequest, run: ImportRun) -> HttpResponse:
    """Step 3: what each column means."""
    if run.job_id:
        return redirect("import-detail", run.public_id)
    headers, rows = list(shape_of(run).headers), sample_rows(run)
    mapping, errors = wizard.offered_mapping(run), []
    choices = column_choices(headers, mapping, rows)
    if request.method == "POST":
        mapping = mapping_from(request.POST, choices, mapping)
        choices = column_choices(headers, mapping, rows)
        if request.POST.get("then") != "look":
            try:
                wizard.choose_mapping(run, mapping, _person(request), timezone.now())
                return redirect("import-values" if values.has_words(run) else "import-rules", run.public_id)
            except MappingError as problem:
                errors = problem.problems
    used = [choice for choice in choices if not choice.is_ignored]
    context = {
        "run": run,
        "steps": steps_of(run, "import-columns"),
        "mapping": mapping,
        "used": used,
        "ignored": [choice for choice in choices if choice.is_ignored],
        "errors": errors,
        "preview": wizard.preview(mapping, headers, rows[:3]),
    }
    return render(request, "imports/columns.html", context, status=422 if errors else 200)


@for_importers
def import_rules(request: HttpRequest, run: ImportRun) -> HttpResponse:
    """Step 4: where the file comes from, and on what grounds."""
    if run.job_id:
        return redirect("import-detail", run.public_id)
    initial = {
        "source": run.source,
        "campaign": run.campaign,
        "legal_basis": run.legal_basis,
        "is_history": run.is_history if run.source_id else run.mapping.get("is_history", False),
    }
    may_register = policy.can(_person(request), "sources.manage")
    form = RulesForm(_posted(request), initial=initial, kind=run.kind, may_register=may_register)
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                wizard.set_rules(run, **_with_source(form.answers(), _person(request)))
            return redirect("import-check", run.public_id)
        except ValidationError as problem:
            form.add_error(None, problem)
    may_go_on = may_register or Source.objects.exists()
    context = {"run": run, "form": form, "steps": steps_of(run, "import-rules"), "may_go_on": may_go_on}
    return render(request, "imports/rules.html", context, status=_status(form))


def _with_source(answers: dict[str, Any], user: User) -> dict[str, Any]:
    """The answers with a source that exists: the chosen one, or the one they register."""
    name, kind = answers.pop("new_source", ""), answers.pop("new_kind", "")
    if answers["source"] is None:
        answers["source"] = wizard.register_source(name, kind, user, timezone.now())
    return answers


@for_importers
@require_GET
def import_check(request: HttpRequest, run: ImportRun) -> HttpResponse:
    """Step 5: the dry run and its result, before anything is written."""
    if run.job_id:
        return redirect("import-detail", run.public_id)
    rules = rule_words() if run.hold else {}
    context = {
        "run": run,
        "steps": steps_of(run, "import-check"),
        "job": reports.progress_of(run.dry_run_id, timezone.now()),
        "tallies": reports.tallies(run.dry_counts),
        "hold": holding.words_of_hold(run) if run.held_at and not run.released_at else "",
        "rules": [(rules.get(code, code), n) for code, n in run.hold.get("rules", {}).items()],
        "may_release": policy.can(_person(request), "imports.release"),
        "kinds": reports.kinds_of_problems(run, is_dry_run=True),
        "problems": reports.problems(run, is_dry_run=True),
    }
    return render(request, "imports/check.html", context)


@for_importers
@require_POST
def try_import(request: HttpRequest, run: ImportRun) -> HttpResponse:
    """Starts the dry run."""
    return _started(request, run, wizard.start_dry_run, "import-check")


@for_importers
@require_POST
def start_import(request: HttpRequest, run: ImportRun) -> HttpResponse:
    """Starts the import."""
    return _started(request, run, wizard.start_run, "import-detail")


@for_importers
@require_POST
def undo_import(request: HttpRequest, run: ImportRun) -> HttpResponse:
    """Starts taking the import back."""
    return _started(request, run, wizard.start_undo, "import-detail")


def _started(request: HttpRequest, run: ImportRun, start: Callable[..., Any], page: str) -> HttpResponse:
    try:
        start(run, _person(request), timezone.now())
    except wizard.NotReady as problem:
        messages.error(request, str(problem))
    return redirect(page, run.public_id)


@for_importers
@require_POST
def stop_import(request: HttpRequest, run: ImportRun) -> HttpResponse:
    """Stops the dry run or the import."""
    return _started(request, run, wizard.stop, "import-detail")


@for_importers
@require_GET
def import_progress(request: HttpRequest, run: ImportRun) -> HttpResponse:
    """The progress bar alone; once the work is over the page is loaded anew."""
    job_id = run.undo_job_id or run.job_id or run.dry_run_id
    job = reports.progress_of(job_id, timezone.now())
    if job is None or job.state not in {"running", "waiting"}:
        return HttpResponse(status=200, headers={"HX-Refresh": "true"})
    return render(request, "imports/_progress.html", {"run": run, "job": job})


@for_importers
@require_GET
def import_detail(request: HttpRequest, run: ImportRun) -> HttpResponse:
    """The permanent report; an import not yet started goes on at its first open step."""
    if not run.job_id:
        return redirect(first_open_step(run), run.public_id)
    now = timezone.now()
    outcome = request.GET.get("outcome", "")
    after = request.GET.get("after", "0")
    after_line = int(after) if after.isdecimal() and len(after) < 10 else 0
    if run.kind == ImportKind.OUTCOMES:
        rows = reports.deal_rows(run, after_line, PAGE_SIZE + 1)
    else:
        rows = reports.row_outcomes(run, outcome, after_line, PAGE_SIZE + 1)
    job = reports.progress_of(run.job_id, now)
    context = {
        "run": run,
        "job": job,
        "undo": reports.progress_of(run.undo_job_id, now),
        "state": reports.states_of([run])[run.pk],
        "tallies": reports.tallies(run.counts),
        "notes": run.counts.get("notes", []),
        "kinds": reports.kinds_of_problems(run, is_dry_run=False),
        "rows": rows[:PAGE_SIZE],
        "problems": reports.problems(run, is_dry_run=False) if run.kind == ImportKind.OUTCOMES else [],
        "tabs": reports.tabs_of(run, outcome),
        "next_url": f"?outcome={outcome}&after={rows[PAGE_SIZE - 1].line}" if len(rows) > PAGE_SIZE else "",
        "can_undo": wizard.can_undo(run, now),
    }
    return render(request, "imports/detail.html", context)


@for_importers
@require_GET
def import_errors(request: HttpRequest, run: ImportRun) -> StreamingHttpResponse:
    """Rows with problems as CSV: the original columns and what is wrong."""
    lines = reports.errors_csv(run, is_dry_run=run.job_id is None)
    answer = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="errors-{run.public_id}.csv"'
    return answer


def _posted(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _person(request: HttpRequest) -> User:
    return cast("User", request.user)


def _status(form: Any) -> int:
    return 422 if form.is_bound and form.errors else 200
