"""Merges one person into another as a link that can be undone: nothing is deleted, what was chosen is swapped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from leads.lifecycle import Stage
from leads.matching.proposing import ask_again, drop_questions_about, settle_merged
from leads.merging.choices import PERSON_CHOICES, swap
from leads.models import Lead, Person, PersonMerge, PersonProposal, SubmissionOutcome
from revops.foundation.models import User

_RANK = (
    Stage.OPPORTUNITY, Stage.ACCEPTED, Stage.HANDED_OFF, Stage.REJECTED, Stage.NURTURE, Stage.NEW,
)  # fmt: skip
"""Whose lead goes on if nobody says otherwise: the one that is furthest."""


class MergeRefused(Exception):
    """Two cannot be merged, or a merge cannot be undone; the message says why and what to do, for people."""


@dataclass(slots=True)
class Pair:
    """Two people and their open leads; `survivor` is who goes on."""

    survivor: Person
    merged: Person
    survivor_lead: Lead | None = None
    merged_lead: Lead | None = None


def open_leads(people: Sequence[Person]) -> dict[UUID, Lead]:
    """The open lead of each person who has one. One query."""
    leads = Lead.objects.open().shown().filter(person__in=[person.pk for person in people])
    return {lead.person_id: lead for lead in leads.select_related("account", "source", "owner")}


def goes_on(first: Person, second: Person, leads: Mapping[UUID, Lead]) -> Person:
    """Who should survive: whoever's lead is furthest, then whoever is known for longer."""

    def order(person: Person) -> tuple[int, datetime, UUID]:
        lead = leads.get(person.pk)
        return (_RANK.index(Stage(lead.stage)) if lead else len(_RANK), person.created_at, person.pk)

    return min(first, second, key=order)


def merge_people(
    survivor_id: UUID, merged_id: UUID, taken: Sequence[str], by: User, *, now: datetime,
    proposal: PersonProposal | None = None,
) -> PersonMerge:  # fmt: skip
    """Links `merged_id` to `survivor_id`, who takes over the facts named in `taken`. Raises MergeRefused.

    If both have an open lead, the merged one is hidden and points at the other; every other lead only changes its
    person. The caller ends what still runs on the hidden lead.
    """
    pair = _locked_pair(survivor_id, merged_id)
    _check(pair)
    survivor, merged = pair.survivor, pair.merged
    before = {
        "flags": list(survivor.flags),
        "do_not_contact": survivor.do_not_contact,
        "also": [str(pk) for pk in survivor.also],
    }
    chosen = [one.key for one in PERSON_CHOICES if one.key in taken]
    swap(PERSON_CHOICES, chosen, survivor, merged)
    survivor.flags = [*survivor.flags, *(flag for flag in merged.flags if flag not in survivor.flags)]
    survivor.do_not_contact = survivor.do_not_contact or merged.do_not_contact
    survivor.also = [*survivor.also, merged.pk, *merged.also]
    merged.merged_into = survivor
    _save_pair(pair, now)
    moved = _move_leads(pair)
    kept, hidden = pair.survivor_lead, pair.merged_lead
    if kept is not None:
        before["account"] = str(kept.account_id or "")
        if "account" in chosen or kept.account_id is None:
            kept.account_id = survivor.account_id
            kept.save(update_fields=["account"])
        if hidden is not None:
            before |= _join_leads(kept, hidden, now)
    if proposal is not None:
        settle_merged(proposal, by, now=now)
    before["dropped"] = [str(pk) for pk in drop_questions_about("people", merged.pk, now=now)]
    return PersonMerge.objects.create(
        survivor=survivor, merged=merged, proposal=proposal, taken=chosen, before=before, merged_at=now, merged_by=by,
        kept_lead=kept or hidden, merged_lead=hidden if kept else None, moved_leads=moved,
    )  # fmt: skip


def undo_merge(merge_id: UUID, by: User, *, now: datetime) -> PersonMerge:
    """Takes a merge back: both people and both leads are as they were. Raises MergeRefused.

    The latest merge of a survivor is undone first, as values were swapped. The caller lets run again what it ended.
    """
    merge = PersonMerge.objects.select_for_update(of=("self",)).get(pk=merge_id)
    pair = _locked_pair(merge.survivor_id, merge.merged_id)
    _check_undo(merge, pair)
    survivor, merged, before = pair.survivor, pair.merged, merge.before
    swap(PERSON_CHOICES, merge.taken, survivor, merged)
    survivor.flags, survivor.do_not_contact = before["flags"], before["do_not_contact"]
    survivor.also = [UUID(pk) for pk in before["also"]]
    merged.merged_into = None
    _save_pair(pair, now)
    if merge.merged_lead_id is not None:
        _part_leads(merge)
    if "account" in before and merge.kept_lead_id is not None:
        Lead.objects.filter(pk=merge.kept_lead_id).update(account_id=before["account"] or None)
    Lead.objects.filter(pk__in=merge.moved_leads, person=survivor).update(person=merged)
    ask_again("people", [*(UUID(pk) for pk in before["dropped"]), *filter(None, [merge.proposal_id])])
    merge.undone_at, merge.undone_by = now, by
    merge.save(update_fields=["undone_at", "undone_by"])
    return merge


def merged_people(person_id: UUID) -> list[PersonMerge]:
    """The standing merges into somebody, the latest first. One query."""
    standing = PersonMerge.objects.filter(survivor=person_id, undone_at__isnull=True)
    return list(standing.select_related("merged", "merged_by", "merged_lead").order_by("-merged_at", "-pk"))


