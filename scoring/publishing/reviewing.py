"""The review of a draft: asked for with one sentence, signed by two people of two sides, or declined with words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from revops.foundation.models import Role, Side, User
from scoring.models import Rulebook, RulebookAction, RulebookSignature, RulebookState, SigningSide
from scoring.publishing.errors import PublishingRefused
from scoring.publishing.state import OPEN_STATES, locked, log, signatures_of

LONGEST_SUMMARY = 140

_SIDE_OF_ROLE = {
    Role.REP: SigningSide.SALES,
    Role.SALES_MANAGER: SigningSide.SALES,
    Role.MARKETER: SigningSide.MARKETING,
    Role.MARKETING_MANAGER: SigningSide.MARKETING,
}


@transaction.atomic
def request_review(
    rulebook: Rulebook,
    by: User,
    now: datetime,
    *,
    summary: str | None = None,
    evidence: Mapping[str, Any] | None = None,
) -> Rulebook:
    """Puts a draft before both sides. `evidence` is what the backtest said, kept as the signers shall see it.

    `summary` replaces the draft's own if given.

    Raises PublishingRefused if its summary is no single sentence of at most 140 characters, if it changes nothing,
    or if the rulebook it is based on is live no more.
    """
    draft = locked(rulebook)
    if draft.state != RulebookState.DRAFT:
        raise PublishingRefused(_("Version %(n)d is no draft that could be reviewed.") % {"n": draft.version})
    draft.summary = draft.summary if summary is None else summary.strip()
    check_summary(draft.summary)
    if draft.based_on is not None:
        if draft.based_on.content_hash == draft.content_hash:
            raise PublishingRefused(_("Nothing differs from the live rulebook. Change something first."))
        check_base(draft)
    draft.state, draft.evidence = RulebookState.REVIEW, dict(evidence) if evidence else None
    draft.save(update_fields=["state", "evidence", "summary"])
    log(draft, RulebookAction.ASKED, by, now, reason=draft.summary)
    return draft


def check_summary(summary: str) -> None:
    """Raises PublishingRefused unless the summary is one sentence that everybody can read at a glance."""
    words = summary.strip()
    if not words:
        raise PublishingRefused(_("Say in one sentence what changes, and why."))
    if len(words) > LONGEST_SUMMARY:
        raise PublishingRefused(
            _("The summary has %(n)d characters; at most %(most)d are read.")
            % {"n": len(words), "most": LONGEST_SUMMARY}
        )
    if "\n" in words or any(f"{end} " in words for end in (".", "!", "?")):
        raise PublishingRefused(_("The summary is one sentence. Leave the rest to the diff."))


def check_base(draft: Rulebook) -> None:
    """Raises PublishingRefused if another version went live since the draft was based on it."""
    live = Rulebook.objects.filter(state=RulebookState.LIVE).only("version").first()
    if live is not None and draft.based_on_id != live.pk:
        raise PublishingRefused(
            _("Version %(live)d went live meanwhile: bring this draft up to date, then both sides sign it anew.")
            % {"live": live.version}
        )


@transaction.atomic
def sign_rulebook(rulebook: Rulebook, user: User, side: str, now: datetime) -> RulebookSignature:
    """One side's yes to exactly this content; the first one opens the review of a draft.

    Raises PublishingRefused for the author, a second signature or a person of another side; a RevOps admin belongs to
    neither side and cannot sign. The database refuses the same.
    """
    rulebook = locked(rulebook)
    check_signature(rulebook, user, side)
    signature = RulebookSignature.objects.create(
        rulebook=rulebook, user=user, side=side, signed_at=now, content_hash=rulebook.content_hash
    )
    Rulebook.objects.filter(pk=rulebook.pk, state=RulebookState.DRAFT).update(state=RulebookState.REVIEW)
    log(rulebook, RulebookAction.SIGNED, user, now, reason=str(SigningSide(side).label))
    return signature


def check_signature(rulebook: Rulebook, user: User, side: str) -> None:
    """Raises PublishingRefused unless `user` may now sign for `side`."""
    if rulebook.state not in OPEN_STATES:
        raise PublishingRefused(
            _("Version %(version)d is no longer open for signatures.") % {"version": rulebook.version}
        )
    if user.pk == rulebook.author_id:
        raise PublishingRefused(_("The author cannot sign. Ask a colleague to read and sign it."))
    own = side_of(user)
    if own != side:
        raise PublishingRefused(
            _("%(name)s belongs to %(side)s and cannot sign for the other side.")
            % {"name": user, "side": Side(own).label if own else Side.REVOPS.label}
        )
    for signature in signatures_of(rulebook):
        if signature.side == side:
            raise PublishingRefused(_("This side has already signed this content."))


def side_of(user: User) -> str | None:
    """The side a person signs for: that of their team, else that of their role; None for RevOps and executives."""
    if user.team is not None:
        return user.team.side if user.team.side in SigningSide.values else None
    return _SIDE_OF_ROLE.get(Role(user.role))


@transaction.atomic
def decline_review(rulebook: Rulebook, user: User, comment: str, now: datetime) -> Rulebook:
    """One side's no, with words the author can act on: the version is a draft again."""
    draft = locked(rulebook)
    if draft.state != RulebookState.REVIEW:
        raise PublishingRefused(_("Version %(n)d is not in review.") % {"n": draft.version})
    if user.pk == draft.author_id:
        raise PublishingRefused(_("The author does not decline; discard or edit the draft."))
    if not comment.strip():
        raise PublishingRefused(_("Say what would have to change; the author will read it."))
    draft.state = RulebookState.DRAFT
    draft.save(update_fields=["state"])
    log(draft, RulebookAction.DECLINED, user, now, reason=comment.strip())
    return draft
