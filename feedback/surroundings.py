"""Reads what goes on around leads that somebody wants to reject: active colleagues, and their own latest moves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Max, OuterRef, Subquery
from django.utils.translation import gettext as _

from feedback.second_look import WITHIN, Colleague, Surroundings
from leads.models import Lead, Person, Signal
from leads.models.signals import Strength
from revops.foundation.kept_queries import KeptQuery, any_of, blank
from scoring.models import LeadScore, ScoreDecision
from scoring.rules.stages import stage_of
from sla.models import HandOff

STRONG = (Strength.HAND_RAISE, Strength.HIGH)


def surroundings_of(
    leads: Sequence[Lead], handoffs: Mapping[UUID, HandOff], *, now: datetime
) -> dict[UUID, Surroundings]:
    """What goes on around each lead. Three queries, however many leads.

    An act of low strength (an opened e-mail, a page) makes nobody active. What the buyer did up to the hand-off is
    why the lead is here; strong acts after it are moves, and so is a higher evaluation stage.
    """
    since = now - WITHIN
    accounts = {lead.account_id for lead in leads if lead.account_id}
    active = _ACTIVE.fetch(accounts=list(accounts), since=since, now=now)
    colleagues: dict[UUID, list[tuple[UUID, Colleague]]] = {}
    for row in active:
        person = Person(**{name: row[f"person__{name}"] for name in _NAME})
        one = Colleague(person.name, row["acts"], row["last_at"].date())
        colleagues.setdefault(row["lead__account_id"], []).append((person.pk, one))
    acts = _acts(leads, handoffs, since)
    stages = _stages([handoffs[lead.pk] for lead in leads if lead.pk in handoffs])
    return {
        lead.pk: Surroundings(
            colleagues=tuple(
                one
                for person_id, one in (colleagues.get(lead.account_id, ()) if lead.account_id else ())
                if person_id != lead.person_id
            ),
            moves=(*stages.get(lead.pk, ()), *acts.get(lead.pk, ())),
        )
        for lead in leads
    }


_NAME = ("id", "first_name", "last_name", "email")
_ACTIVE = KeptQuery(
    Signal.objects.filter(lead__account=any_of("accounts"), lead__withdrawn_at__isnull=True)
    .filter(occurred_at__gte=blank("since"), occurred_at__lte=blank("now"))
    .exclude(kind__strength=Strength.LOW)
    .order_by()
    .values("lead__account_id", *(f"person__{name}" for name in _NAME))
    .annotate(acts=Count("pk"), last_at=Max("occurred_at"))
    .order_by("-last_at")
)


def _stages(handoffs: Sequence[HandOff]) -> dict[UUID, tuple[str, ...]]:
    """Leads whose evaluation stage rose since the hand-off, in words. One query."""
    rows = _STAGES.fetch(handoffs=[handoff.pk for handoff in handoffs])
    return {
        lead_id: (_("went from %(then)s to %(now)s") % {"then": _stage(before), "now": _stage(after)},)
        for lead_id, before, after in rows
        if (after or 0) > (before or 0)
    }


_THEN = ScoreDecision.objects.filter(pk=OuterRef("score_decision_id")).values("evaluation_stage")
_LATEST = LeadScore.objects.filter(pk=OuterRef("lead_id")).values("decision__evaluation_stage")
_STAGES = KeptQuery(
    HandOff.objects.filter(pk=any_of("handoffs"))
    .order_by()
    .annotate(then=Subquery(_THEN), latest=Subquery(_LATEST))
    .values_list("lead_id", "then", "latest")
)


def _stage(number: int | None) -> str:
    stage = stage_of(number or 0)
    return str(stage.label).lower() if stage else _("no stage")


def _acts(leads: Sequence[Lead], handoffs: Mapping[UUID, HandOff], since: datetime) -> dict[UUID, tuple[str, ...]]:
    """The strong acts of each lead's person after its hand-off, the most frequent first. One query."""
    acts: dict[UUID, Counter[str]] = {}
    for lead_id, name, at in _STRONG_ACTS.fetch(leads=[lead.pk for lead in leads], since=since):
        handoff = handoffs.get(lead_id)
        if handoff is not None and at is not None and at > handoff.handed_off_at:
            acts.setdefault(lead_id, Counter())[f"{name[:1].lower()}{name[1:]}"] += 1
    return {
        lead_id: tuple(f"{name} ×{times}" if times > 1 else name for name, times in found.most_common())
        for lead_id, found in acts.items()
    }


_STRONG_ACTS = KeptQuery(
    Signal.objects.filter(lead=any_of("leads"), occurred_at__gt=blank("since"), kind__strength__in=STRONG).values_list(
        "lead_id", "kind__name", "occurred_at"
    )
)
