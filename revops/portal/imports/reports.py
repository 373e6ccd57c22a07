"""What an import came to, row by row, for the pages and for download."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db.models import Count, QuerySet
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from feedback.models import Outcome, OutcomeStage
from leads.files import BYTE_ORDER_MARK, csv_lines
from leads.models import ImportRowError, ImportRun, Submission
from leads.models.submissions import OutcomeKind
from revops.foundation import jobs
from revops.foundation.ids import encode
from revops.foundation.models import Job, JobState
from revops.portal.imports.mending import edits_of
from revops.portal.imports.uploads import shape_of
from revops.portal.submissions.journal import rule_words

OUTCOME_WORDS = {
    "new": gettext_lazy("New leads"),
    "attached": gettext_lazy("Attached"),
    "recorded": gettext_lazy("Outcomes recorded"),
    "unchanged": gettext_lazy("Known before"),
    "quarantined": gettext_lazy("Quarantined"),
    "refused": gettext_lazy("Refused"),
    "pending": gettext_lazy("Still being looked at"),
}
OUTCOME_TONES = {
    "new": "good",
    "attached": "good",
    "recorded": "good",
    "quarantined": "warn",
    "refused": "bad",
    "pending": "note",
    "withdrawn": "neutral",
}
STATE_TONES = {
    JobState.DONE: "good",
    JobState.FAILED: "bad",
    JobState.RUNNING: "note",
    JobState.WAITING: "note",
    JobState.UNDONE: "neutral",
    JobState.CANCELLED: "neutral",
    JobState.PAUSED: "warn",
}
PROBLEM_WORDS = {
    "too_many_cells": gettext_lazy("More cells than columns"),
    "too_few_cells": gettext_lazy("Fewer cells than columns"),
    "unclosed_quote": gettext_lazy("A quote that is not closed"),
    "row_too_long": gettext_lazy("A row over a million characters"),
    "cell_too_long": gettext_lazy("A cell over 100,000 characters"),
    "broken_row": gettext_lazy("A row that cannot be taken apart"),
    "nul_byte": gettext_lazy("A byte that is no text"),
    "broken_bytes": gettext_lazy("Bytes in another encoding"),
    "bad_json": gettext_lazy("A line that is not JSON"),
    "refused": gettext_lazy("Refused by a rule of the gate"),
    "masked_email": gettext_lazy("A masked value in place of an address"),
    "unknown_value": gettext_lazy("A word we do not know"),
    "unreadable_date": gettext_lazy("Not a date, or one of two"),
    "unreadable_number": gettext_lazy("Not a number"),
    "unreadable_country": gettext_lazy("Not a country we know"),
    "unreadable_email": gettext_lazy("Not an e-mail address"),
    "unreadable_phone": gettext_lazy("Not a phone number"),
    "unreadable_employees": gettext_lazy("Not a number of employees"),
    "unreadable_boolean": gettext_lazy("Neither yes nor no"),
}


@dataclass(frozen=True, slots=True)
class RowCount:
    """One number of a report."""

    outcome: str
    label: str
    rows: int


def tallies(counts: dict[str, Any]) -> list[RowCount]:
    """The numbers to show: every outcome that happened, and those people look for."""
    always = (
        {"new", "attached", "unchanged", "refused"} if "recorded" not in counts or not counts["recorded"] else set()
    )
    return [
        RowCount(code, str(label), counts.get(code, 0))
        for code, label in OUTCOME_WORDS.items()
        if counts and (counts.get(code) or code in always)
    ]


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One row of the file and what it came to."""

    line: int
    words: str
    tone: str
    detail: str
    lead_url: str


def row_outcomes(run: ImportRun, outcome: str, after_line: int, limit: int) -> list[ReportRow]:
    """Rows of an import with their current outcome, in the order of the file. One query."""
    rows: QuerySet[Any] = Submission.objects.filter(job_id=run.job_id, line__gt=after_line).with_outcome()
    if outcome in OutcomeKind.values:
        rows = rows.filter(outcome=outcome)
    decided = rows.order_by("line").values_list("line", "outcome", "outcome_detail", "outcome_lead_id")
    return [
        ReportRow(
            line=line or 0,
            words=str(OutcomeKind(kind).label) if kind else _("Still being looked at"),
            tone=OUTCOME_TONES.get(kind or "pending", "neutral"),
            detail=detail or "",
            lead_url=_lead_url(lead_id),
        )
        for line, kind, detail, lead_id in decided[:limit]
    ]


def deal_rows(run: ImportRun, after_line: int, limit: int) -> list[ReportRow]:
    """Rows of a file of deals that were recorded, in the order of the file, and whether they still stand. One query."""
    rows = Outcome.objects.filter(job_id=run.job_id, line__gt=after_line).order_by("line", "pk")
    shown = rows.values_list("line", "kind", "corrected_by__kind", "lead_id")[:limit]
    return [
        ReportRow(
            line=line or 0,
            words=str(OutcomeStage(kind).label),
            tone="neutral" if later else "good",
            detail=_("withdrawn") if later == OutcomeStage.WITHDRAWN else _("corrected since") if later else "",
            lead_url=_lead_url(lead_id),
        )
        for line, kind, later, lead_id in shown
    ]


