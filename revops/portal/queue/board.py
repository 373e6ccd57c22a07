"""What the queue page shows: whose leads, in which order, which one is open, and what was done today."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from feedback.models import Disposition, DispositionKind
from leads.lifecycle import Stage
from leads.models import Attempt, Lead
from revops.foundation.ids import decode, encode
from revops.foundation.kept_queries import Kept, blank
from revops.foundation.models import User
from revops.foundation.models.people import Role
from revops.foundation.policy import can
from revops.portal.lead_pages.visibility import WITH_LEAD, leads_for, visible_lead
from revops.portal.queue.card import Card, card_for, findings, lead_name
from revops.portal.queue.next_step import LADDER, Tried, next_attempt_at
from scoring.explanation import explain_many
from sla.handoffs import latest_handoffs
from sla.models import Clock, HandOff

PAGE = 25
ACCEPTED_SEEN = 300
UNDO_SHOWN = timedelta(hours=12)
"""How long the last answer stays at hand under the list; the lead page has it for 30 days."""

ORDER = gettext_lazy("Breached first, then due soonest, then tier, then priority (expected value), then the oldest.")
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


@dataclass(slots=True)
class Row:
    """One lead of the list. `due_at` is the hand-off's deadline or the next attempt's."""

    lead: Lead
    handoff: HandOff | None
    due_at: datetime | None
    started_at: datetime | None = None
    note: str = ""
    why: str = ""

    @property
    def name(self) -> str:
        return lead_name(self.lead)

    @property
    def tier(self) -> int | None:
        return self.handoff.tier if self.handoff else None


@dataclass(frozen=True, slots=True)
class Today:
    """What was decided today, and how fast (None if nobody was timed). A newcomer never decided anything."""

    decided: int
    median_seconds: float | None
    is_newcomer: bool = False


@dataclass(slots=True)
class Board:
    """The queue page. `position` counts from 1; it is 0 when the open lead is not in the list."""

    place: Place
    owners: list[dict[str, Any]]
    lists: list[dict[str, Any]]
    rows: list[Row]
    total: int
    card: Card | None
    today: Today
    last_answer: Disposition | None
    wakes_at: datetime | None
    now: datetime
    position: int = 0
    previous: Row | None = None
    next: Row | None = None
    reps: Sequence[User] = field(default_factory=list)

    order = ORDER

    @property
    def selected(self) -> Lead | None:
        return self.card.lead if self.card else None

    @property
    def is_managers(self) -> bool:
        return bool(self.owners)


def read_place(user: Any, owner: str, show: str) -> Place:
    """The place of a request; what is unknown or not allowed falls back to one's own list (managers: the team's)."""
    default = TEAM if user.role in (Role.SALES_MANAGER, Role.ADMIN) else MINE
    allowed = {MINE, UNROUTED} if default == MINE else {MINE, TEAM, UNROUTED}
    if owner not in allowed and not (default == TEAM and owner.startswith("user_")):
        owner = default
    return Place(owner, show if show in (ANSWER, ACCEPTED, SNOOZED) else ANSWER)


def board_for(user: Any, place: Place, wanted: UUID | None, now: datetime) -> Board:
    """The whole page with the lead `wanted` open, else the first of the list. A fixed number of queries."""
    whose, of_whom = _whose(user, place)
    accepted = _accepted(user, place)
    awake, asleep, wakes_at = next(iter(_COUNTS[whose].fetch(owner=of_whom, now=now)), (0, 0, None))
    totals = {ANSWER: awake, SNOOZED: asleep, ACCEPTED: len(accepted)}
    if place.show == ACCEPTED:
        rows = _accepted_rows(accepted)
    else:
        rows = [_row(handoff, place) for handoff in _HANDOFFS[whose, place.show].fetch(owner=of_whom, now=now)]
    why = explain_many([row.lead.pk for row in rows])
    for row in rows:
        row.why = findings(why[row.lead.pk]) if row.lead.pk in why else ""
    at = next((at for at, row in enumerate(rows) if row.lead.pk == wanted), None)
    lead = rows[at].lead if at is not None else _wanted_lead(user, wanted)
    if lead is None and rows:
        at, lead = 0, rows[0].lead
    handoff = latest_handoffs([lead.pk]).get(lead.pk) if lead else None
    owners = _owners(user, place)
    return Board(
        place=place,
        owners=owners,
        lists=_lists(place, totals),
        rows=rows,
        total=totals[place.show],
        card=card_for(lead, handoff, user, now) if lead else None,
        today=_today(user, now),
        last_answer=_last_answer(user, now),
        wakes_at=wakes_at,
        now=now,
        position=at + 1 if at is not None else 0,
        previous=rows[at - 1] if at else None,
        next=rows[at + 1] if at is not None and at + 1 < len(rows) else None,
    )


def count_new(user: Any, place: Place, since: datetime) -> int:
    """Hand-offs that came into the list after `since`. One query."""
    whose, of_whom = _whose(user, place)
    return _NEW[whose].count(owner=of_whom, since=since)


def routable_reps() -> list[User]:
    """Everybody a hand-off can be given to."""
    return list(User.objects.filter(is_active=True, rep_profile__isnull=False).select_related("team"))


def _whose(user: Any, place: Place) -> tuple[str, UUID | None]:
    """Whose hand-offs a place shows (team, unrouted, or MINE for those of one person), and that person."""
    if place.owner in (TEAM, UNROUTED):
        return place.owner, None
    return MINE, user.pk if place.owner == MINE else _user_pk(place.owner)


_OPEN = {
    MINE: HandOff.objects.open().filter(owner=blank("owner")),
    TEAM: HandOff.objects.open().filter(owner__isnull=False),
    UNROUTED: HandOff.objects.open().filter(owner__isnull=True),
}
_AWAKE = Q(snoozed_until__isnull=True) | Q(snoozed_until__lte=blank("now"))
_COUNTS = {
    whose: Kept(
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
_HANDOFFS = {
    (whose, show): Kept(
        handoffs.filter(condition)
        .select_related("owner", *(f"lead__{name}" for name in WITH_LEAD))
        .in_queue_order()[:PAGE]
    )
    for whose, handoffs in _OPEN.items()
    for show, condition in ((ANSWER, _AWAKE), (SNOOZED, ~_AWAKE))
}
_NEW = {
    whose: Kept(handoffs.filter(handed_off_at__gt=blank("since"), snoozed_until__isnull=True).values_list("pk"))
    for whose, handoffs in _OPEN.items()
}


def _user_pk(public_id: str) -> UUID | None:
    try:
        return decode("user", public_id)
    except ValueError:
        return None


def _accepted(user: Any, place: Place) -> list[UUID]:
    """Ids of accepted leads whose ladder is not climbed and with whom nobody has talked, of the latest ACCEPTED_SEEN.

    What was accepted long ago and went nowhere stays accepted: it must not cost every look at the queue.
    """
    accepted = leads_for(user).filter(stage=Stage.ACCEPTED, is_history=False)
    match place.owner:
        case "unrouted":
            return []
        case "me":  # one's own can be seen: nothing else need be asked, and the index gives them in order
            return _ACCEPTED.fetch(owner=user.pk)
        case "team":
            return list(_to_call(accepted))
        case other:
            return list(_to_call(accepted.filter(owner=_user_pk(other))))


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


_ACCEPTED = Kept(_to_call(Lead.objects.live().filter(stage=Stage.ACCEPTED, owner=blank("owner"))))


def _accepted_rows(ids: Sequence[UUID]) -> list[Row]:
    """Accepted leads by when their next attempt is due, of those accepted last."""
    leads = Lead.objects.select_related(*WITH_LEAD)
    found = list(leads.filter(pk__in=ids).order_by("-stage_at", "pk")[: 4 * PAGE])
    ids = [lead.pk for lead in found]
    tried: dict[UUID, list[Tried]] = {}
    for one in Attempt.objects.filter(lead_id__in=ids).order_by("occurred_at", "pk"):
        tried.setdefault(one.lead_id, []).append(Tried(one.channel, one.result, one.occurred_at))
    clocks = Clock.objects.open().filter(lead_id__in=ids, clause__code="first_contact")
    first_due = dict(clocks.values_list("lead_id", "due_at"))
    handoffs = latest_handoffs(ids)
    zone = timezone.get_current_timezone()
    rows = [
        Row(
            lead=lead,
            handoff=handoffs.get(lead.pk),
            due_at=next_attempt_at(tried.get(lead.pk, []), first_due.get(lead.pk), zone),
            note=_("attempt %(n)d of %(of)d") % {"n": len(tried.get(lead.pk, [])) + 1, "of": len(LADDER)},
        )
        for lead in found
    ]
    rows.sort(key=lambda row: (row.due_at is None, row.due_at or row.lead.stage_at, row.lead.pk))
    return rows[:PAGE]


def _row(handoff: HandOff, place: Place) -> Row:
    note = ""
    if place.show == SNOOZED and handoff.snoozed_until:
        back = timezone.localtime(handoff.snoozed_until)
        note = _("snoozed until %(when)s") % {"when": back.strftime("%-d %b %H:%M")}
    elif place.owner == UNROUTED:
        note = handoff.unrouted_reason
    elif place.owner == TEAM and handoff.owner:
        note = handoff.owner.name
    return Row(handoff.lead, handoff, handoff.due_at, handoff.handed_off_at, note)


def _wanted_lead(user: Any, wanted: UUID | None) -> Lead | None:
    return visible_lead(user, wanted) if wanted else None


def _owners(user: Any, place: Place) -> list[dict[str, Any]]:
    """The switch of managers: team, unrouted, each rep with open work. Reps have none. One query."""
    if read_place(user, "", "").owner != TEAM:
        return []
    load = (
        HandOff.objects.open()
        .values("owner", name=F("owner__name"))
        .annotate(open=Count("pk"))
        .order_by(F("owner__name").asc(nulls_first=True))
    )
    counts = list(load)
    unrouted = sum(row["open"] for row in counts if row["owner"] is None)
    people = [(encode("user", row["owner"]), row["name"], row["open"]) for row in counts if row["owner"]]
    choices = [(TEAM, _("Everybody"), sum(n for _pk, _name, n in people)), (UNROUTED, _("Unrouted"), unrouted), *people]
    return [
        {
            "value": value,
            "label": f"{label} ({n})",
            "current": value == place.owner,
            "url": Place(value, place.show).url(),
        }
        for value, label, n in choices
    ]


def _lists(place: Place, totals: dict[str, int]) -> list[dict[str, Any]]:
    names = {ANSWER: _("To answer"), ACCEPTED: _("Accepted"), SNOOZED: _("Snoozed")}
    return [
        {"label": label, "count": totals[show], "url": Place(place.owner, show).url(), "current": show == place.show}
        for show, label in names.items()
    ]


def _today(user: Any, now: datetime) -> Today:
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    times = _TIMES.fetch(user=user.pk, midnight=midnight)
    timed = [ms for ms in times if ms is not None]
    is_newcomer = not times and can(user, "leads.decide") and not _ANY_ANSWER.fetch(user=user.pk)
    return Today(len(times), median(timed) / 1000 if timed else None, is_newcomer)


def _last_answer(user: Any, now: datetime) -> Disposition | None:
    """The latest answer of this person that can be taken back at once."""
    row = _LATEST.first(user=user.pk, since=now - UNDO_SHOWN)
    stages = {"accepted": Stage.ACCEPTED, "rejected": Stage.REJECTED, "returned": Stage.NURTURE}
    return row if row and row.lead.stage == stages[row.kind] else None


_STANDING = Disposition.objects.filter(user=blank("user"), undone_by__isnull=True).exclude(kind=DispositionKind.UNDONE)
_TIMES = Kept(_STANDING.filter(decided_at__gte=blank("midnight")).values_list("decision_ms", flat=True))
_ANY_ANSWER = Kept(Disposition.objects.filter(user=blank("user")).order_by().values_list("pk", flat=True)[:1])
_LATEST = Kept(
    _STANDING.filter(decided_at__gte=blank("since"), is_history=False)
    .select_related("lead__person", "lead__account", "undone_by")
    .order_by("-decided_at", "-pk")[:1]
)
