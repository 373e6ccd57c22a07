"""Imports a file of this machine from start to end in one call, for commands."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from leads.files import UnreadableFile
from leads.mapping import MappingError
from leads.models import ImportKind, ImportRun, Source
from leads.models.imports import LegalBasis
from revops.foundation import jobs
from revops.foundation.models import Job, JobState
from revops.portal.imports import running, wizard
from revops.portal.imports.holding import words_of_hold
from revops.portal.imports.uploads import begin_import, shape_of, store_file, stored_path


class ImportStopped(Exception):
    """The import was not done; nothing was written. `code` is stable, the message says what to do."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants imported, and how. `is_history` None: as the known column set says."""

    path: Path
    source: str
    kind: str = ImportKind.LEADS
    mapping: dict[str, Any] | None = None
    key_column: str = ""
    is_history: bool | None = None
    is_dry_run: bool = False
    legal_basis: str = LegalBasis.LEGITIMATE_INTEREST


@dataclass(frozen=True, slots=True)
class Report:
    """What an import came to."""

    run: ImportRun
    source_is_new: bool
    counts: dict[str, Any]
    notes: list[str]

    def as_json(self, *, is_dry_run: bool) -> dict[str, Any]:
        return {
            "import": self.run.public_id,
            "job": str(self.run.job_id) if self.run.job_id else None,
            "file": self.run.file.name,
            "source": self.run.source.key if self.run.source else "",
            "dry_run": is_dry_run,
            "history": self.run.is_history,
            "counts": {name: value for name, value in self.counts.items() if name != "notes"},
            "would_be_held": self.run.held_at is not None,
            "cells_kept_as_facts": self.counts["notes"],
            "notes": self.notes,
        }


def import_at_once(wish: Wish) -> Report:
    """Imports a file, or only tries it. Raises ImportStopped."""
    if not wish.path.is_file():
        raise ImportStopped("no_file", _("There is no file %(path)s.") % {"path": wish.path})
    try:
        return _try_out(wish) if wish.is_dry_run else _import(wish)
    except UnreadableFile as problem:
        raise ImportStopped(problem.code, problem.words) from problem
    except MappingError as problem:
        raise ImportStopped("mapping", " ".join(problem.problems)) from problem
    except ValidationError as problem:
        raise ImportStopped("refused", " ".join(problem.messages)) from problem
    except wizard.NotReady as problem:
        raise ImportStopped("not_ready", str(problem)) from problem


def _import(wish: Wish) -> Report:
    with transaction.atomic():
        run, is_new, notes = _prepared(wish)
        job = _job_of(run, wizard.RUN)
    return _done(run, job, is_new, notes)


def _try_out(wish: Wish) -> Report:
    """A dry run leaves nothing behind, not even its own rows."""
    with transaction.atomic():
        run, is_new, notes = _prepared(wish)
        try:
            return _done(run, _job_of(run, wizard.DRY_RUN), is_new, notes)
        finally:
            stored_path(run.file).unlink(missing_ok=True)
            transaction.set_rollback(True)


def _prepared(wish: Wish) -> tuple[ImportRun, bool, list[str]]:
    """An import with every decision taken, whether its source is new, and what should be said about it."""
    now = timezone.now()
    source, is_new = wizard.source_called(wish.source, now, may_create=wish.kind == ImportKind.LEADS)
    run = begin_import(store_file(wish.path, None, now), None, now, wish.kind)
    run.key_column = wish.key_column
    run.save(update_fields=["key_column"])
    try:
        return run, is_new, _decide(run, source, wish)
    except BaseException:
        stored_path(run.file).unlink(missing_ok=True)
        raise


def read_mapping(path: Path) -> dict[str, Any]:
    """A mapping from a JSON file. Raises ImportStopped."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as problem:
        words = _("The mapping %(path)s cannot be read as JSON: %(problem)s")
        raise ImportStopped("mapping", words % {"path": path, "problem": problem}) from problem
    if not isinstance(found, dict):
        raise ImportStopped("mapping", _("A mapping is a JSON object with “columns”."))
    return found


def _decide(run: ImportRun, source: Source, wish: Wish) -> list[str]:
    """Takes the decisions the wizard asks a person for; answers with what should be said about them."""
    shape = shape_of(run)
    if wish.mapping is None and not shape.has_header:
        words = _(
            "No header was found. Put the names of the columns into the first line, or pass --mapping with the names "
            "“Column 1”, “Column 2” …"
        )
        raise wizard.NotReady(words)
    notes = [words for _code, words in shape.notes]
    chosen = wish.mapping or wizard.offered_mapping(run)
    if wish.mapping is None and run.kind == ImportKind.LEADS:
        wizard.check_mapping(chosen, list(shape.headers), kind=run.kind)
        wizard.check_speaks_of_people(chosen)
    wizard.choose_mapping(run, chosen, None, timezone.now())
    is_history = wish.is_history
    if is_history is None:
        is_history = bool(chosen.get("is_history"))
        if is_history:
            notes.append(_("Taken as history: %(name)s.") % {"name": chosen.get("name") or run.file.name})
    wizard.set_rules(run, source=source, legal_basis=wish.legal_basis, is_history=is_history)
    return notes


def _job_of(run: ImportRun, kind: str) -> Job:
    """The job row of an import that this process does itself; no worker is told."""
    job = Job.objects.create(kind=kind, params={"run": str(run.pk)}, created_at=timezone.now())
    if kind == wizard.DRY_RUN:
        run.dry_run_id = job.pk
    else:
        run.job_id = job.pk
    run.save(update_fields=["dry_run_id", "job_id"])
    return job


def _done(run: ImportRun, job: Job, is_new: bool, notes: list[str]) -> Report:
    running.register()
    jobs.run(job.pk, timezone.now)
    job.refresh_from_db()
    if job.state != JobState.DONE:
        raise ImportStopped("failed", job.error or _("The import is %(state)s.") % {"state": job.state})
    run.refresh_from_db(fields=["counts", "dry_counts", "finished_at", "held_at", "hold", "job_id"])
    if run.held_at is not None and job.kind == wizard.RUN:
        raise ImportStopped("held", f"{words_of_hold(run)} ({run.public_id})")
    return Report(run, is_new, run.counts if job.kind == wizard.RUN else run.dry_counts, notes)
