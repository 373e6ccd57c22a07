"""The two columns of the board as rows: each clause with its numbers, its trend and what is worst now."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.functional import Promise as LazyText
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from feedback.metrics import Unit, Week
from feedback.promises import Promise
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
    """One promise that is overdue: whose lead, by how much (empty: it fell due at closing time), and its clock."""

    clock: Clock
    name: str
    url: str
    late_by: str


@dataclass(slots=True)
class BoardRow:
    """One clause of one side. `hidden` counts worst ones that the viewer may not open."""

    promise: Promise
    target: str
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


def columns_of(promises: Sequence[Promise], week: Week, may_open: Iterable[Any], now: datetime) -> list[Column]:
    """Both sides, marketing first. `may_open` are the ids of leads whose names the viewer may read."""
    visible = set(may_open)
    return [
        Column(side, title, [_row(promise, week, visible, now) for promise in promises if promise.clause.side == side])
        for side, title in COLUMNS
    ]


def _row(promise: Promise, week: Week, visible: set[Any], now: datetime) -> BoardRow:
    code = promise.clause.code
    values = chart_values(Unit.SHARE, promise.shares)
    limits = xmr([value for value in values if value is not None], floor=0, ceiling=100)
    tone, verdict = _verdict(promise)
    shown = [clock for clock in promise.worst if clock.lead_id in visible]
    return BoardRow(
        promise=promise,
        target=target_words(promise.clause),
        urls={part: clause_url(code, week, part) for part in ("kept", "late", "pending", "all")},
        trend=sparkline(_("Kept, by week"), values, "%", limits) if promise.series else None,
        pace=bullet(_("This month"), promise.total, promise.target or 0, promise.pace)
        if promise.total is not None
        else None,
        tone=tone,
        verdict=verdict,
        worst=[_open(clock, now) for clock in shown],
        hidden=len(promise.worst) - len(shown),
    )


def _open(clock: Clock, now: datetime) -> Open:
    left = reading_of(clock, now).left
    late_by = duration_words(left) if abs(left) >= timedelta(minutes=1) else ""
    return Open(clock, _name(clock), reverse("sla-clock", args=[clock.public_id]), late_by)


def _name(clock: Clock) -> str:
    lead = clock.lead
    return lead.account.name if lead.account else lead.person.name


def clause_url(code: str, week: Week, part: str = "all") -> str:
    return f"{reverse('sla-clause', args=[code])}?{urlencode({'week': week.name, 'part': part})}"


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
         row.promise.pace, row.hidden, [str(one.clock.pk) for one in row.worst])
        for column in columns for row in column.rows
    ]  # fmt: skip
    return f'W/"{hashlib.blake2s(repr(facts).encode(), digest_size=12).hexdigest()}"'
