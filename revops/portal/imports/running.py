"""Does the long work of imports: dry run, run and undo, in chunks that commit with their checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from feedback.undoing_imports import standing_outcomes
from leads.files import UnreadableFile
from leads.mapping import MappingError
from leads.models import ImportKind, ImportRowError, ImportRun, SubmissionOutcome
from revops.foundation import jobs
from revops.foundation.bulk import insert_rows
from revops.foundation.models import Job
from revops.portal import journey
from revops.portal.imports import holding
from revops.portal.imports.deals import take_deals
from revops.portal.imports.mending import edits_of, unread_cells
from revops.portal.imports.rows import CHUNK, FileRow, RowReader, drop_known
from revops.portal.imports.tally import Ending, Tally
from revops.portal.imports.uploads import shape_of, stored_path
from revops.portal.imports.wizard import DRY_RUN, RUN, UNDO

MOST_NOTES = 1_000
"""Cells noted one by one for each column and code; further ones are only counted."""

STOPPED = frozenset({"refused", "quarantined"})

Taker = Callable[[ImportRun, Sequence[FileRow]], list[Ending]]


def register() -> None:
    """Says who does the jobs of imports."""
    jobs.register(DRY_RUN, dry_run)
    jobs.register(RUN, import_file)
    jobs.register(UNDO, undo)


def import_file(job: Job) -> dict[str, Any]:
    """Takes every row on the journey. Goes on at its checkpoint after a kill.

    If a sample looks bad, every row is tried first; a list of which too much is bad is then held, whole.
    """
    run = _run_of(job)
    reader = _reader(run)
    total = reader.count()
    tally = Tally.from_json(job.checkpoint)
    if not tally.rows and holding.is_suspicious(run, reader):
        counts = _try_all(job, run, reader, total)
        if holding.must_wait(run, counts):
            holding.hold(run, counts, job, timezone.now())
            return {**counts, "held": True}
    jobs.advance(job, job.processed, job.checkpoint, timezone.now(), total=total)
    for chunk in reader.chunks(after_line=tally.line):
        _take_chunk(job, run, chunk, tally)
    now = timezone.now()
    ImportRun.objects.filter(pk=run.pk).update(counts=tally.counts(), finished_at=now)
    return tally.counts()


def _take_chunk(job: Job, run: ImportRun, chunk: list[FileRow], tally: Tally) -> None:
    """One chunk and its checkpoint in one transaction; tried again once if another import brought the same row."""
    before = tally.as_json()
    try:
        _commit_chunk(job, run, chunk, tally)
    except IntegrityError:
        tally.restore(before)
        _commit_chunk(job, run, chunk, tally)


def _commit_chunk(job: Job, run: ImportRun, chunk: list[FileRow], tally: Tally) -> None:
    with transaction.atomic():
        endings = _takers()[run.kind](run, chunk)
        _note(run, chunk, endings, tally, is_dry_run=False)
        jobs.advance(job, tally.rows, tally.as_json(), timezone.now())
        ImportRun.objects.filter(pk=run.pk).update(counts=tally.counts())


def dry_run(job: Job) -> dict[str, Any]:
    """Takes every row on the journey and takes each chunk back, so that nothing is left but the counts."""
    run = _run_of(job)
    reader = _reader(run)
    counts = _try_all(job, run, reader, reader.count())
    if holding.must_wait(run, counts):
        holding.hold(run, counts, job, timezone.now())
    return counts


def _try_all(job: Job, run: ImportRun, reader: RowReader, total: int) -> dict[str, Any]:
    """The counts that the import would come to; what is wrong with its rows is written down."""
    ImportRowError.objects.filter(run=run, is_dry_run=True).delete()
    tally = Tally()
    people: set[int] = set()
    jobs.advance(job, 0, {}, timezone.now(), total=total)
    for chunk in reader.chunks(after_line=0):
        endings = [_as_if_kept(row, ending, people) for row, ending in zip(chunk, _tried(run, chunk), strict=True)]
        for row in chunk:
            row.troubles += unread_cells(row, reader.mapping)
        with transaction.atomic():
            _note(run, chunk, endings, tally, is_dry_run=True)
            jobs.advance(job, tally.rows, {}, timezone.now())
    run.dry_counts = tally.counts()
    ImportRun.objects.filter(pk=run.pk).update(dry_counts=run.dry_counts)
    return run.dry_counts


def undo(job: Job) -> dict[str, Any]:
    """Withdraws all submissions of an import."""
    run = _run_of(job)
    if run.job_id is None:
        raise jobs.JobFailed(_("The import was never started."))
    actor = job.params.get("actor")
    if run.kind == ImportKind.OUTCOMES:
        return _undo_deals(job, run, UUID(actor) if actor else None)
    now = timezone.now()
    with transaction.atomic():
        withdrawn, hidden = journey.withdraw(run.job_id, UUID(actor) if actor else None, now=now)
        ImportRun.objects.filter(pk=run.pk).update(undone_at=now)
        jobs.advance(job, withdrawn, {}, now, total=withdrawn)
    return {"withdrawn": withdrawn, "hidden_leads": hidden}


def _undo_deals(job: Job, run: ImportRun, actor: UUID | None) -> dict[str, Any]:
    """Withdraws every outcome of a file, in chunks that commit; after a kill it goes on with what still stands."""
    if run.job_id is None:
        raise jobs.JobFailed(_("The import was never started."))
    done = int(job.checkpoint.get("withdrawn", 0))
    left: dict[str, str] = dict(job.checkpoint.get("left", {}))
    while outcomes := [one for one in standing_outcomes(run.job_id, CHUNK + len(left)) if str(one.pk) not in left]:
        with transaction.atomic():
            now = timezone.now()
            for corrected in journey.take_outcomes_back(outcomes, actor, now=now):
                if corrected.outcome is None:
                    left[str(corrected.correction.outcome_id)] = corrected.refusal
                else:
                    done += 1
            jobs.advance(job, done, {"withdrawn": done, "left": left}, now)
    if left:
        words = _("%(done)s outcomes are withdrawn, %(left)s stay: %(why)s")
        raise jobs.JobFailed(words % {"done": done, "left": len(left), "why": next(iter(left.values()))})
    ImportRun.objects.filter(pk=run.pk).update(undone_at=timezone.now())
    return {"withdrawn": done, "hidden_leads": 0}


def _run_of(job: Job) -> ImportRun:
    run = ImportRun.objects.select_related("file", "source", "released_by").filter(pk=job.params["run"]).first()
    if run is None or run.source is None:
        raise jobs.JobFailed(_("The import does not exist any more."))
    return run


def _reader(run: ImportRun) -> RowReader:
    path = stored_path(run.file)
    if not path.exists():
        raise jobs.JobFailed(_("The uploaded file is gone from this server. Upload it again."))
    try:
        return RowReader(run, path, shape_of(run), edits_of(run))
    except (MappingError, UnreadableFile) as problem:
        raise jobs.JobFailed(str(problem)) from problem


def _takers() -> dict[str, Taker]:
    return {ImportKind.LEADS: take_leads, ImportKind.OUTCOMES: take_deals}


def take_leads(run: ImportRun, rows: Sequence[FileRow]) -> list[Ending]:
    """Rows on the journey; what each came to, in order."""
    fresh, _known = drop_known(list(rows), run)
    receipts = journey.admit([row.item for row in fresh], now=timezone.now())
    stopped = [r.submission_id for r in receipts if r.outcome in STOPPED and not r.is_repeat]
    rules = dict(
        SubmissionOutcome.objects.filter(submission__in=stopped).values_list("submission_id", "rule") if stopped else ()
    )
    ends = {
        row.line: Ending("unchanged")
        if receipt.is_repeat
        else Ending(receipt.outcome, receipt.detail, receipt.lead_id, rules.get(receipt.submission_id, ""))
        for row, receipt in zip(fresh, receipts, strict=True)
    }
    return [ends.get(row.line) or Ending("unchanged") for row in rows]


def _tried(run: ImportRun, chunk: list[FileRow]) -> list[Ending]:
    with transaction.atomic():
        endings = _takers()[run.kind](run, chunk)
        transaction.set_rollback(True)
    return endings


def _as_if_kept(row: FileRow, ending: Ending, people: set[int]) -> Ending:
    """A person whose earlier row was taken back with its chunk would not be new any more."""
    if ending.outcome not in {"new", "attached"}:
        return ending
    payload = row.item.payload or {}
    names = [payload.get("email"), row.item.external_id, None if payload.get("email") else payload.get("phone")]
    marks = {hash(str(name).strip().lower()) for name in names if name}
    is_known = bool(marks & people)
    people |= marks
    return Ending("attached", ending.detail) if is_known and ending.outcome == "new" else ending


def _note(
    run: ImportRun, chunk: Sequence[FileRow], endings: Sequence[Ending], tally: Tally, *, is_dry_run: bool
) -> None:
    """Counts a chunk and writes down, in words, what stopped rows and which cells could not be used."""
    rows: list[ImportRowError] = []
    for row, ending in zip(chunk, endings, strict=True):
        tally.count(row.line, ending)
        if ending.outcome in STOPPED:
            code = row.fault.code if row.fault else ending.rule or "refused"
            stopped = _error(run, row, "", code, ending.detail, stops=True, is_dry_run=is_dry_run)
            stopped.is_quarantined = ending.outcome == "quarantined"
            rows.append(stopped)
        if ending.outcome == "unchanged":
            continue
        for trouble in row.troubles:
            seen = tally.note(trouble.column, trouble.code)
            if seen <= MOST_NOTES:
                words = (row, trouble.column, trouble.code, trouble.words)
                rows.append(_error(run, *words, stops=False, is_dry_run=is_dry_run))
    insert_rows(ImportRowError, rows)


def _error(
    run: ImportRun, row: FileRow, column: str, code: str, words: str, *, stops: bool, is_dry_run: bool
) -> ImportRowError:
    return ImportRowError(
        run_id=run.pk,
        is_dry_run=is_dry_run,
        line=row.line,
        column=column[:200],
        code=code[:40],
        message=words[:500],
        stops=stops,
        original=row.cells,
    )
