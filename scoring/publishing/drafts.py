"""Drafts: made, edited by several people without losing a word, undone, brought up to date, thrown away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from revops.foundation.models import User
from scoring.models import Rulebook, RulebookAction, RulebookRevision, RulebookState
from scoring.publishing.content import content_hash, stamp_kinds
from scoring.publishing.errors import DraftMoved, PublishingRefused, RebaseCollides
from scoring.publishing.merging import merge
from scoring.publishing.state import OPEN_STATES, REVIEW_AFTER, locked, log
from scoring.rules import parse_rulebook


@transaction.atomic
def create_draft(
    definition: Mapping[str, Any],
    author: User,
    name: str,
    summary: str,
    now: datetime,
    *,
    review_by_on: date | None = None,
    parked: Sequence[Mapping[str, Any]] = (),
) -> Rulebook:
    """A new draft version, based on what is live now. Raises InvalidRulebook with every problem of the definition.

    The signal kinds are stamped into the definition as they are known now; what is given for them is ignored.
    `parked` are rules that the editor keeps switched off: no part of what is signed.
    """
    stamped = stamp_kinds(definition)
    parse_rulebook(stamped)
    # Two drafts at once must not get the same version: the second waits here for the first.
    Rulebook.objects.select_for_update(no_key=True).order_by("-version").values_list("pk").first()
    version = (Rulebook.objects.aggregate(last=Max("version"))["last"] or 0) + 1
    draft = Rulebook.objects.create(
        version=version,
        name=name,
        definition=stamped,
        content_hash=content_hash(stamped),
        parked=list(parked),
        summary=summary,
        author=author,
        created_at=now,
        review_by_on=review_by_on or (now + REVIEW_AFTER).date(),
        based_on=Rulebook.objects.filter(state=RulebookState.LIVE).first(),
    )
    _keep(draft, author, now)
    log(draft, RulebookAction.DRAFTED, author, now, reason=summary)
    return draft


@transaction.atomic
def edit_draft(
    rulebook: Rulebook,
    definition: Mapping[str, Any],
    editor: User,
    now: datetime,
    *,
    expected_revision: int,
    name: str = "",
    summary: str = "",
    review_by_on: date | None = None,
    parked: Sequence[Mapping[str, Any]] | None = None,
) -> Rulebook:
    """Saves a draft that is still at the revision the editor read. Signatures of other content lapse.

    What is left empty of `name`, `summary`, `review_by_on` and `parked` stays as it is. Raises DraftMoved, which has
    the draft as it is now, and InvalidRulebook.
    """
    stamped = stamp_kinds(definition)
    parse_rulebook(stamped)
    draft = locked(rulebook)
    if draft.state not in OPEN_STATES or draft.revision != expected_revision:
        raise DraftMoved(draft)
    draft.parked = draft.parked if parked is None else list(parked)
    for field, value in (("name", name), ("summary", summary), ("review_by_on", review_by_on)):
        if value:
            setattr(draft, field, value)
    _save(draft, stamped, editor, now)
    log(draft, RulebookAction.EDITED, editor, now)
    return draft


@transaction.atomic
def undo_edit(rulebook: Rulebook, editor: User, now: datetime, *, expected_revision: int) -> Rulebook:
    """Saves the content before the last change anew; again and again it goes further back."""
    draft = locked(rulebook)
    if draft.state not in OPEN_STATES or draft.revision != expected_revision:
        raise DraftMoved(draft)
    last = draft.revisions.get(number=draft.revision)
    earlier = draft.revisions.filter(number=(last.restores or last.number) - 1).first()
    if earlier is None:
        raise PublishingRefused(_("There is nothing to undo: this is the draft as it began."))
    draft.parked = earlier.parked
    _save(draft, earlier.definition, editor, now, restores=earlier.number)
    log(draft, RulebookAction.EDITED, editor, now, reason=_("Undid the last change."))
    return draft


@transaction.atomic
def rebase_draft(rulebook: Rulebook, editor: User, now: datetime, choices: Mapping[str, str] | None = None) -> Rulebook:
    """Applies what a draft changes to the rulebook that is live now. Raises RebaseCollides where both changed the same.

    `choices` says “mine” or “theirs” for the name of each collision. Signatures of the old content lapse.
    """
    live = Rulebook.objects.filter(state=RulebookState.LIVE).first()
    draft = locked(rulebook)
    if draft.state not in OPEN_STATES:
        raise DraftMoved(draft)
    if live is None or draft.based_on_id == live.pk:
        raise PublishingRefused(_("This draft is already based on the live rulebook."))
    made: Mapping[str, Any] = draft.definition
    if draft.based_on is not None:
        merged = merge(draft.based_on.definition, draft.definition, live.definition, choices)
        if merged.collisions:
            raise RebaseCollides(merged.collisions)
        made = merged.definition
    stamped = stamp_kinds(made)
    parse_rulebook(stamped)
    draft.based_on = live
    _save(draft, stamped, editor, now)
    log(draft, RulebookAction.REBASED, editor, now, reason=_("Now based on version %(n)d.") % {"n": live.version})
    return draft


@transaction.atomic
def discard_draft(rulebook: Rulebook, by: User, reason: str, now: datetime) -> Rulebook:
    """Puts a draft away for good; it stays readable."""
    draft = locked(rulebook)
    if draft.state not in OPEN_STATES:
        raise PublishingRefused(_("Version %(n)d is no open draft.") % {"n": draft.version})
    draft.state = RulebookState.DISCARDED
    draft.save(update_fields=["state"])
    log(draft, RulebookAction.DISCARDED, by, now, reason=reason.strip())
    return draft


def _save(
    draft: Rulebook, stamped: dict[str, Any], editor: User, now: datetime, *, restores: int | None = None
) -> None:
    draft.definition, draft.content_hash = stamped, content_hash(stamped)
    draft.state, draft.revision = RulebookState.DRAFT, draft.revision + 1
    draft.save(
        update_fields=[
            "definition", "content_hash", "state", "revision", "parked", "name", "summary", "review_by_on", "based_on",
        ]
    )  # fmt: skip
    _keep(draft, editor, now, restores)


def _keep(draft: Rulebook, editor: User, now: datetime, restores: int | None = None) -> None:
    RulebookRevision.objects.create(
        rulebook=draft,
        number=draft.revision,
        definition=draft.definition,
        parked=draft.parked,
        saved_by=editor,
        saved_at=now,
        restores=restores,
    )
