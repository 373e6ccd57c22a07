"""A version of the rulebook as its page shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from feedback.models import Outcome
from revops.foundation.models import Role, User
from scoring.differences import Difference, differences
from scoring.explanation import evaluate_decisions
from scoring.models import Rulebook, RulebookAction, RulebookChange, RulebookState, ScoreDecision, SigningSide
from scoring.outline import Outline, outline
from scoring.publishing import OPEN_STATES, PublishingRefused, check_signature, compiled_rulebook
from scoring.rules import AXES, plain_points

STATE_TONES = {
    RulebookState.DRAFT: ("neutral", "pencil"),
    RulebookState.REVIEW: ("warn", "eye"),
    RulebookState.SCHEDULED: ("note", "clock"),
    RulebookState.LIVE: ("good", "circle-check"),
    RulebookState.SUPERSEDED: ("neutral", "history"),
    RulebookState.REVERTED: ("bad", "arrow-back-up"),
    RulebookState.DISCARDED: ("neutral", "trash"),
}
SIDE_OF_ROLE = {Role.SALES_MANAGER: SigningSide.SALES, Role.MARKETING_MANAGER: SigningSide.MARKETING}
ENOUGH_DEALS = 20
"""Closed deals from which on fit is more than an assumption (product rule A10)."""


@dataclass(frozen=True, slots=True)
class Signing:
    """One side of a version: who signed the current content, or why this viewer cannot."""

    side: str
    label: str
    signer: User | None
    signed_at: Any
    can_sign: bool
    refusal: str


def told(book: Rulebook) -> Outline:
    """The rules in sentences."""
    return outline(book.definition)


def changes_of(book: Rulebook) -> list[Difference]:
    """What a version changes against the one it is based on, or against the one before it."""
    base = book.based_on or Rulebook.objects.filter(version__lt=book.version).order_by("-version").first()
    return differences(base.definition, book.definition) if base else []


def signings(book: Rulebook, viewer: User) -> list[Signing]:
    """Both sides of a version, for the person who looks at it."""
    given = {
        signature.side: signature
        for signature in book.signatures.select_related("user").filter(content_hash=book.content_hash)
    }
    without = sides_without_signer(book.author) if book.state in OPEN_STATES and len(given) < len(SigningSide) else []
    rows = []
    for side in SigningSide:
        signature = given.get(side)
        refusal = "" if signature else refusal_to_sign(book, viewer, side)
        if refusal and side in without:
            refusal = _("The author cannot sign, and this side has no other manager. Let somebody else propose it.")
        rows.append(
            Signing(
                side,
                str(side.label),
                signature.user if signature else None,
                signature.signed_at if signature else None,
                can_sign=signature is None and not refusal,
                refusal=refusal,
            )
        )
    return rows


def refusal_to_sign(book: Rulebook, viewer: User, side: str) -> str:
    """Why `viewer` cannot sign for `side` now, in words; empty if they can."""
    if SIDE_OF_ROLE.get(Role(viewer.role)) != side:
        return _("Only the manager of this side signs for it.")
    try:
        check_signature(book, viewer, side)
    except PublishingRefused as refusal:
        return str(refusal)
    return ""


def sides_without_signer(author: User) -> list[SigningSide]:
    """The sides nobody could sign for if `author` proposed a version, because nobody signs their own. One query."""
    others = User.objects.filter(role__in=SIDE_OF_ROLE, is_active=True).exclude(pk=author.pk)
    roles = set(others.values_list("role", flat=True))
    return [side for role, side in SIDE_OF_ROLE.items() if role not in roles]


def missing_signers(book: Rulebook) -> list[User]:
    """The managers of the sides that have not signed the current content; never its author. Two queries."""
    signed = set(book.signatures.filter(content_hash=book.content_hash).values_list("side", flat=True))
    roles = [role for role, side in SIDE_OF_ROLE.items() if side not in signed]
    return list(User.objects.filter(role__in=roles, is_active=True).exclude(pk=book.author_id).order_by("name"))


def is_assumption() -> bool:
    """Whether fewer deals have closed than it takes to say anything about fit. One query."""
    return Outcome.objects.filter(kind__in=["won", "lost"])[:ENOUGH_DEALS].count() < ENOUGH_DEALS


@dataclass(frozen=True, slots=True)
class Step:
    """One step on the way to the live rulebook, done or not."""

    label: str
    is_done: bool
    note: str = ""


def steps_of(book: Rulebook, sides: list[Signing]) -> list[Step]:
    """How far a proposal has come; empty for what is no proposal any more."""
    if book.state not in (*OPEN_STATES, RulebookState.SCHEDULED):
        return []
    is_asked = book.state != RulebookState.DRAFT
    return [
        Step(_("Drafted"), True),
        Step(_("Backtested"), book.evidence is not None),
        Step(_("Shadow run"), book.shadow_runs.filter(ended_at__isnull=False).exists()),
        Step(_("Review requested"), is_asked),
        *(Step(_("Signed by %(side)s") % {"side": side.label.lower()}, side.signer is not None) for side in sides),
        Step(_("Scheduled") if book.publish_at else _("Live"), book.publish_at is not None),
    ]


def remarks_on(book: Rulebook) -> list[RulebookChange]:
    """Why it was declined, taken off the schedule or reverted, newest first. One query."""
    actions = (RulebookAction.DECLINED, RulebookAction.UNSCHEDULED, RulebookAction.REVERTED, RulebookAction.KEPT)
    return list(book.changes.filter(action__in=actions).exclude(reason="").select_related("actor").order_by("-id")[:5])


def is_behind(book: Rulebook) -> bool:
    """Whether another version went live since this proposal began."""
    return book.state in OPEN_STATES and book.based_on is not None and book.based_on.state != RulebookState.LIVE


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a version would say about a lead whose facts are those of its last decision."""

    version: int
    tier: int
    axes: tuple[tuple[str, str], ...]


def verdict_of(book: Rulebook, decision: ScoreDecision) -> Verdict:
    """Judges the stored inputs of a decision by another version. No query."""
    compiled = compiled_rulebook(book.pk, book.content_hash, book.definition)
    found = evaluate_decisions([decision], compiled)
    axes = tuple((axis.capitalize(), plain_points(int(found.axes[axis][0]))) for axis in AXES)
    return Verdict(book.version, int(found.tier[0]), axes)
