"""What the queue page shows: whose leads, in which order, which one is open, and what was done today."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import Any
from uuid import UUID

from django.db.models import Count, F
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from feedback.models import Disposition, DispositionKind
from leads.lifecycle import Stage
from leads.models import Lead
from revops.foundation.ids import encode
from revops.foundation.kept_queries import KeptQuery, blank
from revops.foundation.models import User
from revops.foundation.policy import can
from revops.portal.lead_pages.visibility import WITH_LEAD, visible_lead
from revops.portal.queue.card import Card, card_for, findings
from revops.portal.queue.place import ACCEPTED, ANSWER, SNOOZED, TEAM, UNROUTED, Place, read_place
from revops.portal.queue.rows import Row, accepted_leads, accepted_rows, count_waiting, waiting_rows
from scoring.explanation import explain_many
from sla.handoffs import latest_handoffs
from sla.models import HandOff

UNDO_SHOWN = timedelta(hours=12)
"""How long the last answer stays at hand under the list; the lead page has it for 30 days."""

ORDER = gettext_lazy("Breached first, then due soonest, then tier, then priority (expected value), then the oldest.")


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


def board_for(user: Any, place: Place, wanted: UUID | None, now: datetime) -> Board:
    """The whole page with the lead `wanted` open, else the first of the list. A fixed number of queries."""
    accepted = accepted_leads(user, place)
    awake, asleep, wakes_at = count_waiting(user, place, now)
    totals = {ANSWER: awake, SNOOZED: asleep, ACCEPTED: len(accepted)}
    rows = accepted_rows(accepted) if place.show == ACCEPTED else waiting_rows(user, place, now)
    why = explain_many([row.pk for row in rows])
    for row in rows:
        row.why = findings(why[row.pk]) if row.pk in why else ""
    at = next((at for at, row in enumerate(rows) if row.pk == wanted), None)
    lead = visible_lead(user, wanted) if wanted and at is None else None
    if lead is None and rows:
        at = at or 0
        lead = _LEAD.first(lead=rows[at].pk)
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


def routable_reps() -> list[User]:
    """Everybody a hand-off can be given to."""
    return _ROUTABLE.fetch()


_ROUTABLE = KeptQuery(User.objects.filter(is_active=True, rep_profile__isnull=False).select_related("team"))


def _owners(user: Any, place: Place) -> list[dict[str, Any]]:
    """The switch of managers: team, unrouted, each rep with open work. Reps have none. One query."""
    if read_place(user, "", "").owner != TEAM:
        return []
    counts = _LOAD.fetch()
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


_LOAD = KeptQuery(
    HandOff.objects.open()
    .values("owner", name=F("owner__name"))
    .annotate(open=Count("pk"))
    .order_by(F("owner__name").asc(nulls_first=True))
)
_LEAD = KeptQuery(Lead.objects.filter(pk=blank("lead")).select_related(*WITH_LEAD))


def _lists(place: Place, totals: dict[str, int]) -> list[dict[str, Any]]:
    names = {ANSWER: _("To answer"), ACCEPTED: _("Accepted"), SNOOZED: _("Snoozed")}
    return [
        {"label": label, "count": totals[show], "url": Place(place.owner, show).url(), "current": show == place.show}
        for show, label in names.items()
    ]


def _today(user: Any, now: datetime) -> Today:
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    times = _TIMES.fetch(user=user.pk, since=midnight, now=now)
    timed = [ms for ms in times if ms is not None]
    is_newcomer = not times and can(user, "leads.decide") and not _ANY_ANSWER.fetch(user=user.pk)
    return Today(len(times), median(timed) / 1000 if timed else None, is_newcomer)


def _last_answer(user: Any, now: datetime) -> Disposition | None:
    """The latest answer of this person that can be taken back at once."""
    row = _LATEST.first(user=user.pk, since=now - UNDO_SHOWN, now=now)
    stages = {"accepted": Stage.ACCEPTED, "rejected": Stage.REJECTED, "returned": Stage.NURTURE}
    return row if row and row.lead.stage == stages[row.kind] else None


_STANDING = Disposition.objects.filter(  # with both ends of the time the server expects a few of a person's thousands
    user=blank("user"), undone_by__isnull=True, decided_at__range=(blank("since"), blank("now"))
).exclude(kind=DispositionKind.UNDONE)
_TIMES = KeptQuery(_STANDING.values_list("decision_ms", flat=True))
_ANY_ANSWER = KeptQuery(  # in the order of an index: who never answered is not looked for in the whole table
    Disposition.objects.filter(user=blank("user")).order_by("decided_at").values_list("pk", flat=True)[:1]
)
_LATEST = KeptQuery(
    _STANDING.filter(is_history=False)
    .select_related("lead__person", "lead__account", "undone_by")
    .order_by("-decided_at", "-pk")[:1]
)