def _locked_pair(survivor_id: UUID, merged_id: UUID) -> Pair:
    """Leads are locked before people, both in the order of their ids."""
    ids = [survivor_id, merged_id]
    leads = {
        lead.person_id: lead
        for lead in Lead.objects.open().shown().filter(person__in=ids).order_by("pk").select_for_update(of=("self",))
    }
    people = {person.pk: person for person in Person.objects.filter(pk__in=ids).order_by("pk").select_for_update()}
    if len(people) != 2:
        raise MergeRefused(_("One of the two is no longer there."))
    return Pair(people[survivor_id], people[merged_id], leads.get(survivor_id), leads.get(merged_id))


def _check(pair: Pair) -> None:
    if pair.survivor.erased_at or pair.merged.erased_at:
        raise MergeRefused(_("One of the two was erased, so there is nothing left to compare."))
    if pair.survivor.merged_into_id or pair.merged.merged_into_id:
        raise MergeRefused(_("One of the two was merged already. Look at the person it was merged into."))
    lead, other = pair.merged_lead, pair.survivor_lead
    if lead is not None and other is not None and lead.stage == Stage.OPPORTUNITY:
        if other.stage == Stage.OPPORTUNITY:
            raise MergeRefused(
                _("Both have an open opportunity. Close one of the deals first: a deal is never hidden.")
            )
        raise MergeRefused(_("The other one has an open opportunity, so that lead must be the one that goes on."))


def _check_undo(merge: PersonMerge, pair: Pair) -> None:
    if merge.undone_at is not None:
        raise MergeRefused(_("This merge was undone before."))
    if pair.survivor.merged_into_id:
        raise MergeRefused(_("The person was merged further since. Undo that merge first."))
    later = PersonMerge.objects.filter(survivor=merge.survivor_id, undone_at__isnull=True, pk__gt=merge.pk)
    if later.exists():
        raise MergeRefused(_("Somebody else was merged into this person since. Undo that merge first."))
    if pair.survivor.erased_at or pair.merged.erased_at:
        raise MergeRefused(_("One of the two was erased since, so nothing can be given back."))


def _save_pair(pair: Pair, now: datetime) -> None:
    """Two people may swap addresses: the unique address is free for a moment."""
    columns = [column for one in PERSON_CHOICES for column in one.columns]
    fields = [column.removesuffix("_id") for column in columns]
    email, pair.survivor.email = pair.survivor.email, None
    pair.survivor.updated_at = pair.merged.updated_at = now
    fields += ["flags", "do_not_contact", "also", "merged_into", "updated_at"]
    pair.survivor.save(update_fields=fields)
    pair.merged.save(update_fields=fields)
    pair.survivor.email = email
    pair.survivor.save(update_fields=["email"])


def _move_leads(pair: Pair) -> list[UUID]:
    """Every lead of the merged person but the one that is hidden becomes the survivor's."""
    leads = Lead.objects.filter(person=pair.merged, merged_into__isnull=True)
    if pair.survivor_lead is not None and pair.merged_lead is not None:
        leads = leads.exclude(pk=pair.merged_lead.pk)
    ids = list(leads.order_by("pk").values_list("pk", flat=True))
    Lead.objects.filter(pk__in=ids).update(person=pair.survivor)
    return ids


def _join_leads(kept: Lead, merged: Lead, now: datetime) -> dict[str, Any]:
    """The kept lead learns what only the other knew; the other is hidden and points at it."""
    learned = {key: value for key, value in merged.attributes.items() if kept.attributes.get(key) in (None, "")}
    had = {key: kept.attributes[key] for key in learned if key in kept.attributes}
    needs = bool(merged.need) and not kept.need
    was = {
        "learned": sorted(learned),
        "blank": sorted(had),
        "need": needs,
        "last_signal_at": _text(kept.last_signal_at),
    }
    kept.attributes = {**kept.attributes, **learned}
    if needs:
        kept.need = merged.need
    kept.last_signal_at = max(filter(None, [kept.last_signal_at, merged.last_signal_at]), default=None)
    kept.version += 1
    kept.save(update_fields=["attributes", "need", "last_signal_at", "version"])
    merged.merged_into, merged.withdrawn_at, merged.version = kept, now, merged.version + 1
    merged.save(update_fields=["merged_into", "withdrawn_at", "version"])
    return was


def _part_leads(merge: PersonMerge) -> None:
    """The kept lead forgets what it learned, unless somebody said it anew; the other is shown again."""
    leads = Lead.objects.select_for_update(of=("self",)).in_bulk(sorted([merge.kept_lead_id, merge.merged_lead_id]))
    kept, merged, before = leads[merge.kept_lead_id], leads[merge.merged_lead_id], merge.before
    for key in before["learned"]:
        if kept.attributes.get(key) == merged.attributes.get(key):
            del kept.attributes[key]
            if key in before["blank"]:
                kept.attributes[key] = ""
    if before["need"] and kept.need == merged.need:
        kept.need = ""
    then, since = before["last_signal_at"], kept.last_signal_at
    if since == merged.last_signal_at:
        kept.last_signal_at = datetime.fromisoformat(then) if then else None
    kept.version += 1
    kept.save(update_fields=["attributes", "need", "last_signal_at", "version"])
    merged.merged_into, merged.version = None, merged.version + 1
    if not _import_was_undone(merged):
        merged.withdrawn_at = None
    merged.save(update_fields=["merged_into", "withdrawn_at", "version"])


def _import_was_undone(lead: Lead) -> bool:
    """Whether everything that brought this lead was withdrawn while it was hidden."""
    later = SubmissionOutcome.objects.filter(submission=OuterRef("submission"), pk__gt=OuterRef("pk"))
    outcomes = SubmissionOutcome.objects.filter(lead=lead)
    return outcomes.exists() and not outcomes.exclude(Exists(later)).exclude(kind="withdrawn").exists()


def _text(at: datetime | None) -> str:
    return at.isoformat() if at else ""
