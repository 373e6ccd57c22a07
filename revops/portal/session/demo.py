"""Who can be tried out with one click. Demo mode only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec

from django.conf import settings

from revops.foundation.models import User
from revops.foundation.models.people import Role

_PEOPLE = "revops.portal.demo.people"


@dataclass(frozen=True, slots=True)
class DemoUser:
    """One row of the sign-in page."""

    name: str
    role: str
    email: str


def demo_users() -> list[DemoUser]:
    """One person per role, reps first; nobody outside demo mode. One query."""
    if not settings.DEMO_MODE:
        return []
    order = {role.value: position for position, role in enumerate(Role)}
    people = User.objects.filter(is_active=True).exclude(role=Role.INTEGRATION).select_related("team")
    highlighted = _highlighted_emails()
    if highlighted:
        people = people.filter(email__in=highlighted)
    first: dict[str, User] = {}
    for person in people.order_by("date_joined", "email"):
        first.setdefault(person.role, person)
    return [
        DemoUser(person.name, _words(person), person.email)
        for person in sorted(first.values(), key=lambda person: order[person.role])
    ]


def _words(person: User) -> str:
    role = str(Role(person.role).label)
    return f"{role} · {person.team.name}" if person.team else role


def _highlighted_emails() -> Sequence[str]:
    """The addresses the demo company puts forward, one per role; empty if it does not say."""
    if find_spec(_PEOPLE.rpartition(".")[0]) is None or find_spec(_PEOPLE) is None:
        return []
    people = import_module(_PEOPLE)
    return [_email(user) for user in people.demo_users()] if hasattr(people, "demo_users") else []


def _email(user: object) -> str:
    return str(user["email"] if isinstance(user, dict) else user.email)  # type: ignore[attr-defined]
