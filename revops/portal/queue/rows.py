"""The rows of the queue, read no wider than they are shown: what waits for an answer, and what was accepted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from leads.lifecycle import Stage
from leads.models import Attempt, Lead
from leads.models.people import person_name
from revops.foundation.ids import encode
from revops.foundation.kept_queries import KeptQuery, any_of, blank
from revops.foundation.policy import visibility
from revops.portal.lead_pages.visibility import leads_for
from revops.portal.queue.next_step import LADDER, Tried, next_attempt_at
from revops.portal.queue.place import ANSWER, MINE, SNOOZED, TEAM, UNROUTED, Place
from sla.models import Clock, HandOff

PAGE = 25
ACCEPTED_SEEN = 300


@dataclass(slots=True)
class Row:
    """One lead of the list. `due_at` is the hand-off's deadline or the next attempt's; no company is None."""

    pk: UUID
    company: str | None
    person: str
    title: str
    tier: int | None
    due_at: datetime | None
    started_at: datetime | None = None
    note: str = ""
    why: str = ""

    @property
    def public_id(self) -> str:
        return encode("lead", self.pk)

    @property
    def name(self) -> str:
        """What the lead is called: its company, else its person."""
        return self.person if self.company is None else self.company


def waiting_rows(user: Any, place: Place, now: datetime) -> list[Row]:
    """Leads that wait for an answer, or those that are snoozed, in the order of the queue. One query."""
    whose, of_whom = place.of_whom(user)
    return [_row(place, *found) for found in _ROWS[whose, place.show].fetch(owner=of_whom, now=now)]


def count_waiting(user: Any, place: Place, now: datetime) -> tuple[int, int, datetime | None]:
    """How many wait awake, how many are snoozed, and when the first of those returns. One query."""
    whose, of_whom = place.of_whom(user)
    return _COUNTS[whose].first(owner=of_whom, now=now) or (0, 0, None)


def count_new(user: Any, place: Place, since: datetime) -> int:
    """Hand-offs that came into the list after `since`. One query."""
    whose, of_whom = place.of_whom(user)
    return _NEW[whose].count(owner=of_whom, since=since)


def accepted_leads(user: Any, place: Place) -> list[UUID]:
    """Ids of accepted leads whose ladder is not climbed and with whom nobody has talked, of the latest ACCEPTED_SEEN.

    What was accepted long ago and went nowhere stays accepted: it must not cost every look at the queue.
    """
    whose, of_whom = place.of_whom(user)
    if whose == UNROUTED:
        return []
    if place.owner == MINE:  # one's own can be seen: nothing else need be asked, and the index gives them in order
        return _ACCEPTED.fetch(owner=user.pk)
    if visibility(user, "lead") == "all":
        return _ACCEPTED_BY_ALL.fetch() if whose == TEAM else _ACCEPTED.fetch(owner=of_whom)
    accepted = leads_for(user).filter(stage=Stage.ACCEPTED, is_history=False)
    return list(_to_call(accepted if whose == TEAM else accepted.filter(owner=of_whom)))


_OPEN = {
    MINE: HandOff.objects.open().filter(owner=blank("owner")),
    TEAM: HandOff.objects.open().filter(owner__isnull=False),
    UNROUTED: HandOff.objects.open().filter(owner__isnull=True),
}
_AWAKE = Q(snoozed_until__isnull=True) | Q(snoozed_until__lte=blank("now"))
_PERSON = ("first_name", "last_name", "email", "erased_at")
_COUNTS = {
    whose: KeptQuery(
        handoffs.order_by()
        .values("state")
        .annotate(
            awake=Count("pk", filter=_AWAKE),
            asleep=Count("pk", filter=~_AWAKE),
            wakes_at=Min("snoozed_until", filter=~_AWAKE),
        )
        .values_list("awake", "asleep", "wakes_at")
    )
    for whose, handoffs in _OPEN.items()
}
_ROWS = {
    (whose, show): KeptQuery(
        handoffs.filter(condition)
        .in_queue_order()
        .values_list(
            "lead",
            "lead__account__name",
            "tier",
            "due_at",
            "handed_off_at",
            "snoozed_until",
            "unrouted_reason",
            "owner__name",
            "lead__person__title",
            *(f"lead__person__{name}" for name in _PERSON),
        )[:PAGE]
    )
    for whose, handoffs in _OPEN.items()
    for show, condition in ((ANSWER, _AWAKE), (SNOOZED, ~_AWAKE))
}
_NEW = {
    whose: KeptQuery(handoffs.filter(handed_off_at__gt=blank("since"), snoozed_until__isnull=True).values_list("pk"))
    for whose, handoffs in _OPEN.items()
}


def _to_call(leads: QuerySet[Lead]) -> QuerySet[Lead, UUID]:
    latest = leads.order_by("-stage_at", "-pk").values("pk")[:ACCEPTED_SEEN]
    of_lead = Attempt.objects.filter(lead=OuterRef("pk"))
    tries = of_lead.order_by().values("lead").annotate(n=Count("pk")).values("n")
    return (
        Lead.objects.filter(~Exists(of_lead.filter(result="conversation")), pk__in=latest)
        .alias(tries=Coalesce(Subquery(tries), 0))
        .filter(tries__lt=len(LADDER))
        .values_list("pk", flat=True)
    )


_ACCEPTED_BY_ALL = KeptQuery(_to_call(Lead.objects.live().filter(stage=Stage.ACCEPTED)))
_ACCEPTED = KeptQuery(_to_call(Lead.objects.live().filter(stage=Stage.ACCEPTED, owner=blank("owner"))))


def accepted_rows(ids: Sequence[UUID]) -> list[Row]:
    """Accepted leads by when their next attempt is due, of those accepted last."""
    found = _ACCEPTED_ROWS.fetch(leads=list(ids))
    ids = [pk for pk, *_facts in found]
    tried: dict[UUID, list[Tried]] = {}
    for pk, channel, result, at in _TRIED.fetch(leads=ids):
        tried.setdefault(pk, []).append(Tried(channel, result, at))
    first_due = dict(_FIRST_DUE.fetch(leads=ids))
    tiers = dict(_TIERS.fetch(leads=ids))
    zone = timezone.get_current_timezone()
    rows = []
    for pk, stage_at, company, title, *name in found:
        tries = tried.get(pk, [])
        due_at = next_attempt_at(tries, first_due.get(pk), zone)
        note = _("attempt %(n)d of %(of)d") % {"n": len(tries) + 1, "of": len(LADDER)}
        row = Row(pk, company, person_name(*name), title, tiers.get(pk), due_at, note=note)
        rows.append(((due_at is None, due_at or stage_at, pk), row))
    return [row for _order, row in sorted(rows, key=itemgetter(0))][:PAGE]


_ACCEPTED_ROWS = KeptQuery(
    Lead.objects.filter(pk=any_of("leads"))
    .order_by("-stage_at", "pk")
    .values_list("pk", "stage_at", "account__name", "person__title", *(f"person__{name}" for name in _PERSON))[
        : 4 * PAGE
    ]
)


_TRIED = KeptQuery(
    Attempt.objects.filter(lead=any_of("leads"))
    .order_by("occurred_at", "pk")
    .values_list("lead_id", "channel", "result", "occurred_at")
)
_FIRST_DUE = KeptQuery(
    Clock.objects.open()
    .filter(lead=any_of("leads"), clause__code="first_contact")
    .order_by()
    .values_list("lead_id", "due_at")
)
_TIERS = KeptQuery(
    HandOff.objects.filter(lead=any_of("leads"))
    .order_by("lead_id", "-number")
    .distinct("lead_id")
    .values_list("lead_id", "tier")
)


def _row(
    place: Place, lead: UUID, company: str | None, tier: int, due_at: datetime | None, handed_off_at: datetime,
    snoozed_until: datetime | None, unrouted_reason: str, owner: str | None, title: str, *name: Any,
) -> Row:  # fmt: skip
    note = ""
    if place.show == SNOOZED and snoozed_until:
        back = timezone.localtime(snoozed_until)
        note = _("snoozed until %(when)s") % {"when": back.strftime("%-d %b %H:%M")}
    elif place.owner == UNROUTED:
        note = unrouted_reason
    elif place.owner == TEAM and owner:
        note = owner
    return Row(lead, company, person_name(*name), title, tier, due_at, handed_off_at, note)
