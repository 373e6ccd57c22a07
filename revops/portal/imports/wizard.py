"""The decisions a person makes on the way to an import, each checked and kept at once so that a break loses nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from feedback.undoing_imports import later_edits
from leads.mapping import CompiledMapping, MappingError, signature_of, suggest_mapping, target_label
from leads.mapping.targets import KIND_CODES
from leads.models import ImportKind, ImportRun, SavedMapping, Source
from leads.models.imports import UNDO_WITHIN
from leads.models.sources import SourceKind
from revops.foundation import ledger
from revops.foundation.ids import encode
from revops.foundation.jobs import cancel, start_job
from revops.foundation.models import Job, JobState, LedgerEntry, User
from revops.portal.imports.holding import forget_findings, words_of_hold
from revops.portal.imports.uploads import sample_rows, shape_of

PEOPLE_TARGETS = frozenset({"email", "phone", "name", "first_name", "last_name", "title"})

DRY_RUN, RUN, UNDO = "import_dry_run", "import_run", "import_undo"

PURCHASED_REFUSAL = gettext_lazy(
    "Bought lists are not imported. These people did not ask for us, a fifth to a third of such records is wrong, and "
    "mailing them harms our name. Work the accounts through an outbound source, or ask an executive for an exception."
)
"""Our policy in words (product rule A6)."""


class NotReady(Exception):
    """The import lacks a decision; the words say which."""


def confirm_shape(run: ImportRun, now: datetime) -> None:
    """A person has seen the preview and says that it reads well."""
    run.shape_confirmed_at = now
    run.save(update_fields=["shape_confirmed_at"])


def offered_mapping(run: ImportRun) -> dict[str, Any]:
    """The mapping to show: the one chosen, else the one remembered for these columns, else a suggestion."""
    headers = list(shape_of(run).headers)
    if run.mapping:
        return dict(run.mapping)
    saved = SavedMapping.objects.filter(signature=signature_of(headers)).first()
    if saved is not None:
        columns = {header: {**plan, "because": _("remembered")} for header, plan in saved.mapping["columns"].items()}
        return {**saved.mapping, "columns": columns, "remembered": True}
    return suggest_mapping(headers, sample_rows(run))


def choose_mapping(run: ImportRun, mapping: Mapping[str, Any], user: User | None, now: datetime) -> None:
    """Takes a mapping for an import and remembers it for files with the same columns. Raises MappingError."""
    headers = list(shape_of(run).headers)
    check_mapping(mapping, headers, kind=run.kind, key_column=run.key_column)
    with transaction.atomic():
        run.mapping = dict(mapping)
        run.save(update_fields=["mapping", *forget_findings(run)])
        SavedMapping.objects.update_or_create(
            signature=signature_of(headers),
            defaults={
                "name": str(mapping.get("name") or run.file.name)[:200],
                "mapping": dict(mapping),
                "updated_by": user,
                "updated_at": now,
            },
        )


def check_mapping(mapping: Mapping[str, Any], headers: list[str], *, kind: str, key_column: str = "") -> None:
    """Raises MappingError unless the mapping fits the columns and says who the people are."""
    CompiledMapping(mapping, headers)
    used = {plan if isinstance(plan, str) else plan.get("to") for plan in mapping["columns"].values()}
    if kind == "outcomes" and not key_column and "external_id" not in used:
        words = _(
            "Say which column holds the id of the lead: map it to “Their id of the person” (by command: --key). "
            "If no column does, import the file as leads: past deals then become leads of their companies."
        )
        raise MappingError([words])
    if kind == "leads" and not used & {"email", "phone", "external_id", "outcome_id"}:
        words = _(
            "Nothing says who the people are. Map a column to the e-mail address, the phone number or their id; "
            "for past deals without people, map the id of the deal."
        )
        raise MappingError([words])


def check_speaks_of_people(mapping: Mapping[str, Any]) -> None:
    """Raises MappingError if a suggested mapping knows rows by nothing but an id: roles and templates have ids, too.

    For imports that nobody looks at: known column sets and mappings that a person confirmed are taken as they are.
    """
    used = {plan if isinstance(plan, str) else plan.get("to") for plan in mapping["columns"].values()}
    if mapping.get("preset") or mapping.get("remembered") or used & PEOPLE_TARGETS:
        return
    words = _("Its rows have an id and nothing that says they are people. Map a column to a name or an address.")
    raise MappingError([words])


def set_rules(run: ImportRun, *, source: Source, legal_basis: str, is_history: bool, campaign: str = "") -> None:
    """Says where the file comes from and on what grounds we may use it. Raises ValidationError."""
    if source.is_refused(timezone.now()):
        raise ValidationError({"source": PURCHASED_REFUSAL})
    if not legal_basis:
        raise ValidationError({"legal_basis": _("State the legal basis; without one these people may not be kept.")})
    run.source, run.legal_basis, run.is_history, run.campaign = source, legal_basis, is_history, campaign.strip()[:120]
    run.save(update_fields=["source", "legal_basis", "is_history", "campaign", *forget_findings(run)])


def start_dry_run(run: ImportRun, user: User | None, now: datetime) -> Job:
    """Tries the whole import without writing a lead."""
    _check_ready(run)
    with transaction.atomic():
        job = start_job(DRY_RUN, {"run": str(run.pk)}, user, now)
        fields = forget_findings(run)
        run.dry_run_id = job.pk
        run.save(update_fields=fields)
    return job


def start_run(run: ImportRun, user: User | None, now: datetime) -> Job:
    """Imports the file. Raises NotReady if it was started before or a decision is missing."""
    _check_ready(run)
    with transaction.atomic():
        locked = ImportRun.objects.select_for_update().get(pk=run.pk)
        if locked.job_id is not None:
            raise NotReady(_("This import was started before; see its report."))
        if locked.held_at is not None and locked.released_at is None:
            raise NotReady(words_of_hold(locked))
        job = start_job(RUN, {"run": str(run.pk)}, user, now)
        run.job_id = job.pk
        run.save(update_fields=["job_id"])
        ledger.record([_entry(run, "import.started", user, now)])
    return job


def start_undo(run: ImportRun, user: User | None, now: datetime) -> Job:
    """Takes the import back as a whole. Raises NotReady if that is no longer possible."""
    with transaction.atomic():
        locked = ImportRun.objects.select_for_update().get(pk=run.pk)
        if not can_undo(locked, now):
            raise NotReady(_("An import can be undone once, within 7 days of its end."))
        if locked.kind == ImportKind.OUTCOMES:
            _check_untouched(locked)
        imported = Job.objects.get(pk=str(locked.job_id))
        actor = str(user.pk) if user else ""
        job = start_job(UNDO, {"run": str(run.pk), "actor": actor}, user, now, undo_of=imported)
        run.undo_job_id = job.pk
        run.save(update_fields=["undo_job_id"])
        ledger.record([_entry(run, "import.undo_started", user, now)])
    return job


def can_undo(run: ImportRun, now: datetime) -> bool:
    """Whether the import as a whole can still be taken back; also one that failed or was stopped half-way."""
    if run.job_id is None or run.undone_at is not None:
        return False
    if run.undo_job_id is not None and not _has_failed(run.undo_job_id):
        return False
    ended = Job.objects.filter(pk=run.job_id).values_list("finished_at", flat=True).first()
    return ended is not None and now - ended <= UNDO_WITHIN


def _has_failed(job_id: UUID) -> bool:
    """Whether an undo ended badly, so that it may be tried again."""
    return Job.objects.filter(pk=job_id, state=JobState.FAILED).exists()


def _check_untouched(run: ImportRun) -> None:
    """Raises NotReady if somebody corrected what the file said, or a lead moved on since."""
    count, lead_id = later_edits(run.job_id) if run.job_id else (0, None)
    if lead_id is not None:
        words = _(
            "%(n)s leads of this file were corrected or moved on since, first %(lead)s. Withdraw what came later "
            "first, or correct single outcomes on their leads."
        )
        raise NotReady(words % {"n": count, "lead": encode("lead", lead_id)})


def stop(run: ImportRun, user: User | None, now: datetime) -> None:
    """Ends the dry run or import that is under way; what was taken stays and can be undone. Raises NotReady."""
    job_id = run.job_id or run.dry_run_id
    if job_id is None or not cancel(job_id, now):
        raise NotReady(_("There is nothing to stop any more."))
    ledger.record([_entry(run, "import.stopped", user, now)])


def source_called(name: str, now: datetime, *, may_create: bool) -> tuple[Source, bool]:
    """The source with this key or name, and whether it was created now. Raises NotReady with the known ones."""
    key = slugify(name)[:64]
    found = Source.objects.filter(key=key).first() or Source.objects.filter(name__iexact=name).first()
    if found is not None:
        return found, False
    if not may_create or not key:
        known = ", ".join(Source.objects.values_list("key", flat=True)) or _("none yet")
        raise NotReady(_("There is no source “%(name)s”. Known sources: %(known)s.") % {"name": name, "known": known})
    source = Source.objects.create(key=key, name=name[:120], kind=SourceKind.INBOUND, created_at=now)
    return source, True


def register_source(name: str, kind: str, user: User, now: datetime) -> Source:
    """Registers a source on the way. Raises ValidationError if there is one of this name."""
    name, key = name.strip()[:120], slugify(name)[:64]
    if not key:
        raise ValidationError({"new_source": _("Give it a name with letters or digits.")})
    if Source.objects.filter(key=key).exists() or Source.objects.filter(name__iexact=name).exists():
        raise ValidationError({"new_source": _("There is a source of this name; choose it above.")})
    kind = kind if kind in SourceKind.values else SourceKind.INBOUND
    source = Source.objects.create(key=key, name=name, kind=kind, owner=user, created_at=now)
    entry = LedgerEntry(
        occurred_at=now,
        actor=user,
        action="source.registered",
        subject_kind="source",
        subject_id=source.pk,
        after={"key": key, "name": name, "kind": kind},
    )
    ledger.record([entry])
    return source


def _check_ready(run: ImportRun) -> None:
    if run.cancelled_at is not None:
        raise NotReady(_("This import was put away. Upload the file again to begin anew."))
    if not run.mapping:
        raise NotReady(_("Map the columns first."))
    if run.source is None or not run.legal_basis:
        raise NotReady(_("Choose the source and the legal basis first."))
    if run.source.is_refused(timezone.now()):
        raise NotReady(str(PURCHASED_REFUSAL))


def _entry(run: ImportRun, action: str, user: User | None, now: datetime) -> LedgerEntry:
    return LedgerEntry(
        occurred_at=now,
        actor=user,
        actor_label="" if user else "system: import",
        action=action,
        subject_kind="import",
        subject_id=run.pk,
        after={"source": run.source.key if run.source else "", "sha256": run.file.sha256, "basis": run.legal_basis},
    )


def preview(mapping: Mapping[str, Any], headers: list[str], rows: list[list[str]]) -> list[list[tuple[str, str]]]:
    """What a few rows become, as (what, value) pairs; empty if the mapping cannot be used yet."""
    try:
        compiled = CompiledMapping(mapping, headers)
    except MappingError:
        return []
    return [_in_words(compiled.apply(row).payload) for row in rows]


def _in_words(payload: dict[str, Any]) -> list[tuple[str, str]]:
    plain = [(target_label(name), str(value)) for name, value in payload.items() if not isinstance(value, dict | list)]
    acts = [
        (str(_("Did")), f"{KIND_CODES.get(act['kind'], act['kind'])} × {act['quantity']}")
        for act in payload.get("signals", [])
    ]
    past = [(name.replace("_", " ").capitalize(), str(value)) for name, value in payload.get("history", {}).items()]
    return [(what, _shortened(said)) for what, said in [*plain, *acts, *past]]


def _shortened(said: str) -> str:
    """An instant as people write it; anything else unchanged."""
    return (
        said.removesuffix("T00:00:00+00:00").replace("T", " ").replace("+00:00", " UTC") if _is_instant(said) else said
    )


def _is_instant(said: str) -> bool:
    return said.endswith("+00:00") and said[10:11] == "T"
