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
from revops.foundation.models import User
from revops.foundation.models.people import Role
from revops.foundation.policy import can
from revops.portal.lead_pages.visibility import leads_for
from revops.portal.queue.card import Card, card_for, findings, lead_name
from revops.portal.queue.next_step import LADDER, Tried, next_attempt_at
from scoring.explanation import explain_many
from sla.handoffs import latest_handoffs
from sla.models import Clock, HandOff
from sla.models.handoffs import HandOffQuerySet

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
    open_ones = _open_handoffs(user, place)
    awake = Q(snoozed_until__isnull=True) | Q(snoozed_until__lte=now)
    counts = open_ones.aggregate(
        awake=Count("pk", filter=awake),
        asleep=Count("pk", filter=~awake),
        wakes_at=Min("snoozed_until", filter=~awake),
    )
    accepted = list(_accepted(user, place))
    totals = {ANSWER: counts["awake"], SNOOZED: counts["asleep"], ACCEPTED: len(accepted)}
    if place.show == ACCEPTED:
        rows = _accepted_rows(accepted)
    else:
        shown = open_ones.filter(awake if place.show == ANSWER else ~awake)
        rows = [_row(handoff, place) for handoff in shown.in_queue_order()[:PAGE]]
    for lead_id, why in explain_many([row.lead.pk for row in rows]).items():
        for row in rows:
            if row.lead.pk == lead_id:
                row.why = findings(why)
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
        wakes_at=counts["wakes_at"],
        now=now,
        position=at + 1 if at is not None else 0,
        previous=rows[at - 1] if at else None,
        next=rows[at + 1] if at is not None and at + 1 < len(rows) else None,
    )


def count_new(user: Any, place: Place, since: datetime) -> int:
    """Hand-offs that came into the list after `since`. One query."""
    return _open_handoffs(user, place).filter(handed_off_at__gt=since, snoozed_until__isnull=True).count()


def routable_reps() -> list[User]:
    """Everybody a hand-off can be given to."""
    return list(User.objects.filter(is_active=True, rep_profile__isnull=False).select_related("team"))


def _open_handoffs(user: Any, place: Place) -> HandOffQuerySet:
    handoffs = HandOff.objects.open().select_related(
        "lead__person",
        "lead__account__owner",
        "lead__account__dynamics",
        "lead__source",
        "lead__campaign",
        "lead__owner__team",
        "owner",
    )
    match place.owner:
        case "unrouted":
            return handoffs.filter(owner__isnull=True)
        case "team":
            return handoffs.filter(owner__isnull=False)
        case "me":
            return handoffs.filter(owner=user)
        case other:
            return handoffs.filter(owner=_user_pk(other))


def _user_pk(public_id: str) -> UUID | None:
    try:
        return decode("user", public_id)
    except ValueError:
        return None


def _accepted(user: Any, place: Place) -> QuerySet[Lead, UUID]:
    """Ids of accepted leads whose ladder is not climbed and with whom nobody has talked, of the latest ACCEPTED_SEEN.

    What was accepted long ago and went nowhere stays accepted: it must not cost every look at the queue.
    """
    leads = leads_for(user).filter(stage=Stage.ACCEPTED, is_history=False)
    match place.owner:
        case "team":
            pass
        case "unrouted":
            leads = leads.none()
        case "me":  # one's own can be seen: nothing else need be asked, and the index gives them in order
            leads = Lead.objects.live().filter(stage=Stage.ACCEPTED, owner=user)
        case other:
            leads = leads.filter(owner=_user_pk(other))
    latest = leads.order_by("-stage_at", "-pk").values("pk")[:ACCEPTED_SEEN]
    of_lead = Attempt.objects.filter(lead=OuterRef("pk"))
    tries = of_lead.order_by().values("lead").annotate(n=Count("pk")).values("n")
    return (
        Lead.objects.filter(~Exists(of_lead.filter(result="conversation")), pk__in=latest)
        .alias(tries=Coalesce(Subquery(tries), 0))
        .filter(tries__lt=len(LADDER))
        .values_list("pk", flat=True)
    )


def _accepted_rows(ids: Sequence[UUID]) -> list[Row]:
    """Accepted leads by when their next attempt is due, of those accepted last."""
    leads = Lead.objects.select_related(
        "person", "account__owner", "account__dynamics", "source", "campaign", "owner__team"
    )
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
    if wanted is None:
        return None
    leads = leads_for(user).select_related(
        "person", "account__owner", "account__dynamics", "source", "campaign", "owner__team"
    )
    return leads.filter(pk=wanted).first()


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
    answers = Disposition.objects.filter(user=user, decided_at__gte=midnight, undone_by__isnull=True)
    times = list(answers.exclude(kind=DispositionKind.UNDONE).values_list("decision_ms", flat=True))
    timed = [ms for ms in times if ms is not None]
    is_newcomer = not times and can(user, "leads.decide") and not Disposition.objects.filter(user=user).exists()
    return Today(len(times), median(timed) / 1000 if timed else None, is_newcomer)


def _last_answer(user: Any, now: datetime) -> Disposition | None:
    """The latest answer of this person that can be taken back at once."""
    latest = (
        Disposition.objects.filter(user=user, decided_at__gte=now - UNDO_SHOWN, is_history=False)
        .select_related("lead__person", "lead__account", "undone_by")
        .exclude(kind=DispositionKind.UNDONE)
        .order_by("-decided_at", "-pk")
    )
    row = latest.filter(undone_by__isnull=True).first()
    stages = {"accepted": Stage.ACCEPTED, "rejected": Stage.REJECTED, "returned": Stage.NURTURE}
    return row if row and row.lead.stage == stages[row.kind] else None
