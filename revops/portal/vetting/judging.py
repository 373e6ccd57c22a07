"""Judges a list on the real journey and takes it back: the same gate, matching and rules, and not a row left behind.

Pure functions would be a second journey that could disagree with the first one. So each chunk is admitted for real,
read, and rolled back; chunks are small because routing locks the ledger of turns while one is under way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from leads.cleaning import clean
from leads.files import FileShape, RowError, UnreadableFile, read_rows, sniff
from leads.intake import Item
from leads.mapping import MappingError, signature_of, suggest_mapping
from leads.models import ImportFile, ImportRun, Lead, SavedMapping, Source, SubmissionOutcome
from revops.foundation.ids import encode, new_id
from revops.portal import journey
from revops.portal.imports import wizard
from revops.portal.imports.rows import FileRow, RowReader
from revops.portal.imports.uploads import SAMPLE_ROWS
from scoring.explanation import explain_many
from scoring.models import LeadScore

CHUNK = 500
COLUMNS = (
    "line", "verdict", "rule", "why", "match", "lead", "account", "tier", "fit", "intent", "timing", "priority",
    "sentence", "flags",
)  # fmt: skip
"""What a vetted row answers, in the order of a table."""


def answers_of(row: Mapping[str, Any]) -> list[Any]:
    """The cells of `COLUMNS` for one row as JSON. Lists that were judged before there were flags have none."""
    return [*(row[name] for name in COLUMNS[:-1]), " ".join(row.get("flags", ()))]


@dataclass(frozen=True, slots=True)
class Vetted:
    """What would become of one row. Numbers are None where the gate would stop it.

    `verdict`: let_in, quarantined, refused or pending. `match`: new, known (then `lead` is the one it would attach
    to), or earlier_row of the same list. `account` names the company if we know it already. `flags` are the rules of
    the gate that stop nothing, but are told.
    """

    line: int
    verdict: str
    rule: str
    why: str
    match: str
    lead: str
    account: str
    tier: int | None
    fit: float | None
    intent: float | None
    timing: float | None
    priority: float | None
    sentence: str
    flags: list[str]
    cells: list[str]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class Vetting:
    """One list on its way through: its columns, how far it is, and what was found. Raises UnreadableFile, MappingError.

    `source` is the one the list would come from; without it, a source that exists only while a chunk is judged.
    """

    def __init__(
        self,
        path: Path,
        *,
        shape: FileShape | None = None,
        mapping: dict[str, Any] | None = None,
        source: Source | None = None,
    ) -> None:
        self.shape = shape or sniff(path)
        self.headers = list(self.shape.headers)
        self.source = source
        self._source_id = source.pk if source else new_id()
        mapping = mapping or _mapping_for(path, self.shape)
        wizard.check_mapping(mapping, self.headers, kind="leads")
        run = ImportRun(file=ImportFile(), source_id=self._source_id, mapping=mapping, created_at=timezone.now())
        self._reader = RowReader(run, path, self.shape)
        self._people: set[int] = set()
        self.total = self._reader.count()
        self.counts: Counter[str] = Counter()

    def rows(self) -> Iterator[list[Vetted]]:
        """Every row of the list, judged, a chunk at a time. Nothing is written."""
        rows = (row for chunk in self._reader.chunks(after_line=0) for row in chunk)
        while chunk := list(islice(rows, CHUNK)):
            vetted = self._judged(chunk)
            for one in vetted:
                self.counts["rows"] += 1
                self.counts[one.verdict] += 1
                self.counts[f"tier_{one.tier}"] += one.tier is not None
            yield vetted

    def _judged(self, chunk: Sequence[FileRow]) -> list[Vetted]:
        now = timezone.now()
        with transaction.atomic():
            if self.source is None:
                key = f"vetting-{self._source_id.hex}"
                Source.objects.create(id=self._source_id, key=key, name="Vetting", created_at=now)
            found = _admitted(chunk, now)
            transaction.set_rollback(True)
        return [self._as_if_kept(row, one) for row, one in zip(chunk, found, strict=True)]

    def _as_if_kept(self, row: FileRow, vetted: Vetted) -> Vetted:
        """A person whose earlier row was taken back with its chunk would be known by now."""
        if vetted.verdict != "let_in":
            return vetted
        marks = _marks(row.item)
        if vetted.match == "new" and marks & self._people:
            vetted = replace(vetted, match="earlier_row")
        self._people |= marks
        return vetted


def _marks(item: Item) -> set[int]:
    """What the same person would be found by again."""
    facts = clean(item.payload or {})
    names = [facts.email, item.external_id, "" if facts.email else facts.phone]
    return {hash(name) for name in names if name}


def _admitted(chunk: Sequence[FileRow], now: datetime) -> list[Vetted]:
    """The rows on the journey; the caller takes them back. Four queries beside the journey's own."""
    items = [replace(row.item, dedupe_key=None, job_id=None, line=None) for row in chunk]
    receipts = journey.admit(items, now=now)
    lead_ids = {receipt.lead_id for receipt in receipts if receipt.lead_id}
    leads = Lead.objects.select_related("account").in_bulk(lead_ids)
    scores = LeadScore.objects.in_bulk(lead_ids)
    sentences = explain_many(lead_ids)
    outcomes = SubmissionOutcome.objects.filter(submission__in=[receipt.submission_id for receipt in receipts])
    told = {pk: (rule, flags) for pk, rule, flags in outcomes.values_list("submission_id", "rule", "flags")}
    fresh: set[UUID] = set()
    vetted = []
    for row, receipt in zip(chunk, receipts, strict=True):
        lead = leads.get(receipt.lead_id) if receipt.lead_id else None
        score = scores.get(receipt.lead_id) if receipt.lead_id else None
        match = _match(receipt, fresh)
        account = lead.account if lead and lead.account and lead.account.created_at < now else None
        vetted.append(
            Vetted(
                line=row.line,
                verdict="let_in" if lead else receipt.outcome,
                rule="" if lead else told.get(receipt.submission_id, ("", []))[0],
                why=receipt.detail,
                match=match,
                lead=encode("lead", lead.pk) if lead and match == "known" else "",
                account=account.name if account else "",
                tier=score.tier if score else None,
                fit=score.fit / 1000 if score else None,
                intent=score.intent / 1000 if score else None,
                timing=score.timing / 1000 if score else None,
                priority=score.priority / 1000 if score else None,
                sentence=sentences.get(lead.pk, "") if lead else "",
                flags=told.get(receipt.submission_id, ("", []))[1],
                cells=row.cells,
            )
        )
    return vetted


def _match(receipt: journey.Receipt, fresh: set[UUID]) -> str:
    if receipt.lead_id is None:
        return ""
    if receipt.outcome == "new":
        fresh.add(receipt.lead_id)
        return "new"
    return "earlier_row" if receipt.lead_id in fresh else "known"


def _mapping_for(path: Path, shape: FileShape) -> dict[str, Any]:
    """The mapping people confirmed for these columns, else a suggestion."""
    saved = SavedMapping.objects.filter(signature=signature_of(list(shape.headers))).first()
    if saved is not None:
        return dict(saved.mapping)
    sample = [cells for _line, cells in islice(read_rows(path, shape), SAMPLE_ROWS) if not isinstance(cells, RowError)]
    return suggest_mapping(list(shape.headers), sample)


__all__ = ["COLUMNS", "MappingError", "UnreadableFile", "Vetted", "Vetting", "answers_of"]
