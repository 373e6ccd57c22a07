"""The job that vets an uploaded list, and its results, which are a file beside the upload and no row of a table."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from leads.files import FileShape
from leads.models import ImportFile
from revops.foundation import jobs, ledger
from revops.foundation.ids import encode
from revops.foundation.models import Job, JobState, LedgerEntry, User
from revops.portal.imports.uploads import stored_path
from revops.portal.vetting.judging import COLUMNS, MappingError, UnreadableFile, Vetting, answers_of

KIND = "vet_list"


def register() -> None:
    """Says who does jobs of this kind."""
    jobs.register(KIND, vet_list)


def start_vetting(file: ImportFile, user: User | None, now: datetime) -> Job:
    """Begins to judge an uploaded list; the ledger says who had it judged."""
    with transaction.atomic():
        job = jobs.start_job(KIND, {"file": str(file.pk), "name": file.name}, user, now)
        entry = LedgerEntry(
            occurred_at=now,
            actor=user,
            actor_label="" if user else "system: vetting",
            action="list.vetted",
            subject_kind="job",
            subject_id=job.pk,
            after={"sha256": file.sha256},
        )
        ledger.record([entry])
    return job


def vet_list(job: Job) -> dict[str, Any]:
    """Judges every row; after a kill it begins anew, because nothing was written that counts."""
    file = ImportFile.objects.get(pk=UUID(job.params["file"]))
    path = stored_path(file)
    if not file.path or not path.exists():
        raise jobs.JobFailed(_("The uploaded file is gone from this server. Upload it again."))
    try:
        vetting = Vetting(path, shape=FileShape.from_json(file.shape))
    except (MappingError, UnreadableFile) as problem:
        raise jobs.JobFailed(str(problem)) from problem
    jobs.advance(job, 0, {}, timezone.now(), total=vetting.total)
    with results_path(file).open("wb") as kept:
        for rows in vetting.rows():
            kept.writelines(orjson.dumps(row.as_json(), option=orjson.OPT_APPEND_NEWLINE) for row in rows)
            jobs.advance(job, vetting.counts["rows"], {}, timezone.now())
    return {"counts": dict(vetting.counts)}


def public_id(job: Job) -> str:
    return encode("vet", job.pk)


def file_of(job: Job) -> ImportFile:
    return ImportFile.objects.get(pk=UUID(job.params["file"]))


def results_path(file: ImportFile) -> Path:
    """Where the judged rows are, one JSON object a line."""
    return stored_path(file).with_name(f"{file.path}.vetted")


def results(file: ImportFile, *, start: int = 0, most: int | None = None) -> Iterator[dict[str, Any]]:
    """Judged rows in the order of the file; none if they were forgotten."""
    path = results_path(file)
    if not path.exists():
        return
    with path.open("rb") as kept:
        for place, line in enumerate(kept):
            if most is not None and place >= start + most:
                return
            if place >= start:
                yield orjson.loads(line)


def table(file: ImportFile) -> Iterator[list[object]]:
    """The list as it came, with what was found beside each row."""
    headers = FileShape.from_json(file.shape).headers
    yield [*headers, *(f"_{name}" for name in COLUMNS)]
    for row in results(file):
        cells = [*row["cells"][: len(headers)], *[""] * (len(headers) - len(row["cells"]))]
        yield [*cells, *answers_of(row)]


def forget(job: Job, now: datetime) -> None:
    """Removes a vetted list and what was found; the job says that it was there."""
    file = file_of(job)
    jobs.cancel(job.pk, now)
    if file.path and not file.runs.exists():
        results_path(file).unlink(missing_ok=True)
        stored_path(file).unlink(missing_ok=True)
        file.path = ""
        file.save(update_fields=["path"])


def old_lists(before: datetime) -> int:
    """How many lists that were vetted before an instant are still kept."""
    return len(_kept_from(before))


def forget_old(before: datetime, now: datetime) -> int:
    """Removes lists that were vetted before an instant. Returns how many."""
    gone = _kept_from(before)
    for job in gone:
        forget(job, now)
    return len(gone)


def _kept_from(before: datetime) -> list[Job]:
    over = [JobState.DONE, JobState.FAILED, JobState.CANCELLED]
    old = Job.objects.filter(kind=KIND, state__in=over, created_at__lt=before).order_by("created_at")
    imported = ImportFile.objects.filter(path="") | ImportFile.objects.filter(runs__isnull=False)
    kept = set(ImportFile.objects.exclude(pk__in=imported.values("pk")).values_list("pk", flat=True))
    return [job for job in old if UUID(job.params["file"]) in kept]
