"""Who there is to tell, when they work, and in which order the ladder asks them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db.models import Count

from revops.foundation.models import Role, User
from sla.calendars import hours_of, newest_versions
from sla.escalation.running import RunningPromise
from sla.ladder import Action, Receiver
from sla.models import Agreement, HandOff, RepBackup, RepProfile
from sla.presence import absences_from, next_work

_MANAGER_OF = {"sales": Role.SALES_MANAGER, "marketing": Role.MARKETING_MANAGER}


@dataclass(slots=True)
class Staff:
    """Who there is to tell: receivers by id, teams and managers, stand-ins, and how much work colleagues have."""

    receivers: dict[UUID, Receiver]
    team_of: dict[UUID, UUID | None]
    members: dict[UUID | None, list[UUID]]
    lead_of: dict[UUID, UUID]
    managers: dict[str, list[UUID]]
    admins: list[UUID]
    stand_ins: dict[UUID, UUID]
    open_work: dict[UUID, int]
    _chains: dict[tuple[str, str, UUID | None], list[UUID]] = field(default_factory=dict)

    def chain(self, action: str, promise: RunningPromise) -> list[UUID]:
        """Who is told, in order: the next one only if those before are away."""
        key = (action, promise.side, promise.owner_id)
        if key not in self._chains:
            self._chains[key] = self._chain(*key)
        return self._chains[key]

    def _chain(self, action: str, side: str, owner: UUID | None) -> list[UUID]:
        team = self.team_of.get(owner) if owner else None
        chief = [self.lead_of[team]] if team in self.lead_of else []
        bosses = [one for one in (*chief, *self.managers.get(side, ()), *self.admins) if one != owner]
        stand_in = [self.stand_ins[owner]] if owner in self.stand_ins else []
        colleagues = sorted(
            (one for one in self.members.get(team, ()) if team and one != owner),
            key=lambda one: (self.open_work.get(one, 0), one),
        )
        if action == Action.REMIND:
            return [*([owner] if owner else []), *stand_in, *bosses]
        if action == Action.BACKUP and side == "sales" and owner:
            return [*stand_in, *colleagues, *bosses]
        return bosses


def load_staff(agreement_ids: Iterable[UUID], now: datetime) -> Staff:
    """Everybody on either side with their hours and absences. Six queries."""
    people = list(
        User.objects.filter(is_active=True)
        .exclude(role=Role.INTEGRATION)
        .select_related("team")
        .order_by("date_joined", "pk")
    )
    profiles = dict(RepProfile.objects.values_list("user", "calendar"))
    usual = Agreement.objects.filter(pk__in=set(agreement_ids)).values_list("calendar")
    calendars = newest_versions([*profiles.values(), *(pk for (pk,) in usual)])
    standard = next((calendars[pk] for (pk,) in usual if pk in calendars), None)
    away = absences_from((person.pk for person in people), now)
    staff = Staff({}, {}, defaultdict(list), {}, defaultdict(list), [], {}, {})
    for person in people:
        version = calendars.get(profiles.get(person.pk) or _NOBODY, standard)
        spans = away.get(person.pk, ())
        works_at = now if version is None else next_work(hours_of(version, spans), now)
        staff.receivers[person.pk] = Receiver(person.pk, any(start <= now < end for start, end in spans), works_at)
        staff.team_of[person.pk] = person.team_id
        if person.pk in profiles and person.team_id:
            staff.members[person.team_id].append(person.pk)
        if person.team and person.team.manager_id:
            staff.lead_of[person.team.pk] = person.team.manager_id
        for side, role in _MANAGER_OF.items():
            if person.role == role:
                staff.managers[side].append(person.pk)
        if person.role == Role.ADMIN:
            staff.admins.append(person.pk)
    staff.stand_ins = dict(RepBackup.objects.values_list("user", "backup"))
    counted = HandOff.objects.open().filter(owner__isnull=False).order_by().values_list("owner")
    staff.open_work = dict(counted.annotate(n=Count("pk")))
    return staff


_NOBODY = UUID(int=0)