def _lead_url(lead_id: UUID | None) -> str:
    if lead_id is None:
        return ""
    for name in ("lead", "lead-detail"):
        try:
            return reverse(name, args=[encode("lead", lead_id)])
        except NoReverseMatch:
            continue
    return ""


def tabs_of(run: ImportRun, outcome: str) -> list[dict[str, Any]]:
    """The outcomes a report can be narrowed to."""
    shown = [("", _("All rows"), None)]
    shown += [
        (code, str(label), run.counts[code])
        for code, label in OUTCOME_WORDS.items()
        if code in OutcomeKind.values and run.counts.get(code)
    ]
    if run.undone_at:
        shown = shown[:1]
    return [
        {"label": label, "url": f"?outcome={code}", "count": count, "current": code == outcome}
        for code, label, count in shown
    ]


def problems(run: ImportRun, *, is_dry_run: bool, limit: int = 50) -> list[ImportRowError]:
    """The first rows that were refused or need a look."""
    found = ImportRowError.objects.filter(run=run, is_dry_run=is_dry_run)
    return list(found.order_by("-stops", "line", "pk")[:limit])


def kinds_of_problems(run: ImportRun, *, is_dry_run: bool) -> list[dict[str, Any]]:
    """Problems by kind with their number, most frequent first."""
    found = ImportRowError.objects.filter(run=run, is_dry_run=is_dry_run).values(
        "code", "column", "stops", "is_quarantined"
    )
    kinds = found.annotate(rows=Count("pk")).order_by("-stops", "-rows")[:20]
    rules = {**rule_words(), **PROBLEM_WORDS}
    return [{**row, "words": rules.get(row["code"], row["code"].replace("_", " "))} for row in kinds]


def errors_csv(run: ImportRun, *, is_dry_run: bool) -> Iterator[str]:
    """Rows with problems as CSV to mend and send again: the original columns and what is wrong. Streamed."""
    headers = list(shape_of(run).headers)
    yield BYTE_ORDER_MARK
    yield from csv_lines(_error_rows(run, headers, is_dry_run=is_dry_run))


def _error_rows(run: ImportRun, headers: list[str], *, is_dry_run: bool) -> Iterator[list[object]]:
    yield [*headers, "_line", "_column", "_code", "_message"]
    found = ImportRowError.objects.filter(run=run, is_dry_run=is_dry_run).order_by("line", "pk")
    edits = edits_of(run)
    for line, errors in groupby(found.iterator(), key=lambda error: error.line):
        several = list(errors)
        cells = [str(cell) for cell in several[0].original][: len(headers)]
        cells += [""] * (len(headers) - len(cells))
        if line in edits:
            cells = [edits[line].get(header, cell) for header, cell in zip(headers, cells, strict=True)]
        words = ("; ".join(dict.fromkeys(getattr(error, name) for error in several if getattr(error, name)))
                 for name in ("column", "code", "message"))  # fmt: skip
        yield [*cells, line, *words]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is, in the words of the progress component."""

    kind: str
    state: str
    processed: int
    total: int | None
    rate: float | None
    eta: Any
    error: str


def progress_of(job_id: UUID | None, now: datetime) -> Progress | None:
    """How far the job is; None without a job."""
    job = Job.objects.filter(pk=job_id).first() if job_id else None
    if job is None:
        return None
    found = jobs.progress(job, now)
    left = found["eta_seconds"]
    return Progress(
        kind=job.kind,
        state=job.state,
        processed=job.processed,
        total=job.total,
        rate=found["rate"],
        eta=timedelta(seconds=left) if left is not None else None,
        error=job.error,
    )


def states_of(runs: list[ImportRun]) -> dict[UUID, tuple[str, str]]:
    """The state of each import in words, and its tone. One query."""
    jobs_of = {job.pk: job for job in Job.objects.filter(pk__in=[run.job_id for run in runs if run.job_id])}
    states: dict[UUID, tuple[str, str]] = {}
    for run in runs:
        job = jobs_of.get(run.job_id) if run.job_id else None
        if run.undone_at:
            states[run.pk] = (_("Undone"), "neutral")
        elif run.cancelled_at:
            states[run.pk] = (_("Put away"), "neutral")
        elif run.held_at and not run.released_at:
            states[run.pk] = (_("Held"), "bad")
        elif job is None:
            states[run.pk] = (_("Draft"), "neutral")
        elif job.state == JobState.DONE and run.counts.get("refused"):
            states[run.pk] = (_("Done, some refused"), "warn")
        else:
            states[run.pk] = (str(JobState(job.state).label), STATE_TONES[JobState(job.state)])
    return states
