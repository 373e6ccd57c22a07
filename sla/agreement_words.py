"""What the clauses of an agreement say: the template, a sentence for each number, and differences in words. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

MARKETING, SALES = "marketing", "sales"


@dataclass(frozen=True, slots=True)
class ClauseDraft:
    """One commitment as the template or a head writes it. With a promise it is a clock, else a count."""

    code: str
    side: str
    text: str
    promise: timedelta | None = None
    business_time: bool = False
    target: Decimal | None = None
    unit: str = ""

    @property
    def number(self) -> Decimal:
        """The number that is agreed: hours of a clock, else the target."""
        if self.promise is not None:
            return Decimal(self.promise // timedelta(minutes=1)) / 60
        return self.target or Decimal(0)


@dataclass(frozen=True, slots=True)
class ClausePattern:
    """One clause of the template: what it says around its number, and within which bounds the number lies.

    `one` is said of exactly 1, `many` of all other numbers. `unit` of a clock is hours or business hours.
    """

    code: str
    side: str
    one: str
    many: str
    usual: int
    unit: str
    highest: int
    about: str | Promise
    is_clock: bool = False
    business_time: bool = False

    def draft(self, number: Decimal | int) -> ClauseDraft:
        """The clause with this number in its sentence."""
        said = f"{Decimal(number).normalize():f}"
        text = ngettext(self.one, self.many, int(number) if Decimal(number) == 1 else 2).replace("{n}", said)
        if self.is_clock:
            promise = timedelta(minutes=int(Decimal(number) * 60))
            return ClauseDraft(self.code, self.side, text, promise, self.business_time)
        return ClauseDraft(self.code, self.side, text, target=Decimal(number), unit=self.unit)


PATTERNS = (
    ClausePattern(
        "details_within", MARKETING, "Give sales all details within {n} hour of qualification",
        "Give sales all details within {n} hours of qualification", 1, "hours", 72,
        gettext_lazy("A lead without its details is marketing's breach, not the rep's."), is_clock=True,
    ),
    ClausePattern(
        "volume", MARKETING, "Deliver {n} accepted tier-1 lead a month", "Deliver {n} accepted tier-1 leads a month",
        40, "leads a month", 100_000, gettext_lazy("Accepted by sales, not just handed over."),
    ),
    ClausePattern(
        "nurture_unresponsive", MARKETING, "Nurture unresponsive leads for {n} day",
        "Nurture unresponsive leads for {n} days", 30, "days", 365,
        gettext_lazy("Leads whom sales tried to reach as often as agreed."),
    ),
    ClausePattern(
        "huddle", MARKETING, "Attend the huddle once a week", "Attend the huddle {n} times a week", 1, "a week", 5,
        gettext_lazy("The weekly review counts who was there."),
    ),
    ClausePattern(
        "performance", MARKETING, "Share campaign performance and cost per accepted lead once a month",
        "Share campaign performance and cost per accepted lead {n} times a month", 1, "a month", 4,
        gettext_lazy("So that sales sees what its answers cost and bring."),
    ),
    ClausePattern(
        "rejection_answered", MARKETING, "Answer every cluster of rejections within {n} business day",
        "Answer every cluster of rejections within {n} business days", 5, "business days", 30,
        gettext_lazy("By a changed rule, or in writing."),
    ),
    ClausePattern(
        "first_contact", SALES, "Try to reach every tier-1 lead within {n} business hour",
        "Try to reach every tier-1 lead within {n} business hours", 4, "business hours", 80,
        gettext_lazy("In the hours of whoever has the lead."), is_clock=True, business_time=True,
    ),
    ClausePattern(
        "decision", SALES, "Accept or reject every lead, on the criteria only, within {n} business hour",
        "Accept or reject every lead, on the criteria only, within {n} business hours", 8, "business hours", 160,
        gettext_lazy("The criteria are those of the rulebook in effect."), is_clock=True, business_time=True,
    ),
    ClausePattern(
        "follow_up", SALES, "Follow up on {n} percent of qualified leads",
        "Follow up on {n} percent of qualified leads", 100, "percent", 100, gettext_lazy("No lead is left untouched."),
    ),
    ClausePattern(
        "attempts", SALES, "Try {n} time on at least 2 channels before “no response”",
        "Try {n} times on at least 2 channels before “no response”", 6, "attempts", 20,
        gettext_lazy("Before that the reason “no response” is locked."),
    ),
    ClausePattern(
        "specific_reason", SALES, "Give a specific reason with its evidence for {n} percent of rejections",
        "Give a specific reason with its evidence for {n} percent of rejections", 100, "percent", 100,
        gettext_lazy("The portal stores no bare reason."),
    ),
    ClausePattern(
        "outcome_updates", SALES, "Keep the status of accepted leads current within {n} day",
        "Keep the status of accepted leads current within {n} days", 2, "days", 60,
        gettext_lazy("What became of a lead decides which rules stay."),
    ),
    ClausePattern(
        "contests_of_sales", MARKETING, "Decide what sales contests within {n} business hour",
        "Decide what sales contests within {n} business hours", 8, "business hours", 200,
        gettext_lazy("The judge is named when the contest is opened, and this is the judge's clock."), is_clock=True,
        business_time=True,
    ),
    ClausePattern(
        "contests_of_marketing", SALES, "Decide what marketing contests within {n} business hour",
        "Decide what marketing contests within {n} business hours", 8, "business hours", 200,
        gettext_lazy("The judge is named when the contest is opened, and this is the judge's clock."), is_clock=True,
        business_time=True,
    ),
)  # fmt: skip
"""What the product proposes to sign (agreement template, PRODUCT D1)."""

BY_CODE = {pattern.code: pattern for pattern in PATTERNS}
TEMPLATE = tuple(pattern.draft(pattern.usual) for pattern in PATTERNS)


@dataclass(frozen=True, slots=True)
class Difference:
    """One clause that a newer version adds, drops or changes."""

    side: str
    kind: str
    text: str
    before: str = ""


def differences(before: Sequence[ClauseDraft], after: Sequence[ClauseDraft]) -> list[Difference]:
    """What changed between two versions, in the order of the newer one; what was dropped comes last."""
    old = {clause.code: clause for clause in before}
    found = []
    for clause in after:
        earlier = old.pop(clause.code, None)
        if earlier is None:
            found.append(Difference(clause.side, "added", clause.text))
        elif earlier != clause:
            found.append(Difference(clause.side, "changed", clause.text, earlier.text))
    return found + [Difference(clause.side, "dropped", clause.text) for clause in old.values()]


def change_words(difference: Difference) -> str:
    """One difference as a sentence."""
    if difference.kind == "added":
        return _("New: %(text)s.") % {"text": difference.text}
    if difference.kind == "dropped":
        return _("No longer promised: %(text)s.") % {"text": difference.text}
    if difference.before == difference.text:
        return _("Measured otherwise: %(text)s.") % {"text": difference.text}
    return _("Changed: %(text)s. Before: %(before)s.") % {"before": difference.before, "text": difference.text}
