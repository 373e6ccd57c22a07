"""Whom assets attract, drawn: shares of those who decide, and how sales answered each part of the audience."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from feedback.attraction import DECIDES, Reached, reached_by, together
from leads.models import Asset
from revops.foundation.pages.charts import Bar, Cell, Chart, HtmlTable, bars, heat_table
from revops.foundation.pages.charts.drawing import say
from revops.foundation.statistics import is_too_few

SENIORITIES = {
    "c_level": gettext_lazy("C-level"), "vp": gettext_lazy("VP"), "director": gettext_lazy("Director"),
    "head": gettext_lazy("Head"), "manager": gettext_lazy("Manager"), "staff": gettext_lazy("Staff"),
    "student": gettext_lazy("Student"), "": gettext_lazy("Not known"),
}  # fmt: skip
TITLES = {
    "seniority": gettext_lazy("By role"), "purchasing_role": gettext_lazy("By role in the purchase"),
    "size": gettext_lazy("By number of employees"), "industry": gettext_lazy("By industry"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class AssetRow:
    """One asset with whom it reached, by seniority."""

    asset: Asset
    parts: list[Reached]

    @property
    def all(self) -> Reached:
        return together(self.parts)

    @property
    def deciders(self) -> int:
        return sum(part.leads for part in self.parts if part.value in DECIDES)

    @property
    def known(self) -> int:
        """Leads whose role is known: what the share of deciders is a share of."""
        return sum(part.leads for part in self.parts if part.value)


def rows_of(assets: Sequence[Asset], now: datetime) -> list[AssetRow]:
    """Assets with whom they reached. One query."""
    found = reached_by("seniority", [asset.pk for asset in assets], now=now)
    return [AssetRow(asset, found[asset.pk]) for asset in assets]


def words_of(part: str, value: str) -> str:
    """A value of a part as people say it."""
    if part == "seniority":
        return str(SENIORITIES.get(value, value.replace("_", " ").capitalize()))
    words = value.replace("_", " ") or str(_("Not known"))
    return words[:1].upper() + words[1:]


def who_it_attracts(rows: Sequence[AssetRow]) -> HtmlTable:
    """Asset × seniority: the share of those whose role is known; under 20 of them a row is left pale."""
    shown = [row for row in rows if row.known][:20]
    columns = [key for key in SENIORITIES if key and any(p.value == key for row in shown for p in row.parts)]
    cells: dict[tuple[str, str], Cell] = {}
    labels = {row.asset.pk: _label(row) for row in shown}
    for row in shown:
        if is_too_few(row.known):
            continue
        for part in row.parts:
            if part.value in columns:
                share = round(100 * part.leads / row.known)
                note = "" if part.too_few or part.acceptance is None else _accepted(part)
                cells[labels[row.asset.pk], str(SENIORITIES[part.value])] = Cell(share, note)
    heads = [str(SENIORITIES[key]) for key in columns]
    return heat_table(_("Whom each asset attracts"), list(labels.values()), heads, cells, _("Asset"), "%")


def _label(row: AssetRow) -> str:
    words = _("%(name)s · n=%(n)s, too few") if is_too_few(row.known) else _("%(name)s · n=%(n)s")
    return words % {"name": row.asset.name, "n": row.known}


def _accepted(part: Reached) -> str:
    return _("%(share)s accepted") % {"share": say(round(100 * (part.acceptance or 0)), "%")}


def part_chart(part: str, rows: Sequence[Reached]) -> Chart:
    """How many of each part the asset reached, and how sales answered them."""
    drawn = [
        Bar(words_of(part, row.value), row.leads, _answered(row), "" if row.value else "mute") for row in rows[:10]
    ]
    return bars(str(TITLES[part]), drawn, empty=_("Nobody was reached yet."))


def _answered(row: Reached) -> str:
    if not row.answered:
        return _("not answered yet")
    if row.too_few:
        return _("%(hits)s of %(n)s accepted, too few to judge") % {"hits": row.accepted, "n": row.answered}
    interval = row.interval
    low, high = (round(100 * end) for end in (interval.low, interval.high)) if interval else (0, 100)
    words = _("%(share)s %% of %(n)s accepted (%(low)s–%(high)s)")
    return words % {"share": round(100 * (row.acceptance or 0)), "n": row.answered, "low": low, "high": high}
