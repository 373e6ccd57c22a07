"""The pages of vetting: a list goes in, the same list comes back judged, nothing is imported."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from leads.files import BYTE_ORDER_MARK, FileShape, UnreadableFile, csv_lines
from revops.foundation.models import Job
from revops.portal.back_office import needs, person_of, row_or_404, status_of
from revops.portal.imports.reports import progress_of
from revops.portal.imports.uploads import store_upload
from revops.portal.submissions.journal import rule_words
from revops.portal.vetting import working

PAGE_SIZE = 50
VERDICTS = {
    "let_in": (gettext_lazy("Let in"), "good", "circle-check"),
    "quarantined": (gettext_lazy("Quarantine"), "warn", "lock"),
    "refused": (gettext_lazy("Refused"), "bad", "ban"),
    "pending": (gettext_lazy("Could not be judged"), "note", "hourglass"),
}
MATCHES = {
    "new": gettext_lazy("new to us"),
    "known": gettext_lazy("known"),
    "earlier_row": gettext_lazy("in an earlier row"),
}


class ListForm(forms.Form):
    """The list itself."""

    file = forms.FileField(
        label=gettext_lazy("List"),
        help_text=gettext_lazy("CSV, TSV, NDJSON or .xlsx, up to 200 MB. It is removed again after 7 days."),
        error_messages={
            "required": gettext_lazy("Choose a file."),
            "empty": gettext_lazy("The file is empty. Export it again and check that it has rows."),
        },
    )


@needs("lists.vet")
def vetting(request: HttpRequest) -> HttpResponse:
    """The lists vetted lately; posting a file vets it."""
    form = ListForm(request.POST or None, request.FILES or None) if request.method == "POST" else ListForm()
    if request.method == "POST" and form.is_valid():
        upload, now = form.cleaned_data["file"], timezone.now()
        try:
            file = store_upload(upload.chunks(), upload.name, person_of(request), now)
        except UnreadableFile as problem:
            form.add_error("file", problem.words)
        else:
            return redirect("vetted", working.public_id(working.start_vetting(file, person_of(request), now)))
    lately = Job.objects.filter(kind=working.KIND).select_related("created_by").order_by("-created_at")[:20]
    rows = [(job, working.public_id(job), job.result.get("counts", {})) for job in lately]
    return render(request, "vetting/list.html", {"form": form, "rows": rows}, status=status_of(form))


@needs("lists.vet")
@require_GET
def vetted(request: HttpRequest, public_id: str) -> HttpResponse:
    """One list, row by row, with its numbers; while it is judged, how far it is."""
    job = _job(public_id)
    file = working.file_of(job)
    start = int(after) if (after := request.GET.get("after", "")).isdecimal() and len(after) < 12 else 0
    rows = list(working.results(file, start=start, most=PAGE_SIZE + 1)) if job.state == "done" else []
    rules = rule_words() if rows else {}
    counts = job.result.get("counts", {})
    context = {
        "job": job,
        "public_id": public_id,
        "progress": progress_of(job.pk, timezone.now()),
        "counts": counts,
        "tallies": [(label, counts.get(code, 0)) for code, (label, _tone, _icon) in VERDICTS.items()],
        "tiers": [(tier, counts.get(f"tier_{tier}", 0)) for tier in (1, 2, 3)],
        "rows": [_shown(row, rules, FileShape.from_json(file.shape)) for row in rows[:PAGE_SIZE]],
        "next_url": f"?after={start + PAGE_SIZE}" if len(rows) > PAGE_SIZE else "",
        "is_forgotten": job.state == "done" and not file.path,
    }
    return render(request, "vetting/vetted.html", context)


def _shown(row: dict[str, Any], rules: Any, shape: FileShape) -> dict[str, Any]:
    label, tone, icon = VERDICTS[row["verdict"]]
    filled = [cell for cell in row["cells"] if cell.strip()]
    return row | {
        "label": label,
        "tone": tone,
        "icon": icon,
        "rule_words": rules.get(row["rule"], row["rule"]),
        "flag_words": [rules.get(code, code) for code in row.get("flags", ())],
        "match_words": MATCHES.get(row["match"], ""),
        "who": " · ".join(filled[:3])[:120] or "–",
    }


@needs("lists.vet")
@require_GET
def vetting_progress(request: HttpRequest, public_id: str) -> HttpResponse:
    """The progress bar alone; once the list is judged the page is loaded anew."""
    job = progress_of(_job(public_id).pk, timezone.now())
    if job is None or job.state not in {"running", "waiting"}:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "vetting/_progress.html", {"public_id": public_id, "job": job})


@needs("lists.vet")
@require_GET
def vetted_csv(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """The list as it came, with what was found beside each row."""
    file = working.file_of(_job(public_id))

    def lines() -> Any:
        yield BYTE_ORDER_MARK
        yield from csv_lines(working.table(file))

    answer = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="vetted-{public_id}.csv"'
    return answer


@needs("lists.vet")
@require_POST
def forget_vetted(request: HttpRequest, public_id: str) -> HttpResponse:
    """Removes a list and what was found about it."""
    working.forget(_job(public_id), timezone.now())
    messages.success(request, _("The list is removed. Nothing of it was imported."))
    return redirect("vetting")


def _job(public_id: str) -> Job:
    job: Job = row_or_404(Job.objects.filter(kind=working.KIND).select_related("created_by"), "vet", public_id)
    return job
