"""Five practice leads that teach the keys: made up here, kept nowhere, counted never. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Lesson:
    """One practice lead and the one thing to do with it."""

    company: str
    person: str
    title: str | Promise
    why: str | Promise
    acts: tuple[str | Promise, ...]
    task: str | Promise
    keys: tuple[str, ...]
    action: str
    praise: str | Promise
    reasons: frozenset[str] = frozenset()

    def is_right(self, done: Mapping[str, str]) -> bool:
        """Whether what was done is what the lesson asks for."""
        if done.get("action") != self.action:
            return False
        if self.reasons and done.get("reason") not in self.reasons:
            return False
        return self.action != "reject" or len(done.get("evidence", "").strip()) >= 3


LESSONS: tuple[Lesson, ...] = (
    Lesson(
        "Practice Pumps Ltd", "Nora North", _("VP Sales"),
        _("VP Sales at a company of 300 people; asked for a demo and came back to the pricing page twice."),
        (_("Requested a demo, today"), _("Visited the pricing page ×2, yesterday")),
        _("Everything the agreement asks for is there. Accept it."), ("A",), "accept",
        _("One key. The clock for your first attempt would run now."),
    ),
    Lesson(
        "Practice Printing", "Ines Intern", _("Assistant"),
        _("Asked for a demo; an assistant who collects offers for her boss, Grace Hopper."),
        (_("Requested a demo, today"), _("She wrote: “My boss Grace Hopper will decide.”")),
        _("She is not the one who decides. Reject it: two keys say why, and one fact proves it."),
        ("X", "2", "1", "Grace Hopper", "Enter"), "reject",
        _("Marketing now knows which rule to look at, and who decides there."), frozenset({"not_decision_maker"}),
    ),
    Lesson(
        "Practice Paper", "Otto Overload", _("Head of Operations"),
        _("A good fit, but out of office until tomorrow."),
        (_("Asked to be contacted, today"), _("Auto-reply: back tomorrow")),
        _("It has to wait until tomorrow. Snooze it; the deadline runs on."), ("H", "2"), "snooze",
        _("It comes back by itself. Snoozing never stops a clock."),
    ),
    Lesson(
        "Practice Plumbing", "Petra Patience", _("CFO"),
        _("Fits well and wants it, but the budget is decided next year."),
        (_("Used the ROI calculator, 3 days ago"), _("She wrote: “We decide on this next year.”")),
        _("Not no, but not now. Return it to nurture; Enter takes the usual track."), ("N", "Enter"), "return",
        _("Marketing keeps in touch and brings it back on its day."),
    ),
    Lesson(
        "Practice Power", "Carla Caller", _("Director IT"),
        _("Accepted an hour ago; you rang and nobody answered."),
        (_("Requested a demo, yesterday"), _("You accepted it an hour ago")),
        _("Log the attempt: a call that nobody answered."), ("L", "1"), "attempt",
        _("Six attempts on two channels open “No response”. They count themselves."),
    ),
)  # fmt: skip
