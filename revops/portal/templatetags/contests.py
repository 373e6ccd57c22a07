"""The button “Contest” wherever something can be contested, and what was contested and escalated about a lead."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django import template
from django.template.context import Context

from feedback.contests import (
    SIDES,
    WRONGS,
    contestable_about,
    contested_rejections,
    latest_contests,
    side_of,
    wrong_label,
)
from feedback.models import Contest, ContestAbout, Disposition
from leads.models import Lead
from revops.foundation.ids import encode
from revops.foundation.policy import can
from sla.clock_state import is_late
from sla.escalation import escalations_of
from sla.models import Clock, ClockExcuse, Escalation

register = template.Library()


@register.inclusion_tag("contests/_menu.html", takes_context=True)
def contest_menu(
    context: Context, about: str, lead: Lead, subject: Any = "", key: str = "", owner_side: str = "", label: str = ""
) -> dict[str, Any]:
    """The button with what can be wrong, for those whose team can contest this; nothing for the others.

    `owner_side` names the side whose promise a breach was: only that side contests it.
    """
    user = context["request"].user
    side = side_of(getattr(user, "role", ""))
    offered = can(user, "contests.open") and side in SIDES[about] and owner_side in ("", side)
    return {
        "offered": offered,
        "about": about,
        "about_label": ContestAbout(about).label,
        "lead": lead,
        "subject": subject,
        "key": key,
        "label": label,
        "wrongs": WRONGS[about],
        "request": context["request"],
        "csrf_token": context.get("csrf_token"),
    }


@register.inclusion_tag("contests/_on_lead.html", takes_context=True)
def disputes_of(context: Context, lead: Lead) -> dict[str, Any]:
    """Contests about a lead, what else could be contested, and the steps of the ladder taken about it. Four queries."""
    request = context["request"]
    return {
        "contests": [(row, wrong_label(row.about, row.wrong)) for row in latest_contests(request.user, lead)],
        "contestable": contestable_about(lead),
        "steps": escalations_of([lead.pk]).get(lead.pk, [])[-20:],
        "lead": lead,
        "request": request,
        "csrf_token": context.get("csrf_token"),
        "now": context.get("server_now"),
    }


@register.simple_tag(takes_context=True)
def rejections_contested(context: Context, rows: Iterable[Disposition]) -> dict[UUID, Contest] | None:
    """Which of these rejections this person's team contested; None if their team cannot contest any. One query."""
    user = context["request"].user
    side = side_of(getattr(user, "role", ""))
    if not can(user, "contests.open") or side not in SIDES["rejection"]:
        return None
    return contested_rejections(rows, side)


@dataclass(frozen=True, slots=True)
class OfClock:
    """What the page of a clock shows beside its story: whether it can be contested, its excuse, and the ladder."""

    is_late: bool
    excuse: ClockExcuse | None
    contest_id: str
    steps: list[Escalation]


@register.simple_tag
def disputes_of_clock(clock: Clock, now: datetime) -> OfClock:
    """The excuse of a breach and the steps of the ladder about the same hand-off and side. Two queries."""
    excuse = ClockExcuse.objects.select_related("excused_by").filter(pk=clock.pk).first()
    steps = Escalation.objects.filter(about_id=clock.handoff_id or clock.pk, side=clock.side)
    return OfClock(
        is_late=is_late(clock, now),
        excuse=excuse,
        contest_id=encode("contest", excuse.cause_id) if excuse else "",
        steps=list(steps.select_related("receiver", "clock__clause").order_by("taken_at", "after")),
    )
