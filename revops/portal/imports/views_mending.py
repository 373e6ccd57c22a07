"""The pages of the wizard where rows are mended, words matched, and held lists released."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from leads.mapping import MappingError
from leads.models import ImportRowError, ImportRun
from revops.foundation import policy
from revops.portal.back_office import person_of
from revops.portal.imports import holding, mending, values, wizard
from revops.portal.imports.steps import steps_of
from revops.portal.imports.uploads import shape_of
from revops.portal.imports.views import for_importers

PAGE_SIZE = 25
LARGEST_MENDED = 20 * 1024 * 1024


@for_importers
def import_values(request: HttpRequest, run: ImportRun) -> HttpResponse:
    """What the words of other systems mean here; the answers are remembered for files with these columns."""
    if run.job_id:
        return redirect("import-detail", run.public_id)
    if not run.mapping:
        return redirect("import-columns", run.public_id)
    found, errors = values.vocabularies(run), []
    if request.method == "POST":
        said = {vocabulary.header: _said(request.POST, vocabulary) for vocabulary in found}
        try:
            values.match_words(run, said, person_of(request), timezone.now())
            return redirect("import-rules", run.public_id)
        except MappingError as problem:
            errors = problem.problems
    context = {"run": run, "steps": steps_of(run, "import-values"), "vocabularies": found, "errors": errors}
    return render(request, "imports/values.html", context, status=422 if errors else 200)


def _said(data: QueryDict, vocabulary: values.Vocabulary) -> dict[str, str]:
    names = {f"word-{vocabulary.number}-{place}": f"means-{vocabulary.number}-{place}" for place in range(len(data))}
    return {str(data[word]): str(data.get(means, "")) for word, means in names.items() if word in data}


@for_importers
def import_mend(request: HttpRequest, run: ImportRun) -> HttpResponse:
    """Only the bad rows, each cell with what is wrong; posting keeps the corrections."""
    if run.job_id:
        return redirect("import-detail", run.public_id)
    if request.method == "POST":
        return _corrected(request, run)
    after = request.GET.get("after", "0")
    rows = mending.rows_to_mend(run, int(after) if after.isdecimal() else 0, PAGE_SIZE + 1)
    bad = ImportRowError.objects.filter(run=run, is_dry_run=True)
    context = {
        "run": run,
        "steps": steps_of(run, "import-mend"),
        "rows": rows[:PAGE_SIZE],
        "n_bad": bad.values("line").distinct().count(),
        "n_corrected": run.edits.values("line").distinct().count(),
        "alike": mending.alike(run),
        "next_url": f"?after={rows[PAGE_SIZE - 1].line}" if len(rows) > PAGE_SIZE else "",
        "is_stale": not run.dry_run_id,
    }
    return render(request, "imports/mend.html", context)


def _corrected(request: HttpRequest, run: ImportRun) -> HttpResponse:
    """Keeps the cells of the form; the row that script asks for comes back as it stands now."""
    line = request.GET.get("line", "")
    try:
        mending.correct_cells(
            run, _cells(request.POST, list(shape_of(run).headers)), person_of(request), timezone.now()
        )
        if request.headers.get("HX-Request") and line.isdecimal():
            return render(request, "imports/_mend_row.html", {"run": run, "row": mending.row_to_mend(run, int(line))})
    except mending.CannotMend as problem:
        if request.headers.get("HX-Request"):
            return HttpResponse(str(problem), status=422, content_type="text/plain; charset=utf-8")
        messages.error(request, str(problem))
    else:
        messages.success(request, _("The corrections are kept. Check the rows again before you import."))
    return redirect(f"{request.path}?after={request.GET.get('after', '0')}")


def _cells(data: QueryDict, headers: list[str]) -> dict[tuple[int, str], str]:
    cells = {}
    for name in data:
        kind, _dash, place = name.partition("-")
        line, _dash, number = place.partition("-")
        if kind == "cell" and line.isdecimal() and number.isdecimal() and int(number) < len(headers):
            cells[int(line), headers[int(number)]] = str(data[name]).replace("\r\n", "\n")
    return cells


@for_importers
@require_POST
def mend_alike(request: HttpRequest, run: ImportRun) -> HttpResponse:
    """The same correction in every row that holds the same value."""
    column, code, value, instead = (request.POST.get(name, "") for name in ("column", "code", "value", "instead"))

    def work() -> int:
        return mending.correct_alike(run, column, code, value, instead.strip(), person_of(request), timezone.now())

    return _told(request, run, work)


@for_importers
@require_POST
def mend_from_file(request: HttpRequest, run: ImportRun) -> HttpResponse:
    """The corrections out of a mended errors.csv."""
    upload: Any = request.FILES.get("file")

    def work() -> int:
        if upload is None:
            raise mending.CannotMend(_("Choose the file of mended rows."))
        if upload.size > LARGEST_MENDED:
            raise mending.CannotMend(_("The file is over 20 MB. Upload it as an import of its own."))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "mended"
            path.write_bytes(upload.read())
            return mending.correct_from_file(run, path, person_of(request), timezone.now())

    return _told(request, run, work)


def _told(request: HttpRequest, run: ImportRun, work: Callable[[], int]) -> HttpResponse:
    try:
        n = work()
    except mending.CannotMend as problem:
        messages.error(request, str(problem))
    else:
        words = ngettext("%(n)s cell was corrected.", "%(n)s cells were corrected.", n) % {"n": n}
        messages.success(request, words) if n else messages.info(request, _("Nothing had to change."))
    return redirect("import-mend", run.public_id)


@for_importers
@require_POST
def release_import(request: HttpRequest, run: ImportRun) -> HttpResponse:
    """Lets a held list in with a reason, and starts it."""
    policy.check(request.user, "imports.release")
    try:
        holding.release(run, person_of(request), request.POST.get("reason", ""), timezone.now())
        wizard.start_run(run, person_of(request), timezone.now())
    except (holding.CannotRelease, wizard.NotReady) as problem:
        messages.error(request, str(problem))
    return redirect("import-detail", run.public_id)


@for_importers
@require_POST
def put_import_away(request: HttpRequest, run: ImportRun) -> HttpResponse:
    """Closes an import that was never started."""
    try:
        holding.put_away(run, person_of(request), timezone.now())
        messages.success(request, _("The import is put away. Nothing of it was let in."))
    except holding.CannotRelease as problem:
        messages.error(request, str(problem))
    return redirect("imports")
