"""What the steps of a rulebook's life share: open states, its signatures that count, and its change log."""

from __future__ import annotations

from datetime import datetime, timedelta

from revops.foundation.models import User
from scoring.models import Rulebook, RulebookChange, RulebookSignature, RulebookState

OPEN_STATES = (RulebookState.DRAFT, RulebookState.REVIEW)
"""In these a version may be edited and signed."""

REVIEW_AFTER = timedelta(days=90)


def locked(rulebook: Rulebook) -> Rulebook:
    """The version as it is now, kept as it is until the transaction ends."""
    return Rulebook.objects.select_for_update(no_key=True, of=("self",)).select_related("based_on").get(pk=rulebook.pk)


def signatures_of(rulebook: Rulebook) -> list[RulebookSignature]:
    """Those that are about the current content, of people who are not its author."""
    return list(rulebook.signatures.filter(content_hash=rulebook.content_hash).exclude(user=rulebook.author_id))


def log(
    rulebook: Rulebook, action: str, actor: User, now: datetime, *, reason: str = "", is_emergency: bool = False
) -> None:
    """One line of the change log that everybody may read."""
    RulebookChange.objects.create(
        rulebook=rulebook, action=action, actor=actor, changed_at=now, reason=reason[:500], is_emergency=is_emergency
    )
