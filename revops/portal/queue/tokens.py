"""What a page was shown, signed: which lead, in which version, when. Every form of a card carries it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.signing import BadSignature, Signer

LONGEST_DECISION = timedelta(hours=1)
"""A card that lay open longer was not looked at all the time; its time is not kept."""

_signer = Signer(salt="queue-card")


@dataclass(frozen=True, slots=True)
class Shown:
    """A card as somebody saw it. `version` is the hand-off's, 0 if the lead had none."""

    lead_id: UUID
    version: int
    at: datetime

    def decision_ms(self, now: datetime) -> int | None:
        """How long the card was shown, None if it lay open for too long to say."""
        span = now - self.at
        return max(0, int(span.total_seconds() * 1000)) if span <= LONGEST_DECISION else None


def sign_card(user: Any, lead_id: UUID, version: int, now: datetime) -> str:
    return _signer.sign(f"{user.pk}/{lead_id}/{version}/{int(now.timestamp() * 1000)}")


def read_card(token: str, user: Any) -> Shown | None:
    """What `user` was shown; None if the token is missing, damaged or somebody else's."""
    try:
        owner, lead_id, version, shown = _signer.unsign(token).split("/")
    except (BadSignature, ValueError):
        return None
    if owner != str(user.pk):
        return None
    return Shown(UUID(lead_id), int(version), datetime.fromtimestamp(int(shown) / 1000, UTC))
