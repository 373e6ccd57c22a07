"""Holds a list of which too much is bad, whole, until somebody who may lets it in with a reason or puts it away."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from leads.gate import rules_for
from leads.list_gate import BAD_SHARE, Candidate, ListVerdict, judge_list
from leads.models import ImportKind, ImportRun
from revops.foundation import ledger, outbox
from revops.foundation.models import Job, LedgerEntry, OutboxMessage, User
from revops.portal.imports.rows import FileRow, RowReader, drop_known


class CannotRelease(Exception):
    """The list cannot be released or put away; the words say why."""


def is_suspicious(run: ImportRun, reader: RowReader) -> bool:
    """Whether the sample of a file asks for a look at every row first. Rows known before do not count."""
    if run.kind != ImportKind.LEADS or run.released_at is not None:
        return False
    fresh, _known = drop_known(reader.sample, run)
    rows = [_candidate(row) for row in fresh]
    addresses = [str(row.payload.get("email") or "").strip().lower() for row in rows if row.payload]
    return judge_list(rows, rules_for(addresses), only_flags=run.is_history).is_suspicious


def _candidate(row: FileRow) -> Candidate:
    return Candidate(None if row.fault else row.item.payload, bool(row.item.external_id))


def verdict_of(counts: dict[str, Any]) -> ListVerdict:
    """The verdict that the counts of a dry run come to."""
    judged = counts.get("rows", 0) - counts.get("unchanged", 0)
    return ListVerdict(judged, counts.get("refused", 0) + counts.get("quarantined", 0), counts.get("rules", {}))


def must_wait(run: ImportRun, counts: dict[str, Any]) -> bool:
    """Whether a file with these counts is held: its rows are people, too many are bad, and nobody released it."""
    return run.kind == ImportKind.LEADS and run.released_at is None and verdict_of(counts).is_bad


def hold(run: ImportRun, counts: dict[str, Any], job: Job, now: datetime) -> None:
    """Holds a list: nothing of it is let in, what was found stays visible, and those who care are told."""
    verdict = verdict_of(counts)
    run.held_at, run.job_id, run.dry_run_id, run.dry_counts = now, None, job.pk, counts
    run.hold = {"judged": verdict.judged, "bad": verdict.bad, "rules": verdict.rules}
    with transaction.atomic():
        run.save(update_fields=["held_at", "hold", "job_id", "dry_run_id", "dry_counts"])
        ledger.record([_entry(run, "import.held", None, now, after=run.hold)])
        words = _("“%(file)s” is held: %(bad)s of %(judged)s rows are bad. Nothing of it was let in.")
        told = words % {"file": run.file.name, "bad": verdict.bad, "judged": verdict.judged}
        outbox.enqueue(_notices(run, "import.held", told, now))


def release(run: ImportRun, user: User, reason: str, now: datetime) -> None:
    """Lets a held list in all the same. Raises CannotRelease. The caller starts the import."""
    reason = reason.strip()
    if not reason:
        raise CannotRelease(_("Say why this list is let in. It stands in the ledger."))
    with transaction.atomic():
        locked = ImportRun.objects.select_for_update().get(pk=run.pk)
        if locked.held_at is None or locked.released_at is not None or locked.cancelled_at is not None:
            raise CannotRelease(_("This list is not held any more."))
        run.released_at, run.released_by, run.release_reason = now, user, reason[:300]
        run.save(update_fields=["released_at", "released_by", "release_reason"])
        ledger.record([_entry(run, "import.released", user, now, cause=reason, after=run.hold)])
        words = _("%(who)s let the held list “%(file)s” in: %(reason)s")
        told = words % {"who": user.name, "file": run.file.name, "reason": reason[:300]}
        outbox.enqueue(_notices(run, "import.released", told, now, but=user))


def put_away(run: ImportRun, user: User, now: datetime) -> None:
    """Closes an import that was never started; its file and what was found stay. Raises CannotRelease."""
    with transaction.atomic():
        locked = ImportRun.objects.select_for_update().get(pk=run.pk)
        if locked.job_id is not None or locked.cancelled_at is not None:
            raise CannotRelease(_("This import was started or put away before."))
        run.cancelled_at = now
        run.save(update_fields=["cancelled_at"])
        ledger.record([_entry(run, "import.put_away", user, now)])


def forget_findings(run: ImportRun) -> list[str]:
    """Takes back what a dry run found, because what it judged changes; answers with the fields to save."""
    run.dry_run_id, run.dry_counts, run.held_at, run.hold = None, {}, None, {}
    run.released_at, run.released_by, run.release_reason = None, None, ""
    return ["dry_run_id", "dry_counts", "held_at", "hold", "released_at", "released_by", "release_reason"]


def tell_of_expired(now: datetime) -> int:
    """Closes imports that systems opened and never started, and tells their owners once. Returns how many."""
    with transaction.atomic():
        runs = list(
            ImportRun.objects.select_for_update(of=("self",), skip_locked=True)
            .select_related("file", "source")
            .filter(expires_at__lt=now, job_id__isnull=True, cancelled_at__isnull=True, expired_at__isnull=True)[:500]
        )
        words = _("The import “%(file)s” was opened and not started within a day. It has ended; open a new one.")
        for run in runs:
            run.expired_at = now
            run.save(update_fields=["expired_at"])
            outbox.enqueue(_notices(run, "import.expired", words % {"file": run.file.name}, now))
        ledger.record(_entry(run, "import.expired", None, now) for run in runs)
    return len(runs)


def words_of_hold(run: ImportRun) -> str:
    """Why a list is held, for people and systems."""
    bad, judged = run.hold.get("bad", 0), run.hold.get("judged", 0)
    words = _(
        "%(bad)s of %(judged)s rows are bad, over %(limit)s %%, so the whole list is held: nothing of it was let in. "
        "Mend the rows, or let somebody who may release it say why."
    )
    return words % {"bad": bad, "judged": judged, "limit": round(100 * BAD_SHARE)}


def _notices(
    run: ImportRun, kind: str, words: str, now: datetime, *, but: User | None = None
) -> Iterable[OutboxMessage]:
    owner = run.source.owner_id if run.source else None
    told = {pk for pk in (owner, run.created_by_id) if pk} - ({but.pk} if but else set())
    return [
        OutboxMessage(
            kind=kind,
            subject_kind="import",
            subject_id=run.pk,
            channel="in_app",
            recipient=str(pk),
            created_at=now,
            payload={"text": words[:500], "url": f"/imports/{run.public_id}/"},
        )
        for pk in sorted(told, key=str)
    ]


def _entry(
    run: ImportRun, action: str, user: User | None, now: datetime, *, cause: str = "", after: Any = None
) -> LedgerEntry:
    return LedgerEntry(
        occurred_at=now,
        actor=user,
        actor_label="" if user else "system: import",
        action=action,
        subject_kind="import",
        subject_id=run.pk,
        cause=cause[:200],
        after={"source": run.source.key if run.source else "", "sha256": run.file.sha256, **(after or {})},
    )
