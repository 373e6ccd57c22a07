"""The two columns of the board as rows: each clause with its numbers, its trend and what is worst now."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.functional import Promise as LazyText
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from feedback.metrics import Unit, Week
from feedback.metrics.promised import Item
from feedback.promises import Promise
from leads.models import Lead
from revops.foundation.pages.charts import Chart, bullet, sparkline, xmr
from revops.foundation.pages.words import duration_words
from revops.portal.wording import chart_values
from sla.models import Clause, Clock
from sla.queries import reading_of

COLUMNS: tuple[tuple[str, str | LazyText], ...] = (
    ("marketing", gettext_lazy("Marketing → Sales")),
    ("sales", gettext_lazy("Sales → Marketing")),
)
KEPT_IS_THE_RULE = 0.9
"""From this share kept on a clause looks good; under half of it, or of its pace, it looks bad."""


@dataclass(frozen=True, slots=True)
class Open:
    """One promise that is overdue: what it is about, who has it, since when and by how much.

    `late_by` is empty for a promise in business time that fell due at closing time.
    """

    key: str
    name: str
    url: str
    who: str
    due_at: datetime
    late_by: str


@dataclass(slots=True)
class BoardRow:
    """One clause of one side. `hidden` counts worst ones that the viewer may not open."""

    promise: Promise
    target: str
    agreement_url: str
    urls: dict[str, str]
    trend: Chart | None
    pace: Chart | None
    tone: str
    verdict: str
    worst: list[Open] = field(default_factory=list)
    hidden: int = 0


@dataclass(slots=True)
class Column:
    """One side with its rows; `kept` and `late` sum its clocks and counts of the week."""

    side: str
    title: str | LazyText
    rows: list[BoardRow]

    @property
    def kept(self) -> int:
        return sum(row.promise.kept for row in self.rows)

    @property
    def n(self) -> int:
        return sum(row.promise.n for row in self.rows)


def columns_of(promises: Sequence[Promise], week: Week, visible: Mapping[Any, Lead], now: datetime) -> list[Column]:
    """Both sides, marketing first. `visible` are the leads, by id, whose names the viewer may read."""
    return [
        Column(side, title, [_row(promise, week, visible, now) for promise in promises if promise.clause.side == side])
        for side, title in COLUMNS
    ]


def leads_named(promises: Iterable[Promise]) -> set[Any]:
    """The ids of all leads that the board would name."""
    clocks = {clock.lead_id for promise in promises for clock in promise.worst}
    return clocks | {item.lead_id for promise in promises for item in promise.worst_items if item.lead_id}


def _row(promise: Promise, week: Week, visible: Mapping[Any, Lead], now: datetime) -> BoardRow:
    code = promise.clause.code
    tone, verdict = _verdict(promise)
    shown = [_open(clock, now) for clock in promise.worst if clock.lead_id in visible]
    shown += [_open_item(item, visible, now) for item in promise.worst_items if may_name(item, visible)]
    return BoardRow(
        promise=promise,
        target=target_words(promise.clause),
        agreement_url=f"{reverse('sla-agreement')}?version={promise.clause.agreement.version}#{code}",
        urls=_clause_urls(code, week),
        trend=_trend(promise),
        pace=bullet(_("This month"), promise.total, promise.target or 0, promise.pace)
        if promise.total is not None
        else None,
        tone=tone,
        verdict=verdict,
        worst=shown,
        hidden=len(promise.worst) + len(promise.worst_items) - len(shown),
    )


def _trend(promise: Promise) -> Chart | None:
    """The share kept by week; for a promised amount the amount by week."""
    if promise.amounts:
        return sparkline(_("Accepted, by week"), promise.amounts, "", xmr(promise.amounts, floor=0))
    if not promise.series:
        return None
    values = chart_values(Unit.SHARE, promise.shares)
    limits = xmr([value for value in values if value is not None], floor=0, ceiling=100)
    return sparkline(_("Kept, by week"), values, "%", limits)


def _open(clock: Clock, now: datetime) -> Open:
    left = reading_of(clock, now).left
    late_by = duration_words(left) if abs(left) >= timedelta(minutes=1) else ""
    who = clock.user.name if clock.user else _("no owner yet") if clock.side == "sales" else _("marketing")
    url = reverse("sla-clock", args=[clock.public_id])
    return Open(str(clock.pk), name_of(clock.lead), url, who, clock.due_at, late_by)


def _open_item(item: Item, visible: Mapping[Any, Lead], now: datetime) -> Open:
    lead = visible.get(item.lead_id)
    owner = lead.owner.name if lead is not None and lead.owner else ""
    words, url = about_words(item), about_url(item, lead)
    return Open(f"{item.code}:{item.lead_id}:{item.about}", name_of(lead) if lead else words, url, owner, item.due_at,
                duration_words(item.due_at - now))  # fmt: skip


def may_name(item: Item, visible: Mapping[Any, Lead]) -> bool:
    """Whether the viewer may know what a promise is about: a lead they may see, or something all may see."""
    return item.lead_id is None or item.lead_id in visible


def name_of(lead: Lead) -> str:
    return lead.account.name if lead.account else lead.person.name


def about_words(item: Item) -> str:
    """What a promise that is about no lead is about, in words."""
    kind, name = item.about
    words = {
        "review": _("Huddle over %(name)s"),
        "finding": _("Pattern of rejections"),
        "performance": _("Performance of %(name)s"),
    }
    return words.get(kind, "") % {"name": name}


def about_url(item: Item, lead: Lead | None) -> str:
    """The page of what a promise is about."""
    if lead is not None:
        return f"/leads/{lead.public_id}/"
    kind, name = item.about
    return {
        "review": lambda: reverse("review-week", args=[name]) + "#sla",
        "finding": lambda: reverse("finding", args=[name]),
        "performance": lambda: reverse("performance", args=[name]),
    }[kind]()


def clause_url(code: str, week: Week, part: str = "all") -> str:
    return f"{reverse('sla-clause', args=[code])}?{urlencode({'week': week.name, 'part': part})}"


def _clause_urls(code: str, week: Week) -> dict[str, str]:
    whole = clause_url(code, week).removesuffix("all")
    return {part: f"{whole}{part}" for part in ("kept", "late", "pending", "all")}


def _verdict(promise: Promise) -> tuple[str, str]:
    if not promise.is_measured:
        return "neutral", _("not measured yet")
    if promise.total is not None:
        behind = promise.total < (promise.pace or 0)
        return ("bad", _("behind pace")) if behind else ("good", _("on pace"))
    if promise.share is None:
        return "neutral", _("nothing due yet")
    if promise.late == 0:
        return "good", _("kept")
    return ("warn", _("mostly kept")) if promise.share >= KEPT_IS_THE_RULE else ("bad", _("broken too often"))


def target_words(clause: Clause) -> str:
    """What a clause promises in a few words: "within 4 h of business time", "40 leads a month"."""
    if clause.promise is not None:
        span = {"span": duration_words(clause.promise)}
        return _("within %(span)s of business time") % span if clause.business_time else _("within %(span)s") % span
    if clause.target is None:
        return ""
    amount = f"{clause.target.normalize():f}"
    return f"{amount}\u202f%" if clause.unit == "percent" else f"{amount} {clause.unit}"


def fingerprint(columns: Sequence[Column]) -> str:
    """Changes when anything on the board does, save the time that passes; the weak ETag of the live part."""
    facts = [
        (row.promise.clause.pk, row.promise.kept, row.promise.late, row.promise.pending, row.promise.total,
         row.promise.pace, row.hidden, [one.key for one in row.worst])
        for column in columns for row in column.rows
    ]  # fmt: skip
    return f'W/"{hashlib.blake2s(repr(facts).encode(), digest_size=12).hexdigest()}"'
