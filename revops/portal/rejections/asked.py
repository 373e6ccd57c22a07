"""What the address of a rejection page asks for: which weeks, split by what, which cell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import quote_plus, urlencode

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from feedback.metrics import Period, Week, organisation_zone
from feedback.rejections import By, Cell
from revops.portal.wording import metric_url

SPANS = {1: _("1 week"), 4: _("4 weeks"), 13: _("13 weeks"), 52: _("52 weeks")}
USUAL_SPAN = 4


@dataclass(frozen=True, slots=True)
class Asked:
    """A span of whole weeks up to `until`, a split, and perhaps a cell. Addresses leave out what is usual."""

    until: Week
    newest: Week
    weeks: int = USUAL_SPAN
    by: By = By.SOURCE
    reason: str = ""
    value: str = ""

    @classmethod
    def read(cls, given: Mapping[str, str], now: datetime, allowed: tuple[By, ...]) -> Asked:
        """What `given` names; anything unknown, in the future or not allowed is replaced by what is usual."""
        newest = Week.of(now, organisation_zone())
        try:
            until = Week.parse(given.get("until", ""), newest.zone)
        except ValueError:
            until = newest
        weeks = given.get("weeks", "")
        by = given.get("by", "")
        return cls(
            until=min(until, newest, key=lambda week: week.monday),
            newest=newest,
            weeks=int(weeks) if weeks in {str(span) for span in SPANS} else USUAL_SPAN,
            by=By(by) if by in allowed else By.SOURCE,
            reason=given.get("reason", "")[:64],
            value=given.get("value", "")[:80] if by in allowed else "",
        )

    @property
    def first(self) -> Week:
        return self.until.plus(1 - self.weeks)

    @property
    def period(self) -> Period:
        return Period(self.first.start, self.until.end)

    @property
    def cell(self) -> Cell:
        return Cell(self.period, self.reason, self.by if self.value else None, self.value)

    def earlier(self) -> Asked:
        return replace(self, until=self.until.plus(-self.weeks))

    def later(self) -> Asked | None:
        if self.until == self.newest:
            return None
        return replace(self, until=min(self.until.plus(self.weeks), self.newest, key=lambda week: week.monday))

    def leads_url(self) -> str:
        """The list of leads behind this; "" while there is none."""
        base = metric_url("rejections", self.first.name, until=self.until.name)
        named = {"reason": self.reason, "by": self.by.value if self.value else "", "value": self.value}
        more = urlencode({key: value for key, value in named.items() if value})
        return f"{base}&{more}" if base and more else base

    def url(self, name: str = "rejections") -> str:
        """The address of a page for exactly this."""
        named = {
            "weeks": "" if self.weeks == USUAL_SPAN else str(self.weeks),
            "until": "" if self.until == self.newest else self.until.name,
            "by": "" if self.by is By.SOURCE and not self.value else self.by.value,
            "reason": self.reason,
            "value": self.value,
        }
        query = urlencode({key: value for key, value in named.items() if value})
        return f"{reverse(name)}?{query}" if query else reverse(name)

    def urls_of(self, values: Iterable[str], name: str) -> dict[str, str]:
        """The addresses for some values of the split, none of them empty: a year's matrix has hundreds."""
        begin = replace(self, value="\0").url(name).removesuffix(quote_plus("\0"))
        return {value: begin + quote_plus(value) for value in values}
