"""The backtest beside the editor: a quick answer on a sample while people type, then the exact one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from leads.models import Lead, Source
from revops.foundation.ids import encode
from revops.foundation.models import Role, User
from revops.portal.back_office import person_of
from revops.portal.lead_pages.visibility import leads_for
from revops.portal.rules.editor.proving import Checked
from scoring.backtest import Flip, Group, Part, Scope, ask_backtest
from scoring.models import Rulebook
from scoring.publishing import NoLiveRulebook
from scoring.rules.phrases import signed_points
from sla.models import RepProfile

_BECAME = {
    "won": gettext_lazy("won"),
    "lost": gettext_lazy("lost"),
    "opportunity": gettext_lazy("opportunity"),
    "met": gettext_lazy("met"),
    "accepted": gettext_lazy("accepted"),
    "rejected": gettext_lazy("rejected"),
    "returned": gettext_lazy("given back"),
    "unseen": gettext_lazy("never shown to sales"),
    "": gettext_lazy("not answered yet"),
}
PERIODS = {"90": 90, "180": 180, "365": 365}
MOST_CHOICES = 200
MOST_PARTS = 8


@dataclass(frozen=True, slots=True)
class FlipRow:
    """A lead that changes its tier, as this person may see it; `url` is empty for leads of others."""

    name: str
    url: str
    flip: Flip

    @property
    def became(self) -> str:
        """What became of it, in words."""
        return str(_BECAME.get(self.flip.label, self.flip.label))

    @property
    def moved_by(self) -> str:
        return signed_points(self.flip.moved_by)


def panel(request: HttpRequest, book: Rulebook, definition: Mapping[str, Any], verdict: Checked) -> dict[str, Any]:
    """What the past says of a definition, or why nothing can be said yet."""
    if verdict.book is None:
        return {"panel_note": _("The backtest goes on once every line is finished.")}
    try:
        found = ask_backtest(definition, scope=scope_of(request.POST), quick=request.POST.get("exact") != "1")
    except NoLiveRulebook:
        return {"panel_note": _("No rulebook is live yet, so there is nothing to compare with.")}
    return {
        "backtest": found,
        "flips": flip_rows(request, found.flips),
        "moved_parts": [
            (title, moved)
            for title, parts in (
                (_("What became of them, by source"), found.by_source),
                (_("What became of them, by rep"), found.by_rep),
            )
            if (moved := _moved(parts))
        ],
        "rep_parts": _with_capacity(found.by_rep[:MOST_PARTS]),
    }


def _with_capacity(parts: Sequence[Part]) -> list[tuple[Part, int | None]]:
    """Each rep's share of leads with how many open ones they can have. One query."""
    most = dict(RepProfile.objects.filter(user__in=[part.id for part in parts]).values_list("user", "capacity"))
    return [(part, most.get(part.id) if part.id else None) for part in parts]


@dataclass(frozen=True, slots=True)
class MovedPart:
    """A source or a rep with the leads that come in and go out."""

    name: str
    groups: tuple[Group, Group]


def _moved(parts: Sequence[Part]) -> list[MovedPart]:
    """Those with leads that sales saw and that move, the most first."""
    moved = [
        MovedPart(part.name, (part.changes.newly_in, part.changes.newly_out))
        for part in parts
        if part.changes.newly_in.n or part.changes.newly_out.n
    ]
    return sorted(moved, key=lambda part: -sum(group.n for group in part.groups))[:MOST_PARTS]


def scope_of(sent: Mapping[str, Any]) -> Scope:
    """The part of the past that was chosen beside the editor; what is no choice is all of it."""
    days = PERIODS.get(str(sent.get("bt.period", "")))
    first_on = (timezone.now() - timedelta(days=days)).date() if days else None
    return Scope(first_on=first_on, source_id=_uuid(sent.get("bt.source")), rep_id=_uuid(sent.get("bt.rep")))


def _uuid(text: Any) -> UUID | None:
    try:
        return UUID(str(text)) if text else None
    except ValueError:
        return None


def scope_choices(sent: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The selects that choose a part of the past. Two queries."""
    sources = Source.objects.order_by("name").values_list("pk", "name")[:MOST_CHOICES]
    reps = User.objects.filter(role=Role.REP, is_active=True).order_by("name").values_list("pk", "name")[:MOST_CHOICES]
    periods = [
        ("", _("All of the past")), ("365", _("Last year")), ("180", _("Last half-year")), ("90", _("Last 90 days")),
    ]  # fmt: skip
    selects: tuple[tuple[str, str, list[tuple[str, str]]], ...] = (
        ("bt.period", _("Period"), periods),
        ("bt.source", _("Source"), [("", _("Any source")), *((str(pk), name) for pk, name in sources)]),
        ("bt.rep", _("Rep"), [("", _("Any rep")), *((str(pk), name) for pk, name in reps)]),
    )
    return [
        {"name": name, "label": label, "choices": choices, "value": sent.get(name, "")}
        for name, label, choices in selects
    ]


def flip_rows(request: HttpRequest, flips: Sequence[Flip]) -> list[FlipRow]:
    """Leads that change their tier, openable by those who may see them. One query."""
    visible = leads_for(person_of(request)).filter(pk__in=[flip.lead_id for flip in flips])
    leads = {lead.pk: lead for lead in visible.select_related("person", "account")}
    return [_row(leads.get(flip.lead_id), flip) for flip in flips]


def _row(lead: Lead | None, flip: Flip) -> FlipRow:
    if lead is None:
        return FlipRow(_("a lead of somebody else"), "", flip)
    name = lead.account.name if lead.account else lead.person.name or lead.public_id
    return FlipRow(name, f"/leads/{encode('lead', lead.pk)}/", flip)
