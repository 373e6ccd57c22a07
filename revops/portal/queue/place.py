"""Where in the queue somebody is: whose leads, and which list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse

from revops.foundation.ids import decode
from revops.foundation.models.people import Role

ANSWER, ACCEPTED, SNOOZED = "answer", "accepted", "snoozed"
MINE, TEAM, UNROUTED = "me", "team", "unrouted"


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the queue somebody is: whose leads (`owner`: me, team, unrouted, or a user's public id), which list."""

    owner: str = MINE
    show: str = ANSWER

    def url(self, lead: str = "") -> str:
        named = {"owner": self.owner, "show": self.show, "lead": lead}
        usual = {"owner": MINE, "show": ANSWER, "lead": ""}
        query = urlencode({key: value for key, value in named.items() if value != usual[key]})
        return f"{reverse('queue')}?{query}" if query else reverse("queue")

    def of_whom(self, user: Any) -> tuple[str, UUID | None]:
        """Whose leads these are for `user`: team or unrouted, or MINE for those of one person, and that person."""
        if self.owner in (TEAM, UNROUTED):
            return self.owner, None
        return MINE, user.pk if self.owner == MINE else _user_pk(self.owner)


def read_place(user: Any, owner: str, show: str) -> Place:
    """The place of a request; what is unknown or not allowed falls back to one's own list (managers: the team's)."""
    default = TEAM if user.role in (Role.SALES_MANAGER, Role.ADMIN) else MINE
    allowed = {MINE, UNROUTED} if default == MINE else {MINE, TEAM, UNROUTED}
    if owner not in allowed and not (default == TEAM and owner.startswith("user_")):
        owner = default
    return Place(owner, show if show in (ANSWER, ACCEPTED, SNOOZED) else ANSWER)


def _user_pk(public_id: str) -> UUID | None:
    try:
        return decode("user", public_id)
    except ValueError:
        return None
