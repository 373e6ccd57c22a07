"""Says what is vague about a reason, and what to write instead. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from feedback.models.reasons import EvidenceKind, ReasonCode

LONGEST_LABEL = 60
LONGEST_WAIT = 730

_VAGUE: tuple[tuple[str, str | Promise], ...] = (
    (
        r"\b(?:bad|wrong|poor|incomplete|invalid|missing|dirty) (?:data|info\w*|contact|details?)\b",
        gettext_lazy("Name the field, one reason for each: “The phone number is wrong”."),
    ),
    (
        r"\b(?:not|isn.t|no|un) ?-?(?:interest\w*)\b",
        gettext_lazy("Write what they said instead: “The problem is already solved”, “Has chosen another vendor”."),
    ),
    (
        (
            r"\b(?:bad|poor|low|weak|wrong|cold|dead) (?:lead|quality|fit|prospect|match)s?\b"
            r"|\b(?:not|no) (?:a )?(?:good )?fit\b|\b(?:un|not |dis)-?qualified\b|\b(?:junk|garbage|rubbish|useless)\b"
        ),
        gettext_lazy("Name the criterion it misses: “Company is too small”, “Outside the regions we serve”."),
    ),
    (
        r"^(?:other|misc\w*|various|unknown|none|n/?a|tbd|general|see notes?|rejected|no)\W*$|\bother reasons?\b",
        gettext_lazy("What fits no reason goes under “A reason our criteria do not know”: it becomes a criteria gap."),
    ),
    (
        r"\b(?:bad|wrong|not the right) (?:timing|time|moment)\b|^(?:timing|later|not ready|not now|too early)\W*$",
        gettext_lazy("Ask for the day: “Asked to be called later”, with a date as evidence."),
    ),
    (
        r"^(?:(?:no|did not) (?:answer|reply|response|respond|contact)|unresponsive|ghosted|unreachable)\W*$",
        gettext_lazy("Say after how many attempts; “No response after six attempts” counts them by itself."),
    ),
    (
        r"^(?:no budget|budget|price|too expensive|money)\W*$",
        gettext_lazy("Say against which criterion, with a number as evidence: “Does not meet the budget criteria”."),
    ),
    (
        r"^(?:wrong (?:person|contact|role)|person)\W*$",
        gettext_lazy("Say in which way: “Not the decision-maker”, “Works in another function”."),
    ),
    (
        r"\b(?:spam|fake|test (?:lead|data))\b",
        gettext_lazy("Spam is stopped by the gate, not by a rep: add a rule there."),
    ),
)
_EMPTY_QUESTIONS = ("why", "what", "evidence", "comment", "details", "note", "reason")


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing about one field. An error stops saving; the rest is advice."""

    field: str
    words: str
    is_error: bool = True


def lint_reason(reason: ReasonCode, others: Iterable[ReasonCode] = ()) -> list[Remark]:
    """What is wrong or weak about a reason, errors first; `others` are the other reasons in use."""
    remarks = [*_label(reason, others), *_question(reason), *_way_back(reason)]
    return sorted(remarks, key=lambda remark: not remark.is_error)


def vague_words(text: str) -> str:
    """What to write instead of a vague text; empty if it is specific."""
    plain = " ".join(text.lower().split())
    return next((str(words) for pattern, words in _VAGUE if re.search(pattern, plain)), "")


def _label(reason: ReasonCode, others: Iterable[ReasonCode]) -> Iterable[Remark]:
    label = " ".join(reason.label.split())
    if instead := vague_words(label):
        yield Remark("label", _("“%(label)s” is vague. %(instead)s") % {"label": label, "instead": instead})
    elif len(label.split()) < 2:
        yield Remark("label", _("One word says too little: write it so that marketing knows what to change."))
    if len(label) > LONGEST_LABEL:
        words = _("Shorter than %(n)d characters reads faster on the sheet.") % {"n": LONGEST_LABEL}
        yield Remark("label", words, is_error=False)
    same = next((one for one in others if one.pk != reason.pk and _same(one.label, label)), None)
    if same is not None:
        yield Remark("label", _("Another reason says the same (%(code)s).") % {"code": same.code})


def _question(reason: ReasonCode) -> Iterable[Remark]:
    question = reason.evidence_question.strip()
    kind = reason.evidence_kind
    if kind == EvidenceKind.ATTEMPTS:
        return
    if vague_words(question) or question.lower().rstrip("?. ") in (
        "why",
        "evidence",
        "comment",
        "details",
        "note",
        "what",
    ):
        yield Remark("evidence_question", _("Ask for the one fact that proves it, like “Who decides?”."))
    elif kind != EvidenceKind.TEXT and not question.endswith("?"):
        yield Remark("evidence_question", _("A question ends with a question mark."), is_error=False)
    if kind == EvidenceKind.DATE and not re.search(r"\b(?:when|date|day|until)\b", question.lower()):
        yield Remark("evidence_question", _("It takes a date, so ask when."), is_error=False)


def _way_back(reason: ReasonCode) -> Iterable[Remark]:
    if reason.wakes_days_before is not None and reason.evidence_kind != EvidenceKind.DATE:
        yield Remark("wakes_days_before", _("Only a reason whose evidence is a date can wake before it."))
    days = reason.wakes_after_days
    if days is not None and not 1 <= days <= LONGEST_WAIT:
        yield Remark("wakes_after_days", _("Choose between 1 and %(n)d days.") % {"n": LONGEST_WAIT})
    if not reason.criterion and reason.family_id != "criteria_gap":
        words = _("Without a criterion every rejection for it is a criteria gap that marketing has to answer.")
        yield Remark("criterion", words, is_error=False)


def _same(one: str, other: str) -> bool:
    return re.sub(r"\W+", " ", one).strip().lower() == re.sub(r"\W+", " ", other).strip().lower()
