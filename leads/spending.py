"""States what was spent, one by one or by file, idempotently; takes a file back as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction

from leads.models import Campaign, Source, Spend, SpendChange, SpendFile
from leads.spend_rows import BadSpend, SpendRow
from revops.foundation import ledger
from revops.foundation.bulk import insert_rows
from revops.foundation.models import LedgerEntry, User

MOST_ROWS = 50_000


class CannotUndo(Exception):
    """The file cannot be taken back; the words say why."""


class Place(NamedTuple):
    """Where money belongs: one month of a source, or of one of its campaigns, in one currency."""

    source_id: UUID
    campaign_id: UUID | None
    month_on: date
    currency: str


@dataclass(frozen=True, slots=True)
class Change:
    """What would be stated for one place, and what stands there now (None: nothing)."""

    place: Place
    before_minor: int | None
    after_minor: int


@dataclass(frozen=True, slots=True)
class Problem:
    """A row that cannot be taken, with its line."""

    line: int
    words: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What a file would do. `unchanged` places already say the same."""

    rows: int
    changes: list[Change]
    unchanged: int
    problems: list[Problem]


class Register:
    """Sources and campaigns by the words that files use. Two queries."""

    def __init__(self, usual: Source | None = None) -> None:
        self.usual = usual
        self.sources: dict[str, Source] = {}
        for source in Source.objects.all():
            self.sources.setdefault(source.name.casefold(), source)
            self.sources[source.key.casefold()] = source
        self.campaigns: dict[str, list[Campaign]] = {}
        for campaign in Campaign.objects.all():
            for word in {campaign.key.casefold(), campaign.name.casefold()}:
                self.campaigns.setdefault(word, []).append(campaign)

    def place_of(self, row: SpendRow) -> Place:
        """Where a row belongs. Raises BadSpend."""
        source = self.sources.get(row.source.casefold()) if row.source else self.usual
        if row.source and source is None:
            raise BadSpend(f"There is no source “{row.source[:60]}”. Register it, or write its key.")
        if not row.campaign:
            if source is None:
                raise BadSpend("The row names neither a source nor a campaign.")
            return Place(source.pk, None, row.month_on, row.currency)
        named = self.campaigns.get(row.campaign.casefold(), ())
        fitting = [one for one in named if source is None or one.source_id == source.pk]
        if not fitting:
            raise BadSpend(f"There is no campaign “{row.campaign[:60]}” of this source. Describe it first.")
        if len(fitting) > 1:
            raise BadSpend(f"Several sources have a campaign “{row.campaign[:60]}”. Name the source in the row.")
        return Place(fitting[0].source_id, fitting[0].pk, row.month_on, row.currency)


def plan_spend(rows: Iterable[tuple[int, SpendRow | BadSpend]], register: Register) -> Plan:
    """What rows come to: those of one place add up. Three queries."""
    sums: dict[Place, int] = {}
    problems: list[Problem] = []
    count = 0
    for line, row in rows:
        count += 1
        if count > MOST_ROWS:
            raise BadSpend(f"These are over {MOST_ROWS:,} rows. Split the file by year.")
        try:
            if isinstance(row, BadSpend):
                raise row
            place = register.place_of(row)
            sums[place] = sums.get(place, 0) + row.amount_minor
        except BadSpend as problem:
            problems.append(Problem(line, str(problem)))
    standing = _standing(sums)
    changes = [
        Change(place, standing.get(place), amount) for place, amount in sums.items() if standing.get(place) != amount
    ]
    changes.sort(key=lambda change: (change.place.month_on, str(change.place.source_id), str(change.place.campaign_id)))
    return Plan(count, changes, len(sums) - len(changes), problems)


def apply_spend(spend_file: SpendFile, changes: Sequence[Change], *, by: User, now: datetime) -> int:
    """Takes a plan over, with what stood there before, so that it can be undone. Says how many places changed."""
    with transaction.atomic():
        locked = SpendFile.objects.select_for_update().get(pk=spend_file.pk)
        if locked.applied_at is not None:
            return 0
        wanted = {change.place: change.after_minor for change in changes}
        standing = _standing(wanted, lock=True)
        done = [(place, standing.get(place), after) for place, after in wanted.items() if standing.get(place) != after]
        insert_rows(
            SpendChange,
            [
                SpendChange(spend_file=spend_file, **place._asdict(), before_minor=before, after_minor=after)
                for place, before, after in done
            ],
        )
        _write({place: after for place, _before, after in done})
        spend_file.applied_at = now
        spend_file.counts = {**spend_file.counts, "changed": len(done)}
        spend_file.save(update_fields=["applied_at", "counts"])
        ledger.record([_entry(spend_file, "spend.imported", by, now, {"changed": len(done)})])
        return len(done)


def undo_spend(spend_file: SpendFile, *, by: User, now: datetime) -> int:
    """Puts back what stood before a file. Raises CannotUndo if one of its months was stated anew since."""
    with transaction.atomic():
        locked = SpendFile.objects.select_for_update().get(pk=spend_file.pk)
        if locked.applied_at is None or locked.undone_at is not None:
            raise CannotUndo("This file was not taken over, or it was undone before.")
        changes = list(spend_file.changes.select_related("source", "campaign"))
        before = {_place_of(change): change.before_minor for change in changes}
        standing = _standing(before, lock=True)
        later = [change for change in changes if standing.get(_place_of(change)) != change.after_minor]
        if later:
            first = later[0]
            of = first.campaign.name if first.campaign else first.source.name
            raise CannotUndo(
                f"{len(later)} of its months were stated anew since, first {first.month_on:%Y-%m} of “{of}”. "
                "State those as they should be, or undo what changed them first."
            )
        _write(before)
        spend_file.undone_at, spend_file.undone_by = now, by
        spend_file.save(update_fields=["undone_at", "undone_by"])
        ledger.record([_entry(spend_file, "spend.undone", by, now, {"changed": len(before)})])
        return len(before)


def _place_of(change: SpendChange) -> Place:
    return Place(change.source_id, change.campaign_id, change.month_on, change.currency)


def _standing(places: Mapping[Place, Any], *, lock: bool = False) -> dict[Place, int]:
    rows = Spend.objects.filter(
        source_id__in={place.source_id for place in places}, month_on__in={place.month_on for place in places}
    )
    if lock:
        rows = rows.select_for_update()
    found = {Place(row.source_id, row.campaign_id, row.month_on, row.currency): row.amount_minor for row in rows}
    return {place: amount for place, amount in found.items() if place in places}


def _write(amounts: Mapping[Place, int | None]) -> None:
    """Makes each place say an amount, or (None) nothing."""
    stated = [Spend(**place._asdict(), amount_minor=amount) for place, amount in amounts.items() if amount is not None]
    for is_of_campaign in (False, True):
        rows = [row for row in stated if (row.campaign_id is not None) == is_of_campaign]
        Spend.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["source", "campaign", "month_on", "currency"],
            update_fields=["amount_minor"],
        )
    for place in (place for place, amount in amounts.items() if amount is None):
        Spend.objects.filter(**place._asdict()).delete()


def _entry(spend_file: SpendFile, action: str, by: User, now: datetime, after: dict[str, Any]) -> LedgerEntry:
    name = spend_file.file.name if spend_file.file else ""
    sha256 = spend_file.file.sha256 if spend_file.file else ""
    return LedgerEntry(
        occurred_at=now, actor=by, action=action, subject_kind="spendfile", subject_id=spend_file.pk,
        after={"file": name, "sha256": sha256, **after},
    )  # fmt: skip
